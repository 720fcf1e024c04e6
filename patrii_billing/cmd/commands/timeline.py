# SPDX-License-Identifier: Apache-2.0
"""`timeline`: what happened to an account, when, why and by whom."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.store import accounts
from patrii_billing.store import timeline
from patrii_billing.store.views import history

_INDENT = ' ' * 22


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'timeline', help='what happened to an account, and why'
    )
    parser.add_argument('account')
    parser.add_argument(
        '--last', type=int, default=50, metavar='N',
        help='how many entries, oldest first (default: %(default)s)',
    )  # fmt: skip
    parser.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    account = desk.read(accounts.by_name, desk.options.account)
    rows = desk.read(history.of_account, account.id, desk.options.last)
    for row in rows:
        print(*shown(row, account.currency), sep='\n')


def shown(row: sa.Row[Any], currency: str) -> Iterator[str]:
    """When and what; below it why, to which server, and by whom."""
    detail = {k: v for k, v in row.detail.items() if v is not None}
    said = [row.what, row.name]
    if 'amount' in detail:
        said.append(f'{detail.pop("amount")} {currency}')
    if 'result' in detail:
        said.append(str(detail.pop('result')))
    if row.subscription is not None:
        said.append(f'({row.subscription})')
    yield f'{text.instant(row.at)}  {text.plain(" ".join(said))}'
    more = [row.why] if row.why else []
    if row.server is not None:
        more.append(f'server {row.server_name or ""} {row.server}')
    more += [f'{name}: {value}' for name, value in sorted(detail.items())]
    if row.by != timeline.ENGINE:
        more.append(f'by {row.by}')
    for each in more:
        for line in text.wrapped(text.plain(each), text.WIDTH - len(_INDENT)):
            yield _INDENT + line
