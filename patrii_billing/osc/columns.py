# SPDX-License-Identifier: Apache-2.0
"""What people read in a table, and programs in JSON, CSV and YAML."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import functools
import json
import re
import textwrap
from typing import Any

from cliff import columns as cliff_columns

Item = Mapping[str, Any]
_TABLE = ('table', 'shell')
# What moves a cursor, or has a terminal show one text as another.
_COMMANDS = re.compile(
    '[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]'
)
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection),
# unless it is a number.
_FORMULA = re.compile(r'(?!-?[0-9.]+\Z)[=+\-@\t\r]')


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and the field of an item that stands below it.

    `kind` makes a cell of the item's value; `long` is shown only with
    --long, `raw` only to programs.
    """

    heading: str
    field: str
    kind: Callable[[Item, str], Any] | None = None
    long: bool = False
    raw: bool = False

    def cell(self, item: Item) -> Any:
        if self.kind is not None:
            return self.kind(item, self.field)
        value = item[self.field]
        return _Cell(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """Anybody's text, as a reason or a name, for a terminal of ours."""
    return _COMMANDS.sub('\ufffd', text.replace('\r\n', '\n'))


def chosen(
    columns: Sequence[Column], parsed_args: Any
) -> Sequence[Column]:
    """Those that the options of a command ask for."""
    raw = parsed_args.formatter not in _TABLE
    long = getattr(parsed_args, 'long', True)
    return [
        column
        for column in columns
        if (long or not column.long) and (raw or not column.raw)
    ]


def cells(
    shown: Sequence[Column], item: Item, parsed_args: Any
) -> tuple[Any, ...]:
    """What stands below these headings of an item.

    In CSV, which people open in a spreadsheet, what is unknown is empty, what
    has parts is JSON, and no text is a formula. Others tell it as it is.
    """
    found = tuple(column.cell(item) for column in shown)
    if parsed_args.formatter != 'csv':
        return found
    return tuple(map(_flat, found))


def _flat(cell: Any) -> Any:
    if isinstance(cell, cliff_columns.FormattableColumn):
        cell = cell.machine_readable()
    if cell is None:
        return ''
    if isinstance(cell, list | dict):
        return json.dumps(cell)
    formula = isinstance(cell, str) and _FORMULA.match(cell)
    return f"'{cell}" if formula else cell


class _Cell(cliff_columns.FormattableColumn[Any]):
    """A value for programs that people read in other words."""

    def human_readable(self) -> str:
        return harmless(self._words())

    def machine_readable(self) -> Any:
        return self._value

    def _words(self) -> str:
        return str(self._value)


class _Amount(_Cell):
    def __init__(self, value: Any, currency: str) -> None:
        super().__init__(value)
        self._currency = currency

    def _words(self) -> str:
        return '' if self._value is None else f'{self._value} {self._currency}'


class _Instant(_Cell):
    def _words(self) -> str:
        if self._value is None:
            return ''
        at = dt.datetime.fromisoformat(self._value)
        return f'{at.astimezone(dt.UTC):%Y-%m-%d %H:%M}'


class _Words(_Cell):
    def _words(self) -> str:
        return '' if self._value is None else str(self._value)


class _Wrapped(_Cell):
    def __init__(self, value: Any, width: int) -> None:
        super().__init__(value)
        self._width = width

    def _words(self) -> str:
        said = str(self._value or '').splitlines()
        return '\n'.join(
            textwrap.fill(line, self._width, break_on_hyphens=False)
            for line in said
        )


class _Paragraphs(_Wrapped):
    def _words(self) -> str:
        return '\n'.join(
            textwrap.fill(
                one, self._width, subsequent_indent='  ',
                break_on_hyphens=False,
            )
            for one in self._value
        )  # fmt: skip


class _List(_Cell):
    def _words(self) -> str:
        return '\n'.join(map(str, self._value or ()))


class _Lines(_Cell):
    def __init__(self, value: Any, told: Callable[[Any], str]) -> None:
        super().__init__(value)
        self._told = told

    def _words(self) -> str:
        return '\n'.join(map(self._told, self._value or ()))


class _Pairs(_Cell):
    def _words(self) -> str:
        return '\n'.join(
            f'{name}: {_joined(value)}'
            for name, value in sorted((self._value or {}).items())
            if value not in (None, '', [])
        )


def _joined(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return ', '.join(map(str, value))


def amount(item: Item, field: str) -> _Amount:
    """Money: with its currency for people, the plain number for programs."""
    return _Amount(item[field], item['currency'])


def instant(item: Item, field: str) -> _Instant:
    """UTC: to the minute for people, ISO 8601 for programs."""
    return _Instant(item[field])


def words(item: Item, field: str) -> _Words:
    """What is empty where nothing is known."""
    return _Words(item[field])


def wrapped(width: int) -> Callable[[Item, str], _Wrapped]:
    """A long text, so broken that a terminal has room for it."""
    return lambda item, field: _Wrapped(item[field], width)


def paragraphs(width: int) -> Callable[[Item, str], _Paragraphs]:
    """Long texts, so broken that each can be told from the next."""
    return lambda item, field: _Paragraphs(item[field], width)


def each(item: Item, field: str) -> _List:
    """A list, an entry a line."""
    return _List(item[field])


def lines(value: Sequence[Any], told: Callable[[Any], str]) -> _Lines:
    """A list, an entry a line in words of its own."""
    return _Lines(value, told)


def valid(text: str, item: Item) -> str:
    """What is said of something, and the days on which it is so."""
    since, until = item['valid_from'], item['valid_until']
    return text + (
        f' from {since}' if since else ''
    ) + (f' until {until}' if until else '')


def pairs(item: Item, field: str) -> _Pairs:
    """A mapping, a name a line; for people without what is empty."""
    return _Pairs(item[field])


def told(tell: Callable[[Item, Item], str]) -> Callable[[Item, str], Any]:
    """A list of objects, each told a line; `tell` has the item and one."""

    def kind(item: Item, field: str) -> _Lines:
        return lines(item[field], functools.partial(tell, item))

    return kind


CURRENCY = Column('Currency', 'currency', raw=True)
