# SPDX-License-Identifier: Apache-2.0
"""Have the API itself make the examples of its reference.

Two days of an operator are lived through, over books in memory and a
simulated cloud, so that an example is what is really sent and answered.
"""

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import datetime as dt
import functools
import json
import re
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import app
from patrii_billing.api import route as routing
from patrii_billing.api import routes
from patrii_billing.domain import cloud
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import deliver
from patrii_billing.engine import events
from patrii_billing.engine import parking
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.sim import engine as engines
from patrii_billing.simulation import world as worlds
from patrii_billing.store import events as outbox
from patrii_billing.store import subscriptions
from tests import doors
from tests.unit import office

Body = Mapping[str, Any]
Request = tuple[str, str, Body | None]

_PROJECT = 'globex-prod'
_SERVER = worlds.server_id('acme-web')
_SUB = '/v1/subscriptions/1'
_WHY = {'why': 'Asked for by telephone.'}
_GONE = {'why': 'Not needed any more.'}
_HOOK = '/v1/webhooks/gateway'
_KEY = b'0123456789abcdef0123456789abcdef'
# In this order: what is asked for must be there. The customers of tests/doors
# are the first account and the second, each with an open invoice.
_MORNING: tuple[Request, ...] = (
    ('GET', '/', None),
    ('GET', '/v1/', None),
    ('POST', '/v1/plans', {
        'name': 'small', 'currency': 'EUR', 'cycle': 'month', 'prices': [
            {'kind': 'flavor', 'resource': 's1', 'unit_price': '12.50'},
        ],
    }),
    ('GET', '/v1/plans?limit=1', None),
    ('GET', '/v1/plans/2', None),
    ('PATCH', '/v1/plans/2', {'trial_days': 14}),
    ('POST', '/v1/plans/2/prices', {
        'kind': 'quota', 'resource': 'ram_gib', 'unit_price': '0.75',
    }),
    ('PATCH', '/v1/plans/2/prices/4', {'valid_until': '2027-01-01'}),
    ('POST', '/v1/accounts', {
        'name': 'globex', 'currency': 'EUR', 'timezone': 'Europe/Paris',
        'contacts': ['billing@globex.example'],
        'taxes': [{'name': 'VAT', 'rate': '20'}],
    }),
    ('GET', '/v1/accounts?limit=1', None),
    ('GET', '/v1/accounts/1', None),
    ('PATCH', '/v1/accounts/3', {'locale': 'fr'}),
    ('GET', '/v1/accounts/3/export', None),
    ('POST', '/v1/projects', {'account_id': 3, 'id': _PROJECT}),
    ('GET', '/v1/projects?limit=1', None),
    ('GET', f'/v1/projects/{_PROJECT}', None),
    ('POST', '/v1/subscriptions', {
        'name': 'globex-1', 'plan_id': 2, 'project_id': _PROJECT,
        'start': '2026-11-22',
    }),
    ('GET', '/v1/subscriptions?limit=1', None),
    ('GET', _SUB, None),
    ('PATCH', _SUB, {'policy': {'shelve_grace': '72h'}, **_WHY}),
    ('POST', f'{_SUB}/quota', {'quota': {'cores': 10}}),
    ('GET', f'{_SUB}/quota', None),
    ('GET', '/v1/actions?limit=1', None),
    ('GET', '/v1/actions/1', None),
    ('POST', f'{_SUB}/holds', {
        'type': 'promise', 'until': '2026-12-05',
        'reason': 'Pays by the end of the week.',
    }),
    ('GET', f'{_SUB}/holds?limit=1', None),
    ('GET', f'{_SUB}/holds/1', None),
    ('PATCH', f'{_SUB}/holds/1', {'until': '2026-12-06', **_WHY}),
    ('DELETE', f'{_SUB}/holds/1', _WHY),
    ('POST', '/v1/invoices', {
        'account_id': 1, 'why': 'Help with a migration.', 'lines': [
            {'label': 'Migration', 'unit_price': '80.00', 'quantity': '1.5',
             'unit': 'hour'},
        ],
    }),
    ('GET', '/v1/invoices?limit=1', None),
    ('GET', '/v1/invoices/INV-000001', None),
    ('POST', f'{_SUB}/invoice', _WHY),
    ('POST', '/v1/payments', {
        'account_id': 1, 'amount': '50.00', 'key': 'statement-17-line-3',
        'reference': 'INV-000001',
    }),
    ('GET', '/v1/payments?limit=1', None),
    ('GET', '/v1/payments/1', None),
    ('POST', '/v1/payments/1/undo-allocation', {'invoice': 'INV-000001'}),
    ('POST', '/v1/payments/1/refund', {
        'amount': '1.00', 'key': 'transfer-17', 'force': True, **_WHY,
    }),
    ('POST', '/v1/payments/1/charge-back', {'amount': '2.00', **_WHY}),
    ('POST', '/v1/payments', {
        'account_id': 1, 'amount': '9.00', 'key': 'card-1', 'pending': True,
    }),
    ('POST', '/v1/payments/4/fail', {}),
    ('POST', '/v1/payments', {
        'amount': '9.00', 'currency': 'EUR', 'key': 'statement-17-line-4',
    }),
    ('POST', '/v1/payments/5/assign', {'account_id': 1}),
    ('POST', '/v1/invoices/INV-000001/credit', {'amount': '2.00', **_WHY}),
    ('GET', '/v1/notices?limit=1', None),
    ('GET', '/v1/notices/1', None),
    ('POST', '/v1/notices/1/resend', {}),
    ('GET', '/v1/notice-preview?template=invoice', None),
    ('POST', '/v1/notice-test', {'to': 'ada@office.example'}),
    ('POST', '/v1/credits', {
        'account_id': 2, 'amount': '5.00', 'key': 'ticket-4711',
        'why': 'An hour of outage.',
    }),
    ('GET', '/v1/credits?limit=1', None),
    ('GET', '/v1/credits/7', None),
    ('POST', '/v1/credits/7/withdraw', _WHY),
    ('GET', '/v1/enforcement', None),
    ('POST', '/v1/enforcement/stop', {'reason': 'Work on the network.'}),
    ('POST', '/v1/enforcement/resume', {}),
    ('GET', '/v1/servers?limit=1', None),
    ('GET', f'/v1/servers/{_SERVER}', None),
    ('POST', '/v1/invoices/INV-000002/write-off', _WHY),
    ('POST', f'{_SUB}/cancel', {'on': '2026-12-22', **_WHY}),
    ('POST', f'{_SUB}/keep', _WHY),
    ('POST', '/v1/credits', {
        'account_id': 2, 'amount': '5.00', 'key': 'ticket-4712',
        'why': 'A slow disk.',
    }),
    ('POST', '/v1/credits/9/refund', {
        'amount': '5.00', 'key': 'transfer-18', **_WHY,
    }),
    ('POST', '/v1/invoices', {
        'account_id': 2, 'why': 'A mistake.', 'lines': [
            {'label': 'Migration', 'unit_price': '80.00', 'quantity': '1'},
        ],
    }),
    ('POST', '/v1/invoices/INV-000005/void', _WHY),
    ('POST', '/v1/accounts', {'name': 'initech', 'currency': 'EUR'}),
    ('POST', '/v1/accounts/4/erase', {
        'name': 'initech', 'why': 'Asked for by letter of 17 November.',
    }),
    ('GET', '/v1/forecast?days=31&limit=1', None),
    ('GET', '/v1/summary', None),
    ('GET', '/v1/timeline?limit=2', None),
)  # fmt: skip
# When the first account's servers are shelved, and deletes wait; their owner
# asks for these himself.
_TWELVE_DAYS_LATER: tuple[Request, ...] = (
    ('POST', '/v1/enforcement/stop', {'reason': 'Work on the network.'}),
    ('POST', f'/v1/servers/{_SERVER}/delete', _GONE),
    ('POST', f'/v1/servers/{_SERVER}/keep', {'why': 'Needed after all.'}),
    ('POST', f'/v1/servers/{worlds.server_id("acme-db")}/delete', _GONE),
    ('POST', '/v1/actions/approve', {'actions': [5]}),
    ('POST', '/v1/actions/5/retry', {}),
    ('POST', '/v1/actions/5/cancel', {'reason': 'He took it back by mail.'}),
)
# The daemon has not come to give back what is paid for.
_PAID_THIS_MOMENT: tuple[Request, ...] = (
    ('POST', _HOOK, {
        'type': 'payment.received', 'data': {
            'payment': 'tx-1', 'amount': '500.00', 'currency': 'EUR',
            'account_name': 'acme',
        },
    }),
    ('POST', f'{_SUB}/restore', _WHY),
)  # fmt: skip
# When the second account is parked, and its mailbox is dead.
_IN_THE_EVENING: tuple[Request, ...] = (
    ('GET', '/v1/events?type=billing.payment.received&limit=1', None),
    ('GET', '/v1/events/1', None),
    ('POST', '/v1/events/1/redeliver', {'listeners': ['erp']}),
    ('POST', _HOOK, {
        'type': 'payment.refunded', 'data': {'payment': 'tx-2'},
    }),
    ('GET', '/v1/bridge', None),
    ('GET', '/v1/bridge/waiting?limit=1', None),
    ('GET', '/v1/receipts?limit=1', None),
    ('GET', '/v1/receipts/2', None),
    ('POST', '/v1/payments', {
        'account_id': 1, 'amount': '7.00', 'key': 'gateway:tx-2',
    }),
    ('POST', '/v1/receipts/2/retry', {}),
    ('POST', _HOOK, {
        'type': 'payment.refunded', 'data': {'payment': 'tx-3'},
    }),
    ('POST', '/v1/receipts/3/dismiss', {'why': 'It was a test.'}),
    ('POST', '/v1/payments/12/undo-allocation', {'invoice': 'INV-000004'}),
    ('POST', '/v1/payments/12/allocate', {
        'invoice': 'INV-000004', 'amount': '2.00',
    }),
    ('POST', '/v1/accounts/2/bill', {'why': 'The price was missing.'}),
    ('POST', '/v1/invoices', {
        'account_id': 2, 'why': 'Help with a restore.', 'lines': [
            {'label': 'Restore', 'unit_price': '80.00', 'quantity': '1'},
        ],
    }),
    ('POST', '/v1/notices/34/record', {
        'date': '2026-12-04', 'evidence': 'By registered letter, slip 4711.',
    }),
)  # fmt: skip
_STEP = dt.timedelta(hours=5)
_STEPS = 12 * 24 // 5


