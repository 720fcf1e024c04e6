# SPDX-License-Identifier: Apache-2.0
"""The books of a large cloud after ten months, to measure how it scales.

Each customer has a contract by the month, ten invoices of it and what paid
for them. One in fifty is behind with the newest one, one in five hundred with
three. The rows are made inside the database.
"""

import datetime as dt
import decimal
from typing import Any
import zoneinfo

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.store import database
from patrii_billing.store import schema
from patrii_billing.store import sought
from tests import books
from tests import crowd

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
PERIODS = 10
TOTAL = 1200  # minor units, of which 200 are taxes
_ZONE = zoneinfo.ZoneInfo('Europe/Paris')
DAY = dt.timedelta(days=1)
_DAYS = range(1, 29)
_BEHIND, _FAR_BEHIND = 50, 500  # one in so many
_CHUNK = 1000
_TAXES = [{'name': 'VAT', 'rate': '20', 'base': 1000, 'amount': 200}]

# Of these a database should know how many there are of what.
LARGE = (
    'accounts', 'projects', 'servers', 'sought', 'subscriptions', 'invoices',
    'payments', 'notices', 'timeline',
)  # fmt: skip

_accounts = schema.accounts
_invoices = schema.invoices
_lines = schema.lines
_subs = schema.subscriptions


def build(db: database.Database, customers: int) -> None:
    """Fill empty books; customers are numbered from 1."""
    db.write(books.plan)
    for first in range(1, customers + 1, _CHUNK):
        count = min(_CHUNK, customers + 1 - first)
        db.write(crowd.gather, first, count)
    for day in _DAYS:
        db.write(_anchor, day)
        for back in reversed(range(PERIODS)):
            db.write(_period, day, back, customers)
        db.write(_ladder, day, customers)
    db.write(sought.fill)


def _starts(day: int) -> list[dt.date]:
    """Where the billed periods of an anchor day start, the newest first."""
    month = (NOW.date() + 8 * DAY).replace(day=1)
    while month.replace(day=day) <= NOW.date() + 7 * DAY:
        month = (month + 31 * DAY).replace(day=1)
    found = []
    for _ in range(PERIODS + 1):
        found.append(month.replace(day=day))
        month = (month - DAY).replace(day=1)
    return found


def _at(day: dt.date) -> dt.datetime:
    return calendar.start_of_day(day, _ZONE)


def _anchor(conn: sa.Connection, day: int) -> None:
    starts = _starts(day)
    mine = _subs.c.id % len(_DAYS) == day - 1
    conn.execute(
        _subs.update()
        .where(mine)
        .values(
            anchor_day=day, start=starts[-1], billed_until=starts[0],
            charge_at=_at(starts[0] - 7 * DAY),
        )
    )  # fmt: skip
    conn.execute(
        schema.terms.update()
        .where(schema.terms.c.subscription_id % len(_DAYS) == day - 1)
        .values(anchor_day=day, since=starts[-1])
    )


