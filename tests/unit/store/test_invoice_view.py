# SPDX-License-Identifier: Apache-2.0
"""An invoice as the books tell it to its reader."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import tax
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import payments
from patrii_billing.store import schema
from patrii_billing.store.views import invoice
from tests import books

MAY = dt.date(2026, 5, 1)
JUNE = dt.date(2026, 6, 1)
ISSUED = dt.datetime(2026, 4, 24, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
VAT = {'name': 'VAT', 'rate': '20', 'amount': 200}


def line(subscription_id: int, **values: Any) -> dict[str, Any]:
    return {
        'subscription_id': subscription_id, 'kind': 'charge',
        'resource': 'web-id', 'starts': MAY, 'ends': JUNE,
        'quantity': Decimal(1), 'unit_price': Decimal('10.00'),
        'ratio': '31/31', 'amount': 1000, 'reason': 'why', **values,
    }  # fmt: skip


class InvoiceViewTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        with self.db.engine.begin() as conn:
            self.account_id = books.account(
                conn, locale='fr', timezone='Europe/Paris'
            )
            self.sub_id = books.subscription(
                conn, account_id=self.account_id, project='acme-prod'
            )

    def issued(self, *lines: dict[str, Any], **values: Any) -> int:
        rows = lines or (line(self.sub_id),)
        given = {
            'account_id': self.account_id, 'subscription_id': self.sub_id,
            'kind': 'renewal', 'currency': 'EUR', 'period_start': MAY,
            'period_end': JUNE, 'due_at': DUE, 'announce_at': ISSUED,
            **values,
        }  # fmt: skip
        with self.db.engine.begin() as conn:
            return invoices.issue(conn, ISSUED, rows, **given)

    def read(self, number: str = 'INV-000001') -> document.Invoice:
        return self.db.read(invoice.by_number, number)

    def test_a_bare_invoice_has_neutral_values(self) -> None:
        self.issued()

        found = self.read()

        self.assertEqual('INV-000001', found.number)
        self.assertEqual(document.Kind.INVOICE, found.kind)
        self.assertEqual(document.Party('acme'), found.customer)
        self.assertEqual('acme-1', found.subscription)
        self.assertEqual((1000, 1000, 1000),
                         (found.net, found.total, found.owed))  # fmt: skip
        self.assertEqual((), found.taxes + found.payments + found.carried)
        [one] = found.lines
        self.assertEqual('web-id', one.label)
        self.assertEqual((0, 1000), (one.discount, one.net))

    def test_the_numbers_zeros_may_be_left_out(self) -> None:
        self.issued()

        self.assertEqual(self.read(), self.read('INV-1'))

    def test_language_and_zone_are_the_accounts(self) -> None:
        self.issued()

        found = self.read()

        self.assertEqual(('fr', 'Europe/Paris'),
                         (found.locale, found.zone.key))  # fmt: skip

    def test_all_that_was_written_is_told(self) -> None:
        self.issued(
            line(
                self.sub_id, label='web (s1)', unit='GB', discount=100,
                net=900, taxes=[VAT], ratio='20/31',
                starts_at=ISSUED, ends_at=DUE,
            ),
            customer={
                'name': 'Acme Ltd', 'lines': ['1 Road', 'Town'],
                'country': 'GB', 'tax_id': 'GB1',
            },
            taxes=[{**VAT, 'base': 900}], net=900, total=1100, owed=1100,
            reference='RF18', why='so',
            carried=[
                {'number': 'INV-000000', 'owed': 5,
                 'due_at': '2026-04-01T00:00:00+00:00'},
                {'number': 'INV-000009', 'owed': 6},
            ],
        )  # fmt: skip

        found = self.read()

        self.assertEqual(
            document.Party('Acme Ltd', ('1 Road', 'Town'), 'GB', 'GB1'),
            found.customer,
        )
        self.assertEqual(
            (tax.Sum('VAT', Decimal(20), 900, 200),), found.taxes
        )
        self.assertEqual(('RF18', 'so'), (found.reference, found.why))
        self.assertEqual(11, found.carried_sum)
        self.assertEqual(
            dt.datetime(2026, 4, 1, tzinfo=dt.UTC), found.carried[0].due_at
        )
        [one] = found.lines
        self.assertEqual(
            ('web (s1)', 'GB', 100, 900, money.Ratio(20, 31), ISSUED, DUE),
            (one.label, one.unit, one.discount, one.net, one.ratio,
             one.starts_at, one.ends_at),
        )  # fmt: skip
        self.assertEqual((tax.Tax('VAT', Decimal(20), 200),), one.taxes)

    def test_the_customer_of_the_issue_outlives_the_account(self) -> None:
        self.issued(customer={'name': 'Acme Ltd'})
        with self.db.engine.begin() as conn:
            accounts.change(
                conn, self.account_id, address={'name': 'Umbrella Ltd'}
            )

        self.assertEqual('Acme Ltd', self.read().customer.name)

    def test_what_was_paid_is_told_and_what_was_undone_is_not(self) -> None:
        invoice_id = self.issued()
        with self.db.engine.begin() as conn:
            for amount, kind in (
                (100, 'payment'), (200, 'credit'), (300, 'payment'),
            ):  # fmt: skip
                paid = books.payment(
                    conn, self.account_id, amount, kind=kind,
                    reference=f'r{amount}', key=f'k{amount}',
                )  # fmt: skip
                payments.allocate(conn, paid, invoice_id, amount, DUE)
            conn.execute(
                sa.update(schema.allocations)
                .where(schema.allocations.c.amount == 300)
                .values(undone_at=DUE)
            )

        found = self.read().payments

        self.assertEqual(
            (
                document.Payment(
                    DUE, 100, lifecycle.PaymentKind.PAYMENT, 'r100'
                ),
                document.Payment(
                    DUE, 200, lifecycle.PaymentKind.CREDIT, 'r200'
                ),
            ),
            found,
        )

    def test_a_credit_names_the_invoice_whose_line_it_corrects(self) -> None:
        first = self.issued()
        [billed] = self.db.read(invoices.lines_of, first)
        self.issued(line(self.sub_id, kind='credit', corrects=billed.id,
                         amount=-500))  # fmt: skip

        [one] = self.read('INV-000002').lines

        self.assertEqual('INV-000001', one.corrects)

    def test_a_credit_note_names_its_invoice_once(self) -> None:
        first = self.issued()
        [billed] = self.db.read(invoices.lines_of, first)
        self.issued(
            line(self.sub_id, kind='credit', corrects=billed.id, amount=-1000),
            kind='credit_note', series='CN', corrects=first, owed=0,
        )  # fmt: skip

        found = self.read('CN-000001')

        self.assertEqual(document.Kind.CREDIT_NOTE, found.kind)
        self.assertEqual('INV-000001', found.corrects)
        self.assertEqual(ISSUED, found.corrects_issued_at)
        self.assertEqual('', found.lines[0].corrects)

    def test_what_is_no_number_of_an_invoice_is_not_found(self) -> None:
        for number in ('INV-000001', 'INV', '1', '', 'INV-1; DROP'):
            self.assertRaises(errors.NotFound, self.read, number)
