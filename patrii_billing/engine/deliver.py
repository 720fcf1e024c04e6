# SPDX-License-Identifier: Apache-2.0
"""Tell one listener what is on its way to him, in the order it happened.

One who is away rests, for longer and longer, and nothing of his is judged
meanwhile. An event that he refuses is tried again by itself, and those after
it overtake it: its sequence tells the reader. After some days it is dead, and
a person may have it sent again.
"""

import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import events as law
from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import deliveries
from patrii_billing.store import events

LOG = logging.getLogger(__name__)

# So many refusals in a row are no more about one event.
_REFUSALS = 3
_LONGEST_ANSWER = 500


def run(tools: toolbox.Tools, name: str) -> int:
    """Deliver what is due to a listener; how much was tried."""
    now = tools.now()
    if not tools.db.read(deliveries.is_due, name, now):
        return 0
    held = tools.db.write(deliveries.claim, name, now, tools.settings.lease)
    if held is None:
        return 0
    try:
        return _Telling(tools, name, held).run(now)
    except errors.LeaseLost as error:
        LOG.info('listener %s: %s', name, error)
        return 0


class _Telling:
    """One worker's turn with a listener."""

    def __init__(
        self, tools: toolbox.Tools, name: str, held: sa.Row[Any]
    ) -> None:
        self._tools = tools
        self._name = name
        self._held = held
        self._failures = held.failures
        self._heard_at = held.heard_at

    def run(self, now: dt.datetime) -> int:
        tools = self._tools
        rows = tools.db.read(
            deliveries.due, self._name, now, tools.settings.batch
        )
        found = tools.db.read(events.some, [row.event_id for row in rows])
        tried, rests = 0, False
        for row in rows:
            if rests or tools.stopping():
                break
            tried += 1
            rests = not self._deliver(row, found[row.event_id])
        self._release(rests)
        return tried

    def _deliver(self, row: sa.Row[Any], event: sa.Row[Any]) -> bool:
        """Try one; whether the listener may be told more."""
        publisher = self._tools.listeners[self._name].publisher
        told = law.Event(event.key, event.type, event.at, event.body)
        try:
            answer = publisher.publish(told)
        except errors.ListenerRefused as error:
            return self._refused(row, str(error))
        except errors.ListenerAway as error:
            return self._away(row, str(error))
        except Exception:
            # One bad event must not keep the others.
            LOG.exception('event %s could not be sent', event.key)
            return self._refused(row, 'an error of this service, see its log')
        self._failures = 0
        self._heard_at = self._tools.now()
        self._settle(
            row, answer, state=DeliveryState.DELIVERED, next_at=None,
            settled_at=self._heard_at,
        )  # fmt: skip
        return True

    def _refused(self, row: sa.Row[Any], answer: str) -> bool:
        now = self._tools.now()
        wait = self._tools.settings.delivery_backoff(row.attempts)
        self._failures += 1
        self._settle(row, answer, next_at=now + wait)
        self._give_up(now, answer)
        return bool(self._failures < _REFUSALS)

    def _away(self, row: sa.Row[Any], answer: str) -> bool:
        if not self._failures:
            LOG.warning('%s is not told what happens: %s', self._name, answer)
        self._failures += 1
        # Due as it was, so that it stays before what came after it.
        self._settle(row, answer)
        self._give_up(self._tools.now(), answer)
        return False

    def _settle(self, row: sa.Row[Any], answer: str, **values: Any) -> None:
        until = self._tools.now() + self._tools.settings.lease
        self._tools.db.write(
            deliveries.settle, self._held, row, until,
            answer=answer[:_LONGEST_ANSWER], **values,
        )  # fmt: skip

    def _give_up(self, now: dt.datetime, answer: str) -> None:
        """What was on its way for days is dead, and the operator is told."""
        before = now - self._tools.settings.delivery_give_up
        self._tools.db.write(_bury, self._name, before, now, answer)

    def _release(self, rests: bool) -> None:
        now = self._tools.now()
        wait = dt.timedelta()
        if rests:
            wait = self._tools.settings.delivery_backoff(self._failures - 1)
        self._tools.db.write(
            deliveries.release, self._held, now + wait,
            failures=self._failures, heard_at=self._heard_at,
        )  # fmt: skip


def _bury(
    conn: sa.Connection,
    name: str,
    before: dt.datetime,
    now: dt.datetime,
    answer: str,
) -> None:
    dead = deliveries.bury(
        conn, before, now, answer[:_LONGEST_ANSWER], listener=name
    )
    if dead:
        # Once a day: what is told of it goes to him as well.
        tell.operator(
            conn, now, 'delivery_dead', f'events:{name}:{now:%Y-%m-%d}',
            f'{name} did not take {dead} events for days: {answer}',
        )  # fmt: skip
