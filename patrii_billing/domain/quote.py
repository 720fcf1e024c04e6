# SPDX-License-Identifier: Apache-2.0
"""What would it cost: questions in JSON, answered by the code that invoices.

`cycle` asks for the charges of a life in advance, `change` for the credit and
the charge of a change in mid-cycle.
"""

from collections.abc import Iterable
import dataclasses
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import itertools
import json
import re
from typing import Any
from typing import TypeVar
import zoneinfo

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing import errors

# More lines than this, or a day outside these years, is a mistake and no
# question: nobody is billed for it.
MAX_LINES = 10_000
YEARS = range(1900, 3000)

_DAY = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
_INSTANT = re.compile(
    r'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?'
    r'(Z|[+-][0-9]{2}:[0-9]{2})'
)
_Number = TypeVar('_Number', int, Decimal)

_COMMON = {'op', 'currency', 'cycle', 'anchor_day', 'timezone', 'unit'}
_CYCLE = _COMMON | {'unit_price', 'quantity', 'start', 'end', 'until'}
_CHANGE = _COMMON | {'at', 'period', 'billed', 'credited', 'old', 'new'}


def answer_line(text: str) -> str:
    """One line of JSON in, one out, whatever it says. Never raises."""
    try:
        question = json.loads(text)
    except (ValueError, RecursionError):
        return _dumped({'error': 'the line is not JSON'})
    return _dumped(answer(question))


def _dumped(answered: dict[str, Any]) -> str:
    return json.dumps(answered, separators=(',', ':'))


def answer(question: Any) -> dict[str, Any]:
    """The lines and their total, or an error that names the field."""
    try:
        asked = _Fields.read(question)
        match asked.get('op'):
            case 'cycle':
                return _cycle(asked)
            case 'change':
                return _change(asked)
        raise errors.InvalidInput('is not cycle or change', 'op')
    except errors.BillingError as error:
        return {'error': str(error)}


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object; `path` is where it stands. Methods raise InvalidInput."""

    values: dict[str, Any]
    path: str = ''

    @classmethod
    def read(cls, values: Any, path: str = '') -> '_Fields':
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
            self._decimal('quantity', quantity),
            self._decimal('unit_price', self.get('unit_price')),
        )

    def amount(self, name: str, currency: str) -> int:
        """Minor units, zero or more."""
        amount = money.parse(self.get(name), currency, self.path + name)
        return _not_negative(amount.minor, self.path + name)

    def _decimal(self, name: str, text: Any) -> Decimal:
        where = self.path + name
        return _not_negative(money.decimal(text, where), where)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What both operations ask with: money, cycle, zone and unit."""

    currency: str
    cycle: calendar.Cycle
    anchor_day: int
    zone: zoneinfo.ZoneInfo
    unit: calendar.Unit

    @classmethod
    def read(cls, asked: _Fields) -> '_Terms':
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
        try:
            return calendar.in_unit(
                _parsed(text, self.unit), self.unit, self.zone
            )
        except ValueError:
            kind = 'date'
            if self.unit is calendar.Unit.SECOND:
                kind = 'date-time with an offset'
            raise errors.InvalidInput(
                f'is not a {kind} of the years {YEARS[0]} to {YEARS[-1]}',
                where,
            ) from None

    def anchored(self, start: calendar.Moment) -> calendar.Anchor:
        """The cycles of a life that starts then; instants need the zone."""
        zone = self.zone if self.unit is calendar.Unit.SECOND else None
        return calendar.anchored(self.cycle, self.anchor_day, start, zone)


def _cycle(asked: _Fields) -> dict[str, Any]:
    asked.only(_CYCLE)
    terms = _Terms.read(asked)
    level = asked.level()
    start = terms.moment(asked.get('start'), 'start')
    until = terms.moment(asked.get('until'), 'until')
    if until < start:
        raise errors.InvalidInput('is before start', 'until')
    end = None
    if asked.values.get('end') is not None:
        end = terms.moment(asked.get('end'), 'end')
        if end < start:
            raise errors.InvalidInput('is before start', 'end')
    lines = proration.cycle_lines(
        terms.anchored(start), '', level, terms.currency, start, until, end
    )
    some = tuple(itertools.islice(lines, MAX_LINES + 1))
    if len(some) > MAX_LINES:
        raise errors.InvalidInput(f'is over {MAX_LINES} lines on', 'until')
    return _answer(some, terms.currency, kinds=False)


