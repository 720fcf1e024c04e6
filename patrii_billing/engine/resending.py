# SPDX-License-Identifier: Apache-2.0
"""Send a notice again: a copy of its own, beside what was proven before.

The ladder counts from the first and never from a copy, so that a reader who
asks for one gains and loses no time. There is one exception, which only moves
things later: a last warning that nobody accepted was never given, and so its
copy, once accepted, is where its span begins.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import InvoiceState
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Step
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

# What was sent, or tried to the end.
_REPEATABLE = frozenset(
    {NoticeState.ACCEPTED, NoticeState.REFUSED, NoticeState.UNKNOWN}
)
_WARNING = 'last_warning'
# The steps before which the ladder stands while a notice is true.
_STANDS_AT = {
    'reminder': {Step.REMIND, Step.GRACE},
    'grace': {Step.SHELVE},
    _WARNING: {Step.DELETE, Step.END},
}


def resend(
    conn: sa.Connection, notice_id: int, by: str, now: dt.datetime
) -> sa.Row[Any]:
    """Have a notice sent again, to the addresses of today; the copy.

    It names the days that are in force. Raises NotFound, and Conflict for
    what was not sent yet, is being sent again, or is not so any more.
    """
    first = notices.repeated(conn, notices.by_id(conn, notice_id))
    if first.account_id is not None:
        accounts.lock(conn, first.account_id)
        first = notices.by_id(conn, first.id)
    if first.state not in _REPEATABLE:
        raise errors.Conflict(f'notice {first.id} is {first.state}')
    before = notices.copies(conn, first.id)
    for copy in before:
        if copy.state == NoticeState.PENDING:
            raise errors.Conflict(f'it is being sent again: notice {copy.id}')
    why = obsolete(conn, first, now)
    if why is not None:
        raise errors.Conflict(f'notice {first.id} is not so any more: {why}')
    key = f'again:{len(before) + 1}:{first.key}'
    notices.ask(
        conn, key, first.template, now,
        account_id=first.account_id, subscription_id=first.subscription_id,
        invoice_id=first.invoice_id, case_id=first.case_id,
        servers=first.servers, names=first.names, context=first.context,
        repeats=first.id,
    )  # fmt: skip
    timeline.record(
        conn, now, 'notice', first.template, f'asked for again: {first.key}',
        account_id=first.account_id, subscription_id=first.subscription_id,
        by=by, key=key, result='again',
    )  # fmt: skip
    return notices.by_key(conn, key)


def obsolete(
    conn: sa.Connection, first: sa.Row[Any], now: dt.datetime
) -> str | None:
    """Why what a notice says is not so any more, or None where it is."""
    if first.template == 'invoice' and first.invoice_id is not None:
        if invoices.get(conn, first.invoice_id).state == InvoiceState.VOID:
            return 'the invoice is void'
    names = first.names
    if first.template in _STANDS_AT:
        sub = subscriptions.get(conn, first.subscription_id)
        if not _stands(conn, first, sub):
            return 'the ladder has gone on'
        names = sub.due_at or names
    over = names is not None and names <= now
    if over and not begins_span(first):
        return 'the day that it names is over'
    return None


def _stands(
    conn: sa.Connection, first: sa.Row[Any], sub: sa.Row[Any]
) -> bool:
    if sub.step not in _STANDS_AT[first.template]:
        return False
    if first.template == 'reminder':
        return bool(sub.step_invoice == first.invoice_id)
    newest = notices.latest(conn, sub.id, first.template)
    return bool(
        sub.case_id == first.case_id
        and newest is not None
        and newest.id == first.id
    )


def begins_span(first: sa.Row[Any]) -> bool:
    """Whether a copy of it, once accepted, is what the ladder counts from."""
    return first.template == _WARNING and first.accepted_at is None


def count(
    conn: sa.Connection,
    copy: sa.Row[Any],
    answer: str,
    names: dt.datetime | None,
    now: dt.datetime,
) -> None:
    """A copy was accepted: a warning is given by it, but never twice."""
    first = notices.by_id(conn, copy.repeats)
    if first.template != _WARNING:
        return
    if not begins_span(first):
        # No sooner than on the day that he was told last.
        if names is not None:
            notices.name_later(conn, first.id, names)
        return
    why = f'accepted as notice {copy.id}: {answer}'
    notices.prove(conn, first.id, now, why, names=names)
    timeline.record(
        conn, now, 'notice', first.template, why,
        account_id=first.account_id, subscription_id=first.subscription_id,
        result=str(NoticeState.ACCEPTED), key=first.key,
    )  # fmt: skip
