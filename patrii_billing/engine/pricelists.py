# SPDX-License-Identifier: Apache-2.0
"""Plans and their prices; a price that may have billed somebody stays."""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import pricing
from patrii_billing.engine import customers
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing.engine.importing import pricelist
from patrii_billing import errors
from patrii_billing.store import plans
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

# What may change of a plan that has subscriptions.
FREE = ('policy', 'trial_days')

Booked = Mapping[tuple[str, str, dt.date | None], sa.Row[Any]]


def create(
    conn: sa.Connection,
    body: Mapping[str, Any],
    currency: str,
    now: dt.datetime,
    by: str,
) -> int:
    """Enter a plan with its prices; its id.

    The same again finds the plan that is there. The currency is that of a
    plan that says none. Raises InvalidDocument by path, Conflict where a
    plan of that name is another one.
    """
    read = entries.of_body(entries.patched({}, body), _plan)
    name = read.name
    try:
        row = plans.by_name(conn, name)
    except errors.NotFound:
        try:
            with conn.begin_nested():
                plan_id = add(conn, read, currency, now)
        except exception.DBDuplicateEntry:
            # Somebody else entered it this very moment.
            row = plans.by_name(conn, name)
        else:
            timeline.record(
                conn, now, 'plan', 'added', name, by=by, plan=plan_id
            )
            return plan_id
    other = [*customers.different(row, read.said)]
    if _prices(conn, row.id) != {price for _, price in read.prices}:
        other.append('prices')
    if other:
        raise errors.Conflict(
            f'the plan {name} is there already, with another '
            f'{", ".join(other)}'
        )
    return int(row.id)


def change(
    conn: sa.Connection,
    plan_id: int,
    body: Mapping[str, Any],
    now: dt.datetime,
    by: str,
) -> Sequence[str]:
    """Change the policy or the trial days; the names of what is other now.

    The policy is merged, null takes away. Raises NotFound, InvalidDocument.
    """
    row = plans.locked(conn, plan_id)
    given = dict(body)
    if 'policy' in given:
        given['policy'] = entries.patched(row.policy, given['policy'] or {})
        if body['policy'] is None:
            given['policy'] = {}
    new = write(conn, row, entries.of_body(given, _free), now)
    if new:
        timeline.record(
            conn, now, 'plan', 'changed', f'{row.name}: {", ".join(new)}',
            by=by, plan=row.id,
            was={field: getattr(row, field) for field in new}, new=new,
        )  # fmt: skip
    return list(new)


def add_price(
    conn: sa.Connection,
    plan_id: int,
    body: Mapping[str, Any],
    now: dt.datetime,
    by: str,
) -> int:
    """Add a price to a plan; its id. The same again adds nothing.

    Raises NotFound, InvalidDocument by path, InvalidInput for a day that
    bills somebody anew, Conflict where another price begins on that day.
    """
    row = plans.locked(conn, plan_id)
    price = entries.of_body(entries.patched({}, body), pricelist.read_price)
    prices = booked(conn, plan_id)
    there = prices.get(_key(price))
    if there is not None:
        _refuse_another(there, price)
        return int(there.id)
    said = put_price(conn, plan_id, prices, price, now)
    _tell(conn, row, said, now, by)
    return int(booked(conn, plan_id)[_key(price)].id)


def end_price(
    conn: sa.Connection,
    plan_id: int,
    price_id: int,
    valid_until: dt.date | None,
    now: dt.datetime,
    by: str,
) -> None:
    """Say from which day on a price is not valid any more; None: it stays.

    Raises NotFound, InvalidInput for a day that is not after today.
    """
    row = plans.locked(conn, plan_id)
    prices = booked(conn, plan_id)
    for each in prices.values():
        if each.id == price_id:
            price = dataclasses.replace(
                plans.price(each), valid_until=valid_until
            )
            said = put_price(conn, plan_id, prices, price, now)
            _tell(conn, row, said, now, by)
            return
    raise errors.NotFound(f'{row.name} has no price {price_id}')


def delete(
    conn: sa.Connection, plan_id: int, now: dt.datetime, by: str
) -> None:
    """Delete a plan that nobody has, or had. Raises NotFound, Conflict."""
    row = plans.locked(conn, plan_id)
    user = plans.user(conn, plan_id)
    if user is not None:
        raise errors.Conflict(f'{user} has, or had, the plan {row.name}')
    plans.delete(conn, plan_id)
    timeline.record(
        conn, now, 'plan', 'deleted', row.name, by=by, plan=plan_id
    )


def add(
    conn: sa.Connection,
    plan: pricelist.Plan,
    currency: str,
    now: dt.datetime,
) -> int:
    """Write a new plan with its prices; its id."""
    said = {'currency': currency, **plan.said}
    plan_id = plans.add(conn, plan.name, now=now, **said)
    for _, price in plan.prices:
        plans.add_priced(conn, plan_id, price)
    return plan_id


