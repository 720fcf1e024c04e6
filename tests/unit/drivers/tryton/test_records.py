# SPDX-License-Identifier: Apache-2.0
"""Records of Tryton in our words."""

import datetime as dt
from decimal import Decimal
from typing import Any

from oslotest import base

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

_NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
_JANUARY = dt.date(2026, 1, 31)
_DAY = dt.timedelta(days=1)


def _instalment(due: dt.date | None, amount: str, **more: Any) -> Any:
    return {
        'maturity_date': due, 'debit': Decimal(amount),
        'credit': Decimal(0), 'amount_second_currency': None, **more,
    }  # fmt: skip


def _invoice(**values: Any) -> Any:
    return {
        'id': 7, 'number': '17', 'state': 'posted', 'party': 2,
        'currency': {'code': 'EUR'}, 'total_amount': Decimal('30.00'),
        'amount_to_pay': Decimal('30.00'), 'invoice_date': _JANUARY,
        'origin_invoices': [], 'lines': [],
        'lines_to_pay': [_instalment(_JANUARY, '30.00')],
        'reconciliation_lines': [], 'last_modified_at': _NOON, **values,
    }  # fmt: skip


def _bill(
    covered: int = 0, notes: frozenset[int] = frozenset(), **values: Any
) -> bridge.Bill:
    return records.bill(_invoice(**values), covered, notes, None)


class BillTest(base.BaseTestCase):
    def test_an_instalment_is_due_when_those_before_it_are_paid(self) -> None:
        dues = [_JANUARY, _JANUARY + 30 * _DAY, _JANUARY + 60 * _DAY]
        lines = [_instalment(due, '10.00') for due in reversed(dues)]

        for left, due in (
            ('30.00', dues[0]), ('25.00', dues[0]), ('20.00', dues[1]),
            ('0.01', dues[2]), ('0.00', dues[2]),
        ):  # fmt: skip
            bill = _bill(lines_to_pay=lines, amount_to_pay=Decimal(left))
            self.assertEqual(due, bill.due_on, left)

    def test_without_a_day_it_is_due_when_it_is_issued(self) -> None:
        lines = [_instalment(None, '30.00')]

        self.assertEqual(_JANUARY, _bill(lines_to_pay=lines).due_on)

    def test_instalments_count_in_the_currency_of_the_invoice(self) -> None:
        later = _JANUARY + 30 * _DAY
        lines = [
            _instalment(_JANUARY, '5', amount_second_currency=Decimal(10)),
            _instalment(later, '10', amount_second_currency=Decimal(20)),
        ]

        bill = _bill(
            currency={'code': 'USD'},
            lines_to_pay=lines,
            amount_to_pay=Decimal(20),
        )

        self.assertEqual((later, 'USD'), (bill.due_on, bill.currency))

    def test_a_cancelled_invoice_is_void(self) -> None:
        bill = _bill(state='cancelled', amount_to_pay=Decimal(0))

        self.assertIs(bridge.BillState.VOID, bill.state)

    def test_what_is_covered_is_not_owed(self) -> None:
        bill = _bill(1000)

        self.assertEqual(
            (2000, bridge.BillState.OPEN), (bill.owed, bill.state)
        )
        self.assertIs(bridge.BillState.PAID, _bill(3000).state)
        void = _bill(3000, frozenset([9]))
        self.assertIs(bridge.BillState.VOID, void.state)

    def test_paid_by_money_and_a_credit_note_is_paid(self) -> None:
        settled = [
            {'move': {'origin': 'account.invoice,9'}},
            {'move': {'origin': 'account.invoice,7'}},
        ]

        for lines, state in (
            (settled, bridge.BillState.PAID),
            (settled[:1], bridge.BillState.VOID),
            ([{'move': None}], bridge.BillState.PAID),
            ([], bridge.BillState.PAID),
        ):
            bill = _bill(
                notes=frozenset([9]), state='paid',
                amount_to_pay=Decimal(0), reconciliation_lines=lines,
            )  # fmt: skip
            self.assertIs(state, bill.state)

    def test_parts_of_a_cent_are_not_guessed(self) -> None:
        self.assertRaises(
            errors.InvalidInput, _bill, total_amount=Decimal('30.001')
        )


def _line(**values: Any) -> Any:
    rule = {'freq': 'monthly', 'interval': 1}
    return {
        'start_date': _JANUARY, 'end_date': None, 'consumed_until': None,
        'consumption_recurrence': {'rules': [rule]},
        'service': {'product': {'code': 'servers'}}, **values,
    }  # fmt: skip


