# SPDX-License-Identifier: Apache-2.0
"""Import price lists; a price that may have billed somebody stays."""

from collections.abc import Iterator
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import unit as units
from patrii_billing.store import plans


def write(unit: units.Unit, wanted: document.Plan) -> None:
    row = unit.find(plans.by_name, wanted.name)
    if row is None:
        _add(unit, wanted)
        return
    given = {
        'currency': wanted.currency,
        'cycle': wanted.cycle,
        'same_day': wanted.same_day,
    }
    if not unit.unchanged(wanted.at, row._asdict(), given):
        return
    what = []
    if wanted.policy is not None and wanted.policy != row.policy:
        plans.change(unit.conn, row.id, policy=dict(wanted.policy))
        what.append('policy')
    what += _change_prices(unit, wanted, row.id)
    unit.tell_changed('plan', wanted.name, what)


def _add(unit: units.Unit, wanted: document.Plan) -> None:
    if wanted.cycle is None:
        unit.refuse(wanted.at, 'cycle is missing')
        return
    currency = wanted.currency or unit.defaults.currency
    plan_id = plans.add(
        unit.conn, wanted.name, currency, wanted.cycle, unit.now,
        dict(wanted.policy or {}),
        same_day=wanted.same_day or proration.SameDay.HIGHEST,
    )  # fmt: skip
    for _, price in wanted.prices:
        _add_price(unit, plan_id, price)
    unit.tell(
        'added', 'plan', wanted.name,
        f'{currency}, {wanted.cycle}, prices: {len(wanted.prices)}',
    )  # fmt: skip


def _add_price(unit: units.Unit, plan_id: int, price: pricing.Price) -> None:
    plans.add_price(
        unit.conn, plan_id, price.kind, price.resource, price.unit_price,
        price.valid_from, price.valid_until,
    )  # fmt: skip


def _change_prices(
    unit: units.Unit, wanted: document.Plan, plan_id: int
) -> Iterator[str]:
    """Add and end prices, as far as it bills nobody anew; in words."""
    booked = {
        (row.kind, row.resource, row.valid_from): row
        for row in plans.prices(unit.conn, plan_id)
    }
    known = {(kind, resource) for kind, resource, _ in booked}
    for at, price in wanted.prices:
        name = f'{price.kind} {price.resource}'.strip()
        row = booked.get((price.kind, price.resource, price.valid_from))
        if row is not None:
            yield from _change_price(unit, at, price, row, name)
        elif (price.kind, price.resource) in known and not _ahead(
            unit, price.valid_from
        ):
            unit.refuse(
                at,
                f'{name} has a price already; another one must begin after '
                'today',
                'valid_from',
            )
        else:
            _add_price(unit, plan_id, price)
            yield f'price of {name}'


def _change_price(
    unit: units.Unit,
    at: entries.Entry,
    price: pricing.Price,
    row: sa.Row[Any],
    name: str,
) -> Iterator[str]:
    if row.unit_price != price.unit_price:
        unit.refuse(
            at,
            f'the price of {name} is {row.unit_price} in the books and cannot '
            'change; add one with a later valid_from',
            'unit_price',
        )
    elif row.valid_until != price.valid_until:
        ends = (row.valid_until, price.valid_until)
        if all(end is None or _ahead(unit, end) for end in ends):
            plans.end_price(unit.conn, row.id, price.valid_until)
            yield f'end of the price of {name}'
        else:
            unit.refuse(
                at, f'the end of the price of {name} is past', 'valid_until'
            )


def _ahead(unit: units.Unit, day: dt.date | None) -> bool:
    return day is not None and day > unit.now.date()
