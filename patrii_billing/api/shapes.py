# SPDX-License-Identifier: Apache-2.0
"""How instants, days and exact numbers are written into an answer."""

import datetime as dt
from decimal import Decimal
from typing import overload


@overload
def instant(value: dt.datetime) -> str: ...
@overload
def instant(value: None) -> None: ...
def instant(value: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC, to the microsecond if there are any."""
    if value is None:
        return None
    return value.astimezone(dt.UTC).isoformat().replace('+00:00', 'Z')


def day(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()


def exact(value: Decimal | None) -> str | None:
    """Plain digits, without an exponent."""
    return None if value is None else f'{value:f}'


def moment(text: str) -> dt.datetime:
    """The instant that a checked body or query says."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def maybe(text: str | None) -> dt.datetime | None:
    """The instant of a part of the query that may be left out."""
    return None if text is None else moment(text)


def day_or_moment(text: str) -> dt.date:
    """The day, or the instant, that a checked text says."""
    if 'T' in text:
        return moment(text)
    return dt.date.fromisoformat(text)
