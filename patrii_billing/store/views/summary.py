# SPDX-License-Identifier: Apache-2.0
"""The figures of a whole cloud at a glance, exact and read as they are asked.

Each is a sum over an index that holds all it needs, so that a million
invoices take less than a second.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import PaymentKind
from patrii_billing.domain.lifecycle import Step
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store.views import balances
from patrii_billing.store.views import currencies

_accounts = schema.accounts
_actions = schema.actions
_inbox = schema.inbox
_invoices = schema.invoices
_notices = schema.notices
_payments = schema.payments
_plans = schema.plans
_spans = schema.spans
_subs = schema.subscriptions

# Days past due with which the next age begins; before it is not due.
AGES = (0, 8, 31, 61, 91)
_DAY = dt.timedelta(days=1)
_OPENING = 'opening'


@dataclass(frozen=True, slots=True)
class Age:
    """Open invoices of one currency that are as old; minor units.

    `since` and `until` are days past due, None where it is not due, and
    where it has no end.
    """

    currency: str
    since: int | None
    until: int | None
    invoices: int
    owed: int


@dataclass(frozen=True, slots=True)
class Month:
    """What a month came to in one currency, in minor units with taxes."""

    month: dt.date
    currency: str
    invoiced: int = 0
    credited: int = 0
    collected: int = 0
    refunded: int = 0
    charged_back: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """What is stored as due on a day: so many subscriptions and their money.

    `what` is `invoice` or a step of the ladder. `amount` is what they owe,
    in minor units; of an invoice to come what the last period's came to.
    """

    day: dt.date
    what: str
    currency: str
    subscriptions: int
    amount: int


def statuses(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """`status`, `subscriptions` and `accounts` of contracts not ended.

    One whose servers were deleted has ended and is counted nevertheless.
    """
    status = _subs.c.billing_status
    live = sa.or_(
        _subs.c.contract != lifecycle.Contract.ENDED,
        status == lifecycle.Status.DELETED,
    )
    return conn.execute(
        sa.select(
            status.label('status'),
            sa.func.count().label('subscriptions'),
            sa.func.count(_subs.c.account_id.distinct()).label('accounts'),
        )
        .where(live)
        .group_by(status)
    ).all()


def accounts(conn: sa.Connection) -> tuple[int, int]:
    """How many there are, and how many of them are parked."""
    query = sa.select(
        sa.select(sa.func.count(_accounts.c.id)).scalar_subquery(),
        sa.select(sa.func.count(_accounts.c.id))
        .where(_accounts.c.parked_why.is_not(None))
        .scalar_subquery(),
    )
    whole, parked = conn.execute(query).one()
    return whole, parked


def ages(conn: sa.Connection, now: dt.datetime) -> list[Age]:
    """What is open, by currency and by how long it is past due."""
    edges = [now - (days * _DAY) for days in AGES]
    age = _which(_invoices.c.due_at, edges).label('age')
    rows = conn.execute(
        sa.select(
            _invoices.c.currency,
            age,
            sa.func.count().label('invoices'),
            sa.func.sum(_invoices.c.owed).label('owed'),
        )
        .where(_invoices.c.state == lifecycle.InvoiceState.OPEN)
        .group_by(_invoices.c.currency, age)
    )
    found = {(row.currency, row.age): row for row in rows}
    spans = [(None, None), *itertools.pairwise((*AGES, None))]
    return [
        Age(
            currency,
            since,
            None if until is None else until - 1,
            *_counted(found.get((currency, place))),
        )
        for currency in sorted({currency for currency, _ in found})
        for place, (since, until) in enumerate(spans)
    ]


def _counted(row: sa.Row[Any] | None) -> tuple[int, int]:
    return (0, 0) if row is None else (row.invoices, int(row.owed))


def _which(
    column: sa.ColumnElement[Any], edges: Sequence[dt.datetime]
) -> sa.ColumnElement[int]:
    """Before how many of the edges, of which the newest comes first."""
    return sa.case(
        *(
            (column > edge, sa.literal_column(str(place)))
            for place, edge in enumerate(edges)
        ),
        else_=sa.literal_column(str(len(edges))),
    )


def months(
    conn: sa.Connection, now: dt.datetime, count: int, zone: dt.tzinfo
) -> list[Month]:
    """The newest months up to now, the oldest first, by currency."""
    days = [calendar.local_day(now, zone).replace(day=1)]
    while len(days) < count:
        days.append((days[-1] - _DAY).replace(day=1))
    days.reverse()
    begins = [calendar.start_of_day(day, zone) for day in days]
    found: dict[tuple[dt.date, str], dict[str, int]] = {}
    for read in (_documents, _money):
        for place, currency, what, minor in read(conn, [*begins, now]):
            sums = found.setdefault((days[place], currency), {})
            sums[what] = sums.get(what, 0) + minor
    return [
        Month(day, currency, **sums)
        for (day, currency), sums in sorted(found.items())
    ]


_Sums = Iterator[tuple[int, str, str, int]]


def _documents(conn: sa.Connection, marks: Sequence[dt.datetime]) -> _Sums:
    total, at = _invoices.c.total, _invoices.c.issued_at
    parts = [
        sa.select(
            sa.literal_column(str(place)).label('place'),
            sa.literal(currency).label('currency'),
            _sum(sa.case((total > 0, total), else_=0)).label('invoiced'),
            _sum(sa.case((total < 0, -total), else_=0)).label('credited'),
        ).where(
            _invoices.c.currency == currency,
            at >= since,
            _before(at, until, marks),
            _invoices.c.kind.not_in((_OPENING, *invoices.THEIRS)),
        )
        for currency in currencies.of(conn, _invoices.c.currency)
        for place, (since, until) in enumerate(itertools.pairwise(marks))
    ]
    for row in _all_of(conn, parts):
        if row.invoiced is not None:
            yield row.place, row.currency, 'invoiced', int(row.invoiced)
            yield row.place, row.currency, 'credited', int(row.credited)


_MONEY = {
    'collected': (PaymentKind.PAYMENT, balances.came_in()),
    'refunded': (PaymentKind.REFUND, balances.went_out()),
    'charged_back': (PaymentKind.CHARGE_BACK, balances.went_out()),
}


def _money(conn: sa.Connection, marks: Sequence[dt.datetime]) -> _Sums:
    at = _payments.c.received_at
    parts = [
        sa.select(
            sa.literal_column(str(place)).label('place'),
            sa.literal(currency).label('currency'),
            sa.literal(what).label('what'),
            _sum(_payments.c.amount).label('amount'),
        ).where(
            _payments.c.currency == currency,
            _payments.c.kind == kind,
            at >= since,
            _before(at, until, marks),
            counts,
        )
        for currency in currencies.of(conn, _payments.c.currency)
        for what, (kind, counts) in _MONEY.items()
        for place, (since, until) in enumerate(itertools.pairwise(marks))
    ]
    for row in _all_of(conn, parts):
        if row.amount is not None:
            yield row.place, row.currency, row.what, int(row.amount)


def _all_of(
    conn: sa.Connection, parts: Sequence[sa.Select[Any]]
) -> Sequence[sa.Row[Any]]:
    return conn.execute(sa.union_all(*parts)).all() if parts else ()


def _before(
    at: sa.ColumnElement[Any], until: dt.datetime, marks: Sequence[dt.datetime]
) -> sa.ColumnElement[bool]:
    """The running month goes up to and with now."""
    return at <= until if until is marks[-1] else at < until


def _sum(what: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.sum(what)


def steps(
    conn: sa.Connection, now: dt.datetime, days: int, zone: dt.tzinfo
) -> list[Due]:
    """The steps stored as due in the next days, with what is overdue today.

    Only the next step of each: what would follow from it within the same
    days is told by a forecast.
    """
    return _by_day(_steps, conn, now, days, zone)


def renewals(
    conn: sa.Connection, now: dt.datetime, days: int, zone: dt.tzinfo
) -> list[Due]:
    """The invoices stored as due in the next days, so far as now is known.

    Each subscription's last invoice is looked up: of a hundred thousand
    this takes most of a tenth of a second.
    """
    return _by_day(_renewals, conn, now, days, zone)


_Dues = Iterator[tuple[int, str, str, int, int]]


def _by_day(
    read: Callable[[sa.Connection, Sequence[dt.datetime]], _Dues],
    conn: sa.Connection,
    now: dt.datetime,
    days: int,
    zone: dt.tzinfo,
) -> list[Due]:
    today = calendar.local_day(now, zone)
    all_days = [today + n * _DAY for n in range(days)]
    ends = [calendar.start_of_day(day + _DAY, zone) for day in all_days]
    return [
        Due(all_days[place], what, currency, count, amount)
        for place, what, currency, count, amount in read(conn, ends)
    ]


def _steps(conn: sa.Connection, ends: Sequence[dt.datetime]) -> _Dues:
    """Counted by the plan's currency, and what is owed of them."""
    place, step = _day_of(_subs.c.due_at, ends).label('place'), _subs.c.step
    ahead = _subs.c.due_at < ends[-1]
    counts = conn.execute(
        sa.select(place, step, _subs.c.plan_id, sa.func.count())
        .where(ahead, step != Step.NONE)
        .group_by(place, step, _subs.c.plan_id)
    )
    sums = conn.execute(
        sa.select(place, step, _invoices.c.currency, _sum(_invoices.c.owed))
        .join(_invoices, _invoices.c.subscription_id == _subs.c.id)
        .where(
            ahead,
            step != Step.NONE,
            _invoices.c.state == lifecycle.InvoiceState.OPEN,
        )
        .group_by(place, step, _invoices.c.currency)
    )
    pays_in = _currency_of(conn)
    counted: dict[tuple[int, str, str], int] = {}
    for day, what, plan_id, count in counts:
        key = day, what, pays_in[plan_id]
        counted[key] = counted.get(key, 0) + count
    owed = {(row[0], row[1], row[2]): int(row[3]) for row in sums}
    for key in {*counted, *owed}:
        yield *key, counted.get(key, 0), owed.get(key, 0)


