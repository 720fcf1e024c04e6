# SPDX-License-Identifier: Apache-2.0
"""What is resized, and what quota is set, on a real cloud is what is billed.

Nobody touches the billing side but where the test says so. All customers are
in the eighth day of a cycle of 28, so that what changes today counts 21/28.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from novaclient import exceptions as nova_errors
import sqlalchemy as sa

from patrii_billing.engine import quota
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests.functional import base
from tests.functional import billing
from tests.functional import test_outages

_DAY = dt.timedelta(days=1)
_CYCLE = 28
_HELD = 7  # days of the cycle before today
_LEFT = _CYCLE - _HELD
_PRICES = {
    'flavors': [
        {'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'},
        {'kind': 'flavor', 'resource': 's2', 'unit_price': '20.00'},
    ],
    'quotas': [
        {'kind': 'quota', 'resource': 'cores', 'unit_price': '4.00'},
        {'kind': 'quota', 'resource': 'ram_gib', 'unit_price': '0.50'},
    ],
}
_BY_FLAVOR = ('grows', 'wavers')
_OWN = {'cores': 8, 'ram': 8192, 'instances': 10}
_WHOLE = 8 * 4 + 4  # what that costs in a cycle
# What the policy makes of a quota that somebody else has changed.
_DRIFTS = ('bill', 'revert', 'report')


class QuotaTestCase(billing.BillingTestCase):
    """Customers who pay for their servers, or for their quota."""

    people: dict[str, base.Person]

    @classmethod
    def enter(cls, *names: str) -> None:
        """Make the customers, each with a quota of his own."""
        made = base.at_once(cls.cloud.make_customer, names)
        cls.people = dict(zip(names, made, strict=True))
        cls.quotas = cls.cloud.operator.nova.quotas

    @classmethod
    def bill(cls) -> None:
        """Begin to bill all of them."""
        cls.service.start()
        plans = [
            {
                'name': name,
                'currency': 'EUR',
                'cycle': f'days:{_CYCLE}',
                'prices': prices,
            }
            for name, prices in _PRICES.items()
        ]
        accounts = [cls.account(name) for name in cls.people]
        cls.service.give({'plans': plans, 'accounts': accounts})
        for name in cls.people:
            base.wait_until(lambda: cls.lines(name), f'the bill of {name}')

    @classmethod
    def account(cls, name: str) -> dict[str, Any]:
        """A customer whose time this service bills since a week ago."""
        one = cls.people[name]
        since = str(dt.datetime.now(dt.UTC).date() - _HELD * _DAY)
        return {
            'name': one.name,
            'currency': 'EUR',
            'timezone': 'UTC',
            'contacts': [f'{one.name}@example.test'],
            'projects': [{'id': one.project}],
            'policy': {'quota_drift': name if name in _DRIFTS else 'bill'},
            'subscriptions': [
                {
                    'name': one.name,
                    'plan': 'flavors' if name in _BY_FLAVOR else 'quotas',
                    'project': one.project,
                    'start': since,
                    'paid_until': since,
                }
            ],
        }

    @classmethod
    def lines(cls, name: str) -> list[Any]:
        lines, subs = schema.lines, schema.subscriptions
        return cls.service.rows(
            sa.select(lines)
            .join(subs, subs.c.id == lines.c.subscription_id)
            .where(subs.c.name == cls.people[name].name)
            .order_by(lines.c.id)
        )

    def levels(self, name: str, resource: str = 'cores') -> list[Decimal]:
        """What of it was held, one after the other."""
        levels = schema.levels
        rows = self.service.rows(
            sa.select(levels)
            .where(
                levels.c.project == self.people[name].project,
                levels.c.resource == resource,
            )
            .order_by(levels.c.at, levels.c.id)
        )
        return [row.quantity for row in rows]

    def cores(self, name: str) -> int:
        """What nova says."""
        return int(self.quotas.get(self.people[name].project).cores)

    def wait_total(self, name: str, whole: int, rest: Decimal | int) -> None:
        """Until he pays a price for the cycle, another for what is left."""
        wanted = 100 * (whole + Decimal(rest) * _LEFT / _CYCLE)

        def total() -> int:
            return sum(row.net for row in self.lines(name))

        try:
            # Each line is rounded.
            base.wait_until(
                lambda: abs(total() - wanted) < 1, f'{name} to pay', 30
            )
        except AssertionError:
            self.assertEqual((wanted, []), (total(), self.lines(name)))

    def change(self, name: str, *quota: str) -> str:
        """As an operator by way of the books; what he was told."""
        return self.service.manage(
            'quota', 'set', self.people[name].project, *quota,
            '--yes', '--wait', '30',
        )  # fmt: skip


class QuotaTest(QuotaTestCase):
    options = {
        'engine': {'quota_sweep_every': '2s'},
        'ladder': {'invoice_lead': '7d', 'changes': 'at_once'},
    }

    @classmethod
    def begin(cls) -> None:
        cls.enter('grows', 'wavers', 'asks', 'uses', 'leaves', *_DRIFTS)
        base.at_once(
            lambda one: cls.quotas.update(one.project, **_OWN),
            cls.people.values(),
        )
        cls.resized = cls.cloud.boot_all(
            cls.people[name] for name in _BY_FLAVOR
        )
        cls.cloud.boot(cls.people['uses'], flavor='s2')
        cls.bill()
        for name in _DRIFTS:
            cls.quotas.update(cls.people[name].project, cores=12)
        cls.resize()

    @classmethod
    def resize(cls) -> None:
        """One owner confirms his resize, the other takes it back."""
        grows, wavers = (cls.people[name].nova.servers for name in _BY_FLAVOR)
        for his, server in zip((grows, wavers), cls.resized, strict=True):
            his.resize(server, cls.cloud.facts['flavors']['s2'])
        for server in cls.resized:
            cls.cloud.wait_for(server, 'resized')
        grows.confirm_resize(cls.resized[0])
        wavers.revert_resize(cls.resized[1])
        for server in cls.resized:
            cls.cloud.wait_for(server, 'active')

    def test_a_confirmed_resize_is_billed_from_its_day(self) -> None:
        self.wait_total('grows', 0, 20)
        self.assertEqual([1], self.levels('grows', 's1'))
        self.assertEqual([1], self.levels('grows', 's2'))

    def test_a_resize_that_is_taken_back_costs_nothing(self) -> None:
        swept = sa.select(schema.watch.c.swept_at)
        ((before,),) = self.service.rows(swept)
        base.wait_until(
            lambda: self.service.rows(swept)[0][0] > before, 'another sweep'
        )
        self.wait_total('wavers', 0, 10)
        self.assertEqual(1, len(self.lines('wavers')))
        self.assertEqual([], self.levels('wavers', 's2'))

    def test_a_quota_set_in_nova_is_found_and_billed(self) -> None:
        self.wait_total('bill', _WHOLE, 4 * 4)
        self.assertEqual([8, 12], self.levels('bill'))
        self.assertEqual(12, self.cores('bill'))

    def test_it_is_found_and_put_back(self) -> None:
        name = self.people['revert'].name
        self.service.wait_told(name, 'action', 'quota_change')
        self.assertEqual(8, self.cores('revert'))
        self.assertEqual([8], self.levels('revert'))
        self.assertEqual(1, len(self.service.told(name, 'alarm')))

    def test_it_is_found_and_told_once(self) -> None:
        name = self.people['report'].name
        self.service.wait_told(name, 'alarm', 'quota_drift')
        self.assertEqual(12, self.cores('report'))
        self.assertEqual([8], self.levels('report'))
        self.assertEqual(1, len(self.service.told(name, 'alarm')))

    def test_a_quota_asked_for_is_prorated_up_and_down(self) -> None:
        said = self.change('asks', 'cores=14', 'ram_gib=12')
        self.assertIn('Together 19.50 EUR, on an invoice at once', said)
        self.assertIn('Done: cores 14, ram_gib 12', said)
        self.assertEqual(14, self.cores('asks'))
        self.wait_total('asks', _WHOLE, 6 * 4 + 2)

        # What a day began with is billed for that day: the rest comes back.
        self.assertIn('Done: cores 5', self.change('asks', 'cores=5'))
        self.assertEqual(5, self.cores('asks'))
        self.assertEqual([8, 14, 5], self.levels('asks'))
        today = Decimal(9 * 4) / _LEFT
        self.wait_total('asks', _WHOLE, 2 - 3 * 4 + today)

    def test_less_than_is_used_is_refused_by_name(self) -> None:
        before = self.lines('uses')
        refusal = self.assertRaises(
            AssertionError, self.change, 'uses', 'cores=1'
        )
        self.assertIn('cores 2 in use, cores 1 asked for', str(refusal))
        # Also where only the engine has looked.
        self.ask('uses', {'cores': 1})
        told = self.service.wait_told(
            self.people['uses'].name, 'action', 'quota_change'
        )
        self.assertEqual('refused', told.detail['result'])
        self.assertIn('cores 2 in use, cores 1 asked for', told.why)
        self.assertEqual(before, self.lines('uses'))
        self.assertEqual([8], self.levels('uses'))
        self.assertEqual(8, self.cores('uses'))

        self.change('uses', 'cores=1', '--force')
        self.assertEqual(1, self.cores('uses'))
        self.assertEqual([8, 1], self.levels('uses'))

    def test_what_the_cloud_refuses_leaves_the_books(self) -> None:
        before, one = self.lines('leaves'), self.people['leaves']
        self.cloud.dismiss(one)
        self.ask('leaves', {'cores': 12})
        told = self.service.wait_told(one.name, 'action', 'quota_change')
        self.assertEqual('refused', told.detail['result'])
        self.assertIn(f'keystone has no project {one.project}', told.why)
        self.assertEqual(before, self.lines('leaves'))
        self.assertEqual([8], self.levels('leaves'))
        self.assertEqual(1, len(self.service.alarms('quota_refused')))

    def ask(self, name: str, wanted: dict[str, int]) -> None:
        """Have the engine do what no command has looked at."""
        sub = self.service.books.read(
            subscriptions.by_name, self.people[name].name
        )
        now = dt.datetime.now(dt.UTC)
        self.service.books.write(quota.request, sub.id, wanted, now)


class KeystonesLimitsTest(QuotaTestCase):
    """The same where nova leaves its quotas to keystone."""

    options = {'ladder': {'invoice_lead': '7d', 'changes': 'at_once'}}

    @classmethod
    def begin(cls) -> None:
        cls.addClassCleanup(test_outages.minicloud, 'quota', 'nova')
        test_outages.minicloud('quota', 'keystone')
        cls.enter('asks')
        cls.debtor = cls.cloud.make_customer('debtor')
        cls.server = cls.cloud.boot(cls.debtor)
        cls.before = cls.limits()
        cls.bill()
        cls.service.subscribe(
            cls.debtor, invoice_lead='1s', reminders=[], shelved_span='1h'
        )

    @classmethod
    def limits(cls) -> dict[str, int]:
        shown = cls.quotas.get(cls.debtor.project).to_dict()
        return {name: shown[name] for name in ('instances', 'cores', 'ram')}

    def test_who_is_shelved_is_frozen_in_keystone_until_he_pays(self) -> None:
        self.service.wait_status(self.debtor.name, 'shelved')
        self.assertEqual(
            {'instances': 1, 'cores': 1, 'ram': 512}, self.limits()
        )
        self.service.pay(self.debtor.name)
        self.service.wait_status(self.debtor.name, 'active')
        self.assertEqual(self.before, self.limits())
        self.assertEqual('ACTIVE', self.cloud.show(self.server)['status'])

    def test_a_quota_is_set_in_keystone_and_billed(self) -> None:
        # Whoever has no limit of his own has that of all.
        whole = 20 * 4 + 25
        self.wait_total('asks', whole, 0)
        self.assertIn('Done: cores 24', self.change('asks', 'cores=24'))
        self.assertEqual(24, self.cores('asks'))
        self.assertEqual([20, 24], self.levels('asks'))
        self.wait_total('asks', whole, 4 * 4)

        self.change('asks', 'cores=0')
        refusal = self.assertRaises(
            nova_errors.Forbidden, self.cloud.ask_for, self.people['asks']
        )
        self.assertIn('VCPU', str(refusal))