def _change(asked: _Fields) -> dict[str, Any]:
    asked.only(_CHANGE)
    terms = _Terms.read(asked)
    period = _period(asked.get('period'), terms)
    at = terms.moment(asked.get('at'), 'at')
    if at not in period:
        raise errors.InvalidInput('is outside the period', 'at')
    old = _level(asked, 'old')
    new = pricing.NOTHING
    if asked.get('new') is not None:
        new = _level(asked, 'new')
    before = period.start - terms.unit.step
    lines = proration.settle(
        _cycle_around(period, at, terms),
        (
            proration.Change(before, '', old),
            proration.Change(at, '', new),
        ),
        _posted(asked, period, old, terms.currency),
        terms.currency,
        billed=(period,),
    )
    return _answer(lines, terms.currency, kinds=True)


def _level(asked: _Fields, name: str) -> pricing.Level:
    fields = _Fields.read(asked.get(name), name)
    fields.only({'quantity', 'unit_price'})
    return fields.level()


def _period(bounds: Any, terms: _Terms) -> calendar.Period:
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise errors.InvalidInput('is not a list of start and end', 'period')
    start, end = (terms.moment(bound, 'period') for bound in bounds)
    if end <= start:
        raise errors.InvalidInput('does not end after its start', 'period')
    return calendar.Period(start, end)


def _cycle_around(
    period: calendar.Period, at: calendar.Moment, terms: _Terms
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


def _posted(
    asked: _Fields,
    period: calendar.Period,
    old: pricing.Level,
    currency: str,
) -> tuple[proration.Posted, ...]:
    """The billed line, and what was credited on it before."""
    billed = asked.amount('billed', currency)
    credited = 0
    if 'credited' in asked.values:
        credited = asked.amount('credited', currency)
    if credited > billed:
        raise errors.InvalidInput('is more than was billed', 'credited')
    if not old.quantity:
        if billed:
            raise errors.InvalidInput(
                'is not zero, but the old quantity is', 'billed'
            )
        return ()
    charge = dataclasses.replace(
        proration.charge('', old, period, period, currency), amount=billed
    )
    # Which days it was for is not asked, so it takes no days with it.
    credit = dataclasses.replace(
        charge,
        kind=proration.LineKind.CREDIT,
        end=period.start,
        amount=-credited,
        corrects='billed',
    )
    return (
        proration.Posted('billed', charge),
        proration.Posted('credited', credit),
    )


def _answer(
    lines: Iterable[proration.Line], currency: str, *, kinds: bool
) -> dict[str, Any]:
    written = []
    total = 0
    for line in lines:
        total += line.amount
        written.append(
            ({'kind': line.kind.value} if kinds else {})
            | {
                'start': _written(line.start),
                'end': _written(line.end),
                'ratio': str(line.ratio),
                'amount': money.plain(line.amount, currency),
            }
        )
    return {'lines': written, 'total': money.plain(total, currency)}


def _written(moment: calendar.Moment) -> str:
    return moment.isoformat().replace('+00:00', 'Z')


def _parsed(text: Any, unit: calendar.Unit) -> calendar.Moment:
    """Raises ValueError."""
    if not isinstance(text, str) or int(text[:4]) not in YEARS:
        raise ValueError
    if _INSTANT.fullmatch(text):
        return dt.datetime.fromisoformat(text)
    if unit is calendar.Unit.DAY and _DAY.fullmatch(text):
        return dt.date.fromisoformat(text)
    raise ValueError


def _not_negative(number: _Number, where: str) -> _Number:
    if number < 0:
        raise errors.InvalidInput('is below zero', where)
    return number
