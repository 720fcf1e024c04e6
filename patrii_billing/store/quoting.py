# SPDX-License-Identifier: Apache-2.0
"""Writes values for MySQL and reads rows as PyMySQL does, in less time.

That driver puts the values into each statement itself, and looks up letter
by letter what is to be quoted: a quarter of all that a listener did. What it
reads it takes apart value by value, and days and instants number by number.
"""

from collections.abc import Callable
import datetime as dt
from typing import Any

from pymysql import connections
from pymysql.constants import FIELD_TYPE
from pymysql.constants import SERVER_STATUS
from pymysql import converters

# The backslash first, since the others are quoted by one.
_QUOTED = (
    ('\\', '\\\\'),
    ('\0', '\\0'),
    ('\n', '\\n'),
    ('\r', '\\r'),
    ('\x1a', '\\Z'),
    ('"', '\\"'),
    ("'", "\\'"),
)
# What needs no quoting, by exactly what it is.
_PLAIN: dict[type, Callable[[Any], str]] = {
    int: str,
    type(None): lambda _: 'NULL',
    dt.date: lambda day: f"'{day}'",
    # Of its zone nothing is said.
    dt.datetime: lambda at: f"'{at.replace(tzinfo=None)}'",
}
# A value's first byte is its length, if that is less; then comes NULL, and
# then what says that the length follows in so many bytes.
_NULL = 251
_SIZES = {252: 2, 253: 3, 254: 8}


def _day(text: str) -> object:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return converters.convert_date(text)


def _instant(text: str) -> object:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return converters.convert_datetime(text)


_READ = {
    **converters.conversions,
    FIELD_TYPE.DATE: _day,
    FIELD_TYPE.DATETIME: _instant,
}


class Result(connections.MySQLResult):  # type: ignore[misc]
    """One of the driver's own, which reads a row in one go."""

    def _read_row_from_packet(self, packet: Any) -> tuple[Any, ...]:
        row: list[Any] = []
        place, data = 0, packet.get_all_data()
        try:
            for encoding, convert in self.converters:
                length = data[place]
                place += 1
                if length == _NULL:
                    row.append(None)
                    continue
                if length > _NULL:
                    start, place = place, place + _SIZES[length]
                    length = int.from_bytes(data[start:place], 'little')
                value = data[place : place + length]
                place += length
                if encoding is not None:
                    value = value.decode(encoding)
                row.append(value if convert is None else convert(value))
        except (IndexError, KeyError):
            place = -1
        if place != len(data):
            # What is odd is the driver's to judge.
            return super()._read_row_from_packet(packet)  # type: ignore[no-any-return]
        return tuple(row)


class Connection(connections.Connection):  # type: ignore[misc]
    """One of the driver's own, which replaces sign by sign.

    What it reads are results of ours, unless it is to keep rows back.
    """

    def __init__(self, *where: Any, **options: Any) -> None:
        super().__init__(*where, **{'conv': _READ, **options})

    def escape(self, obj: object, mapping: Any = None) -> str:
        """A value as it stands in a statement; all values go through here.

        Other kinds of text, which may replace in ways of their own, are left
        to the driver.
        """
        if type(obj) is not str or self._is_backslash_plain:
            plain = _PLAIN.get(type(obj))
            if plain is not None:
                return plain(obj)
            return super().escape(obj, mapping)  # type: ignore[no-any-return]
        for sign, quoted in _QUOTED:
            if sign in obj:
                obj = obj.replace(sign, quoted)
        return f"'{obj}'"

    def _read_query_result(self, unbuffered: bool = False) -> int:
        if unbuffered:
            return super()._read_query_result(unbuffered)  # type: ignore[no-any-return]
        self._result = None
        result = Result(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows  # type: ignore[no-any-return]

    @property
    def _is_backslash_plain(self) -> bool:
        return bool(
            self.server_status
            & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES
        )