def _renewals(conn: sa.Connection, ends: Sequence[dt.datetime]) -> _Dues:
    """The last period's invoice is found by where the chain ends."""
    place = _day_of(_subs.c.charge_at, ends).label('place')
    rows = conn.execute(
        sa.select(
            place, _subs.c.plan_id, sa.func.count(), _sum(_invoices.c.total)
        )
        .select_from(_subs)
        .outerjoin(
            _spans,
            sa.and_(
                _spans.c.subscription_id == _subs.c.id,
                _spans.c.ends == _subs.c.billed_until,
            ),
        )
        .outerjoin(_invoices, _invoices.c.id == _spans.c.invoice_id)
        .where(_subs.c.charge_at < ends[-1])
        .group_by(place, _subs.c.plan_id)
    )
    pays_in = _currency_of(conn)
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for day, plan_id, count, total in rows:
        key = day, pays_in[plan_id]
        counted, amount = found.get(key, (0, 0))
        found[key] = counted + count, amount + int(total or 0)
    for (day, currency), (count, amount) in found.items():
        yield day, 'invoice', currency, count, amount


def _currency_of(conn: sa.Connection) -> dict[int, str]:
    """By plan. Joined, MySQL would go through all contracts of each."""
    rows = conn.execute(sa.select(_plans.c.id, _plans.c.currency))
    return {row.id: row.currency for row in rows}


