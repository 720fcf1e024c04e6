# SPDX-License-Identifier: Apache-2.0
"""Writes values for MySQL, and reads days and instants, as PyMySQL does.

That driver puts the values into each statement itself, and looks up letter
by letter what is to be quoted: a quarter of all that a listener did. Days it
takes apart and puts together by hand.
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


class Connection(connections.Connection):  # type: ignore[misc]
    """One of the driver's own, which replaces sign by sign."""

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

    @property
    def _is_backslash_plain(self) -> bool:
        return bool(
            self.server_status
            & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES
        )
