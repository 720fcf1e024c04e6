# SPDX-License-Identifier: Apache-2.0
"""How an invoice is answered: in a list, and with all that explains it."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import shapes
from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.store import credits
from patrii_billing.store.views import invoiced


def shown(row: sa.Row[Any], now: dt.datetime) -> dict[str, Any]:
    def said(minor: int) -> str:
        return money.plain(minor, row.currency)

    is_open = row.state == lifecycle.InvoiceState.OPEN
    return {
        'number': number(row),
        'kind': row.kind,
        'state': row.state,
        'account_id': row.account_id,
        'account_name': row.account,
        'subscription_id': row.subscription_id,
        'subscription_name': row.subscription,
        'currency': row.currency,
        'period_start': shapes.day(row.period_start),
        'period_end': shapes.day(row.period_end),
        'net': said(row.net),
        'tax': said(row.total - row.net),
        'total': said(row.total),
        'owed': said(row.owed),
        'overdue': bool(is_open and row.due_at and row.due_at <= now),
        'issued_at': shapes.instant(row.issued_at),
        'due_at': shapes.instant(row.due_at),
        'paid_at': shapes.instant(row.paid_at),
        'closed_at': shapes.instant(row.closed_at),
        'reference': row.reference,
        'corrects': _corrected(row),
        'why': row.why,
    }


def whole(
    conn: sa.Connection, invoice_id: int, now: dt.datetime
) -> dict[str, Any]:
    """An invoice with all that explains it."""
    row = invoiced.one(conn, invoice_id)

    def said(minor: int) -> str:
        return money.plain(minor, row.currency)

    return shown(row, now) | {
        'taxes': [
            _tax(each, row.currency) | {'base': said(each['base'])}
            for each in row.taxes or ()
        ],
        'customer': row.customer,
        'lines': [
            _line(line, row.currency)
            for line in invoiced.lines(conn, row.id)
        ],
        'payments': [
            {
                'payment_id': paid.id,
                'kind': paid.kind,
                'amount': said(paid.used),
                'at': shapes.instant(paid.used_at),
                'reference': paid.reference,
            }
            for paid in invoiced.paid_on(conn, row.id)
        ],
        'credit_notes': [
            {
                'number': number(note),
                'total': said(note.total),
                'issued_at': shapes.instant(note.issued_at),
                'why': note.why,
            }
            for note in credits.notes_of(conn, row.id)
        ],
        'carried': [
            {'number': each['number'], 'owed': said(each['owed'])}
            for each in row.carried or ()
        ],
        'notices': [_notice(each) for each in invoiced.notices(conn, row.id)],
    }


def _line(row: sa.Row[Any], currency: str) -> dict[str, Any]:
    taxes = row.taxes or ()
    total = row.net + sum(each['amount'] for each in taxes)
    return {
        'id': row.id,
        'kind': row.kind,
        'label': row.label or row.resource,
        'resource': row.resource,
        'starts': shapes.day(row.starts),
        'ends': shapes.day(row.ends),
        'starts_at': shapes.instant(row.starts_at),
        'ends_at': shapes.instant(row.ends_at),
        'quantity': shapes.exact(row.quantity),
        'unit': row.unit,
        'unit_price': shapes.exact(row.unit_price),
        'ratio': row.ratio,
        'amount': money.plain(row.amount, currency),
        'discount': money.plain(row.discount, currency),
        'net': money.plain(row.net, currency),
        'taxes': [_tax(each, currency) for each in taxes],
        'total': money.plain(total, currency),
        'reason': row.reason,
        'corrects_invoice': _corrected(row),
        'corrects_line': row.corrects,
    }


def _tax(each: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        'name': each['name'],
        'rate': each['rate'],
        'amount': money.plain(each['amount'], currency),
    }


def _notice(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'template': row.template,
        'state': row.state,
        'recipients': row.recipients or [],
        'attempts': row.attempts,
        'answer': row.answer,
        'created_at': shapes.instant(row.created_at),
        'accepted_at': shapes.instant(row.accepted_at),
    }


def number(row: sa.Row[Any]) -> str:
    return document.number(row.series, row.number)


def _corrected(row: sa.Row[Any]) -> str | None:
    if row.corrected_number is None:
        return None
    return document.number(row.corrected_series, row.corrected_number)
