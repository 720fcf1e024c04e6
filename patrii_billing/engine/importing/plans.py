# SPDX-License-Identifier: Apache-2.0
"""Import price lists; a price that may have billed somebody stays."""

from collections.abc import Iterator
import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import pricing
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import pricelist
from patrii_billing.engine.importing import unit as units
from patrii_billing.store import plans

# What may change of a plan that has subscriptions.
_FREE = ('policy', 'trial_days')


def write(unit: units.Unit, wanted: pricelist.Plan) -> None:
    row = unit.find(plans.by_name, wanted.name)
    if row is None:
        _add(unit, wanted)
        return
    said = dict(wanted.said)
    new = units.different(
        row, {name: said.pop(name) for name in _FREE if name in said}
    )
    if not unit.unchanged(wanted.at, row._asdict(), said):
        return
    if new:
        plans.change(unit.conn, row.id, **new)
    prices = list(_change_prices(unit, wanted, row.id))
    unit.tell_changed('plan', wanted.name, [*new, *prices])


def _add(unit: units.Unit, wanted: pricelist.Plan) -> None:
    said = {'currency': unit.defaults.currency, **wanted.said}
    if 'cycle' not in said:
        unit.refuse(wanted.at, 'cycle is missing')
        return
    plan_id = plans.add(unit.conn, wanted.name, now=unit.now, **said)
    for _, price in wanted.prices:
        plans.add_priced(unit.conn, plan_id, price)
    unit.tell(
        'added', 'plan', wanted.name,
        f'{said["currency"]}, {said["cycle"]}, prices: {len(wanted.prices)}',
    )  # fmt: skip


def _change_prices(
    unit: units.Unit, wanted: pricelist.Plan, plan_id: int
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
            plans.add_priced(unit.conn, plan_id, price)
            yield f'price of {name}'


def _change_price(
    unit: units.Unit,
    at: entries.Entry,
    price: pricing.Price,
    row: sa.Row[Any],
    name: str,
) -> Iterator[str]:
    changed = _changed(plans.price(row), price)
    if changed is not None:
        was = row.unit_price if changed == 'unit_price' else 'another'
        unit.refuse(
            at,
            f'the price of {name} is {was} in the books and cannot change; '
            'add one with a later valid_from',
            changed,
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


def _changed(booked: pricing.Price, price: pricing.Price) -> str | None:
    """What of a price differs, beside its end."""
    return next(
        (
            field.name
            for field in dataclasses.fields(pricing.Price)
            if field.name != 'valid_until'
            and getattr(booked, field.name) != getattr(price, field.name)
        ),
        None,
    )


def _ahead(unit: units.Unit, day: dt.date | None) -> bool:
    return day is not None and day > unit.now.date()
