# SPDX-License-Identifier: Apache-2.0
"""Reading a scenario from YAML; what is wrong is named by file and line."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import policy as policies
from patrii_billing.domain import pricing
from patrii_billing import errors
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
}
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
    plans = tuple(_plan(node) for node in given['plans'].items())
    accounts = tuple(_account(node) for node in given['accounts'].items())
    happenings = list(given['events'].items()) if 'events' in given else []
    scenario = scenarios.Scenario(
        start,
        until,
        _policy(given.get('policy')),
        plans,
        accounts,
        tuple(_events(happenings)),
        tuple(_outages(happenings)),
        given['dry_run'].flag() if 'dry_run' in given else False,
    )
    _check_names(scenario, given)
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
    _policy(node)
    return {} if node is None else dict(node.value())


def _plan(node: yaml.Node) -> scenarios.Plan:
    given = _required(
        node, {'same_day'}, 'name', 'currency', 'cycle', 'prices'
    )
    try:
        money.digits(given['currency'].text())
        calendar.Cycle.parse(given['cycle'].text())
    except errors.InvalidInput as error:
        raise node.wrong(str(error)) from None
    return scenarios.Plan(
        given['name'].text(),
        given['currency'].text(),
        given['cycle'].text(),
        given['same_day'].text() if 'same_day' in given else 'highest',
        tuple(_price(each) for each in given['prices'].items()),
    )


def _price(node: yaml.Node) -> pricing.Price:
    given = _required(node, {'resource', 'valid_from', 'valid_until'},
                      'kind', 'unit_price')  # fmt: skip
    kinds = [kind.value for kind in pricing.PriceKind]
    if given['kind'].text() not in kinds:
        raise given['kind'].wrong(f'must be one of {", ".join(kinds)}')
    try:
        return pricing.Price(
            pricing.PriceKind(given['kind'].text()),
            given['resource'].text() if 'resource' in given else '',
            given['unit_price'].decimal(),
            given['valid_from'].day() if 'valid_from' in given else None,
            given['valid_until'].day() if 'valid_until' in given else None,
        )
    except errors.InvalidInput as error:
        raise error if error.where else node.wrong(error.reason) from None


def _account(node: yaml.Node) -> scenarios.Account:
    given = _required(
        node,
        {'timezone', 'locale', 'contacts', 'policy', 'projects',
         'subscriptions'},
        'name',
    )  # fmt: skip
    name = given['name'].text()
    timezone = given['timezone'].text() if 'timezone' in given else 'UTC'
    try:
        calendar.zone(timezone)
    except errors.InvalidInput as error:
        raise given['timezone'].wrong(error.reason) from None
    contacts = (f'billing@{name}.example',)
    if 'contacts' in given:
        contacts = tuple(one.text() for one in given['contacts'].items())
    return scenarios.Account(
        name,
        timezone,
        given['locale'].text() if 'locale' in given else 'en',
        contacts,
        _given_policy(given.get('policy')),
        tuple(_project(one) for one in _list(given, 'projects')),
        tuple(_subscription(one) for one in _list(given, 'subscriptions')),
    )


def _list(given: Mapping[str, yaml.Node], key: str) -> Iterator[yaml.Node]:
    return given[key].items() if key in given else iter(())


def _project(node: yaml.Node) -> scenarios.Project:
    given = _required(node, {'quota', 'servers'}, 'name')
    return scenarios.Project(
        given['name'].text(),
        _quota(given['quota']) if 'quota' in given else {},
        tuple(_server(one) for one in _list(given, 'servers')),
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


def _server(node: yaml.Node) -> scenarios.Server:
    given = _required(node, {'state', 'locked'}, 'name', 'flavor')
    return scenarios.Server(
        given['name'].text(),
        given['flavor'].text(),
        _state(given.get('state')),
        given['locked'].text() if 'locked' in given else None,
    )


def _state(node: yaml.Node | None) -> str:
    if node is None:
        return 'active'
    if node.text() not in _STATES:
        raise node.wrong(f'must be one of {", ".join(_STATES)}')
    return _STATES[node.text()]


def _subscription(node: yaml.Node) -> scenarios.Subscription:
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
    return scenarios.Subscription(
        given['name'].text(),
        given['plan'].text(),
        given['project'].text(),
        start,
        paid_until,
        given['server'].text() if 'server' in given else None,
        day,
        given['enforce_from'].instant() if 'enforce_from' in given else None,
        _given_policy(given.get('policy')),
    )


def _events(nodes: list[yaml.Node]) -> Iterator[scenarios.Event]:
    for node in nodes:
        if 'from' in node.keys():  # noqa: SIM118 - a method, no mapping
            continue
        kind = next((key for key in node.keys() if key in _EVENTS), None)
        if kind is None:
            for key in node.keys():
                if key != 'at':
                    raise node.wrong(f'unknown key {key}')
            raise node.wrong('says nothing that happens')
        given = _required(node, set(_EVENTS[kind]), 'at', kind)
        yield scenarios.Event(
            given.pop('at').instant(),
            kind,
            given.pop(kind).text(),
            {key: _given(key, each) for key, each in given.items()},
            node.where,
        )


def _given(key: str, node: yaml.Node) -> Any:
    match key:
        case 'amount':
            return node.decimal()
        case 'quota':
            return _quota(node)
        case 'until':
            is_day = len(node.text()) == len('2026-02-10')
            return node.day() if is_day else node.instant()
        case 'state':
            return _state(node)
        case 'pending':
            return node.flag()
        case 'type':
            kinds = [kind.value for kind in lifecycle.HoldType]
            if node.text() not in kinds:
                raise node.wrong(f'must be one of {", ".join(kinds)}')
            return lifecycle.HoldType(node.text())
        case 'by' if node.text() not in ('owner', 'admin'):
            raise node.wrong('must be owner or admin')
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
        what = given['down'].text()
        if what not in _OUTAGES:
            raise given['down'].wrong(f'must be one of {", ".join(_OUTAGES)}')
        yield scenarios.Outage(start, end, what, f'{what} is away')


def _check_names(
    scenario: scenarios.Scenario, given: Mapping[str, yaml.Node]
) -> None:
    """Every name that is used must be there, and none twice."""
    plans = [plan.name for plan in scenario.plans]
    projects = [p.name for a in scenario.accounts for p in a.projects]
    accounts = [account.name for account in scenario.accounts]
    subs = [s for a in scenario.accounts for s in a.subscriptions]
    for names, key in (
        (plans, 'plans'), (projects, 'accounts'), (accounts, 'accounts'),
        ([sub.name for sub in subs], 'accounts'),
    ):  # fmt: skip
        for name in names:
            if names.count(name) > 1:
                raise given[key].wrong(f'{name} is given twice')
    for sub in subs:
        if sub.plan not in plans:
            raise given['accounts'].wrong(f'{sub.name}: no plan {sub.plan}')
        if sub.project not in projects:
            raise given['accounts'].wrong(
                f'{sub.name}: no project {sub.project}'
            )
    _check_targets(scenario, accounts, projects, [sub.name for sub in subs])


def _check_targets(
    scenario: scenarios.Scenario,
    accounts: list[str],
    projects: list[str],
    subs: list[str],
) -> None:
    servers = [
        server.name
        for account in scenario.accounts
        for project in account.projects
        for server in project.servers
    ]
    servers += [each.target for each in scenario.events if each.kind == 'boot']
    places = {
        'pay': accounts, 'charge_back': accounts, 'bounce': accounts,
        'quota_change': projects, 'hold': subs, 'release': subs,
    }  # fmt: skip
    for event in scenario.events:
        if event.kind in ('resume', 'boot'):
            continue
        if event.target not in places.get(event.kind, servers):
            raise errors.InvalidInput(
                f'{event.kind}: there is no {event.target}', event.where
            )
