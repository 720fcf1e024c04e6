# SPDX-License-Identifier: Apache-2.0
"""From stored notifications to facts in the books, some in one unit of work.

One message that cannot be read or observed is parked with its reason, and
stops no other: those in one unit with it are then read fewer at a time, until
it is alone. The messages of one batch are taken in the order they came.
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
from patrii_billing.domain import heard
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

# The state in which a message is settled, and why.
_End = tuple[str, str | None]

# Most likely the database's own trouble, but some of it names what is wrong
# with the data so: after a few tries it is the message.
_DOUBTFUL = (
    exception.DBDeadlock,
    sa.exc.OperationalError,
    sa.exc.TimeoutError,
)
_TRIES = 5
# Messages of one unit of work, at most. What it changes is kept from others
# until its end; nova's are read and written by a dozen statements for all of
# them, samples by some for each.
_TOGETHER = {inbox.NOVA: 500, inbox.CEILOMETER: 20}
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
        # How many of them are read in one unit, and how many may be.
        self._together = self._most = 1

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

        Where any of it fails half as many are taken, in the end one.
        """
        some = list(itertools.islice(self._in_hand, self._together))
        if len(some) == 1:
            self._read_alone(some[0])
        else:
            try:
                self._tools.db.write(self._read, some)
            except Exception as error:
                LOG.info(
                    '%s notifications are read fewer at a time: %s',
                    len(some), patience.described(error),
                )  # fmt: skip
                self._together = len(some) // 2
                return 0
        self._together = min(2 * self._together, self._most)
        return len(some)

    def _claim(self) -> None:
        """Take what nova says first, for enforcement rests on it."""
        settings = self._tools.settings
        for teller in (inbox.NOVA, inbox.CEILOMETER):
            if teller == inbox.CEILOMETER and self._source is None:
                return
            self._together = self._most = _TOGETHER[teller]
            self._in_hand.extend(
                self._tools.db.write(
                    inbox.claim, self._tools.now(), settings.lease,
                    max(settings.batch, self._most), teller,
                )
            )  # fmt: skip
            if self._in_hand:
                return

    def _read_alone(self, row: sa.Row[Any]) -> None:
        try:
            self._tools.db.write(self._read, [row])
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

    def _read(
        self, conn: sa.Connection, rows: Sequence[sa.Row[Any]]
    ) -> None:
        """Read some in one unit of work."""
        now = self._tools.now()
        told: list[tuple[sa.Row[Any], facts.Fact]] = []
        # What became of them; alike are settled in one statement.
        ends: dict[_End, list[sa.Row[Any]]] = {}
        for row in rows:
            message = json.loads(row.body)
            unfit = raw.why_unfit(message)
            if row.source == inbox.CEILOMETER and self._source and not unfit:
                samples.read(conn, self._tools, self._source, row, message)
                continue
            match nova.Parked(unfit) if unfit else _meant(message, now):
                case nova.Parked(reason):
                    ends.setdefault((inbox.PARKED, reason), []).append(row)
                case nova.Ignored(reason):
                    ends.setdefault((inbox.IGNORED, reason), []).append(row)
                case fact:
                    told.append((row, fact))
        denied = observe.observe_all(
            conn, self._tools, [fact for _, fact in told], now
        )
        for row, fact in told:
            ends.setdefault(_end(fact, denied.get(fact)), []).append(row)
        for (state, why), some in ends.items():
            _settle(conn, some, state, why)

    def _park(self, row: sa.Row[Any], why: str) -> None:
        try:
            self._tools.db.write(inbox.settle, row, inbox.PARKED, why)
        except errors.LeaseLost as error:
            LOG.info('notification %s: %s', row.message_id, error)


def _meant(
    message: object, now: dt.datetime
) -> facts.Fact | nova.Ignored | nova.Parked:
    """What it tells, if an honest nova can tell that at this time."""
    meant = nova.parse(message)
    if isinstance(meant, facts.ServerFact) and meant.at > now + _SLACK:
        return nova.Parked(f'{meant.at:%Y-%m-%d %H:%M} UTC is yet to come')
    return meant


def _end(fact: facts.Fact, denial: heard.Denial | None) -> _End:
    if denial is None:
        return inbox.DONE, None
    if denial is heard.Denial.OVER:
        return inbox.IGNORED, 'the server had ended by then'
    return inbox.PARKED, (
        f'nova has shown the server since {fact.at:%Y-%m-%d %H:%M} UTC, and '
        f'what it showed counts'
    )


def _settle(
    conn: sa.Connection,
    rows: Sequence[sa.Row[Any]],
    state: str,
    why: str | None,
) -> None:
    if state == inbox.PARKED:
        for row in rows:
            LOG.warning('notification %s is parked: %s', row.message_id, why)
    inbox.settle_all(conn, rows, state, why)
