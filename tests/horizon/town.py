# SPDX-License-Identifier: Apache-2.0
"""A cloud with billing and Horizon, and the people who look at it."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import datetime as dt
import email
from email import header
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
    # What nova refuses waits longer than somebody needs to click.
    'engine': {'retry': '30s', 'retry_max': '60s'},
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
_SHELVED = ('acme', 'cora', 'gina')
_DEBTORS = (*_SHELVED, 'dora', 'emil')
_ZONE = 'Europe/Paris'


class Town:
    """Some are shelved, dora and emil are to be; beta has paid."""

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
        self._shelve(_SHELVED)
        for name in _DEBTORS[len(_SHELVED):]:
            self.waiting_for(name)
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

    def _shelve(self, names: Iterable[str]) -> None:
        wanted = [self.waiting_for(name)['id'] for name in names]
        self.books().write(
            'POST', '/v1/actions/approve', {'actions': wanted}
        )
        for name in names:
            self.service.wait_status(self.people[name].name, 'shelved', 120)

    def waiting_for(self, name: str) -> Any:
        """What is to be done to a customer, and waits for a yes."""
        account = self.account(name)

        def found() -> Any:
            asked = {'account_id': account['id'], 'approval': 'waiting'}
            return next(self.books().items('actions', **asked), None)

        return base.wait_until(found, f'an action of {name}', 180)

    def pay(self, name: str) -> None:
        """Somebody pays all that he owes."""
        account = self.account(name)
        payment = {
            'account_id': account['id'],
            'amount': account['owed'],
            'key': f'{name} has paid',
        }
        self.books().write('POST', '/v1/payments', payment)

    def refused_to(self, name: str) -> Any:
        """The restore of a customer that nova could not carry out."""
        account = self.account(name)

        def found() -> Any:
            asked = {'account_id': account['id'], 'type': 'restore'}
            one = next(self.books().items('actions', 1, **asked), None)
            return one if one and one['attempts'] else None

        return base.wait_until(found, f'a restore of {name} that failed')

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Nova has no place for a server that is to come back."""
        services = self.cloud.operator.nova.services
        (host,) = services.list(binary='nova-compute')
        services.disable(host.id)
        try:
            yield
        finally:
            services.enable(host.id)

    def mails_to(self, name: str) -> list[str]:
        """The subjects of what arrived for a customer, in order."""
        arrived = map(email.message_from_string, self.service.mailbox.mails)
        owner = self.people[name].name
        return [
            str(header.make_header(header.decode_header(one['Subject'])))
            for one in arrived if owner in one['To']
        ]  # fmt: skip

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
