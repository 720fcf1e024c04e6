# SPDX-License-Identifier: Apache-2.0
"""A payment that another system tells of, brought into the books.

What was told before and after it counts, for messages overtake each other.
"""

from collections.abc import Iterator
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import foreign
from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.domain.lifecycle import PaymentState
from patrii_billing.domain.lifecycle import ReceiptState
from patrii_billing.domain import money
from patrii_billing.engine import admitting
from patrii_billing.engine import payments as incoming
from patrii_billing.engine import refunds
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import payments
from patrii_billing.store import receipts
from patrii_billing.store.views import whose

_FAILED = (foreign.Tells.FAILED, foreign.Tells.ATTEMPT_FAILED)

# What became of the message, why, and the payment that it is about.
Deed = tuple[ReceiptState, str, int | None]


class Desk:
    """One message, and the books it is brought into."""

    def __init__(
        self,
        conn: sa.Connection,
        tools: toolbox.Tools,
        source: admitting.Source,
        told: foreign.PaymentTold,
        key: str,
        now: dt.datetime,
    ) -> None:
        self._conn, self._tools, self._now = conn, tools, now
        self._told, self._key = told, key
        self._fields = source.fields
        self._by = f'webhook:{source.name}'
        self._origin = incoming.Origin(
            source=source.name,
            remittance=' '.join(value for _, value in told.whose) or None,
        )
        self._payment = payments.by_key(conn, key)

    def do(self) -> Deed:
        """Raises Conflict, InvalidInput or NotFound, to be parked."""
        match self._told.tells:
            case foreign.Tells.RECEIVED:
                return self._receive()
            case foreign.Tells.PENDING:
                return self._await()
            case foreign.Tells.FAILED | foreign.Tells.ATTEMPT_FAILED:
                return self._fail()
            case foreign.Tells.CHARGED_BACK:
                return self._charge_back()
            case foreign.Tells.REINSTATED:
                return self._reinstate()
            case foreign.Tells.REFUNDED:
                return self._refund()
            case foreign.Tells.FOR_A_PERSON:
                raise errors.Conflict(self._told.why or 'a person decides')

    def _receive(self) -> Deed:
        match = self._whose()
        payment_id = self._record(match, pending=False)
        payment = payments.get(self._conn, payment_id)
        nobodys = payment.account_id is None
        if nobodys and match.account_id is not None:
            # It was told before by what did not say whose it is.
            if payment.state == PaymentState.RECEIVED:
                incoming.assign(
                    self._conn, self._tools, payment_id, match.account_id,
                    self._now, self._by, match.invoice_ids,
                )  # fmt: skip
                nobodys = False
        self._settle(payment_id, nobodys)
        if nobodys:
            return ReceiptState.UNMATCHED, match.why, payment_id
        return ReceiptState.DONE, match.why, payment_id

    def _settle(self, payment_id: int, nobodys: bool) -> None:
        """What waited for a person until this was told.

        Charge backs that came before the payment they take back, and what
        did not say whose it is.
        """
        for row in receipts.of_key(self._conn, self._key):
            if row.state != ReceiptState.UNMATCHED or row.payment_id is None:
                continue
            told = payments.get(self._conn, row.payment_id)
            if told.kind == PaymentKind.CHARGE_BACK:
                settled = self._explain(told, payment_id)
            else:
                settled = not nobodys
            if settled:
                receipts.change(self._conn, row.id, state=ReceiptState.DONE)

    def _explain(self, back: sa.Row[Any], payment_id: int) -> bool:
        """Whether a charge back is, or was, one of the payment's."""
        if back.state != PaymentState.PENDING:
            return True
        try:
            with self._conn.begin_nested():
                refunds.explain(
                    self._conn, self._tools, back.id, payment_id, self._now,
                    self._by,
                )  # fmt: skip
        except errors.Conflict:
            return False  # More than was paid: for a person, as before.
        return True

    def _await(self) -> Deed:
        known = self._payment
        if known is not None:
            return ReceiptState.DONE, f'it is {known.state}', int(known.id)
        match = self._whose()
        if match.account_id is None:
            # Nothing to record yet: when it comes it may say whose it is.
            return ReceiptState.IGNORED, f'only pending; {match.why}', None
        payment_id = self._record(match, pending=True)
        before = self._before(ReceiptState.DONE, ReceiptState.IGNORED)
        if any(each.tells in _FAILED for each in before):
            incoming.fail(
                self._conn, self._tools, payment_id, self._now, self._by
            )
        return ReceiptState.DONE, match.why, payment_id

    def _fail(self) -> Deed:
        payment = self._payment
        if payment is None:
            return ReceiptState.IGNORED, 'nothing is known of it', None
        attempt = self._told.tells is foreign.Tells.ATTEMPT_FAILED
        if attempt and payment.state != PaymentState.PENDING:
            why = f'one attempt; the payment is {payment.state}'
            return ReceiptState.IGNORED, why, int(payment.id)
        if payment.state != PaymentState.FAILED:
            incoming.fail(
                self._conn, self._tools, payment.id, self._now, self._by
            )
        return ReceiptState.DONE, self._told.why, int(payment.id)

    def _charge_back(self) -> Deed:
        said: dict[str, Any] = {'by': self._by, 'origin': self._origin}
        payment, amount = self._payment, self._told.amount
        known = payments.by_key(self._conn, self._movement())
        if known is not None and payment is not None:
            if amount not in (None, money.Money(known.amount, known.currency)):
                raise errors.Conflict('it was told with another amount')
            return ReceiptState.DONE, self._told.why, int(payment.id)
        if payment is not None:
            refunds.charge_back(
                self._conn, self._tools, payment.id, self._now,
                amount=amount, key=self._movement(), why=self._told.why,
                **said,
            )  # fmt: skip
            return ReceiptState.DONE, self._told.why, int(payment.id)
        if amount is None:
            raise errors.NotFound('the payment that it takes back')
        taken_back = refunds.record_taken_back(
            self._conn, amount, self._movement(), self._now,
            reference=self._told.payment, **said,
        )  # fmt: skip
        return ReceiptState.UNMATCHED, 'taken back; of what?', taken_back

    def _reinstate(self) -> Deed:
        """What was taken back comes in again, as a payment of its own."""
        if self._payment is None:
            raise errors.NotFound('the payment that is given back')
        taken = payments.by_key(
            self._conn, self._movement(foreign.Tells.CHARGED_BACK)
        )
        if taken is None or taken.state != PaymentState.CHARGED_BACK:
            raise errors.NotFound('the charge back that it undoes')
        amount = self._told.amount or money.Money(
            taken.amount, taken.currency
        )
        if amount.minor > taken.amount or amount.currency != taken.currency:
            raise errors.Conflict('it is more than what was taken back')
        given = incoming.record(
            self._conn, self._tools, self._payment.account_id, amount,
            self._movement(), self._now, reference=self._told.payment,
            by=self._by, origin=self._origin,
        )  # fmt: skip
        return ReceiptState.DONE, self._told.why, given

    def _refund(self) -> Deed:
        if self._payment is None:
            raise errors.NotFound('the payment that was refunded')
        amount = self._told.amount
        if amount is not None:
            amount = self._not_refunded_yet(amount)
            if not amount.minor:
                return ReceiptState.DONE, self._told.why, self._payment.id
        refunds.refund(
            self._conn, self._tools, self._from(self._payment, amount),
            amount, self._movement(), self._now, by=self._by,
            why=self._told.why, force=True,
        )  # fmt: skip
        return ReceiptState.DONE, self._told.why, int(self._payment.id)

    def _not_refunded_yet(self, amount: money.Money) -> money.Money:
        """Of all that went back, what the books do not have."""
        prefix = self._prefix(foreign.Tells.REFUNDED)
        booked = {
            row.key.removeprefix(prefix): int(row.amount)
            for row in payments.beginning(self._conn, prefix)
        }
        told = [
            each for each in self._before(ReceiptState.DONE)
            if each.tells is foreign.Tells.REFUNDED
        ]  # fmt: skip
        for each in told:
            if (each.movement, each.total) == (
                self._told.movement,
                self._told.total,
            ) and each.amount not in (None, amount):
                raise errors.Conflict('it was told with another amount')
        back = foreign.went_back([*told, self._told], booked)
        return money.Money(back - sum(booked.values()), amount.currency)

    def _from(
        self, first: sa.Row[Any], amount: money.Money | None
    ) -> int:
        """The payment, or what of it came in again, that has so much."""
        if amount is None:
            return int(first.id)
        again = payments.beginning(
            self._conn, self._prefix(foreign.Tells.REINSTATED)
        )
        for row in (first, *again):
            if payments.here(self._conn, row) >= amount.minor:
                return int(row.id)
        return int(first.id)

    def _before(self, *states: ReceiptState) -> Iterator[foreign.PaymentTold]:
        """What else was told of this payment, as far as it is kept."""
        for row in receipts.of_key(self._conn, self._key):
            if row.state not in states:
                continue
            try:
                told = foreign.read(self._fields, row.body.encode())
            except errors.InvalidInput:
                continue  # The map was another when it was told.
            if isinstance(told, foreign.PaymentTold):
                yield told

    def _whose(self) -> whose.Match:
        """Whose money it is: nobody's where that is in doubt."""
        currency = self._amount().currency
        found = whose.named(self._conn, self._told.whose, currency)
        payment = self._payment
        if payment is None or payment.account_id in (None, found.account_id):
            return found
        # It was said before, or a person has said it.
        return whose.Match(payment.account_id)

    def _record(self, match: whose.Match, pending: bool) -> int:
        return incoming.record(
            self._conn, self._tools, match.account_id, self._amount(),
            self._key, self._now, reference=self._told.payment, by=self._by,
            pending=pending, invoice_ids=match.invoice_ids,
            origin=self._origin,
        )  # fmt: skip

    def _amount(self) -> money.Money:
        if self._told.amount is None:
            raise errors.InvalidInput('is missing', 'amount')
        return self._told.amount

    def _movement(self, tells: foreign.Tells | None = None) -> str:
        """The key of what went, one way or the other."""
        prefix = self._prefix(tells or self._told.tells)
        return f'{prefix}{self._told.movement}'

    def _prefix(self, tells: foreign.Tells) -> str:
        return f'{self._key}:{tells}:'
