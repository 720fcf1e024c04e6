# SPDX-License-Identifier: Apache-2.0
"""The end of a contract: its cancellation, and the withdrawal of that.

What was invoiced for later than the end is taken back in the transaction of
the cancellation, so that a leaver is never dunned for it. What he owes of
the time before stays a debt, and its ladder goes on.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import invoice as invoicing
from patrii_billing.domain import lifecycle
from patrii_billing.domain import tax
from patrii_billing.engine import bill
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import crediting
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import issuing
from patrii_billing.engine import tools as toolbox
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import chain
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_Contract = lifecycle.Contract
_State = lifecycle.InvoiceState


def cancel(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    ends_on: dt.date | None,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> dt.date:
    """End a contract on a local day, and return it: the first not billed.

    By default that is the end of what is paid, today at the earliest; a trial
    ends today. Given again, another day takes the place of the first. Raises
    Conflict for one that has ended, InvalidInput for a day before its start.
    """
    sub = locked(conn, subscription_id)
    if has_ended(conn, sub, now):
        raise errors.Conflict(f'{sub.name} has ended')
    day = ends_on or sub.ends_on or _end_of_paid(conn, sub, now)
    if day < sub.start:
        raise errors.InvalidInput(f'{sub.name} began on {sub.start}', 'on')
    if sub.ends_on == day:
        return day
    sub = _bring_back(conn, sub)
    subscriptions.change(conn, sub.id, ends_on=day, contract=_Contract.ENDING)
    tell(conn, sub, now, by, why, 'ending', ends_on=day.isoformat())
    _ask(conn, sub, 'contract_ending', now, day)
    _void_later(conn, sub.id, day, now, by, why or 'cancelled')
    if chain.cut(conn, sub.id, day):
        _credit_unused(conn, tools, sub.id, now, by, why or 'cancelled')
    charge.schedule(conn, tools, subscriptions.get(conn, sub.id))
    collect.judge_account(conn, tools, sub.account_id, now)
    return day


def keep(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> None:
    """Withdraw a cancellation; what it took back is billed anew.

    One that is not cancelled stays as it is. Raises Conflict once it ended.
    """
    sub = locked(conn, subscription_id)
    if has_ended(conn, sub, now):
        raise errors.Conflict(f'{sub.name} has ended')
    if sub.ends_on is None:
        return
    sub = _bring_back(conn, sub)
    tell(conn, sub, now, by, why, 'kept')
    _ask(conn, sub, 'contract_kept', now)
    charge.schedule(conn, tools, sub)
    collect.judge_account(conn, tools, sub.account_id, now)


def locked(conn: sa.Connection, subscription_id: int) -> sa.Row[Any]:
    """The subscription, with its account to ourselves until the commit."""
    account_id = subscriptions.get(conn, subscription_id).account_id
    accounts.lock(conn, account_id)
    return subscriptions.get(conn, subscription_id)


def today(conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime) -> dt.date:
    """The local day of its account."""
    account = accounts.get(conn, sub.account_id)
    return calendar.local_day(now, calendar.zone(account.timezone))


def has_ended(conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime) -> bool:
    """Whether its last day is over, though nobody may have noticed yet."""
    over = sub.ends_on is not None and sub.ends_on <= today(conn, sub, now)
    return bool(over or sub.contract == _Contract.ENDED)


def _end_of_paid(
    conn: sa.Connection, sub: sa.Row[Any], now: dt.datetime
) -> dt.date:
    earliest: dt.date = max(today(conn, sub, now), sub.start)
    paid_until: dt.date = sub.billed_until
    for span in chain.of(conn, sub.id):
        if span.unbilled_why == charge.TRIAL and earliest < span.ends:
            return earliest
        if span.invoice_id is None:
            continue
        if invoices.get(conn, span.invoice_id).state != _State.PAID:
            paid_until = span.starts
            break
    return max(paid_until, earliest)


def _bring_back(conn: sa.Connection, sub: sa.Row[Any]) -> sa.Row[Any]:
    """As if it had not been cancelled, but for what was taken back."""
    if sub.ends_on is None:
        return sub
    since = chain.uncut(conn, sub.id)
    spans = chain.of(conn, sub.id)
    trial = spans and all(row.unbilled_why == charge.TRIAL for row in spans)
    subscriptions.change(
        conn, sub.id, ends_on=None, billed_until=since or sub.billed_until,
        contract=_Contract.TRIAL if trial else _Contract.LIVE,
    )  # fmt: skip
    return subscriptions.get(conn, sub.id)


def _void_later(
    conn: sa.Connection,
    subscription_id: int,
    day: dt.date,
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    """Void what bills later time only, and on which nothing was paid."""
    for span in chain.of(conn, subscription_id):
        if span.starts < day or span.invoice_id is None:
            continue
        invoice = invoices.get(conn, span.invoice_id)
        if invoice.state == _State.OPEN and invoice.owed == invoice.total:
            voiding.negate(conn, invoice, now, by, why)


def _credit_unused(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    """Give back what was billed for time past the end.

    Each invoice gets a note of its own. Where a change is not billed yet,
    its charge and its credit stay together on one invoice.
    """
    sub = subscriptions.get(conn, subscription_id)
    [ground] = grounds.read(conn, tools, [sub])
    entries = list(bill.entries(ground))
    if all(entry.line.corrects is None for entry in entries):
        return  # what else is to be billed comes with the last invoice
    theirs = sub.invoiced_by is not None
    if theirs or any(entry.line.corrects is None for entry in entries):
        drafts = [issuing.correction(tools, ground, entries, now)]
        issuing.issue(conn, drafts, now)
        return
    for invoice_id, lines in _notes(ground, entries):
        invoice = invoices.get(conn, invoice_id)
        crediting.issue(conn, invoice, lines, now, by, why)


def _notes(
    ground: grounds.Ground, entries: Sequence[bill.Entry]
) -> Iterator[tuple[int, list[crediting.Line]]]:
    """The credits as the books keep them, by the invoice they correct."""
    said = invoicing.compose(
        [entry.line for entry in entries],
        posted=bill.all_posted(ground),
        # A credit carries those of the line it corrects.
        rates=(), discounts=(), inclusive=False, rounding=tax.Rounding.LINE,
        zone=ground.zone,
    )  # fmt: skip
    billed_by = {str(row.id): row.invoice_id for row in ground.lines}
    notes: dict[int, list[crediting.Line]] = {}
    for entry, item in zip(entries, said.items, strict=True):
        line = bill.row(entry, item, ground.sub.id, ground.zone)
        invoice_id = billed_by[str(entry.line.corrects)]
        notes.setdefault(invoice_id, []).append(line)
    yield from sorted(notes.items())


def tell(
    conn: sa.Connection,
    sub: sa.Row[Any],
    now: dt.datetime,
    by: str,
    why: str,
    name: str,
    **detail: Any,
) -> None:
    """Record what became of a contract."""
    timeline.record(
        conn, now, 'contract', name, why,
        account_id=sub.account_id, subscription_id=sub.id, by=by, **detail,
    )  # fmt: skip


def _ask(
    conn: sa.Connection,
    sub: sa.Row[Any],
    template: str,
    now: dt.datetime,
    day: dt.date | None = None,
) -> None:
    """Have the customer told; `day` is the one that the notice names."""
    account = accounts.get(conn, sub.account_id)
    zone = calendar.zone(account.timezone)
    notices.ask(
        conn, f'{template}:{sub.id}:{now.isoformat()}', template, now,
        account_id=account.id, subscription_id=sub.id,
        names=calendar.start_of_day(day, zone) if day else None,
    )  # fmt: skip
