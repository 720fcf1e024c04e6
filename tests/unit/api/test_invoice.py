# SPDX-License-Identifier: Apache-2.0
"""What an invoice needs time for, or another installation, to be told."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.api import app
from patrii_billing.domain import document
from patrii_billing import errors
from patrii_billing.simulation import scenario
from tests import doors

DAY = dt.timedelta(days=1)


class InvoiceTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()
        self.finance = self.door.client('FINANCE')

    def ask(self, path: str) -> Any:
        answer = self.finance.get(path)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer.json

    def tell(self, path: str, **said: Any) -> Any:
        answer = self.finance.post(path, json=said)
        self.assertLess(answer.status_code, 300, answer.text)
        return answer.json

    def test_what_is_past_due_is_listed_the_oldest_first(self) -> None:
        self.assertEqual([], self.ask('/v1/invoices?overdue=true')['invoices'])

        self.door.advance(8 * DAY)

        late = self.ask('/v1/invoices?overdue=true')['invoices']
        self.assertEqual(
            ['INV-000001', 'INV-000002'], [one['number'] for one in late]
        )
        self.assertTrue(all(one['overdue'] for one in late))

    def test_pages_lead_through_all_that_are_due_at_one_instant(self) -> None:
        for _ in range(5):
            self.tell(
                '/v1/invoices', account_id=1, why='x', due_on='2026-12-24',
                lines=[{'label': 'Work', 'unit_price': '1.00'}],
            )  # fmt: skip
        seen, way = [], '/v1/invoices?state=open&sort=due_at:desc&limit=2'
        while way:
            page = self.ask(way)
            seen += [one['number'] for one in page['invoices']]
            way = next((link['href'] for link in page['invoices_links']), '')

        self.assertEqual(7, len(seen))
        self.assertEqual(
            [f'INV-00000{n}' for n in (7, 6, 5, 4, 3, 2, 1)], seen
        )

    def test_a_list_goes_on_where_its_last_one_was_paid_meanwhile(
        self,
    ) -> None:
        page = self.ask('/v1/invoices?state=open&sort=due_at&limit=1')
        self.tell('/v1/payments', account_id=1, amount='28.00', key='a')

        page = self.ask(page['invoices_links'][0]['href'])

        self.assertEqual(
            ['INV-000002'], [one['number'] for one in page['invoices']]
        )

    def test_no_marker_tells_a_customer_of_another(self) -> None:
        rival = self.door.client('RIVAL')
        for number in ('INV-000001', 'INV-000009'):
            answer = rival.get(f'/v1/invoices?marker={number}')
            self.assertEqual(400, answer.status_code)

    def test_what_was_made_in_mid_cycle_is_invoiced_now(self) -> None:
        self.tell('/v1/payments', account_id=1, amount='28.00', key='a')
        self.door.advance(DAY)
        self.door.tools.db.write(
            self.door.world.boot,
            scenario.Server(name='acme-new', flavor='s1', state='active'),
            'acme-project', self.door.tools.now(),
        )  # fmt: skip
        self.door.advance(DAY)

        rehearsed = self.tell(
            '/v1/subscriptions/1/invoice?dry_run=true', why='he asked'
        )
        [invoice] = rehearsed['answer']['invoices']
        [line] = invoice['lines']
        self.assertEqual(('29/30', '9.67'), (line['ratio'], line['net']))

        issued = self.tell('/v1/subscriptions/1/invoice', why='he asked')

        self.assertEqual('extra', issued['invoices'][0]['kind'])
        again = self.finance.post(
            '/v1/subscriptions/1/invoice', json={'why': 'he asked'}
        )
        self.assertEqual(409, again.status_code)

    def test_who_did_it_and_why_is_on_the_timeline(self) -> None:
        self.tell('/v1/invoices/INV-000001/void', why='a wrong price')

        found = self.ask('/v1/timeline?account_id=1&what=invoice')
        told = [
            (one['name'], one['by'], one['why']) for one in found['timeline']
        ]
        self.assertIn(('INV-000001', 'fay (fay)', 'a wrong price'), told)

    def test_an_extra_that_is_not_installed_is_named(self) -> None:
        def render(*_: Any) -> bytes:
            raise errors.ExtraMissing('pip install patrii-billing[pdf]')

        door = dataclasses.replace(self.door.door, render=render)
        self.door.app = app.noauth(app.build(door))

        answer = self.finance.get('/v1/invoices/INV-000001/pdf')

        self.assertEqual(501, answer.status_code)
        [error] = answer.json['errors']
        self.assertEqual('billing.invoice.not_installed', error['code'])
        self.assertIn('patrii-billing[pdf]', error['detail'])

    def test_each_form_is_asked_for_by_its_name(self) -> None:
        asked: list[tuple[document.Format, str]] = []

        def render(
            read: document.Invoice, wanted: document.Format, locale: str
        ) -> bytes:
            asked.append((wanted, locale))
            return read.number.encode()

        door = dataclasses.replace(self.door.door, render=render)
        self.door.app = app.noauth(app.build(door))

        for wanted in document.Format:
            answer = self.finance.get(
                f'/v1/invoices/INV-000002/{wanted}?locale=fr_CA'
            )
            self.assertEqual(b'INV-000002', answer.data)
        self.assertEqual(
            [(wanted, 'fr_CA') for wanted in document.Format], asked
        )
