# SPDX-License-Identifier: Apache-2.0
"""What is held of a customer, for himself; and taking him out of the books.

He may have both by Articles 15 and 17 of the GDPR. What tax law has one keep
stays until its years are over (Article 17, 3b); the books stay whole.
"""

from collections.abc import Collection
from collections.abc import Iterator
import datetime as dt
import decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import Contract
from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.domain.lifecycle import PaymentState
from patrii_billing.domain import money
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import erasure
from patrii_billing.store import holdings
from patrii_billing.store import schema
from patrii_billing.store import timeline

# Of the service's own bookkeeping, and of nobody.
_INNER = frozenset({
    'body_hash', 'lease_until', 'lower_name', 'owner', 'version',
})  # fmt: skip
_MONEY = frozenset({
    'amount', 'discount', 'free', 'net', 'owed', 'total',
})  # fmt: skip
_YEAR = dt.timedelta(days=365.25)


def export(conn: sa.Connection, account_id: int) -> dict[str, Any]:
    """All that is held of an account, as JSON has it; sums with currency."""
    currency = accounts.get(conn, account_id).currency
    found = holdings.of_account(conn, account_id)
    return {
        table.name: [_told(row, currency) for row in rows]
        for table, rows in found.items()
        if rows and table is not schema.sought
    }


def _told(row: sa.Row[Any], currency: str) -> dict[str, Any]:
    fields = row._mapping
    currency = str(fields.get('currency') or currency)
    return {
        name: _said(name, value, currency)
        for name, value in fields.items()
        if name not in _INNER and value is not None
    }


def _said(name: str, value: Any, currency: str) -> Any:
    if name in _MONEY and isinstance(value, int):
        return f'{money.plain(value, currency)} {currency}'
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, decimal.Decimal) else value


def erase(
    conn: sa.Connection,
    account_id: int,
    keep_years: int,
    now: dt.datetime,
    by: str,
    why: str = '',
) -> int:
    """Take a customer who has left out of the books.

    How many invoices and payments are left as they are, being younger than
    `keep_years`; to do it again later empties them too. `why` is for the
    timeline. Raises NotFound, and Conflict with all that forbids it.
    """
    accounts.lock(conn, account_id)
    row = accounts.get(conn, account_id)
    open_ends = list(_open_ends(conn, account_id, now))
    if open_ends:
        raise errors.Conflict(f'{row.name}: {"; ".join(open_ends)}')
    new = alias(account_id)
    before = now - keep_years * _YEAR
    words = {
        each for each in _words(conn, row) if not each.startswith(new)
    }
    erasure.blank(conn, account_id)
    erasure.blank_documents(conn, account_id, before)
    accounts.change(
        conn, account_id, name=new, external_ref=None, contacts=[],
        address=None, parked_why=None,
    )  # fmt: skip
    _rename(conn, account_id)
    kept = erasure.documents_kept(conn, account_id, before)
    # Before names are replaced: the reason may have some.
    timeline.record(
        conn, now, 'account', 'erased', why, account_id=account_id, by=by,
        documents_kept=kept,
    )  # fmt: skip
    erasure.replace(conn, account_id, words, new)
    erasure.replace_in_documents(conn, account_id, before, words, new)
    return kept


def alias(account_id: int) -> str:
    """What an account is called that was somebody's."""
    return f'erased-{account_id}'


def erase_old_documents(
    conn: sa.Connection, keep_years: int, now: dt.datetime
) -> int:
    """Empty what those who were erased left, once its years are over.

    How many accounts were looked at.
    """
    names = schema.accounts.c.name
    gone = [
        row.id
        for row in conn.execute(
            sa.select(schema.accounts.c.id, names).where(
                names.startswith('erased-', autoescape=True)
            )
        )
        if row.name == alias(row.id)
    ]
    for account_id in gone:
        erasure.blank_documents(conn, account_id, now - keep_years * _YEAR)
    return len(gone)


def _rename(conn: sa.Connection, account_id: int) -> None:
    subs = schema.subscriptions
    for (sub_id,) in conn.execute(
        sa.select(subs.c.id).where(subs.c.account_id == account_id)
    ).all():
        conn.execute(
            subs.update()
            .where(subs.c.id == sub_id)
            .values(name=f'{alias(account_id)}-{sub_id}')
        )


def _words(conn: sa.Connection, row: sa.Row[Any]) -> set[str]:
    """What the person is called by, here and there."""
    found = {row.name, *row.contacts}
    if row.external_ref:
        found.add(row.external_ref)
    found |= set(_strings(row.address))
    for table in (schema.projects, schema.subscriptions):
        found |= set(
            conn.scalars(
                sa.select(table.c.name).where(table.c.account_id == row.id)
            )
        )
    mails = (schema.notices.c.recipients, schema.notices.c.account_id)
    for (each,) in conn.execute(
        sa.select(mails[0]).where(mails[1] == row.id, mails[0].is_not(None))
    ):
        found |= set(_strings(each))
    return found - {'erased'}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, Collection):
        for each in value:
            yield from _strings(each)


def _open_ends(
    conn: sa.Connection, account_id: int, now: dt.datetime
) -> Iterator[str]:
    """Why the customer has not left yet."""

    def some(table: sa.Table, *among: sa.ColumnElement[bool]) -> int:
        return holdings.count(conn, table, account_id, *among)

    subs, invoices = schema.subscriptions.c, schema.invoices.c
    payments, custody = schema.payments.c, schema.custody.c
    for found, told in (
        (some(schema.subscriptions, subs.contract != Contract.ENDED),
         'contracts have not ended'),
        (some(schema.invoices, invoices.owed != 0), 'invoices are open'),
        (some(schema.payments, payments.free != 0),
         'payments have a balance that is to be paid back'),
        (some(schema.payments, payments.state == PaymentState.PENDING),
         'payments are on their way'),
        (some(schema.actions, schema.actions.c.live.is_not(None)),
         'actions are not finished'),
        (some(schema.custody, custody.undo_until > now),
         'deleted servers can still be given back'),
        (some(schema.notices, schema.notices.c.next_at.is_not(None)),
         'mails are on their way'),
        (some(schema.events, schema.events.c.next_at.is_not(None))
         + some(schema.deliveries,
                schema.deliveries.c.state == DeliveryState.PENDING),
         'events are still to be told to other systems'),
    ):  # fmt: skip
        if found:
            yield f'{found} {told}'
