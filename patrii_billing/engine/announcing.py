# SPDX-License-Identifier: Apache-2.0
"""The body of an event: what happened, to whom, in ids, names and amounts."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import events as law
from patrii_billing.domain import money
from patrii_billing.store import accounts
from patrii_billing.store.views import told

_Body = dict[str, Any]


class Books:
    """What a batch of events speaks of, read at once."""

    def __init__(
        self, conn: sa.Connection, rows: Sequence[sa.Row[Any]]
    ) -> None:
        self._accounts = {
            row.id: row
            for row in accounts.some(
                conn, {row.account_id for row in rows} - {None}
            )
        }
        self._subs = told.subscriptions(
            conn, {row.subscription_id for row in rows} - {None}
        )
        named = (_number(row.name) for row in rows if _is_of_invoice(row))
        self._invoices = told.invoices_by_number(
            conn, {one for one in named if one is not None}
        )

    def body(self, row: sa.Row[Any]) -> _Body:
        """What is sent; what is not known is null."""
        account = self._accounts.get(row.account_id)
        sub = self._subs.get(row.subscription_id)
        return {
            'id': row.key,
            'type': row.type,
            'version': law.VERSION,
            'timestamp': law.instant(row.at),
            # Grows with what happens to an account: a reader who was told a
            # larger one already is told of the past.
            'sequence': row.id,
            'why': row.why,
            'by': row.by,
            'request_id': row.request_id,
            'account': account and {
                'id': account.id,
                'name': account.name,
                'external_ref': account.external_ref,
            },
            'subscription': sub and {
                'id': sub.id,
                'name': sub.name,
                'project': sub.project,
                'server': sub.server,
            },
            'data': self._data(row),
        }  # fmt: skip

    def _data(self, row: sa.Row[Any]) -> _Body:
        detail = row.detail
        match row.type.split('.')[1:]:
            case ['account', _]:
                return {
                    'account': detail.get('account', row.account_id),
                    'fields': sorted(detail.get('new', ())),
                }  # fmt: skip
            case ['subscription', 'added' | 'changed']:
                return {'fields': sorted(detail.get('was', ()))}
            case ['subscription', 'status']:
                return {'status': row.name, 'was': detail.get('was')}
            case ['subscription', 'contract']:
                return {**detail, 'change': row.name}
            case ['subscription', 'hold']:
                kind, _, what = row.name.partition(' ')
                return {
                    'hold': kind, 'change': what, 'until': detail.get('until')
                }  # fmt: skip
            case ['invoice', _]:
                return self._invoice(row)
            case ['payment', _]:
                return {
                    'payment': detail.get('payment'), 'reference': row.name,
                    'amount': detail.get('amount'),
                    'currency': detail.get('currency'),
                }  # fmt: skip
            case ['action', _]:
                return {
                    'action': detail.get('action'), 'type': row.name,
                    'result': detail.get('result'), 'server': row.server,
                }  # fmt: skip
            case ['quota', _]:
                sub = self._subs.get(row.subscription_id)
                return {
                    'project': sub and sub.project,
                    'quota': detail.get('quota', detail.get('after')),
                }  # fmt: skip
        return {'alarm': row.name, 'server': row.server}

    def _invoice(self, row: sa.Row[Any]) -> _Body:
        detail: Mapping[str, Any] = row.detail
        number = _number(row.name)
        invoice = self._invoices.get(number) if number else None
        body = {
            'invoice': row.name,
            'amount': detail.get('amount'),
            'corrects': detail.get('corrects'),
            'paid_with': detail.get('paid_with'),
        }
        if invoice is None:
            return body
        total = money.plain(invoice.total, invoice.currency)
        return {
            **body,
            'amount': detail.get('amount', total),
            'kind': invoice.kind,
            'total': total,
            'currency': invoice.currency,
            'reference': invoice.reference,
            'due_at': law.instant(invoice.due_at),
            'period_start': _day(invoice.period_start),
            'period_end': _day(invoice.period_end),
        }


def _is_of_invoice(row: sa.Row[Any]) -> bool:
    return bool(row.type.startswith('billing.invoice.'))


def _number(name: str) -> tuple[str, int] | None:
    """The series and the number of an invoice called by both."""
    series, _, number = name.rpartition('-')
    return (series, int(number)) if number.isdecimal() else None


def _day(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())
