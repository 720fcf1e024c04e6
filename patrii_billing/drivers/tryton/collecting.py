# SPDX-License-Identifier: Apache-2.0
"""Invoices of ours that Tryton collects, and the money that came for them.

They stand in Tryton as posted invoices of one line without taxes, for ours is
the document: it has the taxes, and Tryton what is to be paid. Their comment
is a mark, by which each is posted once and told from invoices of its own.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from decimal import Decimal

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.drivers.tryton import booking
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import pages
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

Row = clients.Row
MONEY = 'account.move.line'
_MARK = '[patrii-billing invoice {}]'
OURS = ['comment', 'like', _MARK.format('%')]
_POSTED = ['state', 'in', ['posted', 'paid', 'cancelled']]
_FIELDS = (
    'reference', 'state', 'party', 'currency.code', 'total_amount',
    'amount_to_pay', 'invoice_date', 'payment_lines', 'reconciliation_lines',
    'last_modified_at',
)  # fmt: skip
_RECEIVED = [
    ['account.type.receivable', '=', True],
    ['move.state', '=', 'posted'],
    ['credit', '>', 0],
]
_OF_MONEY = (
    'party', 'debit', 'credit', 'amount_second_currency', 'reconciliation',
    'second_currency.code', 'move.company.currency.code', 'move.number',
    'move.date', 'invoice_payment', 'last_modified_at',
)  # fmt: skip
_UNMATCHED = 'is matched with no invoice in Tryton yet'
_NO_MONEY = 'is settled in Tryton by what is no money, or cancelled there'

# Minor units by the entry of the money and the invoice that it pays.
_Paid = Mapping[tuple[int, int], int]


class Collecting:
    """For one company."""

    def __init__(self, client: clients.Client, company: int) -> None:
        self._client = client
        self._company = company
        self._own = ['company', '=', company]
        self._entered = [['move.company', '=', company], *_RECEIVED]
        self._booking = booking.Booking(client, company)

    def write(self, invoice: bridge.Invoice) -> str:
        """Have it posted. Raises EngineError."""
        found = self._find(invoice)
        if found is None:
            self._create(invoice)
            found = self._find(invoice)
        if found is None:
            raise errors.EngineUnavailable('Tryton did not keep the invoice')
        if found['state'] == 'draft':
            self._client.press(
                records.INVOICE, found['id'], 'post', self._company
            )
        return records.ref(records.INVOICE, found['id'])

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        """Of everybody whose money, or whose invoices of ours, changed."""
        for invoices in self._client.changed(
            records.INVOICE, [self._own, OURS, _POSTED], ('party',), since
        ):
            yield self.page({one['party'] for one in invoices})
        if since is None:
            return
        for lines in self._client.changed(
            MONEY, [*self._entered, ['party', '!=', None]], ('party',), since
        ):
            yield self.page({one['party'] for one in lines})

    def page(self, parties: Collection[int]) -> bridge.Page:
        """All money of those for whom there is an invoice of ours."""
        found = self._client.rows(
            records.INVOICE,
            [self._own, OURS, _POSTED, ['party', 'in', sorted(parties)]],
            _FIELDS,
        )
        # A credit note has the comment of what it credits.
        invoices = [one for one in found if not records.is_credit(one)]
        if not invoices:
            return bridge.Page()
        lines = self._money({one['party'] for one in invoices})
        paid = _paid(invoices, lines)
        by_id = {one['id']: one for one in invoices}
        came = pages.read(
            MONEY, lines, lambda line: _payment(line, by_id, paid)
        )
        otherwise = pages.read(
            records.INVOICE, invoices, lambda one: _without_money(one, paid)
        )
        return pages.page(
            payments=([*came[0], *otherwise[0]], {**came[1], **otherwise[1]})
        )

    def _money(self, parties: Collection[int]) -> Sequence[Row]:
        """What came in for them, without credit notes."""
        lines = self._client.rows(
            MONEY,
            [*self._entered, ['party', 'in', sorted(parties)]],
            _OF_MONEY,
        )
        moves = sorted({line['move']['id'] for line in lines})
        documents = self._client.rows(
            records.INVOICE, [['move', 'in', moves]], ('move',)
        )
        booked = {one['move'] for one in documents}
        return [line for line in lines if line['move']['id'] not in booked]

    def _find(self, invoice: bridge.Invoice) -> Row | None:
        found = self._client.rows(
            records.INVOICE,
            [self._own, ['comment', '=', _MARK.format(invoice.key)]],
            ('state',), limit=1,
        )  # fmt: skip
        return found[0] if found else None

    def _create(self, invoice: bridge.Invoice) -> None:
        party = records.number_of(invoice.customer)
        subscription = self._booking.subscription(party, invoice)
        currency = subscription['currency']['id']
        line = {
            'type': 'line',
            'company': self._company,
            'currency': currency,
            'description': f'{invoice.label}, due on {invoice.due_on}',
            'quantity': 1,
            'unit_price': Decimal(money.plain(invoice.owed, invoice.currency)),
            'account': self._booking.line(subscription)['account'],
        }
        self._client.create(
            records.INVOICE,
            {
                'type': 'out',
                'company': self._company,
                'party': party,
                'currency': currency,
                **self._booking.invoice(party, subscription),
                'description': invoice.label,
                'reference': invoice.key,
                'comment': _MARK.format(invoice.key),
                'lines': [['create', [line]]],
            },
            self._company,
        )


def _paid(invoices: Sequence[Row], lines: Sequence[Row]) -> _Paid:
    """Which money pays which invoice: what was matched, the oldest first."""
    left = {line['id']: line for line in lines}
    rest = {number: _amount(line) for number, line in left.items()}
    paid = {}
    for one in sorted(invoices, key=lambda each: int(each['id'])):
        missing = _settled(one)
        matched = {*one['payment_lines'], *one['reconciliation_lines']}
        for number in sorted(matched & rest.keys()):
            part = min(missing, rest[number])
            if part > 0:
                paid[number, one['id']] = part
                missing -= part
                rest[number] -= part
    return paid


def _settled(invoice: Row) -> int:
    """How much of an invoice is paid, or set off."""
    if invoice['state'] == 'cancelled':
        return 0
    return records.total(invoice) - records.left(invoice)


def _currency(line: Row) -> str:
    found = line['second_currency'] or line['move']['company']['currency']
    return str(found['code'])


def _amount(line: Row) -> int:
    return -records.asked(line, _currency(line))


def _payment(
    line: Row, invoices: Mapping[int, Row], paid: _Paid
) -> bridge.Payment:
    pays = [of for of in invoices if (line['id'], of) in paid]
    free = 0
    if line['reconciliation'] is None and line['invoice_payment'] is None:
        free = _amount(line)
    return bridge.Payment(
        ref=records.ref(MONEY, line['id']),
        customer=records.ref(records.PARTY, line['party']),
        number=line['move']['number'] or str(line['id']),
        currency=_currency(line),
        amount=sum(paid[line['id'], of] for of in pays),
        received_on=line['move']['date'],
        changed_at=line['last_modified_at'],
        invoices=tuple(invoices[of]['reference'] for of in pays),
        free=free,
        why=_UNMATCHED if free else None,
    )


def _without_money(invoice: Row, paid: _Paid) -> bridge.Payment:
    """What of ours is settled in Tryton otherwise: a person is to look."""
    free = records.total(invoice)
    if invoice['state'] != 'cancelled':
        came = sum(
            part for (_, of), part in paid.items() if of == invoice['id']
        )
        free = _settled(invoice) - came
    return bridge.Payment(
        ref=records.ref(records.INVOICE, invoice['id']),
        customer=records.ref(records.PARTY, invoice['party']),
        number=invoice['reference'],
        currency=invoice['currency']['code'],
        amount=0,
        received_on=invoice['invoice_date'],
        changed_at=invoice['last_modified_at'],
        free=free,
        why=_NO_MONEY if free else None,
    )
