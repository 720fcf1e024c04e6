# SPDX-License-Identifier: Apache-2.0
"""What happened, put on its way to each system that listens, and forgotten.

What is overdue is noticed here: no unit of work makes an invoice so.
"""

from collections.abc import Sequence
import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain import events as law
from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.engine import announcing
from patrii_billing.engine import balance
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import deliveries
from patrii_billing.store import events
from patrii_billing.store import receipts
from patrii_billing.store import timeline
from patrii_billing.store.views import told

# A listener's row without a listener: whose turn it is, of all workers.
_HOUSEKEEPING = ''
_FORGET_EVERY = dt.timedelta(hours=1)
_FORGOTTEN_AT_ONCE = 1000


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Put what happened on its way to those who listen; how much there was.

    What webhooks told is forgotten here as well, also where nobody listens.
    """
    forgotten = tools.db.write(_forget, tools, now)
    if not tools.listeners:
        return forgotten
    overdue = tools.db.write(_notice_overdue, tools, now)
    return forgotten + overdue + tools.db.write(_send_off, tools, now)


def redeliver(
    conn: sa.Connection,
    event_id: int,
    now: dt.datetime,
    by: str,
    listeners: Sequence[str] = (),
) -> int:
    """Send an event again to those who missed it, or to the named ones.

    How many they are. Raises InvalidInput for a listener whom it never went
    to, and Conflict where there is nobody to tell it again.
    """
    event = events.some(conn, [event_id])[event_id]
    whom = deliveries.of_events(conn, [event_id])
    for name in set(listeners) - {row.listener for row in whom}:
        raise errors.InvalidInput(f'it does not go to {name}', 'listeners')
    again = deliveries.again(conn, event_id, now, listeners)
    if not again:
        raise errors.Conflict(
            'it is on its way still, or everybody has it: name whom to tell '
            'it again'
        )
    timeline.record(
        conn, now, 'event', event.type, ', '.join(listeners),
        account_id=event.account_id, subscription_id=event.subscription_id,
        by=by, key=event.key, result='sent again',
    )  # fmt: skip
    return again


def _notice_overdue(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> int:
    rows = told.overdue(conn, now, tools.settings.batch)
    for row in rows:
        if told.note_overdue(conn, row.id, now):
            timeline.tell(
                conn, now, 'invoice', balance.number(row),
                f'it was due on {row.due_at:%Y-%m-%d %H:%M} UTC',
                account_id=row.account_id,
                subscription_id=row.subscription_id, result='overdue',
            )  # fmt: skip
    return len(rows)


def _send_off(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> int:
    if not events.is_any_due(conn, now):
        return 0
    # One after the other: what a later batch holds must not arrive before.
    deliveries.take_turn(conn, _HOUSEKEEPING, now)
    rows = events.claim(conn, now, tools.settings.lease, tools.settings.batch)
    if not rows:
        return 0
    books = announcing.Books(conn, rows)
    events.put_on_the_way(
        conn,
        {row.id: law.written(books.body(row)) for row in rows},
        [
            deliveries.new(row.id, name, now)
            for row in rows
            for name, listener in tools.listeners.items()
            if law.wanted(listener.wants, row.type)
        ],
    )
    return len(rows)


def _forget(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> int:
    """Purge what has been delivered, or dead, for long enough; seldom."""
    before = deliveries.listener(conn, _HOUSEKEEPING)
    if before is not None and before.next_at > now:
        return 0
    settings = tools.settings
    held = deliveries.claim(conn, _HOUSEKEEPING, now, settings.lease)
    if held is None:
        return 0
    deliveries.bury(
        conn, now - settings.delivery_give_up, now,
        'nobody of that name listens any more', but=list(tools.listeners),
    )  # fmt: skip
    arrived, dead = now - settings.keep_delivered, now - settings.keep_dead
    most = _FORGOTTEN_AT_ONCE
    gone = [
        deliveries.purge(conn, DeliveryState.DELIVERED, arrived, most),
        deliveries.purge(conn, DeliveryState.DEAD, dead, most),
        events.purge(conn, arrived, most),
        receipts.purge(conn, dead, most),
    ]
    # At once where there may be more.
    more = most in gone
    deliveries.release(conn, held, now if more else now + _FORGET_EVERY)
    return sum(gone) if more else 0