def write(
    conn: sa.Connection,
    row: sa.Row[Any],
    said: Mapping[str, Any],
    now: dt.datetime,
) -> dict[str, Any]:
    """Write what is said otherwise than booked, and return that.

    By another policy all its subscriptions are judged anew. An invoice lead
    counts from the invoice after the next one, whose day is set already.
    """
    new = customers.different(row, said)
    if new:
        plans.change(conn, row.id, **new)
    if 'policy' in new:
        subscriptions.look_at_plan(conn, row.id, now)
    return new


def booked(conn: sa.Connection, plan_id: int) -> Booked:
    """The prices of a plan by what they are of, and from when."""
    return {
        (row.kind, row.resource, row.valid_from): row
        for row in plans.prices(conn, plan_id)
    }


def put_price(
    conn: sa.Connection,
    plan_id: int,
    prices: Booked,
    price: pricing.Price,
    now: dt.datetime,
) -> str | None:
    """Add a price, or end a booked one, as far as it bills nobody anew.

    What was done in words; None where it was so. Raises InvalidInput.
    """
    row = prices.get(_key(price))
    name = _name(price)
    if row is not None:
        said = _change(conn, row, price, now)
    elif any(key[:2] == _key(price)[:2] for key in prices) and not _ahead(
        price.valid_from, now
    ):
        raise errors.InvalidInput(
            f'{name} has a price already; another one must begin after today',
            'valid_from',
        )
    else:
        plans.add_priced(conn, plan_id, price)
        said = f'price of {name}'
    if said and price.at_once:
        # It counts within cycles that are billed already.
        subscriptions.settle_plan(conn, plan_id, now)
    return said


def _plan(entry: entries.Entry) -> pricelist.Plan | None:
    if not entry.says('cycle'):
        entry.refuse(entry.wrong('cycle is missing'))
    return pricelist.plan(entry, entry.needs('name', fields.text))


def _free(entry: entries.Entry) -> dict[str, Any] | None:
    read = {
        'policy': entry.policy(),
        'trial_days': entry.takes('trial_days', fields.days),
    }
    return fields.without_none(read) if entry.close() else None


def _change(
    conn: sa.Connection,
    row: sa.Row[Any],
    price: pricing.Price,
    now: dt.datetime,
) -> str | None:
    name = _name(price)
    changed = _changed(plans.price(row), price)
    if changed is not None:
        raise errors.InvalidInput(_cannot_change(row, price, changed), changed)
    ends = (row.valid_until, price.valid_until)
    if ends[0] == ends[1]:
        return None
    if not all(end is None or _ahead(end, now) for end in ends):
        raise errors.InvalidInput(
            f'the end of the price of {name} is past', 'valid_until'
        )
    plans.end_price(conn, row.id, price.valid_until)
    return f'end of the price of {name}'


def _refuse_another(row: sa.Row[Any], price: pricing.Price) -> None:
    """Raises Conflict unless the price is the booked one."""
    changed = _changed(plans.price(row), price)
    if changed is not None:
        raise errors.Conflict(_cannot_change(row, price, changed))
    if row.valid_until != price.valid_until:
        raise errors.Conflict(
            f'{_name(price)} has that price already, with another valid_until'
        )


def _cannot_change(
    row: sa.Row[Any], price: pricing.Price, changed: str
) -> str:
    was = row.unit_price if changed == 'unit_price' else 'another'
    return (
        f'the price of {_name(price)} is {was} in the books and cannot '
        'change; add one with a later valid_from'
    )


def _changed(known: pricing.Price, price: pricing.Price) -> str | None:
    """What of a price differs, beside its end."""
    return next(
        (
            field.name
            for field in dataclasses.fields(pricing.Price)
            if field.name != 'valid_until'
            and getattr(known, field.name) != getattr(price, field.name)
        ),
        None,
    )


def _ahead(day: dt.date | None, now: dt.datetime) -> bool:
    return day is not None and day > now.date()


def _key(price: pricing.Price) -> tuple[str, str, dt.date | None]:
    return price.kind, price.resource, price.valid_from


def _name(price: pricing.Price) -> str:
    return f'{price.kind} {price.resource}'.strip()


def _prices(conn: sa.Connection, plan_id: int) -> set[pricing.Price]:
    return {plans.price(row) for row in plans.prices(conn, plan_id)}


def _tell(
    conn: sa.Connection,
    plan: sa.Row[Any],
    said: str | None,
    now: dt.datetime,
    by: str,
) -> None:
    if said is not None:
        timeline.record(
            conn, now, 'plan', 'changed', f'{plan.name}: {said}', by=by,
            plan=plan.id,
        )  # fmt: skip
