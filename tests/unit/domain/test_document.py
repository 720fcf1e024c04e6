# SPDX-License-Identifier: Apache-2.0
"""What an invoice asks for, what was paid of it, and what it is called."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import document
from patrii_billing.domain.lifecycle import InvoiceState

ISSUED = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
LATER = ISSUED + dt.timedelta(days=3)


def invoice(total: int, owed: int, **values: Any) -> document.Invoice:
    given = {
        'number': 'INV-000001', 'state': InvoiceState.OPEN, 'currency': 'EUR',
        'customer': document.Party('acme'), 'issued_at': ISSUED, 'lines': (),
        'net': total, 'total': total, 'owed': owed, **values,
    }  # fmt: skip
    return document.Invoice(**given)


class SumsTest(base.BaseTestCase):
    def test_what_is_open_is_asked_for_and_the_rest_was_paid(self) -> None:
        said = invoice(
            1000, 300,
            payments=(
                document.Payment(ISSUED, 500), document.Payment(LATER, 200)
            ),
        )  # fmt: skip
        self.assertEqual((700, 300, 0), (said.paid, said.due, said.waived))
        # Of what was there on the day of issue 5.00 were used.
        self.assertEqual(500, said.owed_at_issue)

    def test_what_was_written_off_is_waived(self) -> None:
        for state in InvoiceState:
            said = invoice(1000, 400, state=state)
            due = 400 if state is InvoiceState.OPEN else 0
            self.assertEqual((due, 1000 - due), (said.due, said.waived))

    def test_of_a_credit_nothing_is_asked_or_waived(self) -> None:
        said = invoice(-1000, -1000)
        self.assertEqual(
            (0, 0, 0), (said.due, said.waived, said.owed_at_issue)
        )

    def test_what_is_carried_is_a_sum_of_its_own(self) -> None:
        older = (document.Carried('INV-1', 70), document.Carried('INV-2', 30))
        self.assertEqual(100, invoice(1000, 1000, carried=older).carried_sum)


class NumberTest(base.BaseTestCase):
    def test_a_number_is_the_series_and_six_digits_or_more(self) -> None:
        for series, ordinal, text in (
            ('INV', 17, 'INV-000017'),
            ('CN', 1234567, 'CN-1234567'),
        ):
            self.assertEqual(text, document.number(series, ordinal))
            self.assertEqual(
                (series, ordinal), document.parse_number(text)
            )

    def test_what_is_no_number_is_none(self) -> None:
        for text in ('', 'INV', 'INV-', '17', 'INV-17x'):
            self.assertIsNone(document.parse_number(text))
