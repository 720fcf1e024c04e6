# SPDX-License-Identifier: Apache-2.0
"""Hours and days at which enforcement may act; they only move it later."""

from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
import re
from typing import Any
import zoneinfo

from patrii_billing import errors

_HOURS = re.compile(r'^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$')
_DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
# A window that opens on no day of two years is a mistake.
_HORIZON_DAYS = 731


@dataclass(frozen=True, slots=True)
class Window:
    """Local minutes of the day [opens, closes), weekdays and holidays."""

    opens: int = 0
    closes: int = 24 * 60
    weekdays: frozenset[int] = frozenset(range(7))
    holidays: frozenset[dt.date] = frozenset()

    @classmethod
    def parse(cls, value: Any, where: str = '') -> 'Window':
        """Read {hours: 09:00-17:00, weekdays: [mon, ...], holidays: [...]}.

        Raises InvalidInput.
        """
        if not isinstance(value, Mapping):
            raise errors.InvalidInput('must be a mapping', where)
        for key in value.keys() - {'hours', 'weekdays', 'holidays'}:
            raise errors.InvalidInput('unknown key', f'{where}.{key}')
        opens, closes = _hours(value.get('hours', '00:00-24:00'), where)
        return cls(
            opens,
            closes,
            _weekdays(value.get('weekdays', _DAYS), where),
            _holidays(value.get('holidays', ()), where),
        )

    def next_open(
        self, instant: dt.datetime, zone: zoneinfo.ZoneInfo
    ) -> dt.datetime:
        """The first instant at or after this one inside the window, UTC."""
        if self == ALWAYS:
            return instant
        today = instant.astimezone(zone).date()
        for ahead in range(_HORIZON_DAYS):
            day = today + dt.timedelta(days=ahead)
            if day.weekday() not in self.weekdays or day in self.holidays:
                continue
            # Compared in UTC: where clocks go back, a local hour comes twice.
            midnight = dt.datetime.combine(day, dt.time(), zone)
            opens, closes = (
                (midnight + dt.timedelta(minutes=each)).astimezone(dt.UTC)
                for each in (self.opens, self.closes)
            )
            found = max(opens, instant)
            if found < closes:
                return found
        raise errors.InvalidInput('the window never opens')


ALWAYS = Window()


def _hours(text: Any, where: str) -> tuple[int, int]:
    match = _HOURS.match(text) if isinstance(text, str) else None
    if match is not None:
        opens = int(match[1]) * 60 + int(match[2])
        closes = int(match[3]) * 60 + int(match[4])
        if opens < closes <= 24 * 60:
            return opens, closes
    raise errors.InvalidInput(
        f'{text!r} is not a span of hours such as 09:00-17:00',
        f'{where}.hours',
    )


def _weekdays(names: Any, where: str) -> frozenset[int]:
    try:
        found = frozenset(_DAYS.index(name) for name in names)
    except (ValueError, TypeError):
        found = frozenset()
    if not found:
        raise errors.InvalidInput(
            f'must be a list of {", ".join(_DAYS)}', f'{where}.weekdays'
        )
    return found


def _holidays(days: Any, where: str) -> frozenset[dt.date]:
    try:
        return frozenset(
            day if isinstance(day, dt.date) else dt.date.fromisoformat(day)
            for day in days
        )
    except (ValueError, TypeError):
        raise errors.InvalidInput(
            'must be a list of dates', f'{where}.holidays'
        ) from None
