# SPDX-License-Identifier: Apache-2.0
"""Reports on a terminal, as CSV and as JSON lines."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import csv
import datetime as dt
from decimal import Decimal
import json
import sys

from patrii_billing.cmd.commands import text
from patrii_billing.domain import ledger
from patrii_billing.domain import money

FORMATS = ('table', 'csv', 'json')

Cell = str | int | money.Money | Decimal | dt.date | None
Row = Sequence[Cell]

# Narrower than this no column of names is cut.
_NARROWEST = 8
_NUMBERS = (int, Decimal, money.Money)


def show(
    form: str,
    headings: Sequence[str],
    rows: Iterable[Row],
    totals: Callable[[], Iterable[Row]] = tuple,
) -> None:
    """Print rows; below a table, asked for last, what they come to."""
    if form == 'table':
        lines = list(aligned(headings, [*rows, *totals()]))
        print(*lines if len(lines) > 1 else ['There is none.'], sep='\n')
    elif form == 'csv':
        writer = csv.writer(sys.stdout)
        writer.writerow(headings)
        for row in rows:
            writer.writerow([ledger.harmless(said(cell)) if isinstance(
                cell, str) else said(cell) for cell in row])  # fmt: skip
    else:
        for row in rows:
            print(json.dumps(dict(zip(headings, map(_plain, row),
                                      strict=True))))  # fmt: skip


def aligned(headings: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Lines of a table, numbers to the right, at most 80 columns if it can.

    The first column of words gives way, its end cut off.
    """
    right = [
        any(isinstance(row[place], _NUMBERS) for row in rows)
        for place in range(len(headings))
    ]
    # A code of three letters needs no wide heading.
    heads = [
        '' if heading == 'currency' else heading.replace('_', ' ').upper()
        for heading in headings
    ]
    cells = [heads, *([said(cell, '-') for cell in row] for row in rows)]
    cells = [[text.plain(cell) for cell in line] for line in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    first = right.index(False) if False in right else 0
    over = sum(widths) + 2 * (len(widths) - 1) - text.WIDTH
    if over > 0:
        widths[first] = max(widths[first] - over, _NARROWEST)
    for line in cells:
        parts = [
            _cut(cell, width).rjust(width)
            if to_right
            else _cut(cell, width).ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        yield '  '.join(parts).rstrip()


def said(cell: Cell, nothing: str = '') -> str:
    """A cell in words; money without its currency, which has a column."""
    match cell:
        case None:
            return nothing
        case money.Money():
            return money.plain(cell.minor, cell.currency)
        case dt.datetime():
            return text.instant(cell)
        case Decimal():
            return f'{cell:f}'
    return str(cell)


def _plain(cell: Cell) -> str | int | None:
    return cell if cell is None or isinstance(cell, int) else said(cell)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f'{cell[: width - 1]}…'
