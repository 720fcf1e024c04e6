# SPDX-License-Identifier: Apache-2.0
"""From stored notifications to facts in the books, some in one unit of work.

One message that cannot be read or observed is parked with its reason, and
stops no other: those in one unit with it are then read one by one. The
messages of one batch are taken in the order they came.
"""

from collections.abc import Sequence
from collections import deque
import datetime as dt
import itertools
import json
from typing import Any

from oslo_db import exception
from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import facts
from patrii_billing.engine import observe
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.intake import ceilometer
from patrii_billing.intake import nova
from patrii_billing.intake import patience
from patrii_billing.intake import raw
from patrii_billing.intake import samples
from patrii_billing.store import database
from patrii_billing.store import inbox

LOG = logging.getLogger(__name__)

# Most likely the database's own trouble, but some of it names what is wrong
# with the data so: after a few tries it is the message.
_DOUBTFUL = (
    exception.DBDeadlock,
    sa.exc.OperationalError,
    sa.exc.TimeoutError,
)
_TRIES = 5
# Messages of one unit of work: a commit costs as much as some of them, and
# what they change is kept from others until then.
_TOGETHER = 20
# Hosts' clocks may differ by that much; a fact of later is nonsense, and
# nothing that is told in time would count after it.
_SLACK = dt.timedelta(minutes=15)


class Processor:
    """One worker that reads the inbox."""

    def __init__(
        self,
        tools: toolbox.Tools,
        source: ceilometer.Source | None = None,
    ) -> None:
        """:param source: of samples; without one they are left to wait"""
        self._tools = tools
        self._source = source
        # Claimed and not yet settled: kept while the database is away.
        self._in_hand: deque[sa.Row[Any]] = deque()
        self._tries = 0
        # How many of them are to be read one by one.
        self._alone = 0

    def run(self) -> int:
        """Read what waits, at most a batch; how much there was.

        Raises what the database raises when it is away; the next run goes on
        where this one stopped.
        """
        if not self._in_hand:
            self._claim()
        count = len(self._in_hand)
        while self._in_hand:
            if self._tools.stopping():
                self._tools.db.write(inbox.give_back, self._in_hand)
                self._in_hand.clear()
                break
            for _ in range(self._settle_some()):
                self._in_hand.popleft()
            self._tries = 0
        return count

    def _settle_some(self) -> int:
        """Settle what is next, as much as one unit may hold; how many.

        Where any of it fails all of it is taken one by one.
        """
        some = list(itertools.islice(self._in_hand, _TOGETHER))
        if not self._alone and len(some) > 1:
            try:
                return self._tools.db.write(self._read_all, some)
            except Exception as error:
                LOG.info(
                    '%s notifications are read one by one: %s',
                    len(some), patience.described(error),
                )  # fmt: skip
                self._alone = len(some)
        self._settle(some[0])
        self._alone = max(0, self._alone - 1)
        return 1

    def _claim(self) -> None:
        """Take what nova says first, for enforcement rests on it."""
        settings = self._tools.settings
        for teller in (inbox.NOVA, inbox.CEILOMETER):
            if teller == inbox.CEILOMETER and self._source is None:
                return
            self._in_hand.extend(
                self._tools.db.write(
                    inbox.claim, self._tools.now(), settings.lease,
                    settings.batch, teller,
                )
            )  # fmt: skip
            if self._in_hand:
                return

    def _settle(self, row: sa.Row[Any]) -> None:
        try:
            self._tools.db.write(self._read, row)
        except errors.LeaseLost as error:
            LOG.info('notification %s: %s', row.message_id, error)
        except Exception as error:
            if database.is_of_server(error):
                raise
            self._tries += 1
            if isinstance(error, _DOUBTFUL) and self._tries < _TRIES:
                raise
            LOG.exception('notification %s is parked', row.message_id)
            self._park(row, patience.described(error))

    def _read_all(
        self, conn: sa.Connection, rows: Sequence[sa.Row[Any]]
    ) -> int:
        """Read some in one unit, until told to stop; how many were read."""
        done = []
        read = 0
        for row in rows:
            if read and self._tools.stopping():
                break
            read += 1
            if self._is_observed(conn, row):
                done.append(row)
        inbox.settle_all(conn, done, inbox.DONE)
        return read

    def _read(self, conn: sa.Connection, row: sa.Row[Any]) -> None:
        if self._is_observed(conn, row):
            inbox.settle(conn, row, inbox.DONE)

    def _is_observed(self, conn: sa.Connection, row: sa.Row[Any]) -> bool:
        """Whether it told a fact; what did not is settled already."""
        message = json.loads(row.body)
        unfit = raw.why_unfit(message)
        if row.source == inbox.CEILOMETER and self._source and not unfit:
            samples.read(conn, self._tools, self._source, row, message)
            return False
        said = nova.Parked(unfit) if unfit else nova.parse(message)
        now = self._tools.now()
        if isinstance(said, facts.ServerFact):
            said = _unbelievable(conn, self._tools, said, now) or said
        match said:
            case nova.Parked(reason):
                LOG.warning(
                    'notification %s is parked: %s', row.message_id, reason
                )
                inbox.settle(conn, row, inbox.PARKED, reason)
            case nova.Ignored(reason):
                inbox.settle(conn, row, inbox.IGNORED, reason)
            case fact:
                observe.observe(conn, self._tools, fact, now)
                return True
        return False

    def _park(self, row: sa.Row[Any], why: str) -> None:
        try:
            self._tools.db.write(inbox.settle, row, inbox.PARKED, why)
        except errors.LeaseLost as error:
            LOG.info('notification %s: %s', row.message_id, error)


def _unbelievable(
    conn: sa.Connection,
    tools: toolbox.Tools,
    fact: facts.ServerFact,
    now: dt.datetime,
) -> nova.Parked | None:
    """What no honest nova tells at this time: the bus is open to many."""
    if fact.at > now + _SLACK:
        return nova.Parked(f'{fact.at:%Y-%m-%d %H:%M} UTC is yet to come')
    if observe.comes_too_late(conn, tools, fact):
        return nova.Parked(
            f'nova has shown the server since {fact.at:%Y-%m-%d %H:%M} UTC, '
            f'and what it showed counts'
        )
    return None
