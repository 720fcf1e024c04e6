# SPDX-License-Identifier: Apache-2.0
"""What is written to Odoo, each thing once.

A call may be done and its answer lost. So what is to be made is looked for by
its key first, each time.
"""

from typing import Any

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import reading
from patrii_billing import errors

_ORIGIN = 'Patrii Billing'
_MESSAGE = 'mail.message'


class Writing:
    """`product` is the id of the product our lines are of; 0: of none."""

    def __init__(
        self,
        client: json2.Client,
        fields: fieldmap.FieldMap,
        product: int = 0,
    ) -> None:
        self._client = client
        self._map = fields
        self._product = product

    def line(self, line: bridge.Line) -> str:
        """Put it on the draft of the next invoice, which may be made for it.

        Raises EngineRefused where Odoo shows another amount than ours.
        """
        found = self._line(line)
        if found is None:
            self._add(line)
            found = self._line(line)
        if found is None:
            raise errors.EngineUnavailable(
                f'Odoo does not show the line {line.key} that it took'
            )
        shown = reading.minor(found['price_subtotal'], line.currency)
        if shown != line.amount:
            raise errors.EngineRefused(
                f'invoice line {found["id"]} shows '
                f'{money.plain(shown, line.currency)} instead of '
                f'{money.plain(line.amount, line.currency)}: set [odoo] '
                f'product to one whose prices do not include taxes',
                409,
            )
        return str(found['id'])

    def status(self, status: bridge.Status) -> None:
        """Say it in the contract's field, if the map names one.

        Not what is read there as a hold of theirs: ours would come back as
        one, and nobody would ever lift it.
        """
        held = self._map.contract
        word = self._map.statuses.get(status.status, status.status)
        if not held.status or word in held.held:
            return
        number = self._contract(status.contract)
        found = self._client.find(
            held.model, [('id', '=', number)], [held.status]
        )
        if not found:
            raise errors.EngineRefused(
                f'there is no {held.model} {number} in Odoo any more', 404
            )
        if found[0][held.status] != word:
            self._client.write(held.model, number, {held.status: word})

    def note(self, note: bridge.Note) -> str:
        """Leave it in the chatter of the contract, else of the customer."""
        model = reading.PARTNER
        if note.contract is None:
            number = self._customer(note.customer)
        else:
            model = self._map.contract.model
            number = self._contract(note.contract)
        message_id = f'<{note.key}@patrii-billing>'
        domain = [
            ('model', '=', model),
            ('res_id', '=', number),
            ('message_id', '=', message_id),
        ]
        for found in self._client.find(_MESSAGE, domain, ['res_id']):
            return str(found['id'])
        text = f'{reading.stamp(note.at)} UTC: {note.text}'
        return str(self._client.post(model, number, text, message_id))

    def _customer(self, ref: str) -> int:
        return reading.number(ref, reading.PARTNER)

    def _contract(self, ref: str) -> int:
        return reading.number(ref, self._map.contract.model)

    def _line(self, line: bridge.Line) -> json2.Record | None:
        found = self._client.find(
            reading.LINE,
            [(self._map.line.key, '=', line.key)],
            ['price_subtotal'],
        )
        return found[0] if found else None

    def _add(self, line: bridge.Line) -> None:
        values = self._values(line)
        for draft in self._client.find(
            reading.MOVE, self._drafts(line), ['name'], 1
        ):
            self._client.create(
                reading.LINE, {'move_id': draft['id'], **values}
            )
            return
        # The invoice and its line in one transaction: no empty one is left.
        self._client.create(
            reading.MOVE,
            {
                'move_type': 'out_invoice',
                'partner_id': self._customer(line.customer),
                'currency_id': self._currency(line.currency),
                'invoice_origin': _ORIGIN,
                'invoice_line_ids': [[0, 0, values]],
                **self._of_contract(line),
            },
        )

    def _drafts(self, line: bridge.Line) -> list[Any]:
        return [
            ('move_type', '=', 'out_invoice'),
            ('state', '=', 'draft'),
            ('posted_before', '=', False),
            ('commercial_partner_id', '=', self._customer(line.customer)),
            ('currency_id.name', '=', line.currency),
            *((name, '=', at) for name, at in self._of_contract(line).items()),
        ]

    def _of_contract(self, line: bridge.Line) -> dict[str, int]:
        name = self._map.bill.contract
        if not name or line.contract is None:
            return {}
        return {name: self._contract(line.contract)}

    def _values(self, line: bridge.Line) -> dict[str, Any]:
        """One piece at the amount, so that nothing is rounded once more."""
        product = {'product_id': self._product} if self._product else {}
        price = money.decimal(money.plain(line.amount, line.currency))
        return {
            'name': _label(line),
            'quantity': 1,
            'price_unit': price,
            self._map.line.key: line.key,
            **product,
        }

    def _currency(self, code: str) -> int:
        found = self._client.find(
            'res.currency', [('name', '=', code)], ['name']
        )
        if not found:
            raise errors.EngineRefused(
                f'the currency {code} is not known to Odoo', 404
            )
        return int(found[0]['id'])


def _label(line: bridge.Line) -> str:
    """What is charged, and how it comes to the amount."""
    unit = f' {line.unit}' if line.unit else ''
    parts = [f'{line.quantity}{unit} x {line.unit_price} {line.currency}']
    if line.ratio != str(money.WHOLE):
        parts.append(f'x {line.ratio}')
    if line.starts and line.ends:
        parts.append(f'from {line.starts} until {line.ends}')
    return f'{line.label}: {" ".join(parts)} ({line.reason})'
