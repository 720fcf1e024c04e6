# SPDX-License-Identifier: Apache-2.0
"""Whether all is well, in one sentence if it is not."""

from collections.abc import Callable
from collections.abc import Iterable
import datetime as dt
import threading
import time

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine.bridging import standing
from patrii_billing.engine import permit
from patrii_billing.engine import settings as engine_settings
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)

# Anybody may ask; the database is asked this seldom at most (seconds).
_AGE = 2.0
# Every second or so an engine looks for work, wherever it runs.
_STILL = dt.timedelta(minutes=5)

# What is wrong by what the books say, if anything is.
Look = Callable[
    [sa.Connection, engine_settings.Settings, dt.datetime], str | None
]


def books(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> str | None:
    """Whether the books can be read at all."""
    watch.get(conn)
    return None


def silence(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> str | None:
    """Whether the books can be believed to be what the cloud is.

    Else nothing is shelved or deleted, and somebody should look.
    """
    state = watch.get(conn)
    if state.ticked_at is None or now - state.ticked_at > _STILL:
        return 'no engine has looked for work lately'
    return permit.deaf(conn, settings, state, now)


def bridges(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    now: dt.datetime,
    names: Iterable[str],
) -> str | None:
    """Whether what other subscription engines say is known, by their names.

    Else nobody is enforced for it; whoever is billed here alone still is.
    """
    amber = (standing.amber(conn, settings, name, now) for name in names)
    return next(filter(None, amber), None)


class Question:
    """Asks the database at once or not at all, and remembers for a moment."""

    def __init__(
        self,
        look: Callable[[sa.Connection], str | None],
        engine: sa.Engine,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._engine = engine
        self._timer = timer
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._wrong: str | None = None

    def __call__(self) -> str | None:
        """What is wrong, if anything is."""
        with self._lock:
            now = self._timer()
            if self._asked_at is None or now - self._asked_at > _AGE:
                self._wrong, self._asked_at = self._ask(), now
            return self._wrong

    def _ask(self) -> str | None:
        try:
            with self._engine.connect() as conn:
                return self._look(conn)
        except Exception as error:
            reason = type(error).__name__
        # Who asks is anybody: the rest is for the log.
        LOG.warning('The database does not say how it is: %s', reason)
        return 'the database does not answer'
