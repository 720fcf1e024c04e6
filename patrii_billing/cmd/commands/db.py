# SPDX-License-Identifier: Apache-2.0
"""`db`: the schema of this release, and what is kept no longer."""

from collections.abc import Callable
import datetime as dt
import logging
import sys

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import effect
from patrii_billing.cmd.commands import text
from patrii_billing.engine import retention
from patrii_billing.store import migrate
from patrii_billing import wiring

_TOLD_EVERY = 100_000


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'db', help='the schema, and what is kept for how long'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'upgrade', help='apply all that this release has to change, with '
        'every worker of an older one stopped; safe to repeat',
    )  # fmt: skip
    action.set_defaults(run=_upgrade)
    action = actions.add_parser(
        'expand', help='add what this release needs, while the workers of '
        'the one before go on; safe to repeat',
    )  # fmt: skip
    action.set_defaults(run=_expand)
    action = actions.add_parser(
        'contract', help='take away what only the release before used, '
        'once none of its workers runs; safe to repeat',
    )  # fmt: skip
    action.set_defaults(run=_contract)
    action = actions.add_parser(
        'purge',
        help='forget what is kept no longer',
        description='Forget what [retention] keeps no longer, a batch at a '
        'time: notifications that were read, and the texts of mails. The '
        'engine does the same by itself, a few times a day.',
    )
    action.add_argument(
        '--older-than', metavar='SPAN',
        help='forget all that is older than so much, such as 90d, whatever '
        'is configured',
    )  # fmt: skip
    effect.add_dry_run(action)
    action.set_defaults(run=_purge)
    action = actions.add_parser(
        'version', help='show the schema it is at, and the newest'
    )
    action.set_defaults(run=_version)


def _upgrade(desk: desks.Desk) -> None:
    _change(desk, migrate.upgrade, 'Upgrading')


def _expand(desk: desks.Desk) -> None:
    _change(desk, migrate.expand, 'Expanding')


def _contract(desk: desks.Desk) -> None:
    _change(desk, migrate.contract, 'Contracting')


def _change(
    desk: desks.Desk, change: Callable[[sa.Engine], None], doing: str
) -> None:
    engine = desk.books.engine
    before, head = migrate.version(engine)
    print(f'{doing} the database, which is at {before or "nothing"}:')
    with _Steps():
        change(engine)
    now, _ = migrate.version(engine)
    print(f'The database is at {now}{" already" if now == before else ""}.')
    _tell_left(engine, now, head)


def _purge(desk: desks.Desk) -> None:
    asked = desk.options.older_than
    for what, kept in retention.spans(desk.tools).items():
        span = wiring.elapsed(asked, '--older-than') if asked else kept
        _forget(desk, what, desk.now - span)
    if desk.options.dry_run:
        print('Dry run: nothing was forgotten.')


def _forget(desk: desks.Desk, what: str, before: dt.datetime) -> None:
    count = said = 0
    dry_run = desk.options.dry_run
    for more in retention.forget(desk.tools, what, before, dry_run):
        count += more
        if count - said >= _TOLD_EVERY:
            print(f'{what}: {count} so far', flush=True)
            said = count
    print(f'{what} of before {text.instant(before)}: {count}')


def _version(desk: desks.Desk) -> None:
    engine = desk.books.engine
    current, head = migrate.version(engine)
    print(f'current: {current or "none"}')
    print(f'newest:  {head}')
    if current is not None:
        _tell_left(engine, current, head)


def _tell_left(engine: sa.Engine, current: str | None, head: str) -> None:
    left = migrate.missing(engine)
    names = ', '.join(each.revision for each in left)
    if any(map(migrate.adds, left)):
        print(f'{names} is left: db expand, or db upgrade.')
    elif left:
        print(f'{names} is left for when all hosts run this: db contract.')
    elif current is not None and current > head:
        print('A newer release has upgraded it.')


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
