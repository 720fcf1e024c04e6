# SPDX-License-Identifier: Apache-2.0
"""Tell another engine what was done here: a listener like any other.

So it is told in order, at least once, with rests while it is away; and since
each thing is written there under a key, at most once.
"""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain import events
from patrii_billing.domain import lifecycle
from patrii_billing.engine import balance
from patrii_billing.engine import ports
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import bridges
from patrii_billing.store import credits
from patrii_billing.store import database
from patrii_billing.store import invoices

WANTS = (
    'billing.invoice.handed_over',
    'billing.invoice.issued',
    'billing.invoice.paid',
    'billing.invoice.voided',
    'billing.invoice.credited',
    'billing.invoice.written_off',
    'billing.subscription.status',
    'billing.action.done',
    'billing.action.failed',
)
_NOT_THEIRS = 'not of this engine'
_DONE = {
    'shelve': 'was shelved for arrears',
    'restore': 'was restored',
    'delete': 'was deleted',
    'quota_change': 'the quota was changed',
    'purge': 'what was kept of a deleted server was removed',
}
# What ends the collection of an invoice of ours, in part or as a whole.
_SETTLED = {
    'billing.invoice.paid': 'is paid',
    'billing.invoice.voided': 'is void: collect nothing for it',
    'billing.invoice.credited': 'was credited: collect what is left of it',
    'billing.invoice.written_off': 'is written off: collect nothing for it',
}


class Teller:
    """A ports.Publisher that writes in the engine's own records."""

    def __init__(self, db: database.Database, by: ports.Bridge) -> None:
        self._db = db
        self._by = by

    def publish(self, event: events.Event) -> str:
        told = event.payload
        try:
            return self._tell(event, told)
        except errors.EngineRefused as error:
            raise errors.ListenerRefused(
                error.reason, error.code
            ) from error
        except errors.EngineError as error:
            raise errors.ListenerAway(str(error)) from error

    def _tell(self, event: events.Event, told: dict[str, Any]) -> str:
        known = self._db.read(_known, self._by.name, told)
        if known is None:
            return _NOT_THEIRS
        engine, what = self._by.engine, event.type
        if what == 'billing.invoice.handed_over':
            lines = self._db.read(_lines, known, told['data']['invoice'])
            return ', '.join(engine.write_line(line) for line in lines)
        if what.startswith('billing.invoice.'):
            return self._tell_of_ours(event, told, known)
        if what == 'billing.subscription.status':
            engine.write_status(
                bridge.Status(
                    contract=known.ref, status=told['data']['status'],
                    since=event.at, why=told['why'],
                )
            )  # fmt: skip
            return str(told['data']['status'])
        return engine.write_note(_note(event, told, known))

    def _tell_of_ours(
        self, event: events.Event, told: dict[str, Any], known: sa.Row[Any]
    ) -> str:
        """Have it collected there, or say that this has come to an end."""
        engine, number = self._by.engine, told['data']['invoice']
        if engine.invoices is bridge.Owner.THEIRS:
            return _NOT_THEIRS
        invoice = self._db.read(credits.by_number, number)
        if invoice.kind in invoices.THEIRS:
            return _NOT_THEIRS
        if event.type in _SETTLED:
            text = f'Invoice {number} {_SETTLED[event.type]}'
            return engine.write_note(
                bridge.Note(
                    key=event.key, customer=known.customer,
                    contract=_contract(known), at=event.at, text=text,
                )
            )  # fmt: skip
        if invoice.state != lifecycle.InvoiceState.OPEN:
            return f'{number} is {invoice.state}'
        account = self._db.read(accounts.get, invoice.account_id)
        return engine.write_invoice(_invoice(known, invoice, account))


def _known(
    conn: sa.Connection, name: str, told: dict[str, Any]
) -> sa.Row[Any] | None:
    """The contract there that an event is about, else the customer."""
    sub, account = told['subscription'], told['account']
    if sub is not None:
        known = bridges.of_subscription(conn, sub['id'])
        return known if known and known.bridge == name else None
    if account is None or not told['type'].startswith('billing.invoice.'):
        return None
    return bridges.of_account(conn, name, account['id'])


def _contract(known: sa.Row[Any]) -> str | None:
    return known.ref if known.kind == bridges.CONTRACT else None


def _invoice(
    known: sa.Row[Any], row: sa.Row[Any], account: sa.Row[Any]
) -> bridge.Invoice:
    """As it is to be collected, with what is owed on it now."""
    zone = calendar.zone(account.timezone)
    number = balance.number(row)
    label = f'Invoice {number}'
    if row.period_start is not None:
        label += f': {row.period_start} to {row.period_end}'
    return bridge.Invoice(
        key=number, customer=known.customer, contract=_contract(known),
        label=label, currency=row.currency, owed=row.owed,
        issued_on=row.issued_at.astimezone(zone).date(),
        due_on=row.due_at.astimezone(zone).date(),
    )  # fmt: skip


def _note(
    event: events.Event, told: dict[str, Any], known: sa.Row[Any]
) -> bridge.Note:
    data = told['data']
    what = _DONE.get(data['type'], data['type'])
    server = f'Server {data["server"]} ' if data['server'] else ''
    text = f'{server}{what}'
    if event.type.endswith('.failed'):
        text = f'{server}{data["type"]} failed'
    if told['why']:
        text += f': {told["why"]}'
    return bridge.Note(
        key=event.key, customer=known.customer, contract=known.ref,
        at=event.at, text=text[:1].upper() + text[1:],
    )  # fmt: skip


def _lines(
    conn: sa.Connection, known: sa.Row[Any], number: str
) -> list[bridge.Line]:
    """What the engine is to put on its next invoice.

    Not the time that it bills itself, which is only recorded here.
    """
    invoice = credits.by_number(conn, number)
    account = accounts.get(conn, invoice.account_id)
    return [
        _line(invoice, row, known, account.currency)
        for row in invoices.lines_of(conn, invoice.id)
        if row.net and not _is_theirs(invoice, row)
    ]


def _is_theirs(invoice: sa.Row[Any], row: sa.Row[Any]) -> bool:
    return bool(
        invoice.kind == invoices.RECORD
        and row.starts is not None
        and row.starts >= invoice.period_start
    )


def _line(
    invoice: sa.Row[Any], row: sa.Row[Any], known: sa.Row[Any], currency: str
) -> bridge.Line:
    return bridge.Line(
        key=f'{balance.number(invoice)}:{row.id}', customer=known.customer,
        contract=known.ref, label=row.label or row.resource, amount=row.net,
        currency=currency, quantity=row.quantity, unit_price=row.unit_price,
        ratio=row.ratio, reason=row.reason, unit=row.unit, starts=row.starts,
        ends=row.ends,
    )  # fmt: skip
