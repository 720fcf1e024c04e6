# SPDX-License-Identifier: Apache-2.0
"""Bank statements brought into the books: shown first, then recorded.

Each entry is recorded in a transaction of its own, under the key that makes
it idempotent: a payment restores servers at once and does not wait for the
thousands after it, no account stays locked, and an import that was broken
off is run again from its start.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import statement
from patrii_billing.engine import balance
from patrii_billing.engine import matching
from patrii_billing.engine import payments as incoming
from patrii_billing.engine import refunds
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import payments

_CHUNK = 500


class Deed(enum.StrEnum):
    """What becomes of an entry."""

    PAYMENT = 'payment'
    CHARGE_BACK = 'charge-back'
    FOR_A_PERSON = 'for a person'
    KNOWN = 'known'
    IGNORED = 'ignored'


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of an entry, and why."""

    entry: statement.Entry
    deed: Deed
    why: str
    account_id: int | None = None
    account: str = ''
    invoices: tuple[sa.Row[Any], ...] = ()
    payment: sa.Row[Any] | None = None  # that it takes back


def preview(
    tools: toolbox.Tools, entries: Sequence[statement.Entry]
) -> Iterator[Plan]:
    """What `record` would do; nothing is written.

    Raises Conflict where the books know an entry otherwise.
    """
    foresight = _Foresight()
    matcher = tools.db.read(matching.Matcher)
    for chunk in _chunks(entries):
        yield from tools.db.read(_plans, matcher, chunk, foresight)


def record(
    tools: toolbox.Tools,
    entries: Sequence[statement.Entry],
    by: str,
    tell: Callable[[int], None] = lambda done: None,
) -> Iterator[Plan]:
    """Record the entries one by one; what became of each.

    `tell` hears how many are done. Raises Conflict as `preview` does, before
    anything is written: whatever the books know otherwise is looked for
    first.
    """
    for chunk in _chunks(entries):
        tools.db.read(_known, chunk)
    matcher = tools.db.read(matching.Matcher)
    for done, entry in enumerate(entries, 1):
        yield tools.db.write(_record, tools, matcher, entry, by)
        tell(done)


def _chunks(
    entries: Sequence[statement.Entry],
) -> Iterator[Sequence[statement.Entry]]:
    for first in range(0, len(entries), _CHUNK):
        yield entries[first : first + _CHUNK]


class _Foresight:
    """What the entries before an entry would have changed."""

    def __init__(self) -> None:
        self.seen: dict[str, statement.Entry] = {}
        self.left: dict[int, int] = {}  # to pay, of an invoice

    def of(self, plan: Plan) -> Plan:
        """The plan, told as it is after those before it."""
        entry = plan.entry
        earlier = self.seen.get(entry.key)
        if earlier is not None and plan.deed is not Deed.IGNORED:
            return Plan(
                entry, Deed.KNOWN, f'the same as at {_line(earlier.where)}'
            )
        if entry.does is statement.Does.TAKEN_BACK and plan.payment is None:
            plan = self._reversed(plan)
        self.seen[entry.key] = entry
        return self._counted(plan)

    def _reversed(self, plan: Plan) -> Plan:
        name = matching.naming(plan.entry)
        same = [
            one
            for one in self.seen.values()
            if one.does is statement.Does.PAID_IN
            and (one.amount, one.currency)
            == (plan.entry.amount, plan.entry.currency)
            and any(name)
            and (
                matching.naming(one)[0] == name[0]
                if name[0]
                else one.text == name[1]
            )
        ]
        if plan.deed is not Deed.FOR_A_PERSON or len(same) != 1:
            return plan
        return Plan(
            plan.entry, Deed.CHARGE_BACK,
            f'takes back {_line(same[0].where)}',
        )  # fmt: skip

    def _counted(self, plan: Plan) -> Plan:
        """With what is left to pay of the invoices it names."""
        if plan.deed is not Deed.PAYMENT or not plan.invoices:
            return plan
        amount, words = plan.entry.amount, []
        for invoice in plan.invoices:
            owed = self.left.get(invoice.id, invoice.owed)
            if invoice.state != lifecycle.InvoiceState.OPEN:
                owed = 0
            used = min(amount, owed)
            amount -= used
            self.left[invoice.id] = owed - used
            words.append(_told(invoice, used, owed - used))
        if amount:
            words.append(
                f'and {money.Money(amount, plan.entry.currency)} more'
            )
        why = f'{plan.why}: {", ".join(words)}'
        return Plan(
            plan.entry, plan.deed, why, plan.account_id, plan.account,
            plan.invoices,
        )  # fmt: skip


