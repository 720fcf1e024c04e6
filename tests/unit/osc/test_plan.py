# SPDX-License-Identifier: Apache-2.0
"""`openstack billing plan`, for people and for machines."""

from patrii_billing.osc.v1 import plan
from tests.unit.osc import test_customers

_S1 = 'kind=flavor,resource=s1,unit_price=10.00'


class PlanCommandTest(test_customers.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_(
            plan.CreatePlan, 'gold', '--currency', 'EUR', '--price', _S1,
            '--price',
            '{"kind": "meter", "resource": "out", "unit": "GB", '
            '"per": "1000", "included": "100", "tiers": [{"up_to": "9", '
            '"unit_price": "0.05"}, {"unit_price": "0.03"}]}',
            '--trial-days', '14', '--policy', 'undo=3d',
        )  # fmt: skip

    def test_its_prices_are_read_in_a_line_each(self) -> None:
        table = self.run_(plan.ListPlan)

        self.assertIn('| flavor s1: 10.00 ', table)
        self.assertIn(
            'meter out: 0.05 up to 9; 0.03 beyond per GB, 100 included', table
        )

    def test_machines_read_all_of_a_price(self) -> None:
        shown = self.read(plan.ShowPlan, 'gold')

        self.assertEqual('10.00', shown['Prices'][0]['unit_price'])
        self.assertEqual({'undo': '3d'}, shown['Policy'])

    def test_what_may_change_is_changed(self) -> None:
        shown = self.read(
            plan.SetPlan, 'gold', '--trial-days', '0', '--policy',
            'tolerance=5',
        )  # fmt: skip
        self.assertEqual(0, shown['Trial Days'])
        self.assertEqual({'undo': '3d', 'tolerance': 5}, shown['Policy'])

        shown = self.read(plan.UnsetPlan, 'gold', '--policy', 'undo')
        self.assertEqual({'tolerance': 5}, shown['Policy'])

    def test_a_price_is_added_and_ended(self) -> None:
        added = self.read(
            plan.CreatePrice, 'gold',
            'kind=flavor,resource=s1,unit_price=12,valid_from=2027-01-01,'
            'at_once=true',
        )  # fmt: skip
        self.assertEqual(True, added['At Once'])

        ended = self.read(
            plan.SetPrice, 'gold', str(added['ID']), '--valid-until',
            '2027-03-01',
        )  # fmt: skip
        self.assertEqual('2027-03-01', ended['Valid Until'])
        unended = self.read(
            plan.UnsetPrice, 'gold', str(added['ID']), '--valid-until'
        )
        self.assertIsNone(unended['Valid Until'])
        table = self.run_(plan.ListPrice, 'gold')
        self.assertIn('| 2027-01-01 |', table)
        self.assertLessEqual(max(map(len, table.splitlines())), 80)

    def test_a_price_for_what_is_billed_is_refused(self) -> None:
        told = self.refused(
            plan.CreatePrice, 'gold',
            'kind=flavor,resource=s1,unit_price=12,valid_from=2026-11-01',
        )  # fmt: skip

        self.assertEqual(
            'valid_from: flavor s1 has a price already; another one must '
            'begin after today',
            told,
        )

    def test_one_that_nobody_has_is_deleted(self) -> None:
        self.door.let_in()

        self.assertEqual(
            'vps: acme-1 has, or had, the plan vps',
            self.refused(plan.DeletePlan, 'vps', 'gold', '--yes'),
        )
        self.assertEqual(
            ['vps'], [each['Name'] for each in self.read(plan.ListPlan)]
        )

    def test_support_reads_only(self) -> None:
        self.assertIn('gold', self.run_(plan.ListPlan, token='SUPPORT'))
        self.assertIn(
            'billing:plan:delete',
            self.refused(plan.DeletePlan, 'gold', '--yes', token='SUPPORT'),
        )
