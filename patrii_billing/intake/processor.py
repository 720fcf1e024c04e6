# SPDX-License-Identifier: Apache-2.0
"""From stored notifications to facts in the books, one unit of work each.

One message that cannot be read or observed is parked with its reason, and
stops no other. The messages of one batch are taken in the order they came.
"""

from collections import deque
import json
from typing import Any

from oslo_db import exception
from oslo_log import log as logging
import sqlalchemy as sa

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
            self._settle(self._in_hand[0])
            self._in_hand.popleft()
            self._tries = 0
        return count

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

    def _read(self, conn: sa.Connection, row: sa.Row[Any]) -> None:
        message = json.loads(row.body)
        unfit = raw.why_unfit(message)
        if row.source == inbox.CEILOMETER and self._source and not unfit:
            samples.read(conn, self._tools, self._source, row, message)
            return
        said = nova.Parked(unfit) if unfit else nova.parse(message)
        match said:
            case nova.Parked(reason):
                LOG.warning(
                    'notification %s is parked: %s', row.message_id, reason
                )
                inbox.settle(conn, row, inbox.PARKED, reason)
            case nova.Ignored(reason):
                inbox.settle(conn, row, inbox.IGNORED, reason)
            case fact:
                observe.observe(conn, self._tools, fact, self._tools.now())
                inbox.settle(conn, row, inbox.DONE)

    def _park(self, row: sa.Row[Any], why: str) -> None:
        try:
            self._tools.db.write(inbox.settle, row, inbox.PARKED, why)
        except errors.LeaseLost as error:
            LOG.info('notification %s: %s', row.message_id, error)