def _told(invoice: sa.Row[Any], used: int, left: int) -> str:
    number = balance.number(invoice)
    if not used:
        return f'{number} owes nothing'
    if left:
        return f'{number} but for {money.Money(left, invoice.currency)}'
    return f'{number} in full'


def _line(where: str) -> str:
    return f'line {where.rpartition(":")[2]}'


def _plans(
    conn: sa.Connection,
    matcher: matching.Matcher,
    entries: Sequence[statement.Entry],
    foresight: _Foresight,
) -> list[Plan]:
    known = _known(conn, entries)
    return [
        foresight.of(_plan(conn, matcher, entry, known.get(entry.key)))
        for entry in entries
    ]


def _known(
    conn: sa.Connection, entries: Iterable[statement.Entry]
) -> dict[str, sa.Row[Any]]:
    """What the books have of the entries. Raises Conflict."""
    by_key = {entry.key: entry for entry in entries}
    known = payments.by_keys(conn, list(by_key))
    for key, row in known.items():
        entry = by_key[key]
        if (row.amount, row.currency) != (entry.amount, entry.currency):
            raise errors.Conflict(
                f'{entry.where}: the key {key!r} was used for another payment'
            )
    return known


def _plan(
    conn: sa.Connection,
    matcher: matching.Matcher,
    entry: statement.Entry,
    known: sa.Row[Any] | None,
) -> Plan:
    if entry.does is statement.Does.PAID_OUT:
        return Plan(entry, Deed.IGNORED, 'paid out by us')
    if known is not None:
        return Plan(entry, Deed.KNOWN, f'recorded as number {known.id}')
    if entry.does is statement.Does.TAKEN_BACK:
        return _plan_reversal(conn, entry)
    match = matcher.whose(conn, entry)
    if match.account_id is None:
        return Plan(entry, Deed.FOR_A_PERSON, match.why)
    name = accounts.get(conn, match.account_id).name
    return Plan(
        entry, Deed.PAYMENT, match.why, match.account_id, name, match.invoices
    )


def _plan_reversal(conn: sa.Connection, entry: statement.Entry) -> Plan:
    payment = matching.taken_back(conn, entry)
    if payment is None:
        return Plan(
            entry, Deed.FOR_A_PERSON, 'taken back by the bank; of what?'
        )  # fmt: skip
    name = '-'
    if payment.account_id is not None:
        name = accounts.get(conn, payment.account_id).name
    return Plan(
        entry, Deed.CHARGE_BACK, f'takes back number {payment.id}',
        payment.account_id, name, payment=payment,
    )  # fmt: skip


def _record(
    conn: sa.Connection,
    tools: toolbox.Tools,
    matcher: matching.Matcher,
    entry: statement.Entry,
    by: str,
) -> Plan:
    now = tools.now()
    plan = _plan(conn, matcher, entry, payments.by_key(conn, entry.key))
    amount = money.Money(entry.amount, entry.currency)
    reference, text = matching.naming(entry)
    origin = incoming.Origin(
        source='bank', payer=entry.payer or None, remittance=text or None,
        received_at=min(now, _noon(entry.booked)),
    )  # fmt: skip
    said: dict[str, Any] = {'by': by, 'origin': origin}
    taken_back = entry.does is statement.Does.TAKEN_BACK
    if plan.payment is not None:
        refunds.charge_back(
            conn, tools, plan.payment.id, now, amount=amount, key=entry.key,
            why=text, **said,
        )  # fmt: skip
    elif plan.deed is Deed.FOR_A_PERSON and taken_back:
        refunds.record_taken_back(
            conn, amount, entry.key, now, reference=reference, **said
        )
    elif plan.deed in (Deed.PAYMENT, Deed.FOR_A_PERSON):
        incoming.record(
            conn, tools, plan.account_id, amount, entry.key, now,
            reference=reference,
            invoice_ids=[one.id for one in plan.invoices], **said,
        )  # fmt: skip
    return plan


def _noon(day: dt.date) -> dt.datetime:
    """An instant that is on that day in nearly every zone."""
    return dt.datetime.combine(day, dt.time(12), dt.UTC)
