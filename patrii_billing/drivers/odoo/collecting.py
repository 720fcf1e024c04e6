# SPDX-License-Identifier: Apache-2.0
"""Invoices of ours that Odoo collects, and the money that came for them.

They stand in Odoo as posted invoices of one line without taxes, for ours is
the document: it has the taxes, and Odoo what is to be paid.
"""

import collections
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import reading
from patrii_billing import errors

PARTIAL = 'account.partial.reconcile'
# By which they are told from invoices of Odoo's own.
ORIGIN = 'Patrii Billing, collected'
_OURS = ('invoice_origin', '=', ORIGIN)
_FIELDS = (
    'name', 'ref', 'state', 'amount_total', 'amount_residual', 'currency_id',
    'invoice_date', 'write_date', reading.PAYER,
)  # fmt: skip
# Money is on the credit side of what customers owe, and no credit note.
MONEY = (
    ('account_id.account_type', '=', 'asset_receivable'),
    ('balance', '<', 0),
    ('move_id.move_type', '=', 'entry'),
    ('parent_state', '!=', 'draft'),
)
_OF_MONEY = (
    'partner_id', 'move_id', 'date', 'write_date', 'parent_state',
    'currency_id', 'amount_residual_currency',
)  # fmt: skip
_UNMATCHED = 'is matched with no invoice in Odoo yet'
_NO_MONEY = 'is settled in Odoo by what is no money, or cancelled there'


class Collecting:
    def __init__(
        self, client: json2.Client, fields: fieldmap.FieldMap
    ) -> None:
        self._client = client
        self._key = fields.line.key

    def write(self, invoice: bridge.Invoice) -> str:
        """Have it posted. Raises EngineRefused where it shows another sum."""
        found = self._find(invoice)
        if found is None:
            self._create(invoice)
            found = self._find(invoice)
        if found is None:
            raise errors.EngineUnavailable(
                f'Odoo does not show the invoice {invoice.key} that it took'
            )
        ref = reading.ref(reading.MOVE, found['id'])
        shown = reading.minor(found['amount_total'], invoice.currency)
        if shown != invoice.owed:
            raise errors.EngineRefused(
                f'{ref} shows {money.plain(shown, invoice.currency)} instead '
                f'of {money.plain(invoice.owed, invoice.currency)}',
                409,
            )
        if found['state'] == 'draft':
            self._client.press(reading.MOVE, found['id'], 'action_post')
        return ref

    def pages(self, stamp: str | None) -> Iterator[bridge.Page]:
        """Of everybody whose money, or whose invoices of ours, changed."""
        payers = set()
        for records in self._client.every(
            reading.MOVE, [_OURS, *self._since(stamp)], [reading.PAYER]
        ):
            payers |= {reading.id_of(one[reading.PAYER]) for one in records}
        if stamp is not None:
            payers |= self._of_changed_money(stamp)
        for payer in sorted(payers):
            yield bridge.Page(payments=self.payments(payer))

    def payments(self, payer: int) -> Sequence[bridge.Payment]:
        """All of his money, if there is an invoice of ours for him."""
        invoices = {
            one['id']: one
            for one in self._client.find(
                reading.MOVE, [_OURS, (reading.PAYER, '=', payer)], _FIELDS
            )
        }
        if not invoices:
            return []
        paid = self._paid(invoices)
        found = self._client.find(
            reading.LINE,
            [*MONEY, (f'partner_id.{reading.PAYER}', '=', payer)],
            _OF_MONEY,
        )
        return [
            *(_payment(payer, line, invoices, paid) for line in found),
            *_without_money(payer, invoices, paid, {x['id'] for x in found}),
        ]

    def _since(self, stamp: str | None) -> json2.Domain:
        if stamp is None:
            return []
        return json2.either(
            ('write_date', '>=', stamp),
            ('line_ids.matched_credit_ids.create_date', '>=', stamp),
        )

    def _of_changed_money(self, stamp: str) -> set[int]:
        """Who paid, or had money taken back: entries may name a person."""
        partners = {
            reading.id_of(line['partner_id'])
            for lines in self._client.every(
                reading.LINE,
                [*MONEY, ('move_id.write_date', '>=', stamp)],
                ['partner_id'],
            )
            for line in lines
        }
        if not partners:
            return set()
        found = self._client.find(
            reading.PARTNER,
            [('id', 'in', sorted(partners))],
            [reading.PAYER],
        )
        return {reading.id_of(one[reading.PAYER]) for one in found}

    def _paid(
        self, invoices: Mapping[int, json2.Record]
    ) -> Mapping[tuple[int, int], int]:
        """Minor units by the entry of the money and the invoice it paid."""
        dues = {
            line['id']: reading.id_of(line['move_id'])
            for line in self._client.find(
                reading.LINE,
                [('move_id', 'in', sorted(invoices)), ('balance', '>', 0)],
                ['move_id'],
            )
        }
        paid: dict[tuple[int, int], int] = collections.defaultdict(int)
        for part in self._client.find(
            PARTIAL,
            [('debit_move_id', 'in', sorted(dues))],
            ['debit_move_id', 'credit_move_id', 'debit_amount_currency'],
        ):
            invoice = dues[reading.id_of(part['debit_move_id'])]
            line = reading.id_of(part['credit_move_id'])
            currency = reading.name_of(invoices[invoice]['currency_id'])
            paid[line, invoice] += reading.minor(
                part['debit_amount_currency'], currency
            )
        return paid

    def _find(self, invoice: bridge.Invoice) -> json2.Record | None:
        lines = self._client.find(
            reading.LINE,
            [
                (self._key, '=', _key(invoice)),
                ('move_id.ref', '=', invoice.key),
            ],
            ['move_id'],
        )
        for line in lines:
            number = reading.id_of(line['move_id'])
            return self._client.find(
                reading.MOVE, [('id', '=', number)], _FIELDS
            )[0]
        return None

    def _create(self, invoice: bridge.Invoice) -> None:
        line = {
            'name': invoice.label,
            'quantity': 1,
            'price_unit': money.decimal(
                money.plain(invoice.owed, invoice.currency)
            ),
            'tax_ids': [[6, 0, []]],
            self._key: _key(invoice),
        }
        currency = self._client.find(
            'res.currency', [('name', '=', invoice.currency)], ['name']
        )
        if not currency:
            raise errors.EngineRefused(
                f'the currency {invoice.currency} is not known to Odoo', 404
            )
        self._client.create(
            reading.MOVE,
            {
                'move_type': 'out_invoice',
                'partner_id': reading.number(
                    invoice.customer, reading.PARTNER
                ),
                'currency_id': currency[0]['id'],
                'invoice_origin': ORIGIN,
                'ref': invoice.key,
                'invoice_date': invoice.issued_on.isoformat(),
                'invoice_date_due': invoice.due_on.isoformat(),
                'invoice_line_ids': [[0, 0, line]],
            },
        )


