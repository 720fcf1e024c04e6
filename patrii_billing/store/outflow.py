# SPDX-License-Identifier: Apache-2.0
"""How many mails may leave now: the pace, and a server that is away.

Both hold over all workers of all hosts, so they are kept in the books.
"""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.store import attempts
from patrii_billing.store import schema
from patrii_billing.store import watch

_watch = schema.watch
_MINUTE = dt.timedelta(minutes=1)


def room(
    conn: sa.Connection,
    now: dt.datetime,
    most: int,
    per_minute: int,
    lease: dt.timedelta,
) -> int:
    """How many mails a worker may take up now, at most so many.

    While the mail server is away, one worker after another tries one mail;
    if that worker dies, the next one tries a lease later.
    """
    state = watch.get(conn)
    if state.mail_opens_at is not None and state.mail_opens_at > now:
        return 0
    if state.mail_away_since is not None:
        state = watch.lock(conn)
        if state.mail_opens_at is not None and state.mail_opens_at > now:
            return 0
        watch.change(conn, mail_opens_at=now + lease)
        return min(most, 1)
    return min(most, _left(conn, now, per_minute)) if per_minute else most


def take(conn: sa.Connection, now: dt.datetime, per_minute: int) -> bool:
    """Whether one more may begin, asked under the lock of watch.

    No minute, begin to end, sees more than `per_minute` attempts begin.
    """
    return _left(conn, now, per_minute) > 0


def _left(conn: sa.Connection, now: dt.datetime, per_minute: int) -> int:
    """What is left of the minute; if nothing is, mails wait for its end."""
    begun = attempts.since(conn, now - _MINUTE, per_minute)
    if len(begun) >= per_minute:
        watch.change(conn, mail_opens_at=begun[per_minute - 1] + _MINUTE)
    return max(per_minute - len(begun), 0)


def away(
    conn: sa.Connection, now: dt.datetime, opens_at: dt.datetime
) -> dt.datetime:
    """The mail server was not reached; since when it is away."""
    state = watch.lock(conn)
    since: dt.datetime = state.mail_away_since or now
    watch.change(
        conn,
        mail_opens_at=opens_at,
        mail_away_since=since,
        mail_failures=(state.mail_failures or 0) + 1,
    )
    return since


def answered(
    conn: sa.Connection, now: dt.datetime, *, by_server: bool
) -> None:
    """A mail was brought to an end; all may go if the server had a part.

    Where it had none, the one mail that was to find out whether the server
    is back found out nothing, and another may try at once.
    """
    state = watch.get(conn)
    if state.mail_away_since is None:
        return
    if by_server:
        watch.change(
            conn, mail_opens_at=None, mail_away_since=None, mail_failures=None
        )
    else:
        watch.change(conn, mail_opens_at=now)
