# SPDX-License-Identifier: Apache-2.0
"""Reading a scenario from YAML; what is wrong is named by file and line."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import json
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy as policies
from patrii_billing.domain import server as nova
from patrii_billing.domain import usage
from patrii_billing.engine.importing import customer
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import pricelist
from patrii_billing import errors
from patrii_billing.simulation import names
from patrii_billing.simulation import scenario as scenarios
from patrii_billing import strict_yaml as yaml

_STATES = {
    'ACTIVE': 'active',
    'SHUTOFF': 'stopped',
    'PAUSED': 'paused',
    'SUSPENDED': 'suspended',
    'ERROR': 'error',
    'RESCUE': 'rescued',
    'VERIFY_RESIZE': 'resized',
    'BUILD': 'building',
    'SHELVED_OFFLOADED': 'shelved_offloaded',
}
# What an event is called, and what else it takes.
_EVENTS: Mapping[str, frozenset[str]] = {
    'pay': frozenset({'amount', 'pending', 'key'}),
    'charge_back': frozenset(),
    'quota_change': frozenset({'quota'}),
    'resize': frozenset({'flavor'}),
    'boot': frozenset({'project', 'flavor', 'state'}),
    'delete': frozenset({'by'}),
    'lock': frozenset({'by'}),
    'unlock': frozenset({'by'}),
    'stop': frozenset({'by'}),
    'start': frozenset({'by'}),
    'hold': frozenset({'type', 'until'}),
    'release': frozenset({'type'}),
    'bounce': frozenset(),
    'resume': frozenset(),
    'cancel': frozenset({'on'}),
    'keep': frozenset(),
    'plan_change': frozenset({'plan', 'on'}),
    'anchor_change': frozenset({'day'}),
    'void': frozenset({'again'}),
    'credit': frozenset({'amount'}),
    'write_off': frozenset(),
    'usage': frozenset({'meter', 'volume', 'sample'}),
}
# What an event happens to, where that is no server.
_TARGETS = {
    'pay': 'account',
    'charge_back': 'account',
    'bounce': 'account',
    'quota_change': 'project',
    'hold': 'subscription',
    'release': 'subscription',
    'cancel': 'subscription',
    'keep': 'subscription',
    'plan_change': 'subscription',
    'anchor_change': 'subscription',
}
# What is named by nobody before: an invoice by its number, as INV-000001.
_UNNAMED = frozenset({'resume', 'void', 'credit', 'write_off'})
# What an event must say besides.
_NEEDED = {
    'plan_change': ('plan',),
    'anchor_change': ('day',),
    'usage': ('meter', 'volume'),
}
_INVOICING = ('address', 'taxes', 'discounts')
_OUTAGES = ('daemon', 'nova', 'mail')


def read(text: str, source: str = 'scenario') -> scenarios.Scenario:
    """Read a scenario. Raises InvalidInput naming file, line and field."""
    root = yaml.document(text, source)
    given = root.fields(
        {'start', 'until', 'policy', 'plans', 'accounts', 'events', 'dry_run'}
    )
    for key in ('start', 'until', 'plans', 'accounts'):
        if key not in given:
            raise root.wrong(f'{key} is missing')
    start, until = given['start'].instant(), given['until'].instant()
    if until <= start:
        raise given['until'].wrong('must be after start')
    called = names.Names()
    plans = tuple(_plan(node, called) for node in given['plans'].items())
    currencies = {plan.name: plan.currency for plan in plans}
    accounts = tuple(
        _account(node, called, currencies)
        for node in given['accounts'].items()
    )
    happenings = list(given['events'].items()) if 'events' in given else []
    scenario = scenarios.Scenario(
        start,
        until,
        _policy(given.get('policy')),
        plans,
        accounts,
        tuple(_events(happenings, called)),
        tuple(_outages(happenings)),
        given['dry_run'].flag() if 'dry_run' in given else False,
    )
    called.check()
    return scenario


def _required(node: yaml.Node, known: set[str], *needed: str) -> Any:
    given = node.fields(known | set(needed))
    for key in needed:
        if key not in given:
            raise node.wrong(f'{key} is missing')
    return given


def _policy(node: yaml.Node | None) -> policies.Policy:
    policy = policies.Policy()
    if node is None:
        return policy
    for key, each in node.fields(set(node.keys())).items():
        try:
            policy = policy.reading({key: each.value()})
        except errors.InvalidInput as error:
            raise each.wrong(error.reason) from None
    return policy


def _given_policy(node: yaml.Node | None) -> Mapping[str, Any]:
    """Checked, and as plain JSON values, as the books keep it."""
    _policy(node)
    given = {} if node is None else node.value()
    return dict(json.loads(json.dumps(given, default=str)))


def _plan(node: yaml.Node, called: names.Names) -> scenarios.Plan:
    """As an import reads it; the first mistake by its line is told."""
    mistakes: list[errors.InvalidInput] = []
    entry = entries.Entry(node, mistakes)
    name = entry.takes('name', lambda node: node)
    plan = pricelist.plan(entry, '')
    _tell_first(mistakes, node.source)
    for key in ('name', 'currency', 'cycle', 'prices'):
        if not entry.says(key):
            raise node.wrong(f'{key} is missing')
    assert plan is not None  # noqa: S101 - or there were mistakes
    said = dict(plan.said)
    return scenarios.Plan(
        called.give('plan', name),
        said.pop('currency'),
        said.pop('cycle'),
        said.pop('same_day', 'highest'),
        tuple(price for _, price in plan.prices),
        said,
    )


def _tell_first(
    mistakes: Sequence[errors.InvalidInput], source: str
) -> None:
    """Raises the mistake that stands first in the document, if any."""
    if mistakes:
        raise min(mistakes, key=lambda each: entries.line_of(each, source))


def _choice(node: yaml.Node | None, choices: Iterable[str]) -> str | None:
    """One of some words, or None where nothing is given."""
    if node is not None and node.text() not in [str(one) for one in choices]:
        raise node.wrong(f'must be one of {", ".join(choices)}')
    return None if node is None else node.text()


def _account(
    node: yaml.Node, called: names.Names, currencies: Mapping[str, str]
) -> scenarios.Account:
    given = _required(
        node,
        {'timezone', 'locale', 'contacts', 'policy', 'projects',
         'subscriptions', *_INVOICING},
        'name',
    )  # fmt: skip
    name = called.give('account', given['name'])
    timezone = given['timezone'].text() if 'timezone' in given else 'UTC'
    try:
        calendar.zone(timezone)
    except errors.InvalidInput as error:
        raise given['timezone'].wrong(error.reason) from None
    contacts = (f'billing@{name}.example',)
    if 'contacts' in given:
        contacts = tuple(one.text() for one in given['contacts'].items())
    subscriptions = tuple(
        _subscription(one, called) for one in _list(given, 'subscriptions')
    )
    currency = next(
        (currencies.get(sub.plan, 'EUR') for sub in subscriptions), 'EUR'
    )
    return scenarios.Account(
        name,
        timezone,
        given['locale'].text() if 'locale' in given else 'en',
        contacts,
        _given_policy(given.get('policy')),
        tuple(_project(one, called) for one in _list(given, 'projects')),
        subscriptions,
        _invoicing(node, currency),
    )


def _invoicing(node: yaml.Node, currency: str) -> Mapping[str, Any]:
    """Address, taxes and discounts, as an import reads them."""
    mistakes: list[errors.InvalidInput] = []
    entry = entries.Entry(node, mistakes)
    said = customer.invoicing(entry)
    _tell_first(mistakes, node.source)
    if 'discounts' in said:
        said['discounts'] = customer.discounts(
            entry, said['discounts'], currency
        )
    return said


def _list(given: Mapping[str, yaml.Node], key: str) -> Iterator[yaml.Node]:
    return given[key].items() if key in given else iter(())


def _project(node: yaml.Node, called: names.Names) -> scenarios.Project:
    given = _required(node, {'quota', 'servers'}, 'name')
    return scenarios.Project(
        called.give('project', given['name']),
        _quota(given['quota']) if 'quota' in given else {},
        tuple(_server(one, called) for one in _list(given, 'servers')),
    )


def _quota(node: yaml.Node) -> Mapping[str, int]:
    quota = {
        key: each.integer()
        for key, each in node.fields(set(node.keys())).items()
    }
    for key, value in quota.items():
        if value < 0:
            raise node.wrong(f'{key} must not be negative')
    return quota


def _server(node: yaml.Node, called: names.Names) -> scenarios.Server:
    given = _required(node, {'state', 'locked'}, 'name', 'flavor')
    return scenarios.Server(
        called.give('server', given['name']),
        given['flavor'].text(),
        _state(given.get('state')),
        _choice(given.get('locked'), nova.Locker),
    )


def _state(node: yaml.Node | None) -> str:
    return _STATES[_choice(node, _STATES) or 'ACTIVE']


def _subscription(
    node: yaml.Node, called: names.Names
) -> scenarios.Subscription:
    given = _required(
        node,
        {'paid_until', 'server', 'anchor_day', 'enforce_from', 'policy'},
        'name', 'plan', 'project', 'start',
    )  # fmt: skip
    start = given['start'].day()
    paid_until = None
    if 'paid_until' in given:
        paid_until = given['paid_until'].day()
        if paid_until < start:
            raise given['paid_until'].wrong('is before start')
    day = given['anchor_day'].integer() if 'anchor_day' in given else None
    if day is not None and not 1 <= day <= 31:
        raise given['anchor_day'].wrong('must be from 1 to 31')
    # Only one subscription covers a project, and one a server of it.
    covers = given.get('server', given['project'])
    called.give('what is covered,', covers)
    return scenarios.Subscription(
        called.give('subscription', given['name']),
        called.use('plan', given['plan']),
        called.use('project', given['project']),
        start,
        paid_until,
        called.use('server', covers) if 'server' in given else None,
        day,
        given['enforce_from'].instant() if 'enforce_from' in given else None,
        _given_policy(given.get('policy')),
    )


def _events(
    nodes: list[yaml.Node], called: names.Names
) -> Iterator[scenarios.Event]:
    for node in nodes:
        if 'from' in node.keys():  # noqa: SIM118 - a method, no mapping
            continue
        kind = next((key for key in node.keys() if key in _EVENTS), None)
        if kind is None:
            for key in node.keys():
                if key != 'at':
                    raise node.wrong(f'unknown key {key}')
            raise node.wrong('says nothing that happens')
        needed = _NEEDED.get(kind, ())
        given = _required(node, set(_EVENTS[kind]), 'at', kind, *needed)
        for key in ('project', 'plan'):
            if key in given:
                called.use(key, given[key])
        yield scenarios.Event(
            given.pop('at').instant(),
            kind,
            _target(kind, given.pop(kind), called),
            {key: _given(key, each) for key, each in given.items()},
            node.where,
        )


def _target(kind: str, node: yaml.Node, called: names.Names) -> str:
    """What an event happens to."""
    if kind == 'boot':
        return called.give('server', node)
    if kind in _UNNAMED:
        return node.text()
    return called.use(_TARGETS.get(kind, 'server'), node)


def _given(key: str, node: yaml.Node) -> Any:
    match key:
        case 'amount' | 'volume':
            return node.decimal()
        case 'quota':
            return _quota(node)
        case 'until':
            is_day = len(node.text()) == len('2026-02-10')
            return node.day() if is_day else node.instant()
        case 'state':
            return _state(node)
        case 'pending' | 'again':
            return node.flag()
        case 'on':
            return node.day()
        case 'day':
            return node.integer()
        case 'type':
            return lifecycle.HoldType(str(_choice(node, lifecycle.HoldType)))
        case 'sample':
            return usage.Type(str(_choice(node, usage.Type)))
        case 'by':
            return _choice(node, nova.Locker)
    return node.text()


def _outages(nodes: list[yaml.Node]) -> Iterator[scenarios.Outage]:
    for node in nodes:
        if 'from' not in node.keys():  # noqa: SIM118
            continue
        given = _required(node, {'down', 'nova'}, 'from', 'to')
        start, end = given['from'].instant(), given['to'].instant()
        if end <= start:
            raise given['to'].wrong('must be after from')
        if ('down' in given) is ('nova' in given):
            raise node.wrong('needs down or nova')
        if 'nova' in given:
            code = given['nova'].integer()
            yield scenarios.Outage(start, end, 'nova', f'Nova answers {code}')
            continue
        what = str(_choice(given['down'], _OUTAGES))
        yield scenarios.Outage(start, end, what, f'{what} is away')