def _period(conn: sa.Connection, day: int, back: int, customers: int) -> None:
    """One invoice of each customer with an anchor day, and its payment."""
    starts = _starts(day)
    end, start = starts[back], starts[back + 1]
    due_at, issued_at = _at(start), _at(start - 7 * DAY)
    first = (PERIODS - 1 - back) * customers
    mine = _subs.c.id % len(_DAYS) == day - 1
    unpaid = _unpaid(starts, back)
    number = _subs.c.id + first
    _copy(
        conn, _invoices, mine,
        id=number, account_id=_subs.c.account_id, subscription_id=_subs.c.id,
        series='INV', number=number, kind='renewal',
        state=sa.case((unpaid, 'open'), else_='paid'), currency='EUR',
        period_start=start, period_end=end, net=1000, taxes=_TAXES,
        total=TOTAL, owed=sa.case((unpaid, TOTAL), else_=0),
        reference=sa.literal('RF') + sa.cast(number, sa.String(20)),
        customer={'name': 'A customer'}, carried=[],
        announce_at=issued_at, issued_at=issued_at, due_at=due_at,
        paid_at=sa.case((unpaid, None), else_=min(due_at, NOW - DAY)),
    )  # fmt: skip
    _copy(
        conn, schema.spans, mine,
        subscription_id=_subs.c.id, starts=start, ends=end,
        cycle_starts=start, cycle_ends=end,
        follows=None if back == PERIODS - 1 else start,
        first=1 if back == PERIODS - 1 else None, invoice_id=number,
    )  # fmt: skip
    _copy(
        conn, _lines, mine,
        invoice_id=number, subscription_id=_subs.c.id, kind='charge',
        resource=sa.literal('server-') + sa.cast(_subs.c.id, sa.String(20)),
        label='web', starts=start, ends=end, quantity=decimal.Decimal(1),
        unit_price=decimal.Decimal('10.00'), ratio='1/1', amount=1000,
        discount=0, net=1000,
        taxes=[{'name': 'VAT', 'rate': '20', 'amount': 200}],
        reason='a period',
    )  # fmt: skip
    _copy(
        conn, schema.payments, sa.and_(mine, sa.not_(unpaid)),
        id=number, account_id=_subs.c.account_id, kind='payment',
        state='received', amount=TOTAL, free=0, currency='EUR',
        key=sa.literal('bank-') + sa.cast(number, sa.String(20)),
        body_hash='', reference='', received_at=min(due_at, NOW - DAY),
        by='bank', source='bank',
    )  # fmt: skip
    _copy(
        conn, schema.allocations, sa.and_(mine, sa.not_(unpaid)),
        payment_id=number, invoice_id=number, amount=TOTAL,
        at=min(due_at, NOW - DAY),
    )  # fmt: skip
    _copy(
        conn, schema.timeline, mine,
        account_id=_subs.c.account_id, subscription_id=_subs.c.id,
        at=issued_at, what='invoice', name='an invoice', why='', by='engine',
        detail={},
    )  # fmt: skip
    if back < 2:
        _copy(
            conn, schema.notices, mine,
            key=sa.literal('invoice:') + sa.cast(number, sa.String(20)),
            account_id=_subs.c.account_id, subscription_id=_subs.c.id,
            invoice_id=number, template='invoice', servers=[], context={},
            state='accepted', urgency=5, attempts=1,
            message_id='<a@b.example>', recipients=['a@b.example'],
            subject='Your invoice', body='It is due.', answer='250 ok',
            accepted_at=issued_at, settled_at=issued_at, created_at=issued_at,
        )  # fmt: skip


def _unpaid(starts: list[dt.date], back: int) -> sa.ColumnElement[bool]:
    ahead = _at(starts[1]) > NOW
    if ahead and back == 0:
        return _subs.c.id % 10 >= 3  # noqa: PLR2004
    late = back - ahead
    if late == 0:
        return _subs.c.id % _BEHIND == 0
    if late < 3:  # noqa: PLR2004
        return _subs.c.id % _FAR_BEHIND == 0
    return sa.false()


def _copy(
    conn: sa.Connection,
    /,
    table: sa.Table,
    mine: sa.ColumnElement[bool],
    **values: Any,
) -> None:
    """A row for each subscription that is meant."""
    columns = [
        value
        if isinstance(value, sa.ColumnElement)
        else sa.literal(value, table.c[name].type)
        for name, value in values.items()
    ]
    rows = sa.select(*columns).where(mine).order_by(_subs.c.id)
    conn.execute(table.insert().from_select(list(values), rows))


