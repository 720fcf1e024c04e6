# SPDX-License-Identifier: Apache-2.0
"""What support, finance and operators come for, clicked to its end.

The clock of the demo goes on by a second with each page.
"""

import csv
import io
import pathlib

from oslotest import base
from playwright import sync_api
import testscenarios

from tests.window import browser
from tests.window import demo

load_tests = testscenarios.load_tests_apply_scenarios
# Days of the demo, which ends on the first of March.
_SOON, _LATER = '2026-03-09', '2026-03-20'
_LOOKS = 40


class JourneyTest(base.BaseTestCase):
    # Each goes with customers of its own.
    scenarios = [
        ('with scripts', {'scripts': True, 'place': 0}),
        ('without scripts', {'scripts': False, 'place': 1}),
    ]
    scripts: bool
    place: int

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        demo.address()

    def setUp(self) -> None:
        super().setUp()
        self.visitor = demo.visit(java_script_enabled=self.scripts)
        self.addCleanup(self.visitor.context.close)
        self.page = self.visitor.page

    def shelved(self) -> str:
        """A customer whose servers are off, still nobody's."""
        visitor = self.visitor
        visitor.open('/customers/?billing_status=shelved')
        return self.page.locator('tbody th a').nth(self.place).inner_text()

    def end(self, name: str) -> None:
        browser.picture(self.page, f'journey-{name}')
        self.assertEqual([], self.visitor.faults)

    def test_support_tells_why_a_server_is_off_and_holds(self) -> None:
        visitor = self.visitor
        name = self.shelved()
        visitor.open('/')
        visitor.search(f'{name}-web')
        visitor.follow(name)

        visitor.sees('Its servers have been off since')
        visitor.sees(f'{name}-web')
        self.assertIn(
            'Shelved',
            self.page.locator('[aria-current=step]').inner_text(),
        )
        visitor.sees('servers shelved')
        visitor.follow('Hold')
        visitor.sees(name)
        visitor.fill('Until', _LATER)
        visitor.fill('Reason, for the timeline', 'He has promised to pay')
        visitor.press('See what would follow')
        visitor.sees('promise begun')
        visitor.press('Hold')

        visitor.sees('Done: Hold')
        visitor.sees('nothing is shelved or deleted until the hold ends')
        visitor.sees('He has promised to pay')
        self.end(f'support-{self.place}')

    def test_finance_lists_who_owes_and_records_a_cheque(self) -> None:
        visitor = self.visitor
        visitor.open('/')
        visitor.follow('Who is overdue')
        sums = self.page.locator('tbody b.bad').all_inner_texts()
        owed = [float(one.lstrip('€').replace(',', '')) for one in sums]
        self.assertEqual(sorted(owed, reverse=True), owed)
        self.page.get_by_label('Debt').select_option('8')
        if not self.scripts:
            # Else what is found, and what is exported, follows the choice.
            visitor.press('Search')
        self.page.wait_for_url('**overdue_days=8*')
        owing = self.page.locator('tbody th a')
        sync_api.expect(owing.first).to_be_visible()
        with self.page.expect_download() as file:
            self.page.get_by_role('link', name='Export as CSV').click()
        text = pathlib.Path(file.value.path()).read_text('utf-8-sig')
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(owing.count(), len(rows))
        self.assertEqual(
            {*owing.all_inner_texts()}, {row['name'] for row in rows}
        )

        # The last ones: those before are others'.
        visitor.open('/customers/?billing_status=shelved')
        payers = self.page.locator('tbody th a').all_inner_texts()
        visitor.follow(payers[-1 - self.place])
        visitor.sees('Its servers have been off since')
        owed = self.page.locator('.figures b').first.inner_text()
        visitor.follow('Record a payment')
        visitor.fill('Amount', owed.lstrip('€'))
        visitor.fill('Reference', 'cheque 4711')
        visitor.press('See what would follow')
        visitor.sees('cheque 4711')
        visitor.sees(' pays INV-')
        browser.picture(self.page, f'journey-check-{self.place}')
        visitor.press('Record a payment')

        visitor.sees('Done: Record a payment')
        for _ in range(_LOOKS):
            if self.page.locator('h1 .status.active').count():
                break
            self.page.reload()
        visitor.sees('servers restored')
        self.assertEqual(
            1, self.page.locator('h1 .status.active').count()
        )
        self.end(f'finance-{self.place}')

    def test_an_operator_stops_what_would_be_deleted(self) -> None:
        visitor = self.visitor
        visitor.open('/')
        visitor.follow('Simulation')
        visitor.fill('Until', _SOON)
        self.page.get_by_role('checkbox', name='delete').check()
        visitor.press('Show')
        self.page.wait_for_url('**kind=delete*')
        kinds = self.page.locator('tbody .kind').all_inner_texts()
        self.assertEqual({'delete'}, set(kinds))
        who = self.page.locator('tbody th a').first
        self.assertEqual('raven', who.inner_text())

        visitor.follow('Actions')
        visitor.follow('Stop all enforcement')
        visitor.fill('Reason, for the timeline', 'Who is this?')
        visitor.press('See what would follow')
        visitor.press('Stop all enforcement')
        bar = self.page.locator('.state')
        sync_api.expect(bar).to_contain_text('Enforcement is stopped')
        sync_api.expect(bar).to_contain_text('Who is this?')
        browser.picture(self.page, f'journey-stopped-{self.place}')

        visitor.follow('Resume enforcement')
        visitor.press('Resume enforcement')
        sync_api.expect(bar).to_contain_text('Enforcing')
        self.end(f'operator-{self.place}')
