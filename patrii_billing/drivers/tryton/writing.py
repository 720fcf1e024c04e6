# SPDX-License-Identifier: Apache-2.0
"""What is written in Tryton: lines of its next invoices, and notes.

Each carries a mark with its key, and is looked for by it first. Tryton has no
key of its own for that, so two who write the same at once could both miss it;
the engine lets one at a time.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.drivers.tryton import booking
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

Row = clients.Row
_NOTE = 'ir.note'
_MARK = '[patrii-billing {}]'
_STATUS = 'Billing status: '
# What a draft is called that is made here.
_OURS = 'Changes of subscriptions'


class Writer:
    """Writes for one company."""

    def __init__(self, client: clients.Client, company: int) -> None:
        self._client = client
        self._company = company
        self._own = ['company', '=', company]
        self._booking = booking.Booking(client, company)

    def line(self, line: bridge.Line) -> str:
        """Put it on a draft of the customer's, or on a new one."""
        party = records.number_of(line.customer)
        mark = _MARK.format(line.key)
        known = self._line(party, mark)
        if known is not None:
            return known
        subscription = self._booking.subscription(party, line)
        values = {
            'type': 'line',
            'company': self._company,
            'currency': subscription['currency']['id'],
            'description': _described(line),
            'note': mark,
            'origin': _origin(subscription),
            # As Tryton's own credit notes have it: less of something.
            'quantity': -1 if line.amount < 0 else 1,
            'unit_price': _amount(line),
            **self._booking.line(subscription),
        }
        self._put(party, subscription, values)
        written = self._line(party, mark)
        if written is None:
            raise errors.EngineUnavailable('Tryton did not keep the line')
        return written

    def status(self, status: bridge.Status) -> None:
        """As the newest note of its kind at the subscription."""
        said = f'{_STATUS}{status.status}'
        found = self._client.rows(
            _NOTE,
            [['resource', '=', status.contract],
             ['message', 'like', f'{_STATUS}%']],
            ('message',), booking.NEWEST, limit=1,
        )  # fmt: skip
        if found and found[0]['message'].splitlines()[0] == said:
            return
        since = f'{status.since:%Y-%m-%d %H:%M} UTC'
        self._client.create(
            _NOTE,
            {
                'resource': status.contract,
                'message': f'{said}\nSince {since}: {status.why}',
            },
        )

    def note(self, note: bridge.Note) -> str:
        where = note.contract or note.customer
        mark = _MARK.format(note.key)
        found = self._client.rows(
            _NOTE,
            [['resource', '=', where], ['message', 'like', _ending(mark)]],
            ('message',),
        )
        if found:
            return records.ref(_NOTE, found[0]['id'])
        text = f'{note.at:%Y-%m-%d %H:%M} UTC: {note.text}\n{mark}'
        made = self._client.create(_NOTE, {'resource': where, 'message': text})
        return records.ref(_NOTE, made)

    def _line(self, party: int, mark: str) -> str | None:
        found = self._client.rows(
            booking.LINE,
            [['invoice.party', '=', party], ['note', '=', mark]],
            ('invoice',),
        )
        return records.ref(booking.LINE, found[0]['id']) if found else None

    def _put(
        self, party: int, subscription: Row, values: Mapping[str, Any]
    ) -> None:
        """By way of the invoice, which then computes its taxes anew."""
        lines = {'lines': [['create', [values]]]}
        draft = self._draft(party, subscription)
        if draft is not None:
            self._client.write(records.INVOICE, draft, lines, self._company)
            return
        self._client.create(
            records.INVOICE,
            {
                'type': 'out',
                'company': self._company,
                'party': party,
                'currency': subscription['currency']['id'],
                'description': _OURS,
                **self._booking.invoice(party, subscription),
                **lines,
            },
            self._company,
        )

    def _draft(self, party: int, subscription: Row) -> int | None:
        """The subscription's own; what else a clerk is at is his."""
        found = self._client.rows(
            records.INVOICE,
            [
                self._own,
                ['party', '=', party],
                ['type', '=', 'out'],
                ['state', '=', 'draft'],
                ['currency', '=', subscription['currency']['id']],
                ['lines.origin.subscription', '=', subscription['id'],
                 records.SUBSCRIPTION_LINE],
            ],
            ('id',), limit=1,
        )  # fmt: skip
        return int(found[0]['id']) if found else None


def _origin(subscription: Row) -> str | None:
    """As Tryton says of its own lines what they are for."""
    lines = subscription['lines']
    model = records.SUBSCRIPTION_LINE
    return records.ref(model, lines[0]['id']) if lines else None


def _described(line: bridge.Line) -> str:
    """What it is for, and how its amount came about."""
    span = ''
    if line.starts is not None and line.ends is not None:
        span = f' {line.starts} to {line.ends}'
    unit = f' {line.unit}' if line.unit else ''
    return (
        f'{line.label}{span}\n'
        f'{line.quantity}{unit} x {line.unit_price} x {line.ratio}: '
        f'{line.reason}'
    )


def _amount(line: bridge.Line) -> Decimal:
    return Decimal(money.plain(abs(line.amount), line.currency))


def _ending(mark: str) -> str:
    """A pattern of SQL for a text that ends so."""
    for special in ('\\', '%', '_'):
        mark = mark.replace(special, f'\\{special}')
    return f'%{mark}'
