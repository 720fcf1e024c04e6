# SPDX-License-Identifier: Apache-2.0
"""What an import writes, what it leaves, and what it refuses."""

import datetime as dt
import decimal
import pathlib
import textwrap
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import cloud
from patrii_billing.domain import lifecycle
from patrii_billing.domain import pricing
from patrii_billing.domain import server as nova
from patrii_billing.engine import imports
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.engine import settings
from patrii_billing.engine import tick
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.sim import clock as clocks
from patrii_billing.sim import cloud as clouds
from patrii_billing.sim import mailbox
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import payments
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from tests import books

_EXAMPLE = (
    pathlib.Path(__file__).parents[3]
    / 'etc/patrii_billing/import-example.yaml'
)

_PLAN = """
    plans:
      - name: vps
        currency: EUR
        cycle: month
        prices: [{kind: flavor, resource: s1, unit_price: "10.00"}]
"""
_ACME = """
    accounts:
      - name: acme
        currency: EUR
        contacts: [billing@acme.example]
        projects: [{name: acme-prod}]
        subscriptions:
          - {name: acme-1, plan: vps, project: acme-prod,
             start: 2026-01-01, paid_until: 2026-02-01}
"""


class ImportTestCase(books.BooksTestCase):
    """A cloud with the projects acme-prod and other, on New Year 2026."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = clocks.Clock(books.NOW)
        self.nova = clouds.Nova(self.clock)
        self.quotas = clouds.Quotas(self.nova)
        self.projects = clouds.Projects()
        self.mailbox = mailbox.Voice()
        for name in ('acme-prod', 'other'):
            self.keystone(f'{name}-id', name)
        self.tools = toolbox.Tools(
            db=self.db,
            cloud=ports.Cloud(
                self.nova,
                clouds.Keeper(self.nova),
                self.quotas,
                self.projects,
            ),
            voice=self.mailbox,
            clock=self.clock,
            settings=settings.Settings(dry_run=False, silence=None),
        )

    def keystone(self, project: str, name: str) -> None:
        known = cloud.KeystoneProject(project, name)
        self.projects.projects[project] = known

    def load(
        self, text: str, dry_run: bool = False
    ) -> list[tuple[str, str, str]]:
        """(done, kind, name) of each entry."""
        changes = imports.run(
            self.tools, textwrap.dedent(text), 'new.yaml', 'cli:eva',
            imports.Defaults(), dry_run,
        )  # fmt: skip
        return [(each.done, each.kind, each.name) for each in changes]

    def refused(self, text: str) -> list[str]:
        """The mistakes told; nothing may have been written.

        What was seen of Nova is not of the file, and may have been.
        """
        before = self.rows()
        error = self.assertRaises(errors.InvalidDocument, self.load, text)
        for name in ('watch', 'servers', 'levels'):
            before.pop(name)
        after = self.rows()
        self.assertEqual(before, {name: after[name] for name in before})
        return str(error).splitlines()

    def rows(self) -> dict[str, list[Any]]:
        with self.db.engine.connect() as conn:
            return {
                table.name: list(conn.execute(table.select()).all())
                for table in schema.metadata.sorted_tables
            }

    def sub(self, name: str = 'acme-1') -> sa.Row[Any]:
        return self.db.read(subscriptions.by_name, name)

    def run_until(self, end: dt.datetime) -> None:
        """Let the daemon run, looking every hour."""
        while self.clock.now() < end:
            self.clock.move_to(self.clock.now() + dt.timedelta(hours=1))
            while tick.run(self.tools):
                pass


class WhatIsWrittenTest(ImportTestCase):
    def test_a_file_brings_a_plan_a_customer_and_his_contract(self) -> None:
        changes = self.load(_PLAN + _ACME)

        self.assertEqual(
            [
                ('added', 'plan', 'vps'),
                ('added', 'account', 'acme'),
                ('added', 'project', 'acme-prod'),
                ('added', 'subscription', 'acme-1'),
            ],
            changes,
        )
        sub = self.sub()
        self.assertEqual('acme-prod-id', sub.project)
        self.assertEqual('acme-prod-id', sub.enforces)
        self.assertEqual(dt.date(2026, 2, 1), sub.billed_until)
        self.assertEqual(1, sub.anchor_day)
        self.assertEqual(
            dt.datetime(2026, 1, 25, tzinfo=dt.UTC), sub.charge_at
        )

    def test_the_same_file_again_changes_nothing(self) -> None:
        self.load(_PLAN + _ACME)
        before = self.rows()

        changes = self.load(_PLAN + _ACME)

        self.assertEqual({'left'}, {done for done, _, _ in changes})
        self.assertEqual(before, self.rows())

    def test_the_same_file_after_a_renewal_changes_nothing(self) -> None:
        self._server()
        self.load(_PLAN + _ACME)
        self.run_until(dt.datetime(2026, 2, 2, tzinfo=dt.UTC))
        self.assertEqual(dt.date(2026, 3, 1), self.sub().billed_until)

        changes = self.load(_PLAN + _ACME)

        self.assertEqual({'left'}, {done for done, _, _ in changes})

    def test_a_dry_run_shows_the_same_and_writes_nothing(self) -> None:
        before = self.rows()

        rehearsed = self.load(_PLAN + _ACME, dry_run=True)

        self.assertEqual(before, self.rows())
        self.assertEqual(rehearsed, self.load(_PLAN + _ACME))

    def test_the_timeline_tells_who_imported(self) -> None:
        self.load(_PLAN + _ACME)

        with self.db.engine.connect() as conn:
            told = conn.execute(
                schema.timeline.select().where(
                    schema.timeline.c.what == 'import'
                )
            ).all()
        self.assertEqual({'cli:eva'}, {row.by for row in told})
        self.assertIn('subscription acme-1 added', {row.name for row in told})

    def test_the_servers_are_known_before_the_first_invoice(self) -> None:
        self._server()

        self.load(_PLAN + _ACME)

        self.assertIsNotNone(self.db.read(servers.get, 'web-id'))

    def test_a_server_made_since_the_last_sweep_is_known_too(self) -> None:
        reconcile.run(self.tools, self.clock.now())
        self._server()

        self.load(_PLAN + _ACME)

        self.assertIsNotNone(self.db.read(servers.get, 'web-id'))

    def test_nothing_is_imported_while_nova_cannot_be_read(self) -> None:
        self.nova.down = 'Nova answers 503'
        before = self.rows()

        self.assertRaises(errors.CloudUnavailable, self.load, _PLAN + _ACME)
        self.assertEqual(before, self.rows())

    def test_a_quota_is_billed_as_nova_had_it_since_the_start(self) -> None:
        self.quotas.quotas['acme-prod-id'] = {'cores': 8, 'ram': 3072}
        text = _PLAN.replace('flavor', 'quota').replace('s1', 'cores')

        self.load(text + _ACME)

        levels = self.db.read(servers.levels, 'acme-prod-id')
        self.assertEqual(
            {('cores', 8), ('ram_gib', 3)},
            {(row.resource, row.quantity) for row in levels},
        )
        self.assertEqual({books.NOW}, {row.at for row in levels})

    def test_entries_that_stand_alone_join_an_account_in_the_books(
        self,
    ) -> None:
        self.load(_PLAN + _ACME)

        changes = self.load("""
            projects: [{id: other-id, account: acme}]
            subscriptions:
              - {name: acme-2, account: acme, plan: vps, project: other,
                 start: 2026-01-01}
        """)

        self.assertEqual(
            [
                ('added', 'project', 'other'),
                ('added', 'subscription', 'acme-2'),
            ],
            changes,
        )

    def test_the_example_that_is_shipped_can_be_imported(self) -> None:
        self.keystone('globex-id', 'globex')
        self.quotas.quotas['globex-id'] = {
            'cores': 4, 'ram': 8192, 'instances': 2,
        }  # fmt: skip
        self.clock.move_to(dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
        text = _EXAMPLE.read_text(encoding='utf-8')

        self.load(text)

        again = self.load(text)
        self.assertEqual({'left'}, {done for done, _, _ in again})
        self.assertEqual(
            dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC),
            self.sub().enforce_from,
        )

    def _server(self) -> None:
        self.nova.boot(
            nova.Server(
                'web-id', 'acme-prod-id', 'web', 's1', 'active',
                created_at=dt.datetime(2025, 12, 1, tzinfo=dt.UTC),
            )
        )  # fmt: skip


class OpeningBalanceTest(ImportTestCase):
    def test_a_credit_pays_the_next_invoices(self) -> None:
        self.load(_PLAN + _with(_ACME, 'opening_balance: "25.00"'))

        account = self.db.read(accounts.by_name, 'acme')
        [credit] = self.db.read(payments.with_balance, account.id)
        self.assertEqual((2500, 'EUR'), (credit.free, credit.currency))

    def test_a_debt_is_an_invoice_due_after_the_net_days(self) -> None:
        self.load(_PLAN + _with(_ACME, 'opening_balance: "-25.00"'))

        account = self.db.read(accounts.by_name, 'acme')
        [debt] = self.db.read(invoices.open_of_account, account.id)
        self.assertEqual(('opening', 2500), (debt.kind, debt.owed))
        self.assertEqual(books.NOW + dt.timedelta(days=7), debt.due_at)
        self.assertEqual(self.sub().id, debt.subscription_id)

    def test_it_is_written_once_and_cannot_change(self) -> None:
        text = _PLAN + _with(_ACME, 'opening_balance: "-25.00"')
        self.load(text)
        before = self.rows()

        self.load(text)

        self.assertEqual(before, self.rows())
        self.assertEqual(
            ['new.yaml:11: accounts[0].opening_balance: is -25.00 EUR in the '
             'books and cannot change; record a payment'],
            self.refused(text.replace('-25', '30')),
        )  # fmt: skip

    def test_nobody_is_shelved_without_every_notice_at_its_span(
        self,
    ) -> None:
        """Long in arrears, he is told as if the debt were of today."""
        text = _PLAN + _ACME.replace('paid_until: 2026-02-01', (
            'paid_until: 2025-11-01'
        )).replace('start: 2026-01-01', 'start: 2025-01-01')  # fmt: skip
        self.nova.boot(
            nova.Server(
                'web-id', 'acme-prod-id', 'web', 's1', 'active',
                created_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
                host='host', host_status='UP',
            )
        )  # fmt: skip
        self.load(text)

        day = dt.timedelta(days=1)
        self.run_until(books.NOW + 7 * day)
        self.assertEqual(lifecycle.Status.ACTIVE, self.sub().billing_status)

        self.run_until(books.NOW + 8 * day)
        self.assertEqual(lifecycle.Status.GRACE, self.sub().billing_status)
        self.assertEqual('active', self.nova.guests['web-id'].shown.vm_state)
        told = [mail.subject for mail in self.mailbox.sent]
        self.assertIn('reminder: acme', told)
        self.assertLess(told.index('invoice: acme'), told.index('grace: acme'))

        while self.clock.now() < books.NOW + 11 * day:
            self.run_until(self.clock.now() + dt.timedelta(hours=1))
            reconcile.run(self.tools, self.clock.now())
        self.assertEqual(lifecycle.Status.SHELVED, self.sub().billing_status)


class WhatMayChangeTest(ImportTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.load(_PLAN + _ACME)

    def test_contacts_and_policy_follow_the_file(self) -> None:
        changes = self.load(
            _with(_ACME, 'policy: {shelve_grace: 72h}').replace(
                'billing@acme', 'boss@acme'
            )
        )

        self.assertIn(('changed', 'account', 'acme'), changes)
        row = self.db.read(accounts.by_name, 'acme')
        self.assertEqual(['boss@acme.example'], row.contacts)
        self.assertEqual({'shelve_grace': '72h'}, row.policy)

    def test_by_another_policy_the_contracts_are_judged_anew(self) -> None:
        before = self.sub()

        self.load(_with(_ACME, 'policy: {invoice_lead: 10d}'))

        after = self.sub()
        self.assertEqual(self.clock.now(), after.check_at)
        self.assertEqual(3, (before.charge_at - after.charge_at).days)

    def test_what_the_file_does_not_say_stays(self) -> None:
        self.load('accounts: [{name: acme, locale: fr}]')

        row = self.db.read(accounts.by_name, 'acme')
        self.assertEqual('fr', row.locale)
        self.assertEqual(['billing@acme.example'], row.contacts)

    def test_a_price_may_end_and_another_follow(self) -> None:
        changes = self.load("""
            plans:
              - name: vps
                prices:
                  - {kind: flavor, resource: s1, unit_price: "10.00",
                     valid_until: 2026-03-01}
                  - {kind: flavor, resource: s1, unit_price: "12.00",
                     valid_from: 2026-03-01}
                  - {kind: flavor, resource: s2, unit_price: "20.00"}
        """)

        self.assertEqual([('changed', 'plan', 'vps')], changes)
        plan = self.db.read(plans.by_name, 'vps')
        self.assertEqual(3, len(self.db.read(plans.prices, plan.id)))

    def test_a_price_that_may_have_billed_somebody_stays(self) -> None:
        told = self.refused("""
            plans:
              - name: vps
                prices:
                  - {kind: flavor, resource: s1, unit_price: "12.00"}
                  - {kind: flavor, resource: s1, unit_price: "9.00",
                     valid_from: 2025-12-01}
        """)

        self.assertEqual(
            [
                'new.yaml:5: plans[0].prices[0].unit_price: the price of '
                'flavor s1 is 10.00 in the books and cannot change; add one '
                'with a later valid_from',
                'new.yaml:7: plans[0].prices[1].valid_from: flavor s1 has a '
                'price already; another one must begin after today',
            ],
            told,
        )

    def test_the_terms_of_a_contract_are_refused_by_name(self) -> None:
        told = self.refused("""
            plans: [{name: vps, currency: USD, cycle: year}]
            accounts: [{name: acme, currency: USD}]
            projects: [{name: other, account: acme}]
            subscriptions:
              - name: acme-1
                account: acme
                plan: vps
                project: other
                start: 2026-01-02
                paid_until: 2026-03-01
                anchor_day: 7
                enforces: false
        """)

        self.assertEqual(
            [
                'plans[0].currency: cannot change from EUR',
                'plans[0].cycle: cannot change from month',
                'accounts[0].currency: cannot change from EUR',
                'subscriptions[0].project: cannot change from acme-prod-id',
                'subscriptions[0].start: cannot change from 2026-01-01',
                'subscriptions[0].paid_until: cannot change from 2026-02-01',
                'subscriptions[0].anchor_day: cannot change from 1',
                'subscriptions[0].enforces: cannot change from true',
            ],
            [
                line.partition(': ')[2].removesuffix(' by an import')
                for line in told
            ],
        )

    def test_a_project_does_not_move_to_another_account(self) -> None:
        told = self.refused("""
            accounts: [{name: bulk, projects: [{name: acme-prod}]}]
        """)

        self.assertEqual(
            [
                'new.yaml:2: accounts[0].projects[0]: acme-prod belongs to '
                'acme in the books; an import moves no project'
            ],
            told,
        )

    def test_a_second_enforcer_of_a_project_is_refused(self) -> None:
        told = self.refused(_ACME.replace('acme-1', 'acme-2'))

        self.assertEqual(
            [
                'new.yaml:8: accounts[0].subscriptions[0].project: acme-1 '
                'enforces it already; say enforces: false, or name one server'
            ],
            told,
        )


class BillingKeysTest(ImportTestCase):
    """What a plan and an account say of how they are billed."""

    _PLAN = """
        plans:
          - name: full
            currency: EUR
            cycle: month
            unit: second
            trial_days: 14
            tax_inclusive: true
            prices:
              - {kind: flat, unit_price: "5.00", at_once: true}
              - {kind: setup, unit_price: "25.00"}
              - kind: quota
                resource: cores
                included: "2"
                tiers: [{up_to: "8", unit_price: "4.00"}, {unit_price: "3.50"}]
                tiering: volume
              - kind: meter
                resource: network.outgoing.bytes
                unit_price: "0.01"
                per: "1073741824"
                unit: GiB
    """
    _ACCOUNT = """
        accounts:
          - name: acme
            currency: EUR
            address:
              name: Acme SARL
              lines: [12 rue de la Paix, 75002 Paris]
              country: FR
              tax_id: FR40303265045
            taxes: [{name: TVA, rate: "20", valid_from: 2014-01-01}]
            discounts:
              - {name: Partner, percent: "10"}
              - {name: Launch, amount: "2.50", valid_until: 2026-06-01}
    """

    def test_a_plan_is_kept_with_all_it_says(self) -> None:
        self.load(self._PLAN)

        plan = self.db.read(plans.by_name, 'full')
        self.assertEqual(
            ('second', 14, True),
            (plan.unit, plan.trial_days, plan.tax_inclusive),
        )
        flat, setup, cores, bytes_out = [
            plans.price(row) for row in self.db.read(plans.prices, plan.id)
        ]
        self.assertEqual((True, False), (flat.at_once, setup.at_once))
        self.assertEqual('setup', setup.kind)
        self.assertEqual(
            pricing.Price(
                pricing.PriceKind.QUOTA, 'cores', decimal.Decimal(0),
                included=decimal.Decimal(2),
                tiers=(
                    pricing.Tier(decimal.Decimal(8), decimal.Decimal('4.00')),
                    pricing.Tier(None, decimal.Decimal('3.50')),
                ),
                tiering=pricing.Tiering.VOLUME,
            ),
            cores,
        )  # fmt: skip
        self.assertEqual(
            (decimal.Decimal(2**30), 'GiB'), (bytes_out.per, bytes_out.unit)
        )

    def test_an_account_is_kept_with_address_taxes_and_discounts(
        self,
    ) -> None:
        self.load(self._ACCOUNT)

        account = self.db.read(accounts.by_name, 'acme')
        self.assertEqual('FR40303265045', account.address['tax_id'])
        self.assertEqual(
            [{'name': 'TVA', 'rate': '20', 'valid_from': '2014-01-01'}],
            account.taxes,
        )
        self.assertEqual(
            ['10', None], [one.get('percent') for one in account.discounts]
        )

    def test_the_same_again_changes_nothing(self) -> None:
        self.load(self._PLAN + self._ACCOUNT)

        again = self.load(self._PLAN + self._ACCOUNT)

        self.assertEqual({'left'}, {done for done, *_ in again})

    def test_an_account_without_taxes_has_those_of_the_configuration(
        self,
    ) -> None:
        taxes = [{'name': 'VAT', 'rate': '19'}]
        imports.run(
            self.tools, 'accounts: [{name: acme}]', 'new.yaml', 'cli:eva',
            imports.Defaults(taxes=taxes),
        )  # fmt: skip

        account = self.db.read(accounts.by_name, 'acme')
        self.assertEqual(taxes, account.taxes)

    def test_a_booked_price_keeps_its_tiers(self) -> None:
        self.load(self._PLAN)

        told = self.refused(self._PLAN.replace('"3.50"', '"3.00"'))

        self.assertEqual(
            [
                'new.yaml:15: plans[0].prices[2].tiers: the price of quota '
                'cores is another in the books and cannot change; add one '
                'with a later valid_from'
            ],
            told,
        )

    def test_each_mistake_is_told_with_its_line_and_field(self) -> None:
        wrong = [
            ('unit: second', 'unit: hour', 'unit'),
            ('trial_days: 14', 'trial_days: -1', 'trial_days'),
            ('tax_inclusive: true', 'tax_inclusive: 1', 'tax_inclusive'),
            ('"25.00"', '"25.00", per: "2"', 'per'),
            ('up_to: "8"', 'up_to: 8.5', 'tiers[0].up_to'),
            ('up_to: "8"', 'up_to: "-8"', 'tiers[0].up_to'),
            ('up_to: "8", ', '', 'tiers[0]'),
            ('{unit_price: "3.50"}', '{price: "3.50"}', 'tiers[1].price'),
            ('tiering: volume', 'tiering: steep', 'tiering'),
            ('included: "2"', 'included: "-2"', 'included'),
            ('per: "1073741824"', 'per: "0"', 'per'),
            ('unit: GiB', 'at_once: true', 'at_once'),
            ('country: FR', 'country: France', 'address.country'),
            ('name: Acme SARL', 'street: x', 'address.street'),
            ('rate: "20"', 'rate: 20', 'taxes[0].rate'),
            ('rate: "20"', 'rate: "120"', 'taxes[0].rate'),
            ('2014-01-01', 'then', 'taxes[0].valid_from'),
            ('percent: "10"', 'percent: "10", amount: "1"', 'discounts[0]'),
            ('amount: "2.50"', 'amount: "2.505"', 'discounts[1].amount'),
            ('until: 2026-06-01', 'till: 2026-06-01', 'discounts[1].valid_'),
        ]
        text = self._PLAN + self._ACCOUNT
        for good, bad, field in wrong:
            self.assertIn(good, text)
            line = 1 + text[: text.index(good)].count('\n')
            told = self.refused(text.replace(good, bad, 1))
            self.assertIn(field, ' '.join(told), bad)
            self.assertIn(f'new.yaml:{line}: ', ' '.join(told), bad)

    def test_a_trial_is_not_billed_and_then_is(self) -> None:
        self.quotas.quotas['acme-prod-id'] = {'cores': 4}
        self.load(
            self._PLAN.replace('trial_days: 14', 'trial_days: 10')
            + """
        accounts:
          - name: acme
            currency: EUR
            projects: [{name: acme-prod}]
            subscriptions:
              - {name: acme-1, plan: full, project: acme-prod,
                 start: 2026-01-01}
        """
        )
        self.assertEqual(
            ('trial', dt.date(2026, 1, 11)),
            (self.sub().contract, self.sub().billed_until),
        )

        self.run_until(books.NOW + dt.timedelta(days=5))

        self.assertEqual('live', self.sub().contract)
        [invoice] = self.db.read(invoices.open_of_account, 1)
        self.assertEqual(
            ('first', dt.date(2026, 1, 11)),
            (invoice.kind, invoice.period_start),
        )


class MistakesTest(ImportTestCase):
    def test_every_mistake_is_told_with_its_line_and_field(self) -> None:
        told = self.refused("""
            plans:
              - name: vps
                currency: EURO
                cycle: fortnight
                prices:
                  - {kind: flavor, unit_price: 10.00}
                  - {kind: metre, resource: gib, unit_price: "1"}
            accounts:
              - name: acme
                timezone: Mars/Olympus
                contact: [billing@acme.example]
                opening_balance: 12.5
                policy: {shelve_grace: soon, gracious: 1d}
                projects: [{name: nowhere}]
                subscriptions:
                  - {name: acme-1, plan: vsp, project: nowhere,
                     start: 2026-02-30}
                  - {name: acme-2, plan: vsp, project: acme-prod,
                     start: 2026-01-01, paid_until: 2025-01-01}
              - {name: acme, locale: fr}
        """)

        self.assertEqual(
            [
                "4: plans[0].currency: 'EURO' is not an active currency of "
                'ISO 4217',
                "5: plans[0].cycle: 'fortnight' is not month, quarter, year "
                'or days:N',
                '7: plans[0].prices[0]: resource is missing',
                '7: plans[0].prices[0].unit_price: must be a text in quotes, '
                'such as "10.00"',
                '8: plans[0].prices[1].kind: must be one of flat, flavor, '
                'quota, meter, setup',
                "11: accounts[0].timezone: 'Mars/Olympus' is not a time zone",
                '12: accounts[0].contact: unknown key, did you mean contacts?',
                '13: accounts[0].opening_balance: must be a text in quotes, '
                'such as "10.00"',
                "14: accounts[0].policy.shelve_grace: 'soon' is not a span "
                'such as 7d, 48h, 30m or 10s',
                '14: accounts[0].policy.gracious: unknown key',
                '15: accounts[0].projects[0].name: keystone has no project '
                "'nowhere'",
                "18: accounts[0].subscriptions[0].start: '2026-02-30' is not "
                'a date such as 2026-01-31',
                '20: accounts[0].subscriptions[1].paid_until: is before start',
                "21: accounts[1].name: 'acme' is given twice",
            ],
            [line.removeprefix('new.yaml:') for line in told],
        )

    def test_what_a_contract_refers_to_must_be_there(self) -> None:
        told = self.refused("""
            accounts: [{name: acme, projects: [{name: acme-prod}]}]
            subscriptions:
              - {name: a, account: nobody, plan: vps, project: other,
                 start: 2026-01-01}
              - {name: b, account: acme, plan: vps, project: acme-prod,
                 start: 2026-01-01}
        """)

        self.assertEqual(
            [
                "4: subscriptions[0].account: no account is called 'nobody'",
                "4: subscriptions[0].plan: no plan is called 'vps'",
                "6: subscriptions[1].plan: no plan is called 'vps'",
            ],
            [line.removeprefix('new.yaml:') for line in told],
        )

    def test_a_contract_covers_only_a_project_of_its_account(self) -> None:
        told = self.refused(_PLAN + _ACME.replace(
            'project: acme-prod', 'project: other'
        ))  # fmt: skip

        self.assertEqual(
            [
                'new.yaml:14: accounts[0].subscriptions[0].project: other '
                'belongs to no account; list it under the projects of acme'
            ],
            told,
        )

    def test_a_name_that_two_projects_have_must_be_an_id(self) -> None:
        self.keystone('second-id', 'acme-prod')

        told = self.refused(_PLAN + _ACME)
        self.assertIn('say which by its id: acme-prod-id, second-id', told[0])

        self.load(_PLAN + _ACME.replace(
            '{name: acme-prod}', '{id: second-id, name: acme-prod}'
        ))  # fmt: skip
        self.assertEqual('second-id', self.sub().project)

    def test_a_server_must_be_in_the_project(self) -> None:
        told = self.refused(_PLAN + _ACME.replace(
            'name: acme-1', 'name: acme-1, server: web-id'
        ))  # fmt: skip

        self.assertEqual(
            [
                'new.yaml:14: accounts[0].subscriptions[0].server: nova has '
                "no server 'web-id' in that project"
            ],
            told,
        )

    def test_an_unlimited_quota_cannot_be_billed(self) -> None:
        self.quotas.quotas['acme-prod-id'] = {'cores': -1}
        text = _PLAN.replace('flavor', 'quota').replace('s1', 'cores')

        [told] = self.refused(text + _ACME)

        self.assertIn('its quota of cores is unlimited', told)

    def test_a_contract_of_the_past_must_say_what_is_paid(self) -> None:
        [told] = self.refused(_PLAN + _ACME.replace(
            'start: 2026-01-01, paid_until: 2026-02-01', 'start: 2025-01-01'
        ))  # fmt: skip

        self.assertIn('start: is past: say paid_until', told)

    def test_a_plan_and_its_account_share_a_currency(self) -> None:
        [told] = self.refused(_PLAN.replace('EUR', 'USD') + _ACME)

        self.assertIn('vps is in USD, and acme pays in EUR', told)

    def test_what_is_no_yaml_names_the_line(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, self.load, 'accounts:\n- {name: a\n- b\n'
        )

        self.assertIn('new.yaml:4: ', str(error))

    def test_a_list_where_a_mapping_belongs_is_a_mistake(self) -> None:
        for text in ('- a', 'accounts: acme', 'accounts: [acme]', 'plans: '):
            with self.subTest(text):
                [told] = self.refused(text)
                self.assertIn('must be a ', told)


def _with(text: str, line: str) -> str:
    """The account's entry with a line more."""
    return text.replace('currency: EUR', f'currency: EUR\n        {line}')
