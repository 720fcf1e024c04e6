# SPDX-License-Identifier: Apache-2.0
"""Every page opens for staff; lists are narrowed, turned over, exported."""

import csv
import io

from patrii_billing.web import filters
from tests.unit.web import base

PAGES = (
    '/', '/customers/', '/invoices/', '/actions/', '/notices/', '/plans/',
    '/simulation/', '/simulation/?until=2026-12-31&kind=shelve',
)  # fmt: skip


class ListTest(base.TestCase):
    def test_staff_can_open_every_page_of_the_menu(self) -> None:
        for user in ('ada', 'fay', 'sue'):
            browser = self.browser(user)
            for path in PAGES:
                answer = browser.get(path)

                self.assertEqual(200, answer.status_code, (user, path))
                self.assertIn('aria-current="page"', answer.text)

    def test_a_customer_sees_no_page_of_the_staff(self) -> None:
        browser = self.browser('amy')
        for path in ('/plans/', '/actions/', '/simulation/'):
            page = browser.get(path)

            self.assertNotIn('rival', page.text, path)
        self.assertEqual('/ui/customers/', browser.get('/').location)
        self.assertNotIn('rival', browser.get('/customers/').text)

    def test_an_invoice_of_another_is_not_there(self) -> None:
        number = self.known['RIVAL_INVOICE']
        browser = self.browser('amy')

        for path in (f'/invoices/{number}', f'/invoices/{number}/pdf'):
            self.assertEqual(404, browser.get(path).status_code)
        own = browser.get(f'/invoices/{self.known["ACME_INVOICE"]}')
        self.assertEqual(200, own.status_code)

    def test_the_pdf_is_the_invoice(self) -> None:
        answer = self.browser('fay').get(
            f'/invoices/{self.known["ACME_INVOICE"]}/pdf'
        )

        self.assertEqual('application/pdf', answer.content_type)
        self.assertTrue(answer.data.startswith(b'%PDF-'))

    def test_what_is_shown_can_be_exported(self) -> None:
        acme = self.known['ACME_ID']
        answer = self.browser('fay').get(
            f'/invoices/export.csv?account_id={acme}&state=open'
        )

        self.assertIn('attachment', answer.headers['Content-Disposition'])
        rows = list(csv.DictReader(io.StringIO(answer.text.lstrip('\ufeff'))))
        self.assertEqual(
            [self.known['ACME_INVOICE']], [row['number'] for row in rows]
        )
        self.assertEqual('28.00', rows[0]['total'])

    def test_a_filter_that_means_nothing_is_told(self) -> None:
        answer = self.browser('fay').get('/invoices/?state=nonsense')

        self.assertEqual(400, answer.status_code)
        self.assertIn('state', answer.text)


class CellTest(base.TestCase):
    def test_no_name_of_a_customer_is_a_formula(self) -> None:
        for name in ('=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1'):
            (_, line) = filters._lines(
                [('name', filters.of('name'))], iter([{'name': name}])
            )

            (cell,) = next(csv.reader(io.StringIO(line, newline='')))
            self.assertEqual(f"'{name}", cell)

    def test_an_amount_below_zero_stays_a_number(self) -> None:
        (_, line) = filters._lines(
            [('amount', filters.of('amount'))], iter([{'amount': '-12.50'}])
        )

        self.assertEqual('-12.50\r\n', line)
