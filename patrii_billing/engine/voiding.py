# SPDX-License-Identifier: Apache-2.0
"""Take back what an issued invoice asks for: void, credit note, write-off.

An invoice never changes in its words and sums. A void takes the document
out of the books: a note negates it, the time it billed is left out or billed
anew, and what it corrected of other time comes again on the next invoice. A
credit gives money back and leaves what is billed as it is. A write-off asks
for nothing any more, and forgets nothing.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import balance
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import crediting
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import chain
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_State = lifecycle.InvoiceState


def void(
    conn: sa.Connection,
    tools: toolbox.Tools,
    invoice_id: int,
    now: dt.datetime,
    by: str,
    why: str,
    again: bool = False,
) -> None:
    """Take an invoice back on which nothing was paid; once.

    `again` bills its time anew, else that stays unbilled. Raises Conflict
    for one that is not open, or that somebody began to pay.
    """
    invoice = _locked(conn, invoice_id)
    if invoice.state == _State.VOID:
        return
    _must_be(invoice, _State.OPEN)
    if invoice.owed != invoice.total:
        raise errors.Conflict(
            f'{balance.number(invoice)} is settled in part: credit it'
        )
    negate(conn, invoice, now, by, why)
    for span in chain.billed_by(conn, invoice.id):
        _give_up(conn, tools, span, again, now)
    collect.judge_account(conn, tools, invoice.account_id, now)


def negate(
    conn: sa.Connection,
    invoice: sa.Row[Any],
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    """Settle an open invoice by its negation; its time is the caller's."""
    lines = crediting.negated(conn, invoice)
    crediting.issue(conn, invoice, lines, now, by, why)
    credits.close(conn, invoice.id, _State.VOID, why, now)
    timeline.record(
        conn, now, 'invoice', balance.number(invoice), why,
        account_id=invoice.account_id,
        subscription_id=invoice.subscription_id, by=by,
        amount=money.plain(invoice.total, invoice.currency), result='void',
    )  # fmt: skip


def _give_up(
    conn: sa.Connection,
    tools: toolbox.Tools,
    span: sa.Row[Any],
    again: bool,
    now: dt.datetime,
) -> None:
    """The time of a void invoice: billed anew, or left out."""
    sub = subscriptions.get(conn, span.subscription_id)
    # What is given back now is, on return, time that was not billed.
    suspended = sub.billing_status in charge.SUSPENDED
    if not again:
        chain.leave_out(conn, span, chain.VOID)
    elif span.ends == sub.billed_until and not suspended:
        chain.free(conn, span)
        subscriptions.change(conn, sub.id, billed_until=span.starts)
        charge.schedule(conn, tools, subscriptions.get(conn, sub.id))
    else:
        # Its lines come on the next invoice.
        chain.leave_out(conn, span, invoices.NOTHING_YET)
    # What it corrected of other time is to be said again.
    subscriptions.change(conn, sub.id, settle_at=now)


def credit(
    conn: sa.Connection,
    tools: toolbox.Tools,
    invoice_id: int,
    amount: money.Money | None,
    now: dt.datetime,
    by: str,
    why: str,
    key: str | None = None,
) -> None:
    """Give back a part of an invoice, with taxes, or all that is left of it.

    It lowers what is owed on that invoice first, and the rest is balance.
    The same `key` credits once; where nothing is left, all of it is nothing.
    Raises Conflict where less is left, or where the key was used otherwise.
    """
    invoice = _locked(conn, invoice_id)
    _must_be(invoice, _State.OPEN, _State.PAID, _State.UNCOLLECTIBLE)
    if key is not None and crediting.known(conn, invoice, amount, key):
        return
    lines = crediting.shared(conn, invoice, amount, why)
    if lines:
        crediting.issue(conn, invoice, lines, now, by, why, key)
        collect.judge_account(conn, tools, invoice.account_id, now)


def write_off(
    conn: sa.Connection,
    tools: toolbox.Tools,
    invoice_id: int,
    now: dt.datetime,
    by: str,
    why: str,
) -> None:
    """Ask no more for what an invoice owes; once.

    What is owed stays on it, so that money that comes late is told as
    recovered. Raises Conflict for one that is not open.
    """
    invoice = _locked(conn, invoice_id)
    if invoice.state == _State.UNCOLLECTIBLE:
        return
    _must_be(invoice, _State.OPEN)
    crediting.give_up(conn, invoice, now, by, why)
    collect.judge_account(conn, tools, invoice.account_id, now)


def _locked(conn: sa.Connection, invoice_id: int) -> sa.Row[Any]:
    """The invoice, with its account to ourselves until the commit."""
    accounts.lock(conn, invoices.get(conn, invoice_id).account_id)
    return invoices.get(conn, invoice_id)


def _must_be(invoice: sa.Row[Any], *states: lifecycle.InvoiceState) -> None:
    """Raises Conflict."""
    name = balance.number(invoice)
    if invoice.kind in invoices.THEIRS:
        raise errors.Conflict(
            f'{name} is of {invoice.series}: change it there'
        )
    if invoice.kind == credits.KIND:
        raise errors.Conflict(f'{name} is a credit note')
    if invoice.state not in states:
        raise errors.Conflict(f'{name} is {invoice.state}')
