# SPDX-License-Identifier: Apache-2.0
"""What taxes were invoiced, by rate and month; credit notes count below zero.

By the day of issue. What was owed before this service billed is left out:
its taxes were reported then.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import tax
from patrii_billing.store import database
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import monthly
from patrii_billing.store.views import pages

_invoices = schema.invoices
_lines = schema.lines

_Key = tuple[str, str, Decimal | None]
_Rate = tuple[str, str, Decimal]


@dataclass(frozen=True, slots=True)
class Taxed:
    """One rate in one month, in minor units; no rate: what is not taxed.

    `credited_base` and `credited` are the parts of base and amount that
    documents below zero gave back, themselves below zero.
    """

    month: dt.date
    currency: str
    name: str
    rate: Decimal | None
    base: int
    amount: int
    credited_base: int
    credited: int


def of(
    db: database.Database, month: dt.date, zone: dt.tzinfo
) -> Iterator[Taxed]:
    """The month that begins on a day in a zone, by currency and rate."""
    start = calendar.start_of_day(month, zone)
    end = calendar.start_of_day(monthly.following(month), zone)
    sums: dict[_Key, list[int]] = {}
    for currency, total, base in db.read(_untaxed(start, end)):
        _add(sums, (currency, '', None), total, int(base), 0)
    for row in pages.rows(db, _taxed(start, end), _invoices.c.id):
        for each in tax.sums_read(row.taxes):
            key: _Key = row.currency, each.name, each.rate.normalize()
            _add(sums, key, row.total, each.base, each.amount)
    for key in sorted(sums, key=_order):
        currency, name, rate = key
        yield Taxed(month, currency, name, rate, *sums[key])


def collected(
    db: database.Database, until: dt.datetime
) -> Mapping[_Rate, int]:
    """All that was ever invoiced before an instant, by currency and rate."""
    sums: dict[_Rate, int] = {}
    for row in pages.rows(db, _taxed(None, until), _invoices.c.id):
        for each in tax.sums_read(row.taxes):
            key = row.currency, each.name, each.rate.normalize()
            sums[key] = sums.get(key, 0) + each.amount
    return sums


def _taxed(start: dt.datetime | None, end: dt.datetime) -> sa.Select[Any]:
    query = sa.select(
        _invoices.c.currency, _invoices.c.total, _invoices.c.taxes
    ).where(
        _invoices.c.taxes.is_not(None),
        _invoices.c.issued_at < end,
        _invoices.c.kind.not_in(invoices.THEIRS),
    )
    if start is not None:
        query = query.where(_invoices.c.issued_at >= start)
    return query


def _untaxed(start: dt.datetime, end: dt.datetime) -> Any:
    """The net of the lines without taxes, apart for documents below zero."""
    # Without parameters: PostgreSQL must see the same in GROUP BY.
    one: sa.ColumnElement[int] = sa.literal_column('1')
    below = sa.case((_invoices.c.total < sa.text('0'), -one), else_=one)
    query = (
        sa.select(_invoices.c.currency, below, sa.func.sum(_lines.c.net))
        .join(_invoices, _invoices.c.id == _lines.c.invoice_id)
        .where(
            _invoices.c.issued_at >= start,
            _invoices.c.issued_at < end,
            _invoices.c.kind.not_in(('opening', *invoices.THEIRS)),
            sa.or_(_lines.c.taxes.is_(None), _lines.c.taxes == []),
        )
        .group_by(_invoices.c.currency, below)
    )
    return lambda conn: conn.execute(query).all()


def _add(
    sums: dict[_Key, list[int]], key: _Key, total: int, base: int, amount: int
) -> None:
    known = sums.setdefault(key, [0, 0, 0, 0])
    known[0] += base
    known[1] += amount
    if total < 0:
        known[2] += base
        known[3] += amount


def _order(key: _Key) -> tuple[str, str, Decimal]:
    currency, name, rate = key
    return currency, name, rate or Decimal(0)
