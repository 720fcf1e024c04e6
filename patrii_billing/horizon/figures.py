# SPDX-License-Identifier: Apache-2.0
"""Money and time, as the one who looks is used to read them.

Horizon knows his language and his time zone.
"""

import datetime as dt
from decimal import Decimal

from django.utils import dateparse
from django.utils import formats
from django.utils import timezone

NOTHING = '–'
# As Django writes formats. The same in all languages, but for the month.
_DAY = 'j N Y'
_MINUTE = f'{_DAY}, H:i'


def amount(value: str | None, currency: str) -> str:
    """An amount as the API writes it, with its currency."""
    if value is None:
        return NOTHING
    return f'{number(value)} {currency}'


def number(value: str) -> str:
    exact = Decimal(value)
    digits = max(0, -int(exact.as_tuple().exponent))
    return str(formats.number_format(exact, digits, force_grouping=True))


def instant(value: str | None) -> str:
    """An instant of the API, on the clock of who looks."""
    moment = dateparse.parse_datetime(value) if value else None
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment)
    return str(formats.date_format(local, _MINUTE))


def day(value: str | None) -> str:
    if value is None:
        return NOTHING
    found = dt.date.fromisoformat(value)
    return str(formats.date_format(found, _DAY))
