# SPDX-License-Identifier: Apache-2.0
"""Read what an operator wants imported; every mistake is found, not one.

Nothing here knows the books or the cloud.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from patrii_billing.engine.importing import agreement
from patrii_billing.engine.importing import customer
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing.engine.importing import pricelist
from patrii_billing import errors
from patrii_billing import strict_yaml

Node = strict_yaml.Node


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
    """A contract for a plan, over a project or a server of it."""

    at: entries.Entry
    name: str
    account: str
    plan: str
    project: str
    server: str | None
    agreed: agreement.Agreed


@dataclass(slots=True)
class Wanted:
    """What a file wants in the books, and what is wrong with it.

    `names` holds what the file names at all, also where the rest of the
    entry is wrong, so that one mistake is not told twice.
    """

    plans: list[pricelist.Plan] = field(default_factory=list)
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
        entry = entries.Entry(node, wanted.mistakes)
        name = _name(wanted, 'plan', entry)
        plan = pricelist.plan(entry, name)
        if plan is not None:
            wanted.plans.append(plan)
    for node in root.list('accounts'):
        _account(wanted, node)
    for node in root.list('projects'):
        _project(wanted, node, None)
    for node in root.list('subscriptions'):
        _subscription(wanted, node, None)
    root.close()
    return wanted


def _account(wanted: Wanted, node: Node) -> None:
    entry = entries.Entry(node, wanted.mistakes)
    name = _name(wanted, 'account', entry)
    currency = entry.takes('currency', fields.currency)
    opening = entry.takes('opening_balance', Node.exact)
    said = customer.said(entry)
    projects = entry.list('projects')
    subscriptions = entry.list('subscriptions')
    if entry.close():
        wanted.accounts.append(Account(entry, name, currency, opening, said))
    for each in projects:
        _project(wanted, each, name or '')
    for each in subscriptions:
        _subscription(wanted, each, name or '')


def _project(wanted: Wanted, node: Node, account: str | None) -> None:
    """A project of an account; `account` is None where it stands alone."""
    entry = entries.Entry(node, wanted.mistakes)
    project_id = entry.takes('id', fields.text)
    name = entry.takes('name', fields.text)
    if account is None:
        account = entry.needs('account', fields.text)
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
        account = entry.needs('account', fields.text)
    plan = entry.needs('plan', fields.text)
    project = entry.needs('project', fields.text)
    server = entry.takes('server', lambda node: fields.text(node, 64))
    agreed = agreement.read(entry)
    if entry.close():
        wanted.subscriptions.append(
            Subscription(
                entry, name, account or '', plan, project, server, agreed
            )
        )


def _name(wanted: Wanted, kind: str, entry: entries.Entry) -> Any:
    """The entry's name, which no other of its kind may have."""
    name = entry.needs('name', fields.text)
    names = wanted.names.setdefault(kind, set())
    if name is not None and name in names:
        entry.refuse(entry.wrong(f'{name!r} is given twice', 'name'))
    names.add(name or '')
    return name
