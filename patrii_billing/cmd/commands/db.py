# SPDX-License-Identifier: Apache-2.0
"""`db`: bring the database to the schema of this release."""

import logging
import sys

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.store import migrate


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser('db', help='the schema of the database')
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'upgrade', help='apply what this release needs; safe to repeat'
    )
    action.set_defaults(run=_upgrade)
    action = actions.add_parser(
        'version', help='show the schema it is at, and the newest'
    )
    action.set_defaults(run=_version)


def _upgrade(desk: desks.Desk) -> None:
    engine = desk.books.engine
    current, head = migrate.version(engine)
    if current == head:
        print(f'The database is at {head} already.')
        return
    print(f'Upgrading the database from {current or "nothing"} to {head}:')
    with _Steps():
        migrate.upgrade(engine)
    print(f'The database is at {head}.')


def _version(desk: desks.Desk) -> None:
    current, head = migrate.version(desk.books.engine)
    print(f'current: {current or "none"}')
    print(f'newest:  {head}')


class _Steps(logging.StreamHandler):  # type: ignore[type-arg]
    """Shows each step while it runs."""

    _LOG = logging.getLogger('alembic.runtime.migration')
    _SAID = 'Running '

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.addFilter(lambda record: record.msg.startswith(self._SAID))
        self.setFormatter(logging.Formatter('  %(message)s'))

    def __enter__(self) -> None:
        self._before = self._LOG.level
        self._LOG.setLevel(logging.INFO)
        self._LOG.addHandler(self)

    def __exit__(self, *_: object) -> None:
        self._LOG.removeHandler(self)
        self._LOG.setLevel(self._before)
