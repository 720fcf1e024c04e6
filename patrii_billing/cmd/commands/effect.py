# SPDX-License-Identifier: Apache-2.0
"""Do what a command asks for, or only rehearse it, and tell what followed."""

import argparse
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any, Concatenate, ParamSpec

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import timeline
from patrii_billing.store import accounts
from patrii_billing.store.views import history

P = ParamSpec('P')

# More than one command makes happen at once.
_MOST = 100


class _Rehearsed(Exception):  # noqa: N818 - an end of the unit, no error
    """A dry run has come to its end, and nothing of it is kept."""

    def __init__(self, told: Sequence[str]) -> None:
        super().__init__()
        self.told = told


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--dry-run', action='store_true',
        help='show what would follow, and write nothing',
    )  # fmt: skip


def carry_out(
    desk: desks.Desk,
    account_id: int,
    work: Callable[Concatenate[sa.Connection, P], Any],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Do some work on an account, and print what its timeline tells of it."""

    def unit(conn: sa.Connection) -> Sequence[str]:
        accounts.lock(conn, account_id)
        before = history.of_account(conn, account_id, 1)
        work(conn, *args, **kwargs)
        told = _told(conn, account_id, before[0].id if before else 0)
        if desk.options.dry_run:
            raise _Rehearsed(told)
        return told

    try:
        told = desk.tools.db.write(unit)
    except _Rehearsed as end:
        told = end.told
    print(*(told or ['Nothing changes.']), sep='\n')
    if desk.options.dry_run:
        print('Dry run: nothing was written.')


def _told(conn: sa.Connection, account_id: int, last: int) -> Sequence[str]:
    currency = accounts.get(conn, account_id).currency
    return [
        line
        for row in history.of_account(conn, account_id, _MOST)
        if row.id > last
        for line in timeline.shown(row, currency)
    ]