@dataclass(frozen=True, slots=True)
class Example:
    """A request and what was answered to it; `sent` is None without body."""

    asked: str
    sent: Body | None
    answered: Any


@functools.cache
def of_all() -> Mapping[tuple[str, str], Example]:
    """An example by the method and the path of its route.

    Raises RuntimeError where the API refuses one of the requests.
    """
    world = _world()
    client, owner = world.client(), world.client('ACME')
    at_once = doors.Client(world.app, doors.TOKENS['ADMIN'])
    try:
        lived = [_lived(world, client, *each) for each in _MORNING]
        _wait(world)
        lived += [
            _lived(world, owner if '/servers/' in each[1] else client, *each)
            for each in _TWELVE_DAYS_LATER
        ]
        outbox.keep(world.tools.db.engine)
        lived += [_lived(world, at_once, *each) for each in _PAID_THIS_MOMENT]
        _tell(world)
        _read_another_engine(world)
        world.tools.db.write(_park, world.tools.now())
        world.world.mailbox.dead.add('billing@rival.example')
        lived += [_lived(world, client, *each) for each in _IN_THE_EVENING]
        # Of two the first is shown; the others are there for what follows.
        return dict(reversed(lived))
    finally:
        world.tools.db.engine.dispose()


def _world() -> doors.Door:
    """Two customers, a gateway that tells of payments, and a project more."""
    world = doors.Door(approval=('delete',))
    sources = {'gateway': admitting.Source('gateway', (_KEY,))}
    world.door = dataclasses.replace(world.door, sources=sources)
    world.app = app.noauth(app.build(world.door))
    world.let_in()
    world.world.projects.projects[_PROJECT] = cloud.KeystoneProject(
        _PROJECT, _PROJECT
    )
    world.world.quotas.quotas[_PROJECT] = {'cores': 8, 'ram': 16384}
    return world


