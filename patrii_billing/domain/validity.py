# SPDX-License-Identifier: Apache-2.0
"""The days on which something of an account counts, and how it is read."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt
from decimal import Decimal
import re
from typing import Any

from patrii_billing.domain import money
from patrii_billing import errors

Days = tuple[dt.date | None, dt.date | None]

_DAY = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
_LONGEST_NAME = 100


def covers(start: dt.date | None, end: dt.date | None, day: dt.date) -> bool:
    """Whether a day is in a half-open span; None is without limit."""
    return (start or dt.date.min) <= day < (end or dt.date.max)


def overlap(one: Days, other: Days) -> bool:
    """Whether two half-open spans have a day in common."""
    start = max(one[0] or dt.date.min, other[0] or dt.date.min)
    return start < min(one[1] or dt.date.max, other[1] or dt.date.max)


def entries(
    values: object, where: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each object of a list and the place where it stands.

    None is an empty list. Raises InvalidInput naming the place.
    """
    if not isinstance(values, list | tuple | None):
        raise errors.InvalidInput('must be a list', where)
    for number, entry in enumerate(values or ()):
        place = f'{where}[{number}]'
        if not isinstance(entry, dict):
            raise errors.InvalidInput('must be an object', place)
        yield place, entry


def only(entry: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raises InvalidInput naming the first field that is not known."""
    for field in sorted(entry.keys() - known, key=str):
        raise errors.InvalidInput('is not a field', f'{where}.{field!s:.40}')


def name(entry: Mapping[str, Any], where: str) -> str:
    """The name as a reader sees it. Raises InvalidInput."""
    text = entry.get('name')
    if not isinstance(text, str) or not text.strip():
        raise errors.InvalidInput('is missing', f'{where}.name')
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise errors.InvalidInput(
            f'is not one line of up to {_LONGEST_NAME} characters',
            f'{where}.name',
        )
    return text.strip()


def percent(entry: Mapping[str, Any], field: str, where: str) -> Decimal:
    """Zero to a hundred, from a decimal string. Raises InvalidInput."""
    number = money.decimal(entry.get(field), f'{where}.{field}')
    if not 0 <= number <= 100:
        raise errors.InvalidInput('is not 0 to 100', f'{where}.{field}')
    return number


def dates(entry: Mapping[str, Any], where: str) -> Days:
    """valid_from and valid_until. Raises InvalidInput."""
    start = _day(entry.get('valid_from'), f'{where}.valid_from')
    end = _day(entry.get('valid_until'), f'{where}.valid_until')
    if start is not None and end is not None and end <= start:
        raise errors.InvalidInput(
            'is not after valid_from', f'{where}.valid_until'
        )
    return start, end


def written(start: dt.date | None, end: dt.date | None) -> dict[str, str]:
    """The limits there are, as JSON."""
    days = {'valid_from': start, 'valid_until': end}
    return {field: day.isoformat() for field, day in days.items() if day}


def _day(text: object, where: str) -> dt.date | None:
    if text is None:
        return None
    try:
        if isinstance(text, str) and _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass  # said below, in one way for all of them
    raise errors.InvalidInput('is not a date as 2026-01-31', where)
