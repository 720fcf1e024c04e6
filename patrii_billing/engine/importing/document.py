# SPDX-License-Identifier: Apache-2.0
"""Read what an operator wants imported; every mistake is found, not one.

Nothing here knows the books or the cloud.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import functools
import json
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import mail
from patrii_billing.domain import money
from patrii_billing.domain import policy as policies
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.engine.importing import entry as entries
from patrii_billing import errors
from patrii_billing import strict_yaml

Node = strict_yaml.Node

# Other years are slips of the pen, and no bill.
_YEARS = range(1970, 3000)
# What is not billed yet must not look as if it were.
_KINDS = tuple(
    kind for kind in pricing.PriceKind if kind is not pricing.PriceKind.METER
)


@dataclass(frozen=True, slots=True)
class Plan:
    """`policy` is None where the file says nothing of it."""

    at: entries.Entry
    name: str
    currency: str | None
    cycle: str | None
    same_day: str | None
    policy: Mapping[str, Any] | None
    prices: tuple[tuple[entries.Entry, pricing.Price], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """`said` holds what may change, as far as the file says it."""

    at: entries.Entry
    name: str
    currency: str | None
    opening: str | None  # a decimal, to be read in the currency
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """A keystone project, by its id or its name."""

    at: entries.Entry
    id: str | None
    name: str
    account: str

    @property
    def called(self) -> str:
        return self.id or self.name


@dataclass(frozen=True, slots=True)
class Subscription:
    """`said` holds what may change, as far as the file says it."""

    at: entries.Entry
    name: str
    account: str
    plan: str
    project: str
    server: str | None
    start: dt.date
    paid_until: dt.date | None
    anchor_day: int | None
    enforces: bool
    enforce_from: dt.datetime | dt.date | None
    said: Mapping[str, Any]


@dataclass(slots=True)
class Wanted:
    """What a file wants in the books, and what is wrong with it.

    `names` holds what the file names at all, also where the rest of the
    entry is wrong, so that one mistake is not told twice.
    """

    plans: list[Plan] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    names: dict[str, set[str]] = field(default_factory=dict)
    mistakes: list[errors.InvalidInput] = field(default_factory=list)


def read(text: str | bytes, source: str) -> Wanted:
    """Read a document. Raises InvalidInput only for what is not YAML."""
    wanted = Wanted()
    root = entries.Entry(strict_yaml.document(text, source), wanted.mistakes)
    for node in root.list('plans'):
        _plan(wanted, node)
    for node in root.list('accounts'):
        _account(wanted, node)
    for node in root.list('projects'):
        _project(wanted, node, None)
    for node in root.list('subscriptions'):
        _subscription(wanted, node, None)
    root.close()
    return wanted


def _plan(wanted: Wanted, node: Node) -> None:
    entry = entries.Entry(node, wanted.mistakes)
    name = _name(wanted, 'plan', entry)
    currency = entry.takes('currency', _currency)
    cycle = entry.takes('cycle', lambda node: _cycle(node.text()))
    same_day = entry.takes('same_day', _same_day)
    policy = _policy(entry)
    prices = list(_prices(entry))
    if entry.close():
        wanted.plans.append(
            Plan(entry, name, currency, cycle, same_day, policy, tuple(prices))
        )


def _prices(
    plan: entries.Entry,
) -> Iterator[tuple[entries.Entry, pricing.Price]]:
    seen: set[Any] = set()
    for node in plan.list('prices'):
        entry = entries.Entry(node, plan.mistakes)
        price = _price(entry)
        if price is None:
            plan.sound = False
            continue
        key = (price.kind, price.resource, price.valid_from)
        if key in seen:
            plan.refuse(entry.wrong('the same price is given twice'))
        seen.add(key)
        yield entry, price


def _price(entry: entries.Entry) -> pricing.Price | None:
    kind = entry.needs('kind', _kind)
    flat = kind is pricing.PriceKind.FLAT
    resource = (entry.takes if flat else entry.needs)('resource', _text)
    unit_price = entry.needs('unit_price', Node.decimal)
    valid_from = entry.takes('valid_from', _day)
    valid_until = entry.takes('valid_until', _day)
    if kind is pricing.PriceKind.QUOTA and resource == 'ram':
        entry.refuse(
            entry.wrong('the memory of a quota is called ram_gib', 'resource')
        )
    if not entry.close():
        return None
    try:
        return pricing.Price(
            kind, resource or '', unit_price, valid_from, valid_until
        )
    except errors.InvalidInput as error:
        entry.refuse(entry.wrong(error.reason, error.where))
        return None


def _account(wanted: Wanted, node: Node) -> None:
    entry = entries.Entry(node, wanted.mistakes)
    name = _name(wanted, 'account', entry)
    currency = entry.takes('currency', _currency)
    opening = entry.takes('opening_balance', Node.exact)
    said = {
        'contacts': entry.takes('contacts', _contacts),
        'locale': entry.takes('locale', lambda node: _text(node, 32)),
        'timezone': entry.takes('timezone', _timezone),
        'external_ref': entry.takes('external_ref', _text),
        'policy': _policy(entry),
    }
    projects = entry.list('projects')
    subscriptions = entry.list('subscriptions')
    if entry.close():
        wanted.accounts.append(
            Account(entry, name, currency, opening, _without_none(said))
        )
    for each in projects:
        _project(wanted, each, name or '')
    for each in subscriptions:
        _subscription(wanted, each, name or '')


def _project(wanted: Wanted, node: Node, account: str | None) -> None:
    """A project of an account; `account` is None where it stands alone."""
    entry = entries.Entry(node, wanted.mistakes)
    project_id = entry.takes('id', _text)
    name = entry.takes('name', _text)
    if account is None:
        account = entry.needs('account', _text)
    if entry.sound and not (project_id or name):
        entry.refuse(entry.wrong('needs an id or a name'))
    for given in (project_id, name):
        wanted.names.setdefault('project', set()).add(given or '')
    if entry.close():
        wanted.projects.append(
            Project(entry, project_id, name or '', account or '')
        )


def _subscription(wanted: Wanted, node: Node, account: str | None) -> None:
    entry = entries.Entry(node, wanted.mistakes)
    name = _name(wanted, 'subscription', entry)
    if account is None:
        account = entry.needs('account', _text)
    plan = entry.needs('plan', _text)
    project = entry.needs('project', _text)
    server = entry.takes('server', lambda node: _text(node, 64))
    start = entry.needs('start', _day)
    paid_until = entry.takes('paid_until', _day)
    anchor_day = entry.takes('anchor_day', _anchor_day)
    enforces = entry.takes('enforces', Node.flag)
    enforce_from = entry.takes('enforce_from', _instant_or_day)
    policy = _policy(entry)
    if start and paid_until and paid_until < start:
        entry.refuse(entry.wrong('is before start', 'paid_until'))
    if entry.close():
        wanted.subscriptions.append(
            Subscription(
                entry, name, account or '', plan, project, server, start,
                paid_until, anchor_day, enforces is not False, enforce_from,
                _without_none({'policy': policy}),
            )
        )  # fmt: skip


def _name(wanted: Wanted, kind: str, entry: entries.Entry) -> Any:
    """The entry's name, which no other of its kind may have."""
    name = entry.needs('name', _text)
    names = wanted.names.setdefault(kind, set())
    if name is not None and name in names:
        entry.refuse(entry.wrong(f'{name!r} is given twice', 'name'))
    names.add(name or '')
    return name


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: value for k, value in values.items() if value is not None}


