# SPDX-License-Identifier: Apache-2.0
"""Leakage: what is in the cloud that no live subscription covers."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import recurring
from patrii_billing import errors
from patrii_billing.store import database
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import servers
from patrii_billing.store.views import pages

_accounts = schema.accounts
_plans = schema.plans
_projects = schema.projects
_servers = schema.servers
_subs = schema.subscriptions


@dataclass(frozen=True, slots=True)
class Leak:
    """A server, or what a project costs beside its servers (no `server`).

    Uncovered `since` then, as far as the books know. `monthly` is what it
    would cost under `plan`, net and in minor units; None where no plan has a
    price of it.
    """

    project: str
    project_name: str
    account: str | None
    server: str | None
    name: str
    flavor: str
    since: dt.datetime | None
    plan: str | None
    currency: str | None
    monthly: int | None


@dataclass(frozen=True, slots=True)
class _Offer:
    """A plan as it could be asked for, and how many have it."""

    id: int
    name: str
    currency: str
    cycle: calendar.Cycle
    prices: Sequence[pricing.Price]
    used: int

    def fits(self, held: Iterable[tuple[pricing.PriceKind, str]]) -> bool:
        priced = {(price.kind, price.resource) for price in self.prices}
        return any(thing in priced for thing in held)

    def monthly(
        self, kind: pricing.PriceKind, resource: str, quantity: Decimal
    ) -> Fraction | None:
        """In minor units, not rounded."""
        prices = [
            price
            for price in self.prices
            if price.kind is kind and price.resource == resource
        ]
        if not prices:
            return None
        newest = max(
            prices, key=lambda price: price.valid_from or dt.date.min
        )
        cost = Fraction(0)
        for level in pricing.portions(newest, quantity):
            cost += Fraction(level.cost)
        digits = money.digits(self.currency)
        return recurring.monthly(cost * 10**digits, self.cycle)


def uncovered(
    db: database.Database, now: dt.datetime, plan: str | None = None
) -> Iterator[Leak]:
    """By project: what is its own first, then its servers.

    They are priced by the plan that is named, else by the one that was asked
    for last in the project. Where none ever was, it is the one of the
    account's currency that most live subscriptions have, of those with a
    price of anything in the project. Raises NotFound.
    """
    offers = db.read(_offers, now.date())
    if plan is not None:
        offers = [offer for offer in offers if offer.name == plan]
        if not offers:
            raise errors.NotFound(f'no plan is called {plan!r}')
    query = _candidates()
    for row in pages.rows(db, query, query.selected_columns.id):
        yield from db.read(_of_project, row.id, offers, plan is not None)


def _offers(conn: sa.Connection, day: dt.date) -> list[_Offer]:
    """The plans, the most used first."""
    used = (
        sa.select(sa.func.count())
        .where(_subs.c.plan_id == _plans.c.id, _live())
        .correlate(_plans)
        .scalar_subquery()
    )
    rows = conn.execute(sa.select(_plans, used.label('used'))).all()
    prices: dict[int, list[pricing.Price]] = {}
    for row in plans.prices_of(conn, [row.id for row in rows]):
        price = plans.price(row)
        if price.valid_on(day):
            prices.setdefault(row.plan_id, []).append(price)
    offers = [
        _Offer(
            row.id, row.name, row.currency, calendar.Cycle.parse(row.cycle),
            prices.get(row.id, []), row.used,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(offers, key=lambda offer: (-offer.used, offer.name))


def _live() -> sa.ColumnElement[bool]:
    return _subs.c.contract != lifecycle.Contract.ENDED


def _candidates() -> Any:
    """Projects of which something may be uncovered: servers, or all."""
    any_live = sa.exists().where(_subs.c.project == _projects.c.id, _live())
    whole = sa.exists().where(
        _subs.c.project == _servers.c.project,
        _subs.c.server.is_(None),
        _live(),
    )
    both = sa.union(
        sa.select(_projects.c.id).where(~any_live),
        sa.select(_servers.c.project.label('id')).where(
            _servers.c.deleted_at.is_(None), ~whole
        ),
    ).subquery()
    return sa.select(both.c.id)


def _of_project(
    conn: sa.Connection, project: str, offers: Sequence[_Offer], named: bool
) -> list[Leak]:
    known = conn.execute(
        sa.select(
            _projects.c.name, _accounts.c.name.label('account'),
            _accounts.c.currency,
        )
        .join(_accounts, _accounts.c.id == _projects.c.account_id)
        .where(_projects.c.id == project)
    ).one_or_none()  # fmt: skip
    subs = conn.execute(_subs.select().where(_subs.c.project == project)).all()
    live = {
        row.server for row in subs
        if row.contract != lifecycle.Contract.ENDED
    }  # fmt: skip
    bare = [
        row for row in servers.present(conn, project) if row.id not in live
    ]
    quota = servers.quota_levels(conn, project)
    flavor = pricing.PriceKind.FLAVOR
    held = {(flavor, row.flavor) for row in bare}
    held |= {(pricing.PriceKind.QUOTA, key) for key in quota}
    offer = None
    if named:
        [offer] = offers
    else:
        currency = known.currency if known else None
        offer = _last(offers, subs) or _fitting(offers, held, currency)
    who = (
        project,
        known.name if known else project,
        known.account if known else None,
    )
    leaks = []
    if known and not live:
        since = _ended(subs, None) or min(
            (row.at for row in quota.values()), default=None
        )
        leaks.append(_leak(who, None, since, offer, _own(offer, quota)))
    for row in bare:
        since = max(
            filter(None, (_ended(subs, row.id), row.created_at)), default=None
        )
        cost = None
        if offer is not None:
            cost = offer.monthly(flavor, row.flavor, Decimal(1))
        leaks.append(_leak(who, row, since, offer, cost))
    return leaks


def _last(
    offers: Iterable[_Offer], subs: Sequence[sa.Row[Any]]
) -> _Offer | None:
    last = max(subs, key=lambda sub: (sub.start, sub.id), default=None)
    if last is None:
        return None
    return next(offer for offer in offers if offer.id == last.plan_id)


def _fitting(
    offers: Iterable[_Offer],
    held: Collection[tuple[pricing.PriceKind, str]],
    currency: str | None,
) -> _Offer | None:
    fit = (
        offer
        for offer in offers
        if currency in (None, offer.currency) and offer.fits(held)
    )
    return next(fit, None)


def _own(
    offer: _Offer | None, quota: Mapping[str, sa.Row[Any]]
) -> Fraction | None:
    """What a project costs beside its servers: the flat fee, its quota."""
    if offer is None:
        return None
    costs = [
        offer.monthly(pricing.PriceKind.QUOTA, key, level.quantity)
        for key, level in quota.items()
    ]
    costs += [
        offer.monthly(pricing.PriceKind.FLAT, price.resource, Decimal(1))
        for price in offer.prices
        if price.kind is pricing.PriceKind.FLAT
    ]
    return sum(filter(None, costs), start=Fraction(0))


def _ended(
    subs: Iterable[sa.Row[Any]], server: str | None
) -> dt.datetime | None:
    """When the last subscription that covered it came to its end."""
    ends = [
        row.ended_at
        for row in subs
        if row.server in (None, server) and row.ended_at is not None
    ]
    return max(ends, default=None)


def _leak(
    who: tuple[str, str, str | None],
    server: sa.Row[Any] | None,
    since: dt.datetime | None,
    offer: _Offer | None,
    cost: Fraction | None,
) -> Leak:
    return Leak(
        *who,
        server=server.id if server else None,
        name=server.name if server else who[1],
        flavor=server.flavor if server else '',
        since=since,
        plan=offer.name if offer else None,
        currency=offer.currency if offer else None,
        monthly=None if cost is None else money.nearest(cost),
    )
