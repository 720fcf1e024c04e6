# SPDX-License-Identifier: Apache-2.0
"""A scenario: who is there at the start, and what happens when."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from decimal import Decimal
from typing import Any

from patrii_billing.domain import money
from patrii_billing.domain import policy as policies
from patrii_billing.domain import pricing


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    flavor: str
    state: str = 'active'
    locked: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    name: str
    quota: Mapping[str, int]
    servers: tuple[Server, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    name: str
    plan: str
    project: str
    start: dt.date
    paid_until: dt.date | None = None
    server: str | None = None
    anchor_day: int | None = None
    enforce_from: dt.datetime | None = None
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    timezone: str
    locale: str
    contacts: tuple[str, ...]
    policy: Mapping[str, Any]
    projects: tuple[Project, ...]
    subscriptions: tuple[Subscription, ...]
    # Address, taxes and discounts, as store.accounts.add takes them.
    invoicing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    currency: str
    cycle: str
    same_day: str
    prices: tuple[pricing.Price, ...]
    # What store.plans.add takes beside these.
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """At an instant something happens to a target."""

    at: dt.datetime
    kind: str
    target: str
    given: Mapping[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Outage:
    """From one instant to another something does not answer."""

    start: dt.datetime
    end: dt.datetime
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Scenario:
    start: dt.datetime
    until: dt.datetime
    policy: policies.Policy
    plans: tuple[Plan, ...]
    accounts: tuple[Account, ...]
    events: tuple[Event, ...] = ()
    outages: tuple[Outage, ...] = ()
    dry_run: bool = False


def minor(amount: Decimal, currency: str) -> money.Money:
    """A decimal amount as money. Raises InvalidInput."""
    return money.parse(format(amount, 'f'), currency, 'amount')