def _key(invoice: bridge.Invoice) -> str:
    return f'invoice {invoice.key}'


def _payment(
    payer: int,
    line: json2.Record,
    invoices: Mapping[int, json2.Record],
    paid: Mapping[tuple[int, int], int],
) -> bridge.Payment:
    pays = [of for of in invoices if paid.get((line['id'], of))]
    currency = reading.name_of(
        invoices[pays[0]]['currency_id'] if pays else line['currency_id']
    )
    free = 0
    if line['parent_state'] == 'posted':
        free = -reading.minor(line['amount_residual_currency'], currency)
    return bridge.Payment(
        ref=reading.ref(reading.LINE, line['id']),
        customer=reading.ref(reading.PARTNER, payer),
        number=reading.name_of(line['move_id']),
        currency=currency,
        amount=sum(paid[line['id'], of] for of in pays),
        received_on=reading.needed_day(line, 'date'),
        changed_at=reading.instant(line['write_date']),
        invoices=tuple(str(invoices[of]['ref']) for of in pays),
        free=free,
        why=_UNMATCHED if free else None,
    )


def _without_money(
    payer: int,
    invoices: Mapping[int, json2.Record],
    paid: Mapping[tuple[int, int], int],
    entries: set[int],
) -> Iterator[bridge.Payment]:
    """What of ours is settled in Odoo otherwise: a person is to look."""
    for number, one in invoices.items():
        currency = reading.name_of(one['currency_id'])
        total, left = (
            reading.minor(one[name], currency)
            for name in ('amount_total', 'amount_residual')
        )
        came = sum(
            amount
            for (line, of), amount in paid.items()
            if of == number and line in entries
        )
        settled = total if one['state'] == 'cancel' else total - left - came
        yield bridge.Payment(
            ref=reading.ref(reading.MOVE, number),
            customer=reading.ref(reading.PARTNER, payer),
            number=str(one['ref']),
            currency=currency,
            amount=0,
            received_on=reading.needed_day(one, 'invoice_date'),
            changed_at=reading.instant(one['write_date']),
            free=max(0, settled),
            why=_NO_MONEY if settled > 0 else None,
        )
