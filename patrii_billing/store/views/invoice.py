# SPDX-License-Identifier: Apache-2.0
"""An issued invoice with all that its reader is to be told."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import tax
from patrii_billing import errors
from patrii_billing.store import schema

_accounts = schema.accounts
_allocations = schema.allocations
_invoices = schema.invoices
_lines = schema.lines
_payments = schema.payments
_subs = schema.subscriptions

_earlier = _lines.alias('earlier')
_corrected = _invoices.alias('corrected')


def by_number(conn: sa.Connection, number: str) -> document.Invoice:
    """What the books say of an invoice now, by its number, as INV-000017.

    The customer and the lines are those of the issue; the language, the zone
    and what was paid are those of now. Raises NotFound.
    """
    parsed = document.parse_number(number)
    row = parsed and _row(conn, *parsed)
    if not row:
        raise errors.NotFound(f'no invoice has the number {number!r}')
    return document.Invoice(
        number=document.number(row.series, row.number),
        kind=_kind(row.kind),
        state=lifecycle.InvoiceState(row.state),
        currency=row.currency,
        customer=_customer(row.customer, row.account),
        issued_at=row.issued_at,
        due_at=row.due_at,
        period_start=row.period_start,
        period_end=row.period_end,
        subscription=row.subscription or '',
        lines=tuple(_lines_of(conn, row)),
        net=row.net,
        taxes=tuple(tax.sums_read(row.taxes)),
        total=row.total,
        owed=row.owed,
        payments=tuple(_payments_of(conn, row.id)),
        carried=tuple(_carried(row.carried)),
        reference=row.reference or '',
        corrects=_number(row.corrected_series, row.corrected_number),
        corrects_issued_at=row.corrected_issued_at,
        why=row.why or '',
        locale=row.locale,
        zone=calendar.zone(row.timezone),
    )


def _row(
    conn: sa.Connection, series: str, number: int
) -> sa.Row[Any] | None:
    return conn.execute(
        sa.select(
            _invoices,
            _accounts.c.name.label('account'),
            _accounts.c.locale,
            _accounts.c.timezone,
            _subs.c.name.label('subscription'),
            _corrected.c.series.label('corrected_series'),
            _corrected.c.number.label('corrected_number'),
            _corrected.c.issued_at.label('corrected_issued_at'),
        )
        .join(_accounts, _accounts.c.id == _invoices.c.account_id)
        .outerjoin(_subs, _subs.c.id == _invoices.c.subscription_id)
        .outerjoin(_corrected, _corrected.c.id == _invoices.c.corrects)
        .where(_invoices.c.series == series, _invoices.c.number == number)
    ).one_or_none()


def _kind(kind: str) -> document.Kind:
    if kind == document.Kind.CREDIT_NOTE:
        return document.Kind.CREDIT_NOTE
    return document.Kind.INVOICE


def _number(series: str | None, number: int | None) -> str:
    if series is None or number is None:
        return ''
    return document.number(series, number)


def _customer(
    address: Mapping[str, Any] | None, account: str
) -> document.Party:
    """The address as it was issued; without one, the account's name."""
    address = address or {}
    return document.Party(
        name=address.get('name') or account,
        lines=tuple(address.get('lines') or ()),
        country=address.get('country') or '',
        tax_id=address.get('tax_id') or '',
    )


def _lines_of(
    conn: sa.Connection, invoice: sa.Row[Any]
) -> Iterator[document.Line]:
    rows = conn.execute(
        sa.select(
            _lines,
            _earlier.c.invoice_id.label('earlier_invoice'),
            _corrected.c.series,
            _corrected.c.number,
        )
        .outerjoin(_earlier, _earlier.c.id == _lines.c.corrects)
        .outerjoin(_corrected, _corrected.c.id == _earlier.c.invoice_id)
        .where(_lines.c.invoice_id == invoice.id)
        .order_by(_lines.c.id)
    )
    for row in rows:
        # The head of a credit note names the invoice for all of its lines.
        said = row.earlier_invoice in (invoice.id, invoice.corrects)
        yield _line(row, '' if said else _number(row.series, row.number))


def _line(row: sa.Row[Any], corrects: str) -> document.Line:
    return document.Line(
        label=row.label or row.resource,
        quantity=row.quantity,
        unit=row.unit or '',
        unit_price=row.unit_price,
        ratio=money.Ratio(*map(int, row.ratio.split('/'))),
        amount=row.amount,
        discount=row.discount,
        net=row.net,
        taxes=tax.taxes_read(row.taxes),
        starts=row.starts,
        ends=row.ends,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        corrects=corrects,
        reason=row.reason,
    )


def _payments_of(
    conn: sa.Connection, invoice_id: int
) -> Iterator[document.Payment]:
    """What was used on it and not taken back since, oldest first."""
    rows: Sequence[sa.Row[Any]] = conn.execute(
        sa.select(
            _allocations.c.at,
            _allocations.c.amount,
            _payments.c.kind,
            _payments.c.reference,
        )
        .join(_payments, _payments.c.id == _allocations.c.payment_id)
        .where(
            _allocations.c.invoice_id == invoice_id,
            _allocations.c.undone_at.is_(None),
        )
        .order_by(_allocations.c.at, _allocations.c.id)
    ).all()
    for row in rows:
        yield document.Payment(
            row.at,
            row.amount,
            lifecycle.PaymentKind(row.kind),
            row.reference,
        )


def _carried(
    values: Sequence[Mapping[str, Any]] | None,
) -> Iterator[document.Carried]:
    """Older open invoices: number, owed in minor units, due_at in UTC."""
    for value in values or ():
        due_at = value.get('due_at')
        yield document.Carried(
            number=value['number'],
            owed=value['owed'],
            due_at=dt.datetime.fromisoformat(due_at) if due_at else None,
        )
