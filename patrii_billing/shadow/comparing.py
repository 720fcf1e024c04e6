# SPDX-License-Identifier: Apache-2.0
"""Two engines side by side: their invoices, and how contracts stand."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt

from patrii_billing.domain import bridge
from patrii_billing.domain import lifecycle

# Further apart two invoices are not taken for the same period's.
_NEAR = dt.timedelta(days=16)


@dataclass(frozen=True, slots=True)
class Ours:
    """An invoice as it would have been; `contract` is a ref."""

    contract: str
    number: str
    due_on: dt.date
    total: int
    currency: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The same invoice here and there, where it is on both sides."""

    contract: str
    here: Ours | None
    there: bridge.Bill | None

    @property
    def due_on(self) -> dt.date:
        either = self.there or self.here
        assert either is not None  # noqa: S101 - one of them is there
        return either.due_on

    @property
    def currency(self) -> str:
        either = self.there or self.here
        assert either is not None  # noqa: S101 - one of them is there
        return either.currency

    @property
    def apart(self) -> int:
        """How much more is asked there, in minor units."""
        here = self.here.total if self.here is not None else 0
        there = self.there.total if self.there is not None else 0
        return there - here

    @property
    def differs(self) -> bool:
        if self.here is None or self.there is None:
            return True
        return bool(self.apart) or self.here.currency != self.there.currency


def paired(
    ours: Iterable[Ours], theirs: Iterable[bridge.Bill]
) -> list[Pair]:
    """Invoices of the same contract and due day, else of the nearest one."""
    here: dict[str, list[Ours]] = {}
    there: dict[str, list[bridge.Bill]] = {}
    for one in ours:
        here.setdefault(one.contract, []).append(one)
    for bill in theirs:
        there.setdefault(bill.contract or '', []).append(bill)
    found = [
        pair
        for contract in sorted({*here, *there})
        for pair in _of_contract(
            contract, here.get(contract, []), there.get(contract, [])
        )
    ]
    return sorted(found, key=lambda one: (one.due_on, one.contract))


def _of_contract(
    contract: str, ours: Sequence[Ours], theirs: Sequence[bridge.Bill]
) -> Iterator[Pair]:
    left = list(ours)
    far = []
    for bill in sorted(theirs, key=lambda one: one.due_on):
        same = [one for one in left if one.due_on == bill.due_on]
        if not same:
            far.append(bill)
            continue
        # Of several on one day that which asks for the same.
        same.sort(key=lambda one: abs(one.total - bill.total))
        left.remove(same[0])
        yield Pair(contract, same[0], bill)
    for bill in far:
        near = [one for one in left if abs(one.due_on - bill.due_on) < _NEAR]
        near.sort(key=lambda one: abs(one.due_on - bill.due_on))
        if near:
            left.remove(near[0])
        yield Pair(contract, near[0] if near else None, bill)
    for one in left:
        yield Pair(contract, one, None)


def of_contracts(
    bills: Iterable[bridge.Bill],
    contracts: Mapping[str, bridge.Contract],
    since: dt.date,
    until: dt.date,
) -> list[bridge.Bill]:
    """Bills due in a span; of a customer's only contract where none is said.

    What is void there is no bill.
    """
    only: dict[str, str | None] = {}
    for each in contracts.values():
        only[each.customer] = None if each.customer in only else each.ref
    found = []
    for bill in bills:
        if bill.state is bridge.BillState.VOID:
            continue
        if since <= bill.due_on < until:
            found.append(_with(bill, bill.contract or only.get(bill.customer)))
    return found


def _with(bill: bridge.Bill, contract: str | None) -> bridge.Bill:
    return bridge.Bill(
        ref=bill.ref, customer=bill.customer, number=bill.number,
        currency=bill.currency, total=bill.total, owed=bill.owed,
        state=bill.state, issued_on=bill.issued_on, due_on=bill.due_on,
        changed_at=bill.changed_at, contract=contract,
    )  # fmt: skip


def stands_otherwise(here: str, there: str) -> bool:
    """Whether two statuses differ; words of theirs alone are not judged."""
    known = {str(each) for each in lifecycle.Status}
    return there in known and there != here