def _contract(*lines: Any, **values: Any) -> bridge.Contract:
    row = {
        'id': 3, 'number': 'S3', 'state': 'running', 'party': 2,
        'invoice_party': None, 'start_date': _JANUARY, 'end_date': None,
        'next_invoice_date': None, 'reference': 'a-project',
        'lines': list(lines) or [_line()], 'last_modified_at': _NOON,
        **values,
    }  # fmt: skip
    unbilled = row.pop('unbilled', None)
    return records.contract(
        row, 'reference', 'lines.service.product.code', unbilled
    )


class ContractTest(base.BaseTestCase):
    def test_months_are_counted_from_the_true_anchor(self) -> None:
        """31 January, 28 February, 31 March."""
        until = dt.date(2026, 3, 30)

        contract = _contract(_line(consumed_until=until))

        self.assertEqual(dt.date(2026, 3, 31), contract.paid_until)
        self.assertEqual(dt.date(2026, 2, 28), contract.period_start)
        self.assertEqual(31, contract.anchor_day)

    def test_rules_of_another_rhythm_have_no_period_that_we_know(self) -> None:
        until = dt.date(2026, 2, 14)

        for line in (
            _line(consumed_until=until),
            _line(consumed_until=until, consumption_recurrence=None),
        ):
            contract = _contract(line)
            self.assertEqual(until + _DAY, contract.paid_until)
            self.assertIsNone(contract.period_start)

    def test_what_is_consumed_and_not_invoiced_is_not_paid(self) -> None:
        contract = _contract(
            _line(consumed_until=dt.date(2026, 3, 30)),
            unbilled=dt.date(2026, 2, 28),
        )

        self.assertEqual(dt.date(2026, 2, 28), contract.paid_until)
        self.assertEqual(_JANUARY, contract.period_start)

    def test_it_is_paid_as_far_as_all_of_its_lines(self) -> None:
        early, late = dt.date(2026, 2, 27), dt.date(2026, 3, 30)

        both = _contract(
            _line(consumed_until=late), _line(consumed_until=early)
        )

        self.assertEqual(early + _DAY, both.paid_until)
        none_yet = _contract(_line(consumed_until=late), _line())
        self.assertIsNone(none_yet.paid_until)

    def test_it_ends_the_day_after_the_last_one(self) -> None:
        last = dt.date(2026, 6, 30)

        self.assertEqual(last + _DAY, _contract(end_date=last).ends_on)
        self.assertEqual(
            last + _DAY,
            _contract(_line(end_date=last), _line(end_date=_JANUARY)).ends_on,
        )
        self.assertIsNone(_contract(_line(end_date=last), _line()).ends_on)
        self.assertEqual(_NOON.date(), _contract(state='cancelled').ends_on)

    def test_what_names_no_project_or_plan_says_so(self) -> None:
        contract = _contract(
            _line(service={'product': {'code': None}}), reference='  '
        )

        self.assertIsNone(contract.project)
        self.assertIsNone(contract.plan)

    def test_the_first_line_with_a_plan_names_it(self) -> None:
        contract = _contract(_line(service={'product': {'code': ''}}), _line())

        self.assertEqual('servers', contract.plan)


def _party(**values: Any) -> Any:
    address = {
        'street': None, 'postal_code': None, 'city': None, 'country': None,
        'invoice': False,
    }  # fmt: skip
    return {
        'id': 2, 'name': 'Acme', 'code': '2', 'lang': None,
        'tax_identifier': None, 'contact_mechanisms': [],
        'addresses': [address], 'last_modified_at': _NOON, **values,
    }  # fmt: skip


class CustomerTest(base.BaseTestCase):
    def test_mails_go_to_each_address_once(self) -> None:
        mechanisms = [
            {'type': 'phone', 'value': '+33 1'},
            {'type': 'email', 'value': 'a@acme.example '},
            {'type': 'email', 'value': 'a@acme.example'},
            {'type': 'email', 'value': 'b@acme.example'},
        ]

        customer = records.customer(
            _party(contact_mechanisms=mechanisms), 'EUR'
        )

        self.assertEqual(
            ('a@acme.example', 'b@acme.example'), customer.contacts
        )

    def test_invoices_go_to_the_address_for_invoices(self) -> None:
        [bare] = _party()['addresses']
        there = {
            **bare, 'street': '1 Main St\nBack door', 'postal_code': '75001',
            'city': 'Paris', 'country': {'code': 'FR'}, 'invoice': True,
        }  # fmt: skip

        customer = records.customer(
            _party(addresses=[bare, there], lang={'code': 'fr'}), 'EUR'
        )

        self.assertEqual(
            {
                'name': 'Acme',
                'lines': ['1 Main St', 'Back door', '75001 Paris'],
                'country': 'FR',
            },
            customer.address,
        )
        self.assertEqual('fr', customer.locale)

    def test_an_address_that_says_nothing_is_none(self) -> None:
        self.assertIsNone(records.customer(_party(), 'EUR').address)
        nameless = records.customer(_party(name=None), 'EUR')
        self.assertEqual('party 2', nameless.name)
