# SPDX-License-Identifier: Apache-2.0
"""Bills of another engine, as debts that the ladder is about.

What is owed there is owed here, and nothing else: no payment is booked, no
balance is used, and our journal has none of it. A debt asks at its own due
day; one that was past due when it was first read here asks after the net days
from then on, so that nobody is enforced who was not warned by us.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.domain import money
from patrii_billing.domain import steps
from patrii_billing.engine import balance
from patrii_billing.engine.bridging import records
from patrii_billing.engine import collect
from patrii_billing.engine import gather
from patrii_billing.engine import ports
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import bridges
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

_State = lifecycle.InvoiceState


def fold(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    bill: bridge.Bill,
    now: dt.datetime,
) -> None:
    """Owe here what is owed there. Raises BillingError.

    What is paid and was never open here is only remembered, and so are
    the bills of an engine that collects for invoices of ours.
    """
    records.check(bill)
    customer = bridges.link(conn, by.name, bridges.CUSTOMER, bill.customer)
    if customer is None or customer.account_id is None:
        raise errors.NotFound('its customer has no account here')
    accounts.lock(conn, customer.account_id)
    known = bridges.link(conn, by.name, bridges.BILL, bill.ref)
    if known is not None and known.account_id not in (
        None, customer.account_id
    ):  # fmt: skip
        raise errors.Conflict(f'it was of {known.customer} before')
    invoice_id = known.invoice_id if known is not None else None
    owed = bill.owed if bill.state is bridge.BillState.OPEN else 0
    account = accounts.get(conn, customer.account_id)
    counts = owed > 0 or invoice_id is not None
    if counts and bill.currency != account.currency:
        raise errors.Conflict(
            f'it is in {bill.currency}, and {account.name} pays in '
            f'{account.currency}'
        )
    if invoice_id is None and owed > 0:
        sub = _answers(conn, by, bill, customer.account_id)
        theirs = by.engine.invoices is bridge.Owner.THEIRS
        if theirs or (sub is not None and sub.invoiced_by == by.name):
            invoice_id = _enter(
                conn, tools, by, bill, customer.account_id, sub, now
            )
    elif invoice_id is not None:
        _follow(conn, by, invoices.get(conn, invoice_id), bill, owed, now)
    bridges.put(
        conn, by.name, bridges.BILL, bill.ref, now, customer=bill.customer,
        said=records.written(bill), state=LinkState.LINKED, why=None,
        account_id=customer.account_id, invoice_id=invoice_id,
    )  # fmt: skip
    collect.judge_account(conn, tools, customer.account_id, now)


def _enter(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    bill: bridge.Bill,
    account_id: int,
    sub: sa.Row[Any] | None,
    now: dt.datetime,
) -> int:
    account = accounts.get(conn, account_id)
    policy = tools.settings.policy.reading(account.policy)
    if sub is not None:
        policy = gather.policy(conn, tools, sub)
    zone = calendar.zone(account.timezone)
    due_at = calendar.start_of_day(bill.due_on, zone)
    line = {
        'subscription_id': sub.id if sub is not None else None,
        'kind': 'charge', 'resource': invoices.FOREIGN,
        'label': f'{by.name} {bill.number}', 'starts': None, 'ends': None,
        'quantity': Decimal(1),
        'unit_price': Decimal(money.plain(bill.total, bill.currency)),
        'ratio': str(money.WHOLE), 'amount': bill.total,
        'reason': f'invoiced by {by.name}', 'corrects': None,
    }  # fmt: skip
    invoice_id = invoices.issue(
        conn, now, [line], account_id=account_id,
        subscription_id=line['subscription_id'], series=by.name.upper(),
        reference=None, kind=invoices.FOREIGN, currency=bill.currency,
        owed=bill.owed, announce_at=now,
        due_at=max(due_at, policy.net.after(now, zone))
        if due_at < now
        else due_at,
    )  # fmt: skip
    invoice = invoices.get(conn, invoice_id)
    _tell(conn, by, invoice, bill, 'open', now)
    notices.ask(
        conn, steps.invoice_key(invoice_id), 'invoice', now,
        account_id=account_id, subscription_id=invoice.subscription_id,
        invoice_id=invoice_id,
    )  # fmt: skip
    return invoice_id


def _answers(
    conn: sa.Connection, by: ports.Bridge, bill: bridge.Bill, account_id: int
) -> sa.Row[Any] | None:
    """Whose ladder it is on: its contract's, else that of the only one.

    With several and none named nobody's servers answer for it.
    """
    if bill.contract is not None:
        known = bridges.link(conn, by.name, bridges.CONTRACT, bill.contract)
        if known is None or known.subscription_id is None:
            return None
        return subscriptions.get(conn, known.subscription_id)
    subs = [
        sub
        for sub in subscriptions.of_account(conn, account_id)
        if sub.invoiced_by == by.name
    ]
    return subs[0] if len(subs) == 1 else None


def _follow(
    conn: sa.Connection,
    by: ports.Bridge,
    invoice: sa.Row[Any],
    bill: bridge.Bill,
    owed: int,
    now: dt.datetime,
) -> None:
    """Write what is owed now; what is owed again is due anew."""
    void = bill.state is bridge.BillState.VOID
    if void and invoice.state != _State.VOID:
        credits.close(conn, invoice.id, _State.VOID, f'in {by.name}', now)
        _tell(conn, by, invoice, bill, 'void', now)
    if void or owed == invoice.owed:
        return
    again = invoice.state != _State.OPEN and owed > 0
    due_at = max(invoice.due_at, now) if again else None
    invoices.write_owed(conn, invoice.id, owed, now, due_at=due_at)
    if not owed:
        _tell(conn, by, invoice, bill, 'paid', now)
    elif again:
        _tell(conn, by, invoice, bill, 'unpaid', now)


def _tell(
    conn: sa.Connection,
    by: ports.Bridge,
    invoice: sa.Row[Any],
    bill: bridge.Bill,
    result: str,
    now: dt.datetime,
) -> None:
    timeline.record(
        conn, now, 'invoice', balance.number(invoice),
        f'{bill.number} of {by.name}', account_id=invoice.account_id,
        subscription_id=invoice.subscription_id, by=by.name,
        amount=money.plain(bill.owed, bill.currency), result=result,
    )  # fmt: skip
