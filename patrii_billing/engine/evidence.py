# SPDX-License-Identifier: Apache-2.0
"""Record that a notice was given by letter or by phone.

A dead mailbox must not keep a server for ever; the ladder counts from that
day as from the mail server's acceptance.
"""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.engine import collect
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import attempts
from patrii_billing.store import notices
from patrii_billing.store import timeline

# What can still be given by another way.
_OPEN = frozenset(
    {NoticeState.PENDING, NoticeState.REFUSED, NoticeState.UNKNOWN}
)


def record(
    conn: sa.Connection,
    tools: toolbox.Tools,
    key: str,
    given: dt.date,
    evidence: str,
    by: str,
    now: dt.datetime,
) -> dt.datetime:
    """Count a notice as accepted when it was given; that instant, UTC.

    A day without an hour counts from its end, and today from now. Raises
    InvalidInput for a time that is to come, or before the notice was
    written; Conflict for a notice that was accepted, or never meant to be
    sent.
    """
    if not evidence.strip():
        raise errors.InvalidInput('must say how it was given', 'evidence')
    asked = notices.by_key(conn, key)
    account_id = asked.account_id
    if account_id is None:
        raise errors.Conflict('it is an alarm, and for no customer')
    if asked.repeats is not None:
        raise errors.Conflict(f'it is a copy of notice {asked.repeats}')
    accounts.lock(conn, account_id)
    notice = notices.by_key(conn, key)
    if notice.state not in _OPEN:
        raise errors.Conflict(f'the notice {key} is {notice.state}')
    zone = calendar.zone(accounts.get(conn, account_id).timezone)
    at = _instant(given, zone, now)
    if at < notice.created_at:
        raise errors.InvalidInput(
            f'is before the notice was written, {notice.created_at:%Y-%m-%d}',
            'date',
        )
    notices.prove(conn, notice.id, at, evidence)
    # To no address: so no bounce takes it back.
    attempts.record(conn, notice.id, at, Attempt.ACCEPTED, evidence, ())
    timeline.record(
        conn, now, 'notice', notice.template, evidence,
        account_id=account_id, subscription_id=notice.subscription_id, by=by,
        result=str(NoticeState.ACCEPTED), key=key, given_at=at.isoformat(),
    )  # fmt: skip
    if notice.subscription_id is not None:
        collect.judge(conn, tools, notice.subscription_id, now)
    return at


def _instant(given: dt.date, zone: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """Never sooner than it can have been given."""
    if isinstance(given, dt.datetime):
        if given > now:
            raise errors.InvalidInput('is in the future', 'date')
        return given
    if given > calendar.local_day(now, zone):
        raise errors.InvalidInput('is in the future', 'date')
    end = calendar.start_of_day(given + dt.timedelta(days=1), zone)
    return min(end, now)
