# SPDX-License-Identifier: Apache-2.0
"""Every page opens for staff; lists are narrowed, turned over, exported."""

import csv
import io
import re

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

    def test_all_kinds_that_are_wanted_are_kept_by_links(self) -> None:
        page = self.browser('fay').get(
            '/simulation/?until=2027-01-20&kind=shelve&kind=grace'
        )

        self.assertIn(
            '/simulation/export.csv?until=2027-01-20&amp;kind=shelve'
            '&amp;kind=grace',
            page.text,
        )

    def test_what_is_foreseen_is_exported_of_the_wanted_kinds(self) -> None:
        answer = self.browser('fay').get(
            '/simulation/export.csv?until=2027-01-20&kind=shelve'
        )

        rows = list(csv.DictReader(io.StringIO(answer.text.lstrip('\ufeff'))))
        self.assertEqual({'shelve'}, {row['kind'] for row in rows})

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


class CustomersTest(base.TestCase):
    def names(self, query: str, user: str = 'sue') -> list[str]:
        page = self.browser(user).get(f'/customers/?{query}')
        self.assertEqual(200, page.status_code, page.text)
        link = r'<a href="/ui/customers/\d+"><bdi>(.*?)<'
        return re.findall(link, page.text)

    def test_support_finds_who_calls_by_what_he_says(self) -> None:
        number = self.known['ACME_INVOICE']
        for text in ('ACM', number, number.lower(), 'acme-project', 'billing'):
            self.assertIn('acme', self.names(f'search={text}'), text)
        self.assertEqual(['acme'], self.names(f'search={number}'))
        self.assertEqual([], self.names('search=nobody+of+ours'))

    def test_every_page_has_the_search(self) -> None:
        browser = self.browser('sue')
        for path in ('/', '/invoices/', f'/customers/{self.known["ACME_ID"]}'):
            page = browser.get(path).text

            self.assertIn('action="/ui/customers/" role="search"', page, path)

    def test_a_heading_orders_and_turns_the_order_round(self) -> None:
        page = self.browser('fay').get('/customers/?search=a&sort=owed:desc')

        headings = re.findall(
            r'aria-sort="(\w+)"><a class="sort" href="([^"]+)">(\w+)',
            page.text,
        )
        self.assertEqual(
            [(
                'descending',
                '/ui/customers/?search=a&amp;sort=owed%3Aasc',
                'Owed',
            )],
            headings,
        )  # fmt: skip
        self.assertEqual(
            self.names('sort=name:asc'), self.names('sort=name:desc')[::-1]
        )

    def test_those_who_owe_are_exported_as_they_are_shown(self) -> None:
        query = f'search={self.known["ACME_INVOICE"]}&owing=true'
        answer = self.browser('fay').get(f'/customers/export.csv?{query}')

        rows = list(csv.DictReader(io.StringIO(answer.text.lstrip('\ufeff'))))
        self.assertEqual(
            [('acme', '28.00', '0.00')],
            [(row['name'], row['owed'], row['overdue']) for row in rows],
        )

    def test_what_is_asked_leads_no_link_elsewhere(self) -> None:
        query = 'endpoint=x&_external=1&_scheme=javascript&sort=owed'
        page = self.browser('fay').get(f'/customers/?{query}')

        self.assertEqual(200, page.status_code)
        self.assertNotIn('href="javascript:', page.text)

    def test_a_customer_sees_himself(self) -> None:
        self.assertEqual(['acme'], self.names('', 'amy'))
        self.assertEqual([], self.names('search=rival', 'amy'))


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
