# SPDX-License-Identifier: Apache-2.0
"""How things look on a terminal of 80 columns, and in a pipe."""

from collections.abc import Iterable
from collections.abc import Sequence
import datetime as dt
import re
import textwrap
import unicodedata

from patrii_billing.domain import money

WIDTH = 80
# Narrower than this a last column is not wrapped.
_NARROWEST = 20


def instant(value: dt.datetime | None, otherwise: str = '-') -> str:
    """UTC in ISO 8601, to the second."""
    if value is None:
        return otherwise
    return f'{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}'


def amount(minor: int, currency: str) -> str:
    return str(money.Money(minor, currency))


def plain(value: object) -> str:
    """One line that no terminal takes for more than a text."""
    return ''.join(
        ' ' if unicodedata.category(char) in ('Cc', 'Zl', 'Zp') else char
        for char in str(value)
    )


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]]
) -> list[str]:
    """Columns two blanks apart; a long last one goes on below itself."""
    lines = [[plain(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    indent = sum(widths[:-1]) + 2 * (len(widths) - 1)
    printed = []
    for line in lines:
        first = '  '.join(
            cell.ljust(width)
            for cell, width in zip(line[:-1], widths, strict=False)
        )
        head = f'{first}  ' if first else ''
        room = WIDTH - indent
        parts = [line[-1]]
        if room >= _NARROWEST:
            parts = wrapped(line[-1], room) or ['']
        printed.append((head + parts[0]).rstrip())
        printed += [' ' * indent + part for part in parts[1:]]
    return printed


def pairs(rows: Iterable[tuple[str, object]]) -> list[str]:
    """A name and what it is, a line each."""
    known = list(rows)
    return table(*_headed(known)) if known else []


def _headed(
    rows: Sequence[tuple[str, object]],
) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    return [str(cell) for cell in rows[0]], rows[1:]


def wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        re.sub(r'\s+', ' ', text), width,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
