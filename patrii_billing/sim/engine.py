# SPDX-License-Identifier: Apache-2.0
"""A simulated subscription engine: what is said in it, and what it is told."""

from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import datetime as dt
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing import errors


class Engine:
    """Records by their ref; `away`, `empty` and `needs` make it misbehave."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.invoices = bridge.Owner.THEIRS
        self.customers: dict[str, bridge.Customer] = {}
        self.contracts: dict[str, bridge.Contract] = {}
        self.debts: dict[str, bridge.Bill] = {}
        self.money: dict[str, bridge.Payment] = {}
        self.collecting: dict[str, bridge.Invoice] = {}
        self.lines: dict[str, bridge.Line] = {}
        self.statuses: dict[str, list[str]] = {}
        self.notes: dict[str, bridge.Note] = {}
        self.away: str | None = None
        self.empty = False
        self.needs: tuple[str, ...] = ()
        self.asked: list[str] = []
        self.what = 'a simulated engine'

    def now(self) -> dt.datetime:
        at: dt.datetime = self.clock.now()
        return at

    def customer(self, ref: str, name: str, **more: Any) -> None:
        self.customers[ref] = bridge.Customer(
            ref=ref, name=name, currency=more.pop('currency', 'EUR'),
            changed_at=self.now(), **more,
        )  # fmt: skip

    def contract(self, ref: str, customer: str, **more: Any) -> None:
        self.contracts[ref] = bridge.Contract(
            ref=ref, customer=customer, name=more.pop('name', ref),
            changed_at=self.now(), **more,
        )  # fmt: skip

    def bill(self, ref: str, customer: str, total: int, **more: Any) -> None:
        today = self.now().date()
        self.debts[ref] = bridge.Bill(
            ref=ref, customer=customer, number=ref.upper(), currency='EUR',
            total=total, owed=more.pop('owed', total),
            state=more.pop('state', bridge.BillState.OPEN),
            issued_on=more.pop('issued_on', today),
            due_on=more.pop('due_on', today), changed_at=self.now(), **more,
        )  # fmt: skip

    def pay(self, ref: str, amount: int | None = None) -> None:
        """Pay a bill there, all that is owed by default."""
        before = self.debts[ref]
        owed = before.owed - (before.owed if amount is None else amount)
        state = bridge.BillState.OPEN if owed else bridge.BillState.PAID
        self.change(self.debts, ref, owed=owed, state=state)

    def collect(
        self, ref: str, customer: str, amount: int, **more: Any
    ) -> None:
        """Receive money for invoices of ours, or say what is left of it."""
        self.money[ref] = bridge.Payment(
            ref=ref, customer=customer, number=ref.upper(), amount=amount,
            currency=more.pop('currency', 'EUR'),
            received_on=more.pop('received_on', self.now().date()),
            changed_at=self.now(), **more,
        )  # fmt: skip

    def change(self, kind: dict[str, Any], ref: str, **what: Any) -> None:
        kind[ref] = dataclasses.replace(
            kind[ref], changed_at=self.now(), **what
        )

    # The port.

    def look(self) -> bridge.Sight:
        self._answer('look')
        return bridge.Sight(what=self.what, needs=self.needs)

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        self._answer('all' if since is None else 'changes')
        yield bridge.Page(
            customers=self._since(self.customers, since),
            contracts=self._since(self.contracts, since),
            bills=self._since(self.debts, since),
            payments=self._since(self.money, since),
        )

    def bills(self, customer: str) -> Sequence[bridge.Bill]:
        self._answer('bills')
        return [
            one
            for one in self._since(self.debts, None)
            if one.customer == customer
            and one.state is bridge.BillState.OPEN
        ]

    def payments(self, customer: str) -> Sequence[bridge.Payment]:
        self._answer('payments')
        return [
            one
            for one in self._since(self.money, None)
            if one.customer == customer
        ]

    def write_line(self, line: bridge.Line) -> str:
        self._answer('line')
        self.lines.setdefault(line.key, line)
        return line.key

    def write_invoice(self, invoice: bridge.Invoice) -> str:
        self._answer('invoice')
        self.collecting.setdefault(invoice.key, invoice)
        return invoice.key

    def write_status(self, status: bridge.Status) -> None:
        self._answer('status')
        self.statuses.setdefault(status.contract, []).append(status.status)

    def write_note(self, note: bridge.Note) -> str:
        self._answer('note')
        self.notes.setdefault(note.key, note)
        return note.key

    def _answer(self, what: str) -> None:
        self.asked.append(what)
        if self.away is not None:
            raise errors.EngineUnavailable(self.away)

    def _since(
        self, kind: dict[str, Any], since: dt.datetime | None
    ) -> list[Any]:
        return [
            one
            for one in kind.values()
            if not self.empty and (since is None or one.changed_at >= since)
        ]
