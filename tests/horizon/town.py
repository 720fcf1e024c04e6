# SPDX-License-Identifier: Apache-2.0
"""A cloud with billing and Horizon, and the people who look at it."""

from collections.abc import Callable
import datetime as dt
from typing import Any

from keystoneauth1 import adapter

from patrii_billing import client
from tests.functional import api
from tests.functional import base
from tests.functional import billing
from tests.horizon import site

_DAY = dt.timedelta(days=1)
_CYCLE = 28 * _DAY
_OPTIONS: billing.Options = {
    **api.OPTIONS,
    # Who owes is asked to be shelved at once; then there is time to look.
    'ladder': {
        'reminders': '',
        'shelve_grace': '1s',
        'shelved_span': '23d',
        'deletion_warning': '7d',
        'freeze_quota': 'false',
    },
    'enforcement': {'dry_run': 'false', 'approval': 'shelve'},
}
_PLAN = {
    'name': 'servers',
    'currency': 'EUR',
    'cycle': 'days:28',
    'prices': [
        {'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'},
        {'kind': 'quota', 'resource': 'cores', 'unit_price': '1.00'},
    ],
}
_DEBTORS = ('acme', 'cora', 'dora')
_ZONE = 'Europe/Paris'


class Town:
    """Acme and cora are shelved, dora is to be; beta has paid."""

    def __init__(self, later: Callable[..., Any]) -> None:
        """:param later: calls what it is given at the end"""
        self.cloud = base.Minicloud()
        self.cloud.enter(later)
        self.service = billing.Service(self.cloud, later, _OPTIONS)
        self.horizon = site.Horizon(
            self.service.folder, self.cloud.facts['auth_url'], later
        )
        self.api = api.Api(self.service, later)
        self._hire()
        self._settle()
        self.service.start()
        for name in ('acme', 'cora'):
            self._shelve(self.people[name])
        self.waiting_for('dora')
        self.horizon.wait()

    def _hire(self) -> None:
        office = self.cloud.make_customer('office')
        self.people = {
            role.removeprefix('billing_'): self.cloud.make_colleague(
                office, role, 'reader'
            )
            for role in ('billing_support', 'billing_finance')
        }
        self.people['admin'] = self.cloud.operator

    def _settle(self) -> None:
        names = ('beta', *_DEBTORS)
        people = base.at_once(self.cloud.make_customer, names)
        self.people |= dict(zip(names, people, strict=True))
        for one in people:
            self.cloud.operator.nova.quotas.update(one.project, cores=8)
        servers = self.cloud.boot_all(people)
        self.servers = dict(zip(names, servers, strict=True))
        today = dt.datetime.now(dt.UTC).date()
        accounts = [
            _account(
                one, today if name in _DEBTORS else today + _CYCLE
            )
            for name, one in zip(names, people, strict=True)
        ]  # fmt: skip
        self.service.give({'plans': [_PLAN], 'accounts': accounts})

    def _shelve(self, debtor: base.Person) -> None:
        wanted = [self.waiting_for(debtor.name)['id']]
        self.books().write(
            'POST', '/v1/actions/approve', {'actions': wanted}
        )
        self.service.wait_status(debtor.name, 'shelved')

    def waiting_for(self, name: str) -> Any:
        """What is to be done to a customer, and waits for a yes."""
        account = self.account(name)

        def found() -> Any:
            asked = {'account_id': account['id'], 'approval': 'waiting'}
            return next(self.books().items('actions', **asked), None)

        return base.wait_until(found, f'an action of {name}')

    def account(self, name: str) -> Any:
        full = self.people[name].name if name in self.people else name
        return self.books().find('accounts', full)

    def subscription(self, name: str) -> Any:
        return self.books().find('subscriptions', self.people[name].name)

    def books(self) -> client.Client:
        """The API, as the operator asks it."""
        session = self.cloud.operator.session
        return client.Client(
            adapter.Adapter(session, service_type=client.SERVICE_TYPE)
        )


def _account(owner: base.Person, paid: dt.date) -> dict[str, Any]:
    """A customer who has paid up to that day, and owes from then on."""
    return {
        'name': owner.name,
        'currency': 'EUR',
        'timezone': _ZONE,
        'contacts': [f'{owner.name}@example.test'],
        'projects': [{'id': owner.project}],
        'subscriptions': [
            {
                'name': owner.name,
                'plan': _PLAN['name'],
                'project': owner.project,
                'start': str(paid - _CYCLE),
                'paid_until': str(paid),
            }
        ],
    }
