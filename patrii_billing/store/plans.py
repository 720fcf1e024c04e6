# SPDX-License-Identifier: Apache-2.0
"""Price lists."""

from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import schema

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
