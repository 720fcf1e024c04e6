# SPDX-License-Identifier: Apache-2.0
"""Spans of time as operators write them: 7d, 48h, 30m, 10s.

Days are calendar days at the same local time, the rest is elapsed time.
"""

from dataclasses import dataclass
import datetime as dt
import re

from patrii_billing.domain import calendar
from patrii_billing import errors

_FORM = re.compile(r'^(-?)(\d{1,5})([dhms])$')
_SECONDS = {'h': 3600, 'm': 60, 's': 1}


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar days and elapsed seconds; either may be zero."""

    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: object, where: str = '') -> 'Span':
        """Read '7d', '48h', '30m' or '10s'; a leading minus turns it back.

        Raises InvalidInput.
        """
        match = _FORM.match(text) if isinstance(text, str) else None
        if match is None:
            raise errors.InvalidInput(
                f'{text!r} is not a span such as 7d, 48h, 30m or 10s', where
            )
        count = int(match[2]) * (-1 if match[1] else 1)
        if match[3] == 'd':
            return cls(days=count)
        return cls(seconds=count * _SECONDS[match[3]])

    def after(self, instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """The instant this span after another, UTC."""
        instant = calendar.add_days(instant, self.days, zone)
        return instant + dt.timedelta(seconds=self.seconds)

    def before(self, instant: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """The instant this span before another, UTC."""
        return Span(-self.days, -self.seconds).after(instant, zone)

    @property
    def elapsed(self) -> dt.timedelta:
        """The span as elapsed time, a day being 24 hours."""
        return dt.timedelta(days=self.days, seconds=self.seconds)

    def __str__(self) -> str:
        if self.days or not self.seconds:
            return f'{self.days}d'
        for unit, size in _SECONDS.items():
            if self.seconds % size == 0:
                return f'{self.seconds // size}{unit}'
        raise AssertionError('one second divides every span')
