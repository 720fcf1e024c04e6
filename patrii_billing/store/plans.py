# SPDX-License-Identifier: Apache-2.0
"""Price lists."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import pricing
from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing.store import terms

_plans = schema.plans
_prices = schema.prices


def add(
    conn: sa.Connection,
    name: str,
    currency: str,
    cycle: str,
    now: dt.datetime,
    policy: dict[str, Any] | None = None,
    **values: Any,
) -> int:
    return database.insert(
        conn,
        _plans,
        name=name,
        currency=currency,
        cycle=cycle,
        policy=policy or {},
        created_at=now,
        **{
            'unit': 'day',
            'same_day': 'highest',
            'trial_days': 0,
            'tax_inclusive': False,
            **values,
        },
    )


def add_price(
    conn: sa.Connection,
    plan_id: int,
    kind: str,
    resource: str,
    unit_price: decimal.Decimal,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
    **values: Any,
) -> None:
    conn.execute(
        _prices.insert().values(
            plan_id=plan_id,
            kind=kind,
            resource=resource,
            unit_price=unit_price,
            valid_from=valid_from,
            valid_until=valid_until,
            **{
                'at_once': False,
                'included': decimal.Decimal(0),
                'tiering': 'graduated',
                'per': decimal.Decimal(1),
                **values,
            },
        )
    )


def change(conn: sa.Connection, /, plan_id: int, **values: Any) -> None:
    conn.execute(
        _plans.update().where(_plans.c.id == plan_id).values(**values)
    )


def end_price(
    conn: sa.Connection, price_id: int, valid_until: dt.date | None
) -> None:
    """Say from which day on a price is not valid any more (None: never)."""
    conn.execute(
        _prices.update()
        .where(_prices.c.id == price_id)
        .values(valid_until=valid_until)
    )


def get(conn: sa.Connection, plan_id: int) -> sa.Row[Any]:
    return conn.execute(_plans.select().where(_plans.c.id == plan_id)).one()


def locked(conn: sa.Connection, plan_id: int) -> sa.Row[Any]:
    """The plan, which no other unit changes until the commit.

    Raises NotFound.
    """
    row = conn.execute(
        _plans.select().where(_plans.c.id == plan_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'there is no plan {plan_id}')
    return row


def user(conn: sa.Connection, plan_id: int) -> str | None:
    """The name of a subscription that has, had or will have a plan."""
    subs, had = schema.subscriptions, terms.subscriptions_of(plan_id)
    return conn.execute(
        sa.select(subs.c.name).where(subs.c.id.in_(had)).limit(1)
    ).scalar_one_or_none()


def delete(conn: sa.Connection, plan_id: int) -> None:
    """Delete a plan that no subscription names, with its prices."""
    conn.execute(_prices.delete().where(_prices.c.plan_id == plan_id))
    conn.execute(_plans.delete().where(_plans.c.id == plan_id))


def some(
    conn: sa.Connection, plan_ids: Collection[int]
) -> Mapping[int, sa.Row[Any]]:
    rows = conn.execute(_plans.select().where(_plans.c.id.in_(plan_ids)))
    return {row.id: row for row in rows}


def by_name(conn: sa.Connection, name: str) -> sa.Row[Any]:
    """The plan of that name. Raises NotFound."""
    row = conn.execute(
        _plans.select().where(_plans.c.name == name)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(f'no plan is called {name!r}')
    return row


def prices(conn: sa.Connection, plan_id: int) -> Sequence[sa.Row[Any]]:
    return conn.execute(
        _prices.select()
        .where(_prices.c.plan_id == plan_id)
        .order_by(_prices.c.id)
    ).all()


def one_price(conn: sa.Connection, price_id: int) -> sa.Row[Any]:
    return conn.execute(_prices.select().where(_prices.c.id == price_id)).one()


def prices_of(
    conn: sa.Connection, plan_ids: Collection[int]
) -> Sequence[sa.Row[Any]]:
    """The prices of some plans, those of each together."""
    return conn.execute(
        _prices.select()
        .where(_prices.c.plan_id.in_(plan_ids))
        .order_by(_prices.c.plan_id, _prices.c.id)
    ).all()


def price(row: sa.Row[Any]) -> pricing.Price:
    """A price of the books as the law sees it."""
    return pricing.Price(
        pricing.PriceKind(row.kind),
        row.resource,
        row.unit_price,
        row.valid_from,
        row.valid_until,
        row.included,
        tuple(
            pricing.Tier(
                None if tier['up_to'] is None
                else decimal.Decimal(tier['up_to']),
                decimal.Decimal(tier['unit_price']),
            )
            for tier in row.tiers or ()
        ),
        pricing.Tiering(row.tiering),
        row.at_once,
        row.per,
        row.unit,
    )


def add_priced(
    conn: sa.Connection, plan_id: int, wanted: pricing.Price
) -> None:
    """Add a price of the law."""
    add_price(
        conn, plan_id, wanted.kind, wanted.resource, wanted.unit_price,
        wanted.valid_from, wanted.valid_until, included=wanted.included,
        tiers=tiers(wanted), tiering=wanted.tiering, at_once=wanted.at_once,
        per=wanted.per, unit=wanted.unit,
    )  # fmt: skip


def tiers(wanted: pricing.Price) -> list[dict[str, str | None]] | None:
    """Tiers as JSON, numbers in texts; None where there are none."""
    return [
        {
            'up_to': None if tier.up_to is None else f'{tier.up_to:f}',
            'unit_price': f'{tier.unit_price:f}',
        }
        for tier in wanted.tiers
    ] or None