def _ladder(conn: sa.Connection, day: int, customers: int) -> None:
    """Where those stand who have something open, by how long it is due."""
    starts = _starts(day)
    mine = _subs.c.id % len(_DAYS) == day - 1
    newest = _at(starts[1])
    ahead = newest > NOW
    if ahead:
        steps = [(3, 'remind', 0), (1, 'remind', 1), (0, 'grace', 2)]
        step = next(
            each for each in steps if newest - each[0] * DAY > NOW
        )
        at = newest - step[0] * DAY
        _stand(
            conn, sa.and_(mine, _subs.c.id % 10 >= 3),  # noqa: PLR2004
            step=step[1], reminder=step[2], due_at=at, check_at=at,
            step_invoice=_subs.c.id + (PERIODS - 1) * customers,
        )  # fmt: skip
        newest = _at(starts[2])
    behind = sa.and_(mine, _subs.c.id % _BEHIND == 0)
    status, step, at = _stage(newest)
    place = (PERIODS - 1 - ahead) * customers
    _stand(
        conn, behind,
        billing_status=status, status_since=newest, step=step, due_at=at,
        check_at=at, step_invoice=_subs.c.id + place, reminder=2,
        case_id=sa.literal('case-') + sa.cast(_subs.c.id, sa.String(20)),
    )  # fmt: skip
    if status != 'grace':
        _take(conn, behind, newest + 2 * DAY)
    if status == 'pending_deletion':
        _warn(conn, behind, newest + 25 * DAY)


def _stage(due_at: dt.datetime) -> tuple[str, str, dt.datetime]:
    for days, status, step in (
        (2, 'grace', 'shelve'), (25, 'shelved', 'warn'),
        (32, 'pending_deletion', 'delete'),
    ):  # fmt: skip
        if due_at + days * DAY > NOW:
            return status, step, due_at + days * DAY
    raise AssertionError(f'{due_at} is longer ago than a month')


def _stand(
    conn: sa.Connection, /, mine: sa.ColumnElement[bool], **values: Any
) -> None:
    conn.execute(_subs.update().where(mine).values(**values))


def _take(
    conn: sa.Connection, mine: sa.ColumnElement[bool], at: dt.datetime
) -> None:
    server = sa.literal('server-') + sa.cast(_subs.c.id, sa.String(20))
    case = sa.literal('case-') + sa.cast(_subs.c.id, sa.String(20))
    before = {'vm_state': 'active', 'owner_locked': False,
              'locked_reason': None}  # fmt: skip
    _copy(
        conn, schema.custody, mine,
        server=server, project=_subs.c.project, subscription_id=_subs.c.id,
        case_id=case, state='shelved', before=before, created_at=books.NOW,
        shelve_refused=False, relock_due=False, why='', at=at,
    )  # fmt: skip
    for number, state in enumerate(('done', 'failed', 'pending')):
        some = (mine, _subs.c.id % 1000 == 50 * number)  # noqa: PLR2004
        if state == 'done':
            some = (mine,)
        _copy(
            conn, schema.actions, sa.and_(*some),
            type='restore' if number else 'shelve',
            subscription_id=_subs.c.id, account_id=_subs.c.account_id,
            project=_subs.c.project, server=server, case_id=case, args={},
            state=state, result=None if number else 'done', why='',
            priority=5, next_at=NOW if state == 'pending' else None,
            attempts=number, committed_at=at, requests=[], created_at=at,
            finished_at=None if state == 'pending' else at,
        )  # fmt: skip


def _warn(
    conn: sa.Connection, mine: sa.ColumnElement[bool], at: dt.datetime
) -> None:
    number = sa.cast(_subs.c.id, sa.String(20))
    case = sa.literal('case-') + number
    _copy(
        conn, schema.notices, mine,
        key=case + sa.literal(':last_warning:0'),
        account_id=_subs.c.account_id, subscription_id=_subs.c.id,
        template='last_warning', case_id=case,
        servers=sa.literal('["server-') + number + sa.literal('"]'),
        names=at + 7 * DAY, context={}, state='accepted', urgency=1,
        attempts=1, message_id='<a@b.example>', accepted_at=at,
        settled_at=at, created_at=at,
    )  # fmt: skip