def _day_of(
    column: sa.ColumnElement[Any], ends: Sequence[dt.datetime]
) -> sa.ColumnElement[int]:
    return sa.case(
        *(
            (column < end, sa.literal_column(str(place)))
            for place, end in enumerate(ends)
        )
    )


def actions(conn: sa.Connection, tries: int) -> Sequence[sa.Row[Any]]:
    """`type`, how many `wait`, `stuck` of them, and how many `failed`.

    Stuck is what failed that many times and is tried again still.
    """
    pending = _actions.c.state == ActionState.PENDING
    stuck = sa.and_(pending, _actions.c.attempts >= tries)
    failed = _actions.c.state == ActionState.FAILED
    return conn.execute(
        sa.select(
            _actions.c.type,
            *(
                sa.cast(_sum(sa.case((each, 1), else_=0)), sa.Integer).label(
                    name
                )
                for name, each in (
                    ('waiting', pending), ('stuck', stuck), ('failed', failed)
                )
            ),
        )
        .where(
            _actions.c.state.in_([ActionState.PENDING, ActionState.FAILED])
        )
        .group_by(_actions.c.type)
        .order_by(_actions.c.type)
    ).all()  # fmt: skip


def notices(conn: sa.Connection, since: dt.datetime) -> Sequence[sa.Row[Any]]:
    """`state` and `notices` that wait, or did not arrive since then."""
    state = _notices.c.state
    return conn.execute(
        sa.select(state, sa.func.count().label('notices'))
        .where(
            sa.or_(
                state == NoticeState.PENDING,
                sa.and_(
                    state.in_([NoticeState.REFUSED, NoticeState.UNKNOWN]),
                    _notices.c.created_at >= since,
                ),
            )
        )
        .group_by(state)
        .order_by(state)
    ).all()


def parked_messages(conn: sa.Connection) -> int:
    return int(
        conn.execute(
            sa.select(sa.func.count(_inbox.c.id)).where(
                _inbox.c.state == 'parked'
            )
        ).scalar_one()
    )


def unmatched(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """`currency`, `payments` and the `amount` of money of nobody known."""
    return conn.execute(
        sa.select(
            _payments.c.currency,
            sa.func.count().label('payments'),
            _sum(_payments.c.free).label('amount'),
        )
        .where(
            _payments.c.account_id.is_(None),
            _payments.c.state == lifecycle.PaymentState.RECEIVED,
            _payments.c.free > 0,
        )
        .group_by(_payments.c.currency)
        .order_by(_payments.c.currency)
    ).all()
