# SPDX-License-Identifier: Apache-2.0
"""The lines of a period's invoice, and what earlier periods still owe.

What a period should cost is folded from the recorded levels, and what was
posted is taken off; so a late or reordered fact is billed on the next one.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
from decimal import Decimal
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.store import invoices
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions

# A fact that comes later than this many cycles is for a person to settle.
_CORRECTED_CYCLES = 3


def lines(
    conn: sa.Connection,
    sub: sa.Row[Any],
    plan: sa.Row[Any],
    anchor: calendar.Anchor,
    start: dt.date,
    end: dt.date,
    zone: dt.tzinfo,
) -> Iterator[dict[str, Any]]:
    """The new period's lines, and before them what corrects older ones."""
    prices = [_price(row) for row in plans.prices(conn, plan.id)]
    levels = _levels_of(conn, sub)
    cycle = anchor.cycle_of(start)
    spans = [
        calendar.Period(row.starts, row.ends)
        for row in invoices.billed_spans(conn, sub.id)
    ]
    older = itertools.islice(
        _cycles_before(anchor, cycle, sub.start), _CORRECTED_CYCLES
    )
    for each in [*reversed(list(older)), cycle]:
        billed = [one for one in (_cut(span, each) for span in spans) if one]
        if each == cycle:
            billed.append(calendar.Period(start, end))
        if not billed:
            continue
        posted = _posted(conn, sub.id, plan.currency, each)
        for line in proration.settle(
            each,
            list(_changes(prices, levels, sub, each.start)),
            posted,
            plan.currency,
            billed=billed,
            same_day=proration.SameDay(plan.same_day),
            zone=zone,
        ):
            yield _row(line, sub.id)


def _cycles_before(
    anchor: calendar.Anchor, cycle: calendar.Period, first: dt.date
) -> Iterator[calendar.Period]:
    while cycle.start > first:
        cycle = anchor.cycle_of(cycle.start - dt.timedelta(days=1))
        yield cycle


def _cut(
    span: calendar.Period, cycle: calendar.Period
) -> calendar.Period | None:
    start, end = max(span.start, cycle.start), min(span.end, cycle.end)
    return calendar.Period(start, end) if start < end else None


def _levels_of(conn: sa.Connection, sub: sa.Row[Any]) -> Sequence[sa.Row[Any]]:
    """The recorded levels the subscription pays for."""
    levels = servers.levels(conn, sub.project)
    if sub.server is not None:
        return [row for row in levels if row.server == sub.server]
    own = {
        other.server
        for other in subscriptions.of_project(conn, sub.project)
        if other.server is not None
    }
    return [row for row in levels if row.server not in own]


def _changes(
    prices: Sequence[pricing.Price],
    levels: Iterable[sa.Row[Any]],
    sub: sa.Row[Any],
    day: dt.date,
) -> Iterator[proration.Change]:
    """The levels at the prices of a cycle that begins on this day."""
    for price in prices:
        if price.kind is pricing.PriceKind.FLAT and price.valid_on(day):
            level = pricing.Level(Decimal(1), price.unit_price)
            yield proration.Change(
                sub.start, price.resource or 'subscription', level
            )
    kinds = {price.kind for price in prices}
    for row in levels:
        kind = (
            pricing.PriceKind.FLAVOR if row.server else pricing.PriceKind.QUOTA
        )
        if kind not in kinds:
            continue
        level = pricing.NOTHING
        if row.quantity:
            priced = [p for p in prices if p.kind is kind]
            if kind is pricing.PriceKind.QUOTA and not any(
                price.resource == row.resource for price in priced
            ):
                continue
            price = pricing.price_on(priced, kind, row.resource, day)
            level = pricing.Level(row.quantity, price.unit_price)
        yield proration.Change(row.at, row.server or row.resource, level)


def _posted(
    conn: sa.Connection,
    subscription_id: int,
    currency: str,
    cycle: calendar.Period,
) -> list[proration.Posted]:
    return [
        proration.Posted(
            str(row.id),
            proration.Line(
                proration.LineKind(row.kind),
                row.resource,
                row.starts,
                row.ends,
                row.quantity,
                row.unit_price,
                money.Ratio(*map(int, row.ratio.split('/'))),
                row.amount,
                currency,
                row.reason,
                str(row.corrects) if row.corrects else None,
            ),
        )
        for row in invoices.lines_from(conn, subscription_id, cycle.start)
        if row.starts < cycle.end
    ]


def _price(row: sa.Row[Any]) -> pricing.Price:
    return pricing.Price(
        pricing.PriceKind(row.kind),
        row.resource,
        row.unit_price,
        row.valid_from,
        row.valid_until,
    )


def _row(line: proration.Line, subscription_id: int) -> dict[str, Any]:
    return {
        'subscription_id': subscription_id,
        'kind': line.kind,
        'resource': line.resource,
        'starts': line.start,
        'ends': line.end,
        'quantity': line.quantity,
        'unit_price': line.unit_price,
        'ratio': str(line.ratio),
        'amount': line.amount,
        'reason': line.reason,
        'corrects': int(line.corrects) if line.corrects else None,
    }