def _tell(world: doors.Door) -> None:
    """Let a system that listens know what has happened."""
    tools = dataclasses.replace(
        world.tools, listeners={'erp': ports.Listener(office.Reader())}
    )
    events.run(tools, tools.now())
    deliver.run(tools, 'erp')


def _read_another_engine(world: doors.Door) -> None:
    """A Tryton with a contract of which it is not said for what it is."""
    tryton = engines.Engine(world.world.clock)
    tryton.what = (
        'Tryton 8.2 at https://tryton.example.com, database company'
    )
    tryton.customer('party.party,7', 'Initech')
    tryton.contract(
        'sale.subscription,12', 'party.party,7', name='S012', plan='small',
        start=dt.date(2026, 11, 22),
    )  # fmt: skip
    world.join('tryton', tryton)


def _park(conn: sa.Connection, now: dt.datetime) -> None:
    sub = subscriptions.by_name(conn, 'rival-1')
    parking.park(conn, sub, 'no price of flavor s9 on 2026-12-22', now)


def _wait(world: doors.Door) -> None:
    """Let twelve days pass, in which the daemon never sleeps for long."""
    for _ in range(_STEPS):
        world.advance(_STEP)
        reconcile.run(world.tools, world.tools.now())


def _lived(
    world: doors.Door,
    client: doors.Client,
    method: str,
    asked: str,
    sent: Body | None,
) -> tuple[tuple[str, str], Example]:
    route = _route(method, asked.partition('?')[0])
    answer = client.open(asked, method=method, **_body(world, asked, sent))
    if answer.status_code != route.status:
        raise RuntimeError(f'{method} {asked}: {answer.text}')
    example = Example(f'{method} {asked}', sent, answer.json)
    return (route.method, route.path), example


def _body(
    world: doors.Door, asked: str, sent: Body | None
) -> Mapping[str, Any]:
    """What goes with a request; what comes by webhook is signed."""
    if asked != _HOOK or sent is None:
        return {'json': sent}
    body = json.dumps(sent).encode()
    name = f'msg_{sent["data"]["payment"]}'
    signed = signature.headers((_KEY,), name, world.tools.now(), body)
    return {'data': body, 'headers': signed}


def _route(method: str, path: str) -> routing.Route:
    """The first of the table that such a request is for."""
    return next(
        route
        for route in routes.ALL
        if route.method == method
        and re.fullmatch(routing.PLACE.sub('[^/]+', route.path), path)
    )