# Fields, each of a node.


def _text(node: Node, longest: int = 255) -> str:
    text = node.text()
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise node.wrong('must be a text of one line, without blanks around')
    if len(text) > longest:
        raise node.wrong(f'is longer than {longest} characters')
    return text


def _day(node: Node) -> dt.date:
    day = node.day()
    if day.year not in _YEARS:
        raise node.wrong(f'is not in the years {_YEARS[0]} to {_YEARS[-1]}')
    return day


def _instant_or_day(node: Node) -> dt.datetime | dt.date:
    return _day(node) if node.is_day() else node.instant()


def _anchor_day(node: Node) -> int:
    day = node.integer()
    if not 1 <= day <= 31:
        raise node.wrong('must be from 1 to 31')
    return day


def _currency(node: Node) -> str:
    money.digits(node.text(), node.where)
    return node.text()


def _cycle(text: str) -> str:
    calendar.Cycle.parse(text)
    return text


def _kind(node: Node) -> pricing.PriceKind:
    if node.text() not in list(_KINDS):
        raise node.wrong(f'must be one of {", ".join(_KINDS)}')
    return pricing.PriceKind(node.text())


def _same_day(node: Node) -> str:
    known = [str(each) for each in proration.SameDay]
    if node.text() not in known:
        raise node.wrong(f'must be one of {", ".join(known)}')
    return node.text()


def _timezone(node: Node) -> str:
    calendar.zone(node.text(), node.where)
    return node.text()


def _contacts(node: Node) -> list[str]:
    return [mail.address(one.text(), one.where) for one in node.items()]


def _policy(entry: entries.Entry) -> dict[str, Any] | None:
    """A policy as it is written; each key must be one the law can read."""
    node = entry.takes('policy', lambda node: node)
    if node is None:
        return None
    inner = entries.Entry(node, entry.mistakes)
    read = {
        each.name: inner.takes(each.name, functools.partial(_term, each.name))
        for each in dataclasses.fields(policies.Policy)
    }
    if not inner.close():
        entry.sound = False
    return _without_none(read)


def _term(name: str, node: Node) -> Any:
    """One term of a policy, with dates as the texts that the books keep."""
    value = json.loads(json.dumps(node.value(), default=str))
    policies.Policy().reading({name: value})
    return value
