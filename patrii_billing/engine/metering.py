# SPDX-License-Identifier: Apache-2.0
"""The lines that bill what was metered.

Usage is billed in arrears: the whole volume of a period, as far as it is
known, is priced, and what earlier invoices said of it is taken off.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import metered
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import usage as law
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store import usage

_DAY = dt.timedelta(days=1)


def lines(
    conn: sa.Connection,
    sub: sa.Row[Any],
    prices: Sequence[pricing.Price],
    period: calendar.Period,
    currency: str,
) -> Iterator[dict[str, Any]]:
    """The lines that make what is posted for a period equal its usage.

    `period` is in local days of the account, also where the plan counts
    seconds; of `prices` those of meters count that are valid at its start.
    Each line has the columns of store.schema.lines up to `amount`, with
    `reason` and `corrects`; discount, net and taxes are the caller's. Their
    resources begin with pricing.METERED.
    """
    asked = _prices_on(prices, period.start)
    if not asked:
        return
    volumes = _volumes(conn, sub, period, asked)
    posted = _posted(conn, sub, period, currency)
    for meter, price in sorted(asked.items()):
        keyed = dataclasses.replace(price, resource=pricing.METERED + meter)
        keys = {
            pricing.tier_key(keyed.resource, number)
            for number in range(pricing.tier_count(keyed))
        }
        for line in metered.settle(
            keyed,
            volumes.get(meter, Decimal(0)),
            period,
            [each for each in posted if each.line.resource in keys],
            currency,
        ):
            yield _row(line, sub.id, meter, price.unit)


def _prices_on(
    prices: Iterable[pricing.Price], day: dt.date
) -> dict[str, pricing.Price]:
    """The prices of meters that are valid on a day, by their meters."""
    kind = pricing.PriceKind.METER
    valid = [
        each for each in prices if each.kind is kind and each.valid_on(day)
    ]
    return {
        each.resource: pricing.price_on(valid, kind, each.resource, day)
        for each in valid
    }


def _volumes(
    conn: sa.Connection,
    sub: sa.Row[Any],
    period: calendar.Period,
    meters: Mapping[str, pricing.Price],
) -> dict[str, Decimal]:
    """What was used in a period, by meter, in the meter's own units."""
    days = usage.of_project(
        conn, sub.project, period.start, period.end, meters
    )
    own = _others(conn, sub)
    mine = [row for row in days if _is_paid_by(row, sub, own)]
    opened = {_server(row) for row in mine if row.opening is not None}
    account = accounts.get(conn, sub.account_id)
    zone = calendar.zone(account.timezone)
    born = {
        server: calendar.local_day(at, zone)
        for server, at in usage.created(conn, opened).items()
    }
    summed: dict[str, Fraction] = {}
    for row in mine:
        volume = Fraction(row.quantity)
        if row.opening is not None and _is_new(row, period.start, born):
            volume += Fraction(row.opening)
        summed[row.meter] = summed.get(row.meter, Fraction()) + volume
    return {
        meter: law.quantized(volume) for meter, volume in summed.items()
    }


def _is_new(
    row: sa.Row[Any], start: dt.date, born: Mapping[str, dt.date]
) -> bool:
    """Whether a counter that was never read before began with its server.

    It then counts from zero, if the server was made within the period or
    just before the reading. Of any other nobody knows since when it counts:
    perhaps for years, before anybody measured.
    """
    day = born.get(_server(row))
    return day is not None and day >= min(start, row.day - _DAY)


def _server(row: sa.Row[Any]) -> str:
    return str(row.server or row.resource)


def _others(
    conn: sa.Connection, sub: sa.Row[Any]
) -> dict[str, list[sa.Row[Any]]]:
    """The subscriptions of single servers of the project, by server."""
    found: dict[str, list[sa.Row[Any]]] = {}
    for other in subscriptions.of_project(conn, sub.project):
        if other.server is not None:
            found.setdefault(other.server, []).append(other)
    return found


def _is_paid_by(
    row: sa.Row[Any],
    sub: sa.Row[Any],
    own: Mapping[str, Sequence[sa.Row[Any]]],
) -> bool:
    """Whether a day's usage of a resource is the subscription's to pay."""
    server = _server(row)
    if sub.server is not None:
        return server == str(sub.server)
    return all(
        row.day < other.start
        or (other.ends_on is not None and other.ends_on <= row.day)
        for other in own.get(server, ())
    )


def _posted(
    conn: sa.Connection,
    sub: sa.Row[Any],
    period: calendar.Period,
    currency: str,
) -> list[proration.Posted]:
    """The issued lines of metered usage that begin in a period."""
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
        for row in usage.posted(
            conn, sub.id, period.start, period.end, pricing.METERED
        )
    ]


def _row(
    line: proration.Line, subscription_id: int, meter: str, unit: str | None
) -> dict[str, Any]:
    """A line as the books keep it."""
    return {
        'subscription_id': subscription_id,
        'kind': line.kind,
        'resource': line.resource,
        'label': meter,
        'starts': line.start,
        'ends': line.end,
        'quantity': line.quantity,
        'unit': unit,
        'unit_price': line.unit_price,
        'ratio': str(line.ratio),
        'amount': line.amount,
        'reason': line.reason,
        'corrects': int(line.corrects) if line.corrects else None,
    }
