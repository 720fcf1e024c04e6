# SPDX-License-Identifier: Apache-2.0
"""The models of the modules that a test database may have installed.

res.partner, account.* and mail.message are Odoo's own, subscription_oca is
OCA's. Of Lynx Sale Subscription, Lynx Invoicing and Patrii Cloud only what
their vendor publishes is known: the rest are the names that our field map
takes for granted.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import datetime as dt
import decimal
import html
from typing import Any

from tests.odoo import faults
from tests.odoo import orm
from tests.odoo.orm import Field
from tests.odoo.orm import Model

# The id of the account that customers' debts are in.
RECEIVABLE = 1

_OPEN = ('not_paid', 'in_payment', 'partial')


def odoo() -> list[Model]:
    """Contacts, invoicing and the chatter."""
    return [
        Model('res.currency', 'Currency', {
            'name': Field(required=True),
            'decimal_places': Field('integer', default=2),
        }),
        Model('res.country', 'Country', {
            'name': Field(), 'code': Field(),
        }),
        Model('res.partner', 'Contact', {
            'name': Field(required=True),
            'active': Field('boolean', default=True),
            'email': Field(),
            'lang': Field(),
            'tz': Field(),
            'vat': Field(),
            'ref': Field(),
            'street': Field(),
            'street2': Field(),
            'zip': Field(),
            'city': Field(),
            'country_id': Field('many2one', 'res.country'),
            'country_code': Field(related='country_id.code'),
            'parent_id': Field('many2one', 'res.partner'),
            'commercial_partner_id': Field(
                'many2one', 'res.partner',
                compute=lambda _orm, row: row.get('parent_id') or row['id'],
            ),
        }, {'message_post': _message_post}),
        Model('account.move', 'Journal Entry', {
            'name': Field(default='/'),
            'move_type': Field('selection', options=(
                'entry', 'out_invoice', 'out_refund', 'in_invoice',
                'in_refund', 'out_receipt', 'in_receipt',
            ), default='entry'),
            'state': Field('selection', options=(
                'draft', 'posted', 'cancel',
            ), default='draft'),
            'partner_id': Field('many2one', 'res.partner'),
            'commercial_partner_id': Field(
                'many2one', related='partner_id.commercial_partner_id',
                of='res.partner',
            ),
            'currency_id': Field('many2one', 'res.currency', default=1),
            'invoice_date': Field('date'),
            'invoice_date_due': Field('date'),
            'invoice_origin': Field(),
            'ref': Field(),
            'payment_reference': Field(),
            'posted_before': Field('boolean'),
            'line_ids': Field('one2many', 'account.move.line', 'move_id'),
            'invoice_line_ids': Field(
                'one2many', 'account.move.line', 'move_id',
                only=lambda line: line['display_type'] == 'product',
            ),
            'reversed_entry_id': Field('many2one', 'account.move'),
            'amount_total': Field('monetary', compute=_total),
            'amount_residual': Field('monetary', compute=_residual),
            'payment_state': Field(compute=_payment_state),
        }, {'action_post': _action_post, 'button_draft': _button_draft}),
        Model('account.move.line', 'Journal Item', {
            'name': Field(),
            'move_id': Field('many2one', 'account.move', required=True),
            'parent_state': Field(related='move_id.state'),
            'date': Field('date', default=dt.date(2026, 2, 1)),
            'tax_ids': Field('many2many', 'account.tax'),
            'partner_id': Field('many2one', 'res.partner'),
            'currency_id': Field('many2one', 'res.currency', default=1),
            'account_id': Field('many2one', 'account.account'),
            'display_type': Field(default='product'),
            'product_id': Field('integer'),
            'quantity': Field('float', default=decimal.Decimal(1)),
            'price_unit': Field('float', default=decimal.Decimal(0)),
            'price_subtotal': Field('monetary', compute=_subtotal),
            # Without taxes here.
            'price_total': Field('monetary', compute=_subtotal),
            'balance': Field('monetary', default=decimal.Decimal(0)),
            'matched_debit_ids': Field(
                'one2many', 'account.partial.reconcile', 'credit_move_id'
            ),
            'matched_credit_ids': Field(
                'one2many', 'account.partial.reconcile', 'debit_move_id'
            ),
            'amount_residual_currency': Field('monetary', compute=unmatched),
            'reconciled': Field(
                'boolean', compute=lambda orm, row: not unmatched(orm, row)
            ),
        }),
        Model('account.account', 'Account', {
            'name': Field(), 'account_type': Field(),
        }),
        Model('account.partial.reconcile', 'Partial Reconcile', {
            'debit_move_id': Field('many2one', 'account.move.line'),
            'credit_move_id': Field('many2one', 'account.move.line'),
            'amount': Field('monetary'),
            'debit_amount_currency': Field(
                'monetary', compute=lambda _orm, row: row['amount']
            ),
        }),
        Model('account.payment', 'Payments', {
            'name': Field(),
            'payment_type': Field('selection', options=(
                'inbound', 'outbound',
            ), default='inbound'),
            'partner_id': Field('many2one', 'res.partner'),
            'amount': Field('monetary', default=decimal.Decimal(0)),
            'currency_id': Field('many2one', 'res.currency', default=1),
            'date': Field('date'),
            'state': Field('selection', options=(
                'draft', 'in_process', 'paid', 'canceled', 'rejected',
            ), default='draft'),
            'memo': Field(),
            'payment_reference': Field(),
            'reconciled_invoice_ids': Field('many2many', 'account.move'),
        }),
        Model('mail.message', 'Message', {
            'message_id': Field(),
            'model': Field(),
            'res_id': Field('integer'),
            'body': Field(),
            'subject': Field(),
            'message_type': Field(),
            'subtype': Field(),
        }),
    ]  # fmt: skip


def oca() -> list[Model]:
    """subscription_oca, as its source has it."""
    return [
        Model('sale.subscription.stage', 'Subscription stage', {
            'name': Field(required=True),
            'type': Field('selection', options=(
                'draft', 'pre', 'in_progress', 'post',
            )),
        }),
        Model('sale.subscription.template', 'Subscription templates', {
            'name': Field(required=True),
            'code': Field(),
            'recurring_interval': Field('integer', default=1),
            'recurring_rule_type': Field('selection', options=(
                'days', 'weeks', 'months', 'years',
            ), default='months'),
            'invoicing_mode': Field(default='draft'),
        }),
        Model('sale.subscription', 'Subscription', {
            'name': Field(),
            'code': Field(),
            'active': Field('boolean', default=True),
            'partner_id': Field('many2one', 'res.partner', required=True),
            'template_id': Field(
                'many2one', 'sale.subscription.template', required=True
            ),
            'stage_id': Field('many2one', 'sale.subscription.stage'),
            'stage_type': Field(related='stage_id.type'),
            'in_progress': Field('boolean'),
            'date_start': Field('date'),
            'date': Field('date'),
            'recurring_next_date': Field('date'),
            'currency_id': Field('many2one', 'res.currency', default=1),
            'recurring_total': Field('monetary', compute=_recurring),
            'is_paused': Field('boolean'),
            'paused_until': Field('date'),
            'invoice_ids': Field(
                'one2many', 'account.move', 'subscription_id'
            ),
            'sale_subscription_line_ids': Field(
                'one2many', 'sale.subscription.line', 'sale_subscription_id'
            ),
        }, {
            'message_post': _message_post,
            'action_pause': _action_pause,
            'action_resume': _action_resume,
        }),
        Model('sale.subscription.line', 'Subscription lines', {
            'name': Field(),
            'product_uom_qty': Field('float', default=decimal.Decimal(1)),
            'price_unit': Field('float', default=decimal.Decimal(0)),
            'sale_subscription_id': Field('many2one', 'sale.subscription'),
        }),
        # What it adds to Odoo's own.
        Model('account.move', '', {
            'subscription_id': Field('many2one', 'sale.subscription'),
        }),
    ]  # fmt: skip


def lynx() -> list[Model]:
    """Lynx Sale Subscription with Lynx Invoicing, and Patrii Cloud."""
    return [
        Model('sale.subscription.template', 'Subscription template', {
            'name': Field(required=True),
            'billing_period': Field('selection', options=(
                'day', 'week', 'month', 'quarter', 'year',
            ), default='month'),
            'reminder_ids': Field(
                'one2many', 'sale.subscription.reminder', 'template_id'
            ),
        }),
        Model('sale.subscription.reminder', 'Subscription reminder', {
            'name': Field(),
            'template_id': Field('many2one', 'sale.subscription.template'),
            'delay': Field('integer'),
            'action': Field(),
        }),
        Model('sale.subscription', 'Subscription', {
            'name': Field(),
            'active': Field('boolean', default=True),
            'partner_id': Field('many2one', 'res.partner', required=True),
            'template_id': Field(
                'many2one', 'sale.subscription.template', required=True
            ),
            'state': Field('selection', options=(
                'draft', 'active', 'closed',
            ), default='active'),
            'billing_status': Field('selection', options=(
                'active', 'grace', 'held',
            ), default='active'),
            'date_start': Field('date'),
            'date_end': Field('date'),
            'next_invoice_date': Field('date'),
            'currency_id': Field('many2one', 'res.currency', default=1),
            'outstanding_balance': Field('monetary', compute=_outstanding),
            'mrr': Field('monetary', default=decimal.Decimal(0)),
            'arr': Field('monetary', compute=_arr),
        }, {'message_post': _message_post}),
        Model('sale.subscription.hold', 'Billing hold', {
            'name': Field(),
            'subscription_id': Field('many2one', 'sale.subscription'),
            'date_from': Field('date'),
            'date_to': Field('date'),
            'state': Field('selection', options=(
                'active', 'released',
            ), default='active'),
        }),
        Model('patrii.cloud.project', 'Cloud project', {
            'name': Field(),
            'openstack_id': Field(),
            'partner_id': Field('many2one', 'res.partner'),
            'subscription_id': Field('many2one', 'sale.subscription'),
        }),
        Model('patrii.cloud.resource', 'Cloud resource', {
            'name': Field(),
            'openstack_id': Field(),
            'project_id': Field('many2one', 'patrii.cloud.project'),
            'state': Field(),
        }),
        Model('account.move', '', {
            'subscription_id': Field('many2one', 'sale.subscription'),
            'reconsolidated_into_id': Field('many2one', 'account.move'),
            'reconsolidated_from_ids': Field(
                'one2many', 'account.move', 'reconsolidated_into_id'
            ),
        }),
        Model('account.move.line', '', {
            'consolidation_source_invoice_id': Field(
                'many2one', 'account.move'
            ),
        }),
    ]  # fmt: skip


def together(*modules: Sequence[Model]) -> list[Model]:
    """The models of several modules; a later one adds to an earlier."""
    found: dict[str, Model] = {}
    for model in (model for module in modules for model in module):
        known = found.setdefault(
            model.name, Model(model.name, model.label, {})
        )
        known.fields.update(model.fields)
        known.methods.update(model.methods)
    return list(found.values())


# What Odoo computes.


def _total(orm: orm.Orm, row: orm.Row) -> decimal.Decimal:
    return _sum(_subtotal(orm, line) for line in _lines(orm, row, 'product'))


def _residual(orm: orm.Orm, row: orm.Row) -> decimal.Decimal:
    if row['state'] != 'posted':
        return _total(orm, row)
    return abs(_sum(unmatched(orm, line) for line in _dues(orm, row)))


def _payment_state(orm: orm.Orm, row: orm.Row) -> str:
    if row.get('said'):
        return str(row['said'])
    left = _residual(orm, row)
    if row['state'] != 'posted' or left == _total(orm, row) != 0:
        return 'not_paid'
    if left:
        return 'partial'
    kinds = {
        orm.along(partial, ['credit_move_id', 'move_id', 'move_type'])
        for line in _dues(orm, row)
        for partial in _partials(orm, line, 'matched_credit_ids')
    }
    return 'reversed' if kinds == {'out_refund'} else 'paid'


def _subtotal(orm: orm.Orm, line: orm.Row) -> decimal.Decimal:
    price = decimal.Decimal(line['quantity']) * line['price_unit']
    return price.quantize(decimal.Decimal('0.01'))


def unmatched(orm: orm.Orm, line: orm.Row) -> decimal.Decimal:
    debits, credits = (
        _sum(one['amount'] for one in _partials(orm, line, name))
        for name in ('matched_debit_ids', 'matched_credit_ids')
    )
    return decimal.Decimal(line['balance']) - credits + debits


def _partials(orm: orm.Orm, line: orm.Row, name: str) -> list[orm.Row]:
    held = orm.rows['account.partial.reconcile']
    return [held[number] for number in orm.raw(line, name)]


def _lines(orm: orm.Orm, move: orm.Row, kind: str) -> list[orm.Row]:
    held = orm.rows['account.move.line']
    lines = (held[number] for number in orm.raw(move, 'line_ids'))
    return [line for line in lines if line['display_type'] == kind]


def _dues(orm: orm.Orm, move: orm.Row) -> list[orm.Row]:
    return _lines(orm, move, 'payment_term')


def _sum(amounts: Iterable[decimal.Decimal]) -> decimal.Decimal:
    return sum(amounts, decimal.Decimal(0))


def _recurring(orm: orm.Orm, row: orm.Row) -> decimal.Decimal:
    lines = orm.raw(row, 'sale_subscription_line_ids')
    held = (orm.rows['sale.subscription.line'][number] for number in lines)
    return _sum(line['product_uom_qty'] * line['price_unit'] for line in held)


def _outstanding(orm: orm.Orm, row: orm.Row) -> decimal.Decimal:
    return _sum(
        _residual(orm, move)
        for move in orm.rows['account.move'].values()
        if move.get('subscription_id') == row['id']
        and move['state'] == 'posted'
        and _payment_state(orm, move) in _OPEN
    )


def _arr(_orm: orm.Orm, row: orm.Row) -> decimal.Decimal:
    return 12 * decimal.Decimal(row['mrr'])


# What may be called.


def _action_post(orm: orm.Orm, rows: list[orm.Row]) -> bool:
    for row in rows:
        if row['state'] != 'draft':
            raise faults.UserError(
                f'The entry {row["name"]} (id {row["id"]}) must be in draft.'
            )
        if _total(orm, row) < 0:
            raise faults.UserError(
                'You cannot validate an invoice with a negative total '
                'amount. You should create a credit note instead.'
            )
        credits = row['move_type'] == 'out_refund'
        orm.create(
            'account.move.line',
            {
                'move_id': row['id'],
                'display_type': 'payment_term',
                'account_id': RECEIVABLE,
                'partner_id': orm.raw(row, 'commercial_partner_id'),
                'balance': -_total(orm, row) if credits else _total(orm, row),
            },
        )
        if row['name'] == '/':
            row['name'] = f'INV/2026/{row["id"]:05}'
        orm.write(row, {'state': 'posted', 'posted_before': True})
    return False


def _button_draft(orm: orm.Orm, rows: list[orm.Row]) -> None:
    for row in rows:
        for line in _dues(orm, row):
            del orm.rows['account.move.line'][line['id']]
        orm.write(row, {'state': 'draft'})


def _message_post(
    orm: orm.Orm,
    rows: list[orm.Row],
    *,
    body: str = '',
    subject: Any = None,
    message_type: str = 'notification',
    subtype_xmlid: Any = None,
    partner_ids: Any = None,
    **kwargs: Any,
) -> list[int]:
    unknown = kwargs.keys() - {'message_id', 'date', 'author_id'}
    if unknown:
        raise faults.WrongValue(
            'Those values are not supported when posting or notifying: '
            f'{", ".join(sorted(unknown))}'
        )
    [row] = rows
    number = orm.create(
        'mail.message',
        {
            'message_id': kwargs.get('message_id') or f'<{len(body)}@odoo>',
            'model': row['_model'],
            'res_id': row['id'],
            'body': f'<p>{html.escape(body)}</p>',
            'subject': subject,
            'message_type': message_type,
            'subtype': subtype_xmlid,
        },
    )
    return [number]


def _action_pause(
    orm: orm.Orm, rows: list[orm.Row], paused_until: Any = None
) -> None:
    [row] = rows
    if row.get('is_paused'):
        raise faults.UserError('This subscription is already paused.')
    orm.write(row, {'is_paused': True, 'paused_until': paused_until or False})


def _action_resume(orm: orm.Orm, rows: list[orm.Row]) -> None:
    [row] = rows
    if not row.get('is_paused'):
        raise faults.UserError('This subscription is not paused.')
    orm.write(row, {'is_paused': False, 'paused_until': False})
