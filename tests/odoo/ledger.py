# SPDX-License-Identifier: Apache-2.0
"""What a company's accountants do in Odoo, for tests to begin with.

As in Odoo an invoice keeps its write_date when it is paid: what is left of it
is computed from what is reconciled with it.
"""

from collections.abc import Mapping
import datetime as dt
import decimal

from tests.odoo import modules
from tests.odoo import orm
from tests.odoo import server


class Ledger:
    def __init__(self, odoo: server.Json2) -> None:
        self.orm = odoo.orm
        self.orm.create(
            'account.account',
            {'name': 'Receivable', 'account_type': 'asset_receivable'},
        )

    def row(self, model: str, number: int) -> orm.Row:
        return self.orm.rows[model][number]

    def invoice(
        self,
        partner: int,
        amount: str,
        due: str,
        *,
        subscription: int | None = None,
        kind: str = 'out_invoice',
        moved: Mapping[int, decimal.Decimal] | None = None,
    ) -> int:
        """A posted one; `moved` has the debt of older ones on it."""
        lines = [{'price_unit': decimal.Decimal(amount)}] + [
            {'price_unit': debt, 'consolidation_source_invoice_id': old}
            for old, debt in (moved or {}).items()
        ]
        number = self.orm.create(
            'account.move',
            {
                'move_type': kind,
                'partner_id': partner,
                'invoice_date': str(dt.date.fromisoformat(due)),
                'invoice_date_due': due,
                'subscription_id': subscription or False,
                'invoice_line_ids': [[0, 0, line] for line in lines],
            },
        )
        self.call(number, 'action_post')
        return number

    def roll(self, old: int, amount: str, due: str) -> int:
        """Move what is left of an invoice to the next, as Lynx does."""
        move = self.row('account.move', old)
        left = self._left(self.due(old))
        partner, subscription = move['partner_id'], move['subscription_id']
        note = self.invoice(partner, str(left), due, kind='out_refund')
        self.match(old, self.due(note))
        return self.invoice(
            partner, amount, due, subscription=subscription, moved={old: left}
        )

    def call(self, number: int, method: str) -> None:
        model = self.orm.models['account.move']
        model.methods[method](self.orm, [self.row('account.move', number)])

    def pay(
        self, partner: int, amount: str, invoice: int | None = None
    ) -> int:
        """Money that came; matched with an invoice if one is named."""
        payer = self.orm.raw(
            self.row('res.partner', partner), 'commercial_partner_id'
        )
        money = decimal.Decimal(amount)
        self.orm.create(
            'account.payment',
            {'partner_id': payer, 'amount': money, 'state': 'paid'},
        )
        entry = self.orm.create(
            'account.move',
            {'move_type': 'entry', 'partner_id': payer, 'state': 'posted'},
        )
        line = self.orm.create(
            'account.move.line',
            {
                'move_id': entry,
                'display_type': 'payment_term',
                'account_id': modules.RECEIVABLE,
                'partner_id': payer,
                'balance': -money,
            },
        )
        if invoice is not None:
            self.match(invoice, line)
        return line

    def match(self, invoice: int, credit: int) -> None:
        """Reconcile a line of the credit side with an invoice."""
        debit = self.due(invoice)
        left = min(abs(self._left(debit)), abs(self._left(credit)))
        self.orm.create(
            'account.partial.reconcile',
            {'debit_move_id': debit, 'credit_move_id': credit, 'amount': left},
        )

    def unmatch(self, credit: int) -> None:
        """Undo what a line of the credit side was reconciled with."""
        held = self.orm.rows['account.partial.reconcile']
        for number in [
            one['id'] for one in held.values()
            if one['credit_move_id'] == credit
        ]:  # fmt: skip
            del held[number]

    def _left(self, line: int) -> decimal.Decimal:
        return modules.unmatched(self.orm, self.row('account.move.line', line))

    def due(self, invoice: int) -> int:
        """The line of an invoice that says what is owed."""
        return next(
            line['id']
            for line in self.orm.rows['account.move.line'].values()
            if line['move_id'] == invoice
            and line['display_type'] == 'payment_term'
        )
