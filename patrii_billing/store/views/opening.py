# SPDX-License-Identifier: Apache-2.0
"""What a journal that begins in the midst of the books begins with.

Receivables, credit, money and taxes as they stood; what was earned and spent
before is in the opening balances they stand against.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import journal
from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing.store.views import balances
from patrii_billing.store.views import journal as journals
from patrii_billing.store.views import pages
from patrii_billing.store.views import receivables
from patrii_billing.store.views import taxes

_accounts = schema.accounts
_payments = schema.payments

_Sums = dict[tuple[str, str], int]


def entries(
    db: database.Database, start: dt.datetime, zone: dt.tzinfo
) -> Iterator[journal.Entry]:
    """By customer, and then what belongs to none, each by currency."""
    query = sa.select(_accounts.c.id, _accounts.c.name)
    for page in pages.batches(db, query, _accounts.c.id):
        held = db.read(_of_customers, page, start)
        for account in page:
            for currency, parts in sorted(held.get(account.id, {}).items()):
                yield _entry(
                    start, zone, currency, parts, account.name, account.id
                )
    sums: _Sums = {}
    for (currency, word, rate), minor in taxes.collected(db, start).items():
        _add(sums, journal.tax(word, rate), currency, -minor)
    for (owner, currency), minor in db.read(balances.at, start).items():
        if owner is balances.NOBODY:
            _add(sums, journal.UNMATCHED, currency, -minor)
    for (name, currency), minor in db.read(_money, start).items():
        _add(sums, name, currency, minor)
    for currency in sorted({currency for _, currency in sums}):
        parts = [
            journal.Posting(name, minor)
            for (name, of), minor in sorted(sums.items())
            if of == currency and minor
        ]
        if parts:
            yield _entry(start, zone, currency, parts)


def _of_customers(
    conn: sa.Connection, page: Sequence[sa.Row[Any]], start: dt.datetime
) -> dict[int, dict[str, list[journal.Posting]]]:
    names = {row.id: row.name for row in page}
    held: dict[int, dict[str, list[journal.Posting]]] = {}

    def add(owner: int, currency: str, posting: journal.Posting) -> None:
        held.setdefault(owner, {}).setdefault(currency, []).append(posting)

    owed = receivables.owed_at(start)
    rows = conn.execute(
        sa.select(owed.c.account_id, owed.c.currency,
                  sa.func.sum(owed.c.owed).label('owed'))
        .where(owed.c.account_id.in_(names))
        .group_by(owed.c.account_id, owed.c.currency)
    )  # fmt: skip
    for row in rows:
        name = journal.receivable(names[row.account_id], row.account_id)
        posting = journal.Posting(name, int(row.owed))
        add(row.account_id, row.currency, posting)
    kept = balances.at(conn, start, list(names))
    for (owner, currency), minor in sorted(kept.items()):
        if owner is not None:
            name = journal.credit(names[owner], owner)
            add(owner, currency, journal.Posting(name, -minor))
    return held


def _money(conn: sa.Connection, start: dt.datetime) -> _Sums:
    """What came in less what went out again, by where it is."""
    sums: _Sums = {}
    came = sa.select(
        _payments.c.source, _payments.c.currency,
        sa.func.sum(_payments.c.amount),
    ).where(
        _payments.c.kind == PaymentKind.PAYMENT,
        balances.came_in(),
        _payments.c.received_at < start,
    ).group_by(_payments.c.source, _payments.c.currency)  # fmt: skip
    for source, currency, amount in conn.execute(came):
        _add(sums, journal.money(source), currency, int(amount))
    # Few go out again, so that they are looked at one by one.
    gone = journals.outgoing().where(
        _payments.c.kind != PaymentKind.WITHDRAWAL,
        _payments.c.received_at < start,
    )
    for row in conn.execute(gone):
        _add(sums, journals.money_account(row), row.currency, -row.amount)
    return sums


def _add(sums: _Sums, account: str, currency: str, minor: int) -> None:
    key = account, currency
    sums[key] = sums.get(key, 0) + minor


def _entry(
    start: dt.datetime, zone: dt.tzinfo, currency: str,
    parts: Sequence[journal.Posting], payee: str = '',
    account: int | None = None,
) -> journal.Entry:  # fmt: skip
    rest = -sum(part.minor for part in parts)
    return journal.Entry(
        at=start,
        day=calendar.local_day(start, zone),
        kind='opening_balance',
        code='',
        payee=payee,
        text='Opening balance',
        currency=currency,
        postings=(*parts, journal.Posting(journal.OPENING, rest)),
        account=account,
    )
