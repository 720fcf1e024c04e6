# SPDX-License-Identifier: Apache-2.0
"""What is to be billed: what the cycles should cost, less what was posted.

Charges and credits have no other source. So a late or reordered fact is
billed with the next lines, or credited, and nothing is billed twice.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import functools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import invoice
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import steady
from patrii_billing.domain import tax
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import metering
from patrii_billing.engine import rating
from patrii_billing.store import invoices

_CHARGE = proration.LineKind.CHARGE
_ONE = Decimal(1)
# A posted line, and the one that it corrects; of a charge that is itself.
_Pair = tuple[sa.Row[Any], sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to be posted, and what its reader sees of it."""

    line: proration.Line
    label: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Local days that are to be billed, and the whole cycle they lie in."""

    period: calendar.Period
    cycle: calendar.Period


@dataclass(slots=True)
class _Cycle:
    """One anchored cycle: what of it is billed, and what was posted."""

    whole: calendar.Period
    first: dt.date
    billed: list[calendar.Period]
    posted: list[_Pair]


def entries(
    ground: grounds.Ground, new: Span | None = None
) -> Iterator[Entry]:
    """What corrects the cycles that are billed, and what a new span costs.

    Asked again with its answer posted, it has nothing to add. Raises
    NotFound for what has no price.
    """
    rates = ground.quiet or rating.Rates(ground)
    for cycle in _asked(ground, new):
        lines = _steady(cycle, ground, rates)
        if lines is None:
            lines = _folded(cycle, ground, rates)
        for line in lines:
            yield _entry(line, ground, rates)


def _steady(
    cycle: '_Cycle', ground: grounds.Ground, rates: rating.Rates
) -> Sequence[proration.Line] | None:
    """The lines of a cycle of days in which nothing changes; else None."""
    plan = ground.term_on(cycle.first).plan
    held = _held(cycle, ground, rates)
    if held is None:
        return None
    said = [
        (
            row.resource,
            row.kind,
            row.starts_at or row.starts,
            row.ends_at or row.ends,
            row.quantity,
            row.unit_price,
        )
        for row, _ in cycle.posted
    ]
    return steady.lines(
        held, said, cycle.billed[0], cycle.whole, plan.currency
    )


def _held(
    cycle: '_Cycle', ground: grounds.Ground, rates: rating.Rates
) -> Mapping[str, pricing.Level] | None:
    plan = ground.term_on(cycle.first).plan
    if plan.unit != calendar.Unit.DAY or len(cycle.billed) != 1:
        return None
    return rates.steady(cycle.whole)


def is_said(
    ground: grounds.Ground,
    rates: rating.Rates,
    lines: Collection[str] | None,
) -> bool:
    """Whether these lines, see store.invoices.said, are all that is to be.

    False wherever that takes more than a look.
    """
    if lines is None:
        return False
    wanted: list[str] = []
    for cycle in _cycles(ground, None):
        held = _held(cycle, ground, rates)
        if held is None:
            return False
        span = cycle.billed[0]
        wanted += (
            f'{key}{_words(span.start, span.end, level)}'
            for key, level in held.items()
            if level.quantity
        )
    return sorted(lines) == sorted(wanted)


@functools.lru_cache(maxsize=10_000)
def _words(
    start: calendar.Moment, end: calendar.Moment, level: pricing.Level
) -> str:
    """What many are charged alike, as the books say it behind its key."""
    return (
        f'|{_CHARGE}|{start}|{end}|{level.quantity:f}|{level.unit_price:f}'
    )


def _folded(
    cycle: '_Cycle', ground: grounds.Ground, rates: rating.Rates
) -> Sequence[proration.Line]:
    plan = ground.term_on(cycle.first).plan
    counted = _Counted(plan.unit, ground.zone)
    whole = counted.of(cycle.whole)
    same_day = proration.SameDay(plan.same_day)
    return proration.settle(
        whole,
        tuple(rates.changes(whole, same_day)),
        [_posted(*pair, ground) for pair in cycle.posted],
        plan.currency,
        billed=[counted.of(span) for span in cycle.billed],
        same_day=same_day,
        zone=ground.zone,
    )


def once(ground: grounds.Ground, new: Span) -> Iterator[Entry]:
    """What the first invoice alone asks for: the setup of a contract."""
    term, day = ground.term_on(new.period.start), new.period.start
    plan = term.plan
    at = _Counted(plan.unit, ground.zone).of(new.period).start
    for price in term.law.prices:
        if price.kind is pricing.PriceKind.SETUP and price.valid_on(day):
            yield Entry(
                proration.once(
                    f'{pricing.ONCE}{price.resource}',
                    pricing.Level(_ONE, price.unit_price),
                    at,
                    plan.currency,
                ),
                price.resource or plan.name,
            )


def metered(
    conn: sa.Connection, ground: grounds.Ground, today: dt.date
) -> Iterator[Entry]:
    """What was used in the billed periods up to now, less what was said.

    Of a period that still runs the rest goes on the next invoice. Raises
    what engine.metering.lines raises.
    """
    spans = [
        row for row in ground.spans if row.unbilled_why in invoices.BILLED
    ]
    for span in spans[-grounds.CORRECTED_CYCLES - 1 :]:
        term = ground.term_on(span.starts)
        if span.starts > today or not any(
            price.kind is pricing.PriceKind.METER for price in term.law.prices
        ):
            continue
        period = calendar.Period(span.starts, span.ends)
        counted = _Counted(term.plan.unit, ground.zone)
        for line in metering.lines(
            conn, ground.sub, term.law.prices, period, term.plan.currency
        ):
            yield _metered(line, counted, term.plan.currency)


def _metered(
    line: dict[str, Any], counted: '_Counted', currency: str
) -> Entry:
    span = counted.of(calendar.Period(line['starts'], line['ends']))
    return Entry(
        proration.Line(
            proration.LineKind(line['kind']),
            line['resource'],
            span.start,
            span.end,
            line['quantity'],
            line['unit_price'],
            _ratio(line['ratio']),
            line['amount'],
            currency,
            line['reason'],
            str(line['corrects']) if line.get('corrects') else None,
        ),
        line.get('label'),
        line.get('unit'),
    )


def all_posted(ground: grounds.Ground) -> Iterator[invoice.Posted]:
    """The lines of the books as the law sees them."""
    for pair in _pairs(ground):
        yield _posted(*pair, ground)


def _pairs(ground: grounds.Ground) -> Iterator[_Pair]:
    """Without what corrects a line of long ago, of which no time is known."""
    lines = {row.id: row for row in ground.lines}
    for row in ground.lines:
        corrected = lines.get(row.corrects, row)
        if corrected.starts is not None:
            yield row, corrected


def cycles(
    ground: grounds.Ground, period: calendar.Period
) -> Iterator[calendar.Period]:
    """The cycles of the books and of a new period, each as its plan counts."""
    days = {
        (row.cycle_starts, row.cycle_ends): row.starts
        for row in reversed(ground.spans)
        if row.unbilled_why in invoices.BILLED
    }
    whole = next_cycle(ground, period.start)
    days.setdefault((whole.start, whole.end), period.start)
    for (start, end), first in sorted(days.items()):
        counted = _Counted(ground.term_on(first).plan.unit, ground.zone)
        yield counted.of(calendar.Period(start, end))


def next_cycle(ground: grounds.Ground, day: dt.date) -> calendar.Period:
    """The whole anchored cycle that a day lies in, in days."""
    term = ground.term_on(day)
    since = ground.cycles_since(day)
    return _cycle_of(day, term.plan.cycle, term.anchor_day, since)


@functools.lru_cache(maxsize=10_000)
def _cycle_of(
    day: dt.date, cycle: str, anchor_day: int, since: dt.date
) -> calendar.Period:
    """Those who have the same plan mostly have the same cycles."""
    parsed = calendar.Cycle.parse(cycle)
    return calendar.anchored(parsed, anchor_day, since).cycle_of(day)


def _posted(
    row: sa.Row[Any], corrected: sa.Row[Any], ground: grounds.Ground
) -> invoice.Posted:
    start = _start(row, corrected)
    end = row.ends_at or row.ends
    currency = ground.term_on(corrected.starts).plan.currency
    return invoice.Posted(
        str(row.id),
        proration.Line(
            proration.LineKind(row.kind),
            row.resource,
            start,
            start if end is None else end,
            row.quantity,
            row.unit_price,
            _ratio(row.ratio),
            row.amount,
            currency,
            row.reason,
            str(row.corrects) if row.corrects else None,
        ),
        row.discount,
        row.net,
        tax.taxes_read(row.taxes),
    )


def _start(row: sa.Row[Any], corrected: sa.Row[Any]) -> calendar.Moment:
    """A credit that gives money back and no time has none of its own."""
    moments = (row.starts_at, row.starts, corrected.starts_at)
    start: calendar.Moment = next(filter(None, moments), corrected.starts)
    return start


def row(
    entry: Entry,
    item: invoice.Item,
    subscription_id: int | None,
    zone: dt.tzinfo,
) -> dict[str, Any]:
    """A composed line as the books keep it."""
    line = item.line
    instants = isinstance(line.start, dt.datetime)
    last = line.end - calendar.Unit.of(line.end).step
    return {
        'subscription_id': subscription_id,
        'kind': line.kind,
        'resource': line.resource,
        'label': entry.label,
        'starts': calendar.in_unit(line.start, calendar.Unit.DAY, zone),
        'ends': calendar.in_unit(last, calendar.Unit.DAY, zone)
        + dt.timedelta(days=1),
        'starts_at': line.start if instants else None,
        'ends_at': line.end if instants else None,
        'quantity': line.quantity,
        'unit': entry.unit,
        'unit_price': line.unit_price,
        'ratio': str(line.ratio),
        'amount': line.amount,
        'discount': item.discount,
        'net': item.net,
        'taxes': tax.taxes_written(item.taxes),
        'reason': line.reason,
        'corrects': int(line.corrects) if line.corrects else None,
    }


def _asked(ground: grounds.Ground, new: Span | None) -> list[_Cycle]:
    """The cycles that may have something to add."""
    if not ground.quiet:
        return _cycles(ground, new)
    if new is None:
        return []
    return [_Cycle(new.cycle, new.period.start, [new.period], [])]


def _cycles(ground: grounds.Ground, new: Span | None) -> list[_Cycle]:
    """The newest cycles, oldest first, each with its lines.

    A line belongs to the last cycle whose time had begun when its own did:
    so also what was left out after it was billed has its lines.
    """
    found: dict[tuple[dt.date, dt.date], _Cycle] = {}
    for span in ground.spans:
        whole = calendar.Period(span.cycle_starts, span.cycle_ends)
        cycle = found.setdefault(
            (whole.start, whole.end), _Cycle(whole, span.starts, [], [])
        )
        if span.unbilled_why in invoices.BILLED:
            cycle.billed.append(calendar.Period(span.starts, span.ends))
    if new is not None:
        cycle = found.setdefault(
            (new.cycle.start, new.cycle.end),
            _Cycle(new.cycle, new.period.start, [], []),
        )
        cycle.billed.append(new.period)
    newest = sorted(found.values(), key=lambda cycle: cycle.first)
    newest = newest[-grounds.CORRECTED_CYCLES - 1 :]
    for row, corrected in _pairs(ground):
        if row.resource.startswith(pricing.APART):
            continue
        day = calendar.in_unit(
            _start(row, corrected), calendar.Unit.DAY, ground.zone
        )
        for cycle in reversed(newest):
            if cycle.first <= day:
                cycle.posted.append((row, corrected))
                break
    return newest


@dataclass(frozen=True, slots=True)
class _Counted:
    """Local days as what a plan counts."""

    unit: str
    zone: dt.tzinfo

    def of(self, days: calendar.Period) -> calendar.Period:
        unit = calendar.Unit(self.unit)
        return calendar.Period(
            calendar.in_unit(days.start, unit, self.zone),
            calendar.in_unit(days.end, unit, self.zone),
        )


def _entry(
    line: proration.Line, ground: grounds.Ground, rates: rating.Rates
) -> Entry:
    if line.corrects is None:
        return Entry(line, *rates.told(line))
    corrected = next(
        row for row in ground.lines if str(row.id) == line.corrects
    )
    return Entry(line, corrected.label, corrected.unit)


def _ratio(text: str) -> money.Ratio:
    return money.Ratio(*map(int, text.split('/')))


def sums(entries: Iterable[Entry]) -> dict[str, int]:
    """What is charged and credited for each resource, portions together."""
    found: dict[str, int] = {}
    for entry in entries:
        name = rating.whole(entry.line.resource)
        found[name] = found.get(name, 0) + entry.line.amount
    return found


def only(
    entries: Sequence[Entry], resources: Iterable[str]
) -> list[Entry]:
    """The entries of some resources, all portions of each."""
    names = set(resources)
    return [
        entry
        for entry in entries
        if rating.whole(entry.line.resource) in names
    ]
