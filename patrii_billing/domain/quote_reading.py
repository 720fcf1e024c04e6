# SPDX-License-Identifier: Apache-2.0
"""How the fields of a question are read, each refused by its name."""

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum
import re
from typing import Any
from typing import TypeVar
import zoneinfo

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing import errors

# A day outside these years is a mistake and no question.
YEARS = range(1900, 3000)
COMMON = frozenset(
    ('op', 'currency', 'cycle', 'anchor_day', 'timezone', 'unit')
)

_DAY = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
_INSTANT = re.compile(
    r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?'
    r'(Z|[+-][0-9]{2}:[0-9]{2})'
)
_Choice = TypeVar('_Choice', bound=enum.StrEnum)
_Number = TypeVar('_Number', int, Decimal)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object; `path` is where it stands. Methods raise InvalidInput."""

    values: dict[str, Any]
    path: str = ''

    @classmethod
    def read(cls, values: Any, path: str = '') -> 'Fields':
        if not isinstance(values, dict):
            raise errors.InvalidInput('must be an object', path)
        return cls(values, f'{path}.' if path else '')

    def only(self, known: Iterable[str]) -> None:
        for name in sorted(self.values.keys() - set(known)):
            raise errors.InvalidInput('is not a field', self.path + name[:40])

    def get(self, name: str) -> Any:
        if name not in self.values:
            raise errors.InvalidInput('is missing', self.path + name)
        return self.values[name]

    def level(self) -> pricing.Level:
        """Decimal strings; an integer of JSON is exact, and no money."""
        quantity = self.get('quantity')
        if type(quantity) is int:
            quantity = str(quantity)
        return pricing.Level(
            self.decimal('quantity', quantity),
            self.decimal('unit_price', self.get('unit_price')),
        )

    def amount(self, name: str, currency: str) -> int:
        """Minor units, zero or more."""
        amount = money.parse(self.get(name), currency, self.path + name)
        return not_negative(amount.minor, self.path + name)

    def minor(
        self, name: str, currency: str, default: str | None = None
    ) -> int:
        """Minor units of either sign."""
        text = self._or(name, default)
        return money.parse(text, currency, self.path + name).minor

    def exact(self, name: str, default: str | None = None) -> Decimal:
        """Zero or more, as a decimal string: a price, a rate."""
        return self.decimal(name, self._or(name, default))

    def number(self, name: str, default: str | None = None) -> Decimal:
        """Zero or more: a decimal string, or an integer of JSON."""
        value = self._or(name, default)
        return self.decimal(name, str(value) if type(value) is int else value)

    def decimal(self, name: str, text: Any) -> Decimal:
        where = self.path + name
        return not_negative(money.decimal(text, where), where)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._or(name, default)
        if not isinstance(value, str) or (not value and default is None):
            raise errors.InvalidInput('is not a text', self.path + name)
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise errors.InvalidInput('is not true or false', self.path + name)
        return value

    def choice(
        self, name: str, known: type[_Choice], default: str | None = None
    ) -> _Choice:
        value = self._or(name, default)
        for each in known:
            if each == value:
                return each
        words = ', '.join(known)
        raise errors.InvalidInput(f'is not one of {words}', self.path + name)

    def day(self, name: str) -> dt.date | None:
        value = self.values.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, str) and _DAY.fullmatch(value):
                return parsed(value, calendar.Unit.DAY)
        except ValueError:
            pass  # said below, in one way for all of them
        raise errors.InvalidInput('is not a date', self.path + name)

    def object(self, name: str) -> 'Fields':
        """An object, empty where there is none."""
        value = self.values.get(name)
        return Fields.read({} if value is None else value, self.path + name)

    def objects(self, name: str) -> Iterator['Fields']:
        """Each object of a list, empty where there is none."""
        value = self.values.get(name)
        if not isinstance(value, list | None):
            raise errors.InvalidInput('is not a list', self.path + name)
        for number, each in enumerate(value or ()):
            yield Fields.read(each, f'{self.path}{name}[{number}]')

    def _or(self, name: str, default: str | None) -> Any:
        if default is not None and self.values.get(name) is None:
            return default
        return self.get(name)


@dataclass(frozen=True, slots=True)
class Terms:
    """What both operations ask with: money, cycle, zone and unit."""

    currency: str
    cycle: calendar.Cycle
    anchor_day: int
    zone: zoneinfo.ZoneInfo
    unit: calendar.Unit

    @classmethod
    def read(cls, asked: Fields) -> 'Terms':
        currency = str(asked.get('currency'))
        money.digits(currency)
        cycle = calendar.Cycle.parse(asked.get('cycle'))
        day = asked.get('anchor_day') if cycle.months else 1
        if type(day) is not int or not 1 <= day <= 31:
            raise errors.InvalidInput('is not 1 to 31', 'anchor_day')
        unit = asked.values.get('unit', 'day')
        if unit not in ('day', 'second'):
            raise errors.InvalidInput('is not day or second', 'unit')
        zone = calendar.zone(asked.get('timezone'))
        return cls(currency, cycle, day, zone, calendar.Unit(unit))

    def moment(self, text: Any, where: str) -> calendar.Moment:
        """A day, or a date-time with an offset as the unit counts it."""
        return calendar.in_unit(
            self.read_moment(text, where), self.unit, self.zone
        )

    def read_moment(self, text: Any, where: str) -> calendar.Moment:
        """A day or a date-time with an offset, as it is given."""
        try:
            return parsed(text, self.unit)
        except ValueError:
            kind = 'date'
            if self.unit is calendar.Unit.SECOND:
                kind = 'date-time with an offset'
            raise errors.InvalidInput(
                f'is not a {kind} of the years {YEARS[0]} to {YEARS[-1]}',
                where,
            ) from None

    def life(
        self, asked: Fields
    ) -> tuple[calendar.Moment, calendar.Moment, calendar.Moment | None]:
        """Its start, until when it is asked about, and its end, if any."""
        start = self.moment(asked.get('start'), 'start')
        until = self.moment(asked.get('until'), 'until')
        if until < start:
            raise errors.InvalidInput('is before start', 'until')
        end = None
        if asked.values.get('end') is not None:
            end = self.moment(asked.get('end'), 'end')
            if end < start:
                raise errors.InvalidInput('is before start', 'end')
        return start, until, end

    def anchored(self, start: calendar.Moment) -> calendar.Anchor:
        """The cycles of a life that starts then; instants need the zone."""
        zone = self.zone if self.unit is calendar.Unit.SECOND else None
        return calendar.anchored(self.cycle, self.anchor_day, start, zone)


def period(bounds: Any, terms: Terms) -> calendar.Period:
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise errors.InvalidInput('is not a list of start and end', 'period')
    start, end = (terms.moment(bound, 'period') for bound in bounds)
    if end <= start:
        raise errors.InvalidInput('does not end after its start', 'period')
    return calendar.Period(start, end)


def cycle_around(
    period: calendar.Period, at: calendar.Moment, terms: Terms
) -> calendar.Period:
    """The anchored cycle that contains `at`.

    In which month a quarter or a year begins is not asked for. So it is taken
    from the start of the period, as a life that starts then would, or where
    the period would not fit in a cycle from its end.
    """
    for known in (period.start, period.end):
        cycle = terms.anchored(known).cycle_of(at)
        if cycle.start <= period.start and period.end <= cycle.end:
            return cycle
    return terms.anchored(period.start).cycle_of(at)


def written(moment: calendar.Moment) -> str:
    return moment.isoformat().replace('+00:00', 'Z')


def parsed(text: Any, unit: calendar.Unit) -> calendar.Moment:
    """Raises ValueError."""
    if not isinstance(text, str) or int(text[:4]) not in YEARS:
        raise ValueError
    if _INSTANT.fullmatch(text):
        return dt.datetime.fromisoformat(text)
    if unit is calendar.Unit.DAY and _DAY.fullmatch(text):
        return dt.date.fromisoformat(text)
    raise ValueError


def not_negative(number: _Number, where: str) -> _Number:
    if number < 0:
        raise errors.InvalidInput('is below zero', where)
    return number
