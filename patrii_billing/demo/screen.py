# SPDX-License-Identifier: Apache-2.0
"""The moving table of the demo, for a terminal of 80 columns and more."""

import collections
from collections.abc import Iterable
import datetime as dt
from typing import Any

from rich import box
from rich import console
from rich import panel
from rich import table
from rich import text

from patrii_billing.domain import money

_COLORS = {
    'active': 'green',
    'grace': 'yellow',
    'held': 'cyan',
    'shelved': 'magenta',
    'pending_deletion': 'red',
    'deleted': 'bright_black',
}
_NEWS = 7
_ROWS = 12


class Screen:
    """Where everybody stands, and what happened last."""

    def __init__(self) -> None:
        self._news: collections.deque[str] = collections.deque(maxlen=_NEWS)

    def tell(self, lines: Iterable[dict[str, Any]]) -> None:
        """Add what happened to the last lines."""
        for line in lines:
            about = line['server'] or line['subscription'] or line['account']
            what = ' '.join(
                str(part)
                for part in (line['name'], line['amount'], line['result'])
                if part
            )
            self._news.append(
                f'{line["at"][:16].replace("T", " ")}  {line["kind"]:<8}'
                f'{about or "":<14} {what}'
            )

    def draw(
        self,
        now: dt.datetime,
        counts: dict[str, Any],
        customers: list[dict[str, Any]],
        mails: str,
    ) -> console.Group:
        """The screen at an instant of the fast clock."""
        title = f'Patrii Billing demo   {now:%a %d %b %Y %H:%M} UTC'
        news = text.Text('\n'.join(self._news), no_wrap=True)
        return console.Group(
            text.Text(title, style='bold'),
            _bars(counts['accounts']),
            _next_steps(customers),
            panel.Panel(news, title='what happened', box=box.ROUNDED),
            text.Text(f'Mails: {mails}   Ctrl-C ends', style='dim'),
        )


def _bars(accounts: dict[str, int]) -> table.Table:
    grid = table.Table.grid(padding=(0, 1))
    for status, number in accounts.items():
        grid.add_row(
            status.replace('_', ' '),
            str(number),
            text.Text('█' * number, style=_COLORS[status]),
        )
    return grid


def _next_steps(customers: list[dict[str, Any]]) -> table.Table:
    shown = table.Table(box=box.SIMPLE, expand=True, title='next steps')
    shown.add_column('customer')
    shown.add_column('status')
    shown.add_column('owes', justify='right')
    shown.add_column('next')
    shown.add_column('when (UTC)')
    for row in customers[:_ROWS]:
        due_at = row['due_at']
        shown.add_row(
            row['name'],
            text.Text(
                row['billing_status'].replace('_', ' '),
                style=_COLORS[row['billing_status']],
            ),
            money.plain(row['owed'] or 0, row['currency'])
            + f' {row["currency"]}',
            '' if row['step'] == 'none' else row['step'],
            f'{due_at:%d %b %H:%M}' if due_at else '',
        )
    return shown
