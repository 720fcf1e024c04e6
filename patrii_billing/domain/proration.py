# SPDX-License-Identifier: Apache-2.0
"""What a cycle should cost, and the lines that make the books say so.

Every line is price x quantity x ratio, or a share of what was billed, and is
rounded once. So the books stay within half a minor unit per line of the exact
value, whatever the order in which facts were learned.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum
import itertools
from typing import TypeVar

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing

_Key = TypeVar('_Key')
_Runs = dict[_Key, list[calendar.Period]]


class LineKind(enum.StrEnum):
    CHARGE = 'charge'
    CREDIT = 'credit'


_CHARGE = LineKind.CHARGE  # at hand: looked up by name it takes longer


class SameDay(enum.StrEnum):
    """Which of several changes on one day counts for that day.

    From the next day on it is always the last.
    """

    HIGHEST = 'highest'
    LAST = 'last'


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice; `amount` is in minor units of the currency.

    The ratio's whole is the anchored cycle for a charge, and the span of the
    corrected line for a credit, which `corrects` names.
    """

    kind: LineKind
    resource: str
    start: calendar.Moment
    end: calendar.Moment
    quantity: Decimal
    unit_price: Decimal
    ratio: money.Ratio
    amount: int
    currency: str
    reason: str
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A line of an issued invoice, under the key that credits name."""

    key: str
    line: Line


@dataclass(frozen=True, slots=True)
class Change:
    """From a day or an instant on, a resource is held at this level.

    The resource is a key of what is followed by itself: one server, the
    cores of a project, the flat fee.
    """

    at: calendar.Moment
    resource: str
    level: pricing.Level


def charge(
    resource: str,
    level: pricing.Level,
    span: calendar.Period,
    cycle: calendar.Period,
    currency: str,
) -> Line:
    """A level held for a span, at its share of a whole cycle."""
    price, quantity = level.unit_price, level.quantity
    held, whole = span.length, cycle.length
    ratio = money.Ratio(held, whole)
    return Line(
        _CHARGE,
        resource,
        span.start,
        span.end,
        quantity,
        price,
        ratio,
        pricing.line_amount(price, quantity, ratio, currency),
        currency,
        f'{price:f} {currency} x {quantity:f}'
        f' x {held}/{whole} {_counted(span)}',
    )


def once(
    resource: str,
    level: pricing.Level,
    at: calendar.Moment,
    currency: str,
    until: calendar.Moment | None = None,
) -> Line:
    """What is charged once, such as a setup fee, on its day or second.

    With `until` for the whole time up to then. No change names its resource,
    so that `settle` leaves it alone.
    """
    end = until or at + calendar.Unit.of(at).step
    amount = pricing.line_amount(
        level.unit_price, level.quantity, money.WHOLE, currency
    )
    return Line(
        _CHARGE,
        resource,
        at,
        end,
        level.quantity,
        level.unit_price,
        money.WHOLE,
        amount,
        currency,
        f'{level.unit_price:f} {currency} x {level.quantity:f} once',
    )


def cycle_lines(
    anchor: calendar.Anchor,
    resource: str,
    level: pricing.Level,
    currency: str,
    start: calendar.Moment,
    until: calendar.Moment,
    end: calendar.Moment | None = None,
) -> Iterator[Line]:
    """Charges in advance for each period that begins on or before `until`.

    The first is the stub up to the first boundary, if there is one; an end
    cuts the last.
    """
    for cycle in anchor.cycles_from(start):
        first = max(cycle.start, start)
        if first > until or (end is not None and first >= end):
            return
        last = cycle.end if end is None else min(cycle.end, end)
        span = calendar.Period(first, last)
        yield charge(resource, level, span, cycle, currency)


def settle(
    cycle: calendar.Period,
    changes: Iterable[Change],
    posted: Iterable[Posted],
    currency: str,
    *,
    billed: Sequence[calendar.Period] | None = None,
    same_day: SameDay = SameDay.HIGHEST,
    zone: dt.tzinfo = dt.UTC,
) -> tuple[Line, ...]:
    """The lines that make what is posted equal what should be held.

    `cycle` is one anchored cycle, and its bounds say whether days or seconds
    count. `changes` is all that is known of the levels, from before the cycle
    too; instants may come in any order and more than once, changes known by
    their day only count in the order given. `posted` is every issued line of
    the cycle. `billed` is the part of the cycle that is billed at all (a
    stub, a life cut short, pauses left out), by default the whole.

    Days held at a level that a posted line already says are left alone; what
    else was posted is credited, what else is held is charged. Asked again
    with its answer posted, it has nothing to add. A resource that no change
    names is left alone: not knowing is no reason to give money back.
    """
    spans = (cycle,) if billed is None else billed
    histories: dict[str, list[Change]] = {}
    for change in changes:
        histories.setdefault(change.resource, []).append(change)
    unit = calendar.Unit.of(cycle.start)
    bills = _bills(posted)
    settled: list[Line] = []
    for resource, history in sorted(histories.items()):
        steps = _steps(history, unit, zone, same_day)
        owned = [bill for bill in bills if bill.line.resource == resource]
        missing, unused = _compare(_segments(steps, spans), owned)
        lines = [
            charge(resource, level, span, cycle, currency)
            for level, runs in missing.items()
            for span in runs
        ]
        for bill in owned:
            lines += _credits(bill, unused.get(bill.key, ()))
        settled += sorted(lines, key=_reading_order)
    return tuple(settled)


@dataclass(frozen=True, slots=True)
class _Bill:
    """A posted charge: which of its time still stands, and what is left."""

    key: str
    line: Line
    standing: tuple[calendar.Period, ...]
    left: int

    @property
    def level(self) -> pricing.Level:
        return pricing.Level(self.line.quantity, self.line.unit_price)


def _bills(posted: Iterable[Posted]) -> list[_Bill]:
    """The posted charges, with the earlier credits on them taken off."""
    bills: list[_Bill] = []
    credits: dict[str | None, list[Line]] = {}
    for entry in posted:
        line = entry.line
        if line.kind is LineKind.CREDIT:
            credits.setdefault(line.corrects, []).append(line)
        else:
            whole = calendar.Period(line.start, line.end)
            bills.append(_Bill(entry.key, line, (whole,), line.amount))
    return [_corrected(bill, credits.get(bill.key, ())) for bill in bills]


def _corrected(bill: _Bill, credits: Iterable[Line]) -> _Bill:
    standing, left = bill.standing, bill.left
    for credit in credits:
        span = calendar.Period(credit.start, credit.end)
        standing = calendar.without(standing, span)
        left += credit.amount
    return dataclasses.replace(bill, standing=standing, left=max(left, 0))


def _steps(
    history: Iterable[Change],
    unit: calendar.Unit,
    zone: dt.tzinfo,
    same_day: SameDay,
) -> list[tuple[calendar.Moment, pricing.Level]]:
    """The level from each day (or second) on, in effective order."""

    def counted(change: Change) -> calendar.Moment:
        return calendar.in_unit(change.at, unit, zone)

    ordered = sorted(
        history, key=lambda change: (counted(change), _order(change, zone))
    )
    steps: dict[calendar.Moment, pricing.Level] = {}
    before = pricing.NOTHING
    for at, group in itertools.groupby(ordered, counted):
        levels = [change.level for change in group]
        steps[at] = _level_of_day(before, levels, same_day)
        before = steps[at + unit.step] = levels[-1]
    return list(steps.items())


def _order(change: Change, zone: dt.tzinfo) -> tuple[object, ...]:
    """By instant; the level decides where two facts claim the same one.

    What has ended then has ended: Nova dates an end to the second, and a
    server may come and go within one.
    """
    if isinstance(change.at, dt.datetime):
        level = change.level
        return change.at, not level.quantity, level.cost, level.quantity
    # Before all that is told of the day's first instant.
    return (calendar.start_of_day(change.at, zone),)


def _level_of_day(
    before: pricing.Level, levels: Sequence[pricing.Level], same_day: SameDay
) -> pricing.Level:
    """Which of the changes of a day counts for it; later days: the last."""
    last = levels[-1]
    if same_day is SameDay.HIGHEST:
        return max(reversed(levels), key=lambda level: level.cost)
    if not before.quantity and not last.quantity:
        # What came and went on one day is billed for that day.
        return next((seen for seen in reversed(levels) if seen.quantity), last)
    return last


def _segments(
    steps: Sequence[tuple[calendar.Moment, pricing.Level]],
    spans: Iterable[calendar.Period],
) -> list[tuple[calendar.Period, pricing.Level]]:
    """What is held, and when, within the spans."""
    held = []
    following = [at for at, _ in steps[1:]]
    for (at, level), until in itertools.zip_longest(steps, following):
        for span in spans if level.quantity else ():
            start = max(at, span.start)
            end = span.end if until is None else min(until, span.end)
            if start < end:
                held.append((calendar.Period(start, end), level))
    return held


def _compare(
    held: Sequence[tuple[calendar.Period, pricing.Level]],
    bills: Sequence[_Bill],
) -> tuple[_Runs[pricing.Level], _Runs[str]]:
    """What is held and not posted, and what of each bill is not held."""
    runs = [run for run, _ in held]
    runs += [run for bill in bills for run in bill.standing]
    cuts = sorted({cut for run in runs for cut in (run.start, run.end)})
    missing: _Runs[pricing.Level] = {}
    unused: _Runs[str] = {}
    for start, end in itertools.pairwise(cuts):
        span = calendar.Period(start, end)
        level = next((level for run, level in held if start in run), None)
        for bill in bills:
            if not any(start in run for run in bill.standing):
                continue
            if bill.level == level:
                level = None  # said once; another bill for it is unused
            else:
                calendar.extend(unused.setdefault(bill.key, []), span)
        if level is not None:
            calendar.extend(missing.setdefault(level, []), span)
    return missing, unused


def _credits(bill: _Bill, unused: Iterable[calendar.Period]) -> Iterator[Line]:
    """Give back what was billed for unused time, at most what is left.

    A bill of which nothing stands any more is given back to the last minor
    unit, so that the rounding of its credits adds up.
    """
    standing, left = bill.standing, bill.left
    for span in unused:
        standing = calendar.without(standing, span)
        ratio = money.Ratio(
            span.length, calendar.length(bill.line.start, bill.line.end)
        )
        share = money.share(bill.line.amount, ratio)
        amount = min(share, left) if standing else left
        left -= amount
        billed = money.Money(bill.line.amount, bill.line.currency)
        reason = f'{billed} billed x {ratio} {_counted(span)} not used'
        if amount != share:
            reason += ', to what earlier credits left of it'
        yield dataclasses.replace(
            bill.line,
            kind=LineKind.CREDIT,
            start=span.start,
            end=span.end,
            ratio=ratio,
            amount=-amount,
            reason=reason,
            corrects=bill.key,
        )


def _counted(span: calendar.Period) -> str:
    return 'seconds' if isinstance(span.start, dt.datetime) else 'days'


def _reading_order(line: Line) -> tuple[calendar.Moment, bool]:
    return line.start, line.kind is LineKind.CHARGE
