# SPDX-License-Identifier: Apache-2.0
"""Tell another engine what was done here: a listener like any other.

So it is told in order, at least once, with rests while it is away; and since
each thing is written there under a key, at most once.
"""

from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain import events
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
        sub = told['subscription']
        known = sub and self._db.read(bridges.of_subscription, sub['id'])
        if not known or known.bridge != self._by.name:
            return _NOT_THEIRS
        engine = self._by.engine
        if event.type == 'billing.invoice.handed_over':
            lines = self._db.read(_lines, known, told['data']['invoice'])
            return ', '.join(engine.write_line(line) for line in lines)
        if event.type == 'billing.subscription.status':
            engine.write_status(
                bridge.Status(
                    contract=known.ref, status=told['data']['status'],
                    since=event.at, why=told['why'],
                )
            )  # fmt: skip
            return str(told['data']['status'])
        return engine.write_note(_note(event, told, known))


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
