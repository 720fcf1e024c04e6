# SPDX-License-Identifier: Apache-2.0
"""What nova and ceilometer send, into the inbox; acknowledged once stored.

Nothing is read or decided here, and nova is never called. While the database
is away the callback waits, and what follows waits in the broker.
"""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine import ports
from patrii_billing.engine import samples
from patrii_billing import errors
from patrii_billing.intake import ceilometer
from patrii_billing.intake import nova
from patrii_billing.intake import patience
from patrii_billing.intake import raw
from patrii_billing.store import database
from patrii_billing.store import inbox
from patrii_billing.store import watch
from patrii_billing import threads

threads.choose_native()
import oslo_messaging  # noqa: E402
from oslo_messaging.notify import dispatcher  # noqa: E402
from oslo_messaging.notify import listener  # noqa: E402

LOG = logging.getLogger(__name__)

# Seconds after which a batch is stored though it is not full.
BATCH_TIMEOUT = 1
# Batches that the broker sends ahead.
_AHEAD = 2
# Characters that a message may have. Nova's have some thousands, and fifty
# samples of ceilometer's a hundred thousand.
_ROOM = 2**19
# The time of the last notification may be this much behind.
_HEARD_EVERY = dt.timedelta(seconds=10)
# So long a meter may be priced and not be heard.
_ASK_EVERY = dt.timedelta(minutes=1)


class Scribe:
    """Stores what oslo.messaging dispatches, a batch in one statement.

    It takes the dispatcher's place: that one would hand over a batch by
    priority, so that an error overtakes what came before it, lose what has
    no known priority, and hand the whole batch back to the broker for one
    message that is none.
    """

    supported_priorities = tuple(dispatcher.PRIORITIES)

    def __init__(
        self,
        db: database.Database,
        clock: ports.Clock,
        patience: patience.Patience,
    ) -> None:
        self._db = db
        self._clock = clock
        self._patience = patience
        self._heard_at: dt.datetime | None = None

    def dispatch(self, incoming: Sequence[Any]) -> Collection[Any]:
        """Store a batch; which of it goes back to the broker.

        That is all of it where it was told to stop while the database was
        away, and nothing otherwise.
        """
        for one in incoming:
            # By this id the driver would drop what is delivered again after
            # a lost acknowledgement, and never acknowledge it.
            one.unique_id = None
        sent = [one.message for one in incoming]
        while not self._patience.attempt(lambda: self._take(sent)):
            # Whatever is wrong: what is not stored is not acknowledged.
            if self._patience.stopped:
                return incoming
        return ()

    def _take(self, sent: Sequence[Mapping[str, Any]]) -> None:
        news = [
            raw.message(one, _ROOM) for one in sent if not _is_routine(one)
        ]
        if news or self._is_time_to_note():
            self._db.write(self._store, news)

    def _store(self, conn: sa.Connection, news: list[inbox.Letter]) -> None:
        now = self._clock.now()
        inbox.store(conn, news, now)
        if self._is_time_to_note():
            watch.heard(conn, now)
            self._heard_at = now

    def _is_time_to_note(self) -> bool:
        """All listeners write the same row, so each does it seldom."""
        last = self._heard_at
        return last is None or self._clock.now() - last >= _HEARD_EVERY


class MeterScribe(Scribe):
    """Stores samples of the meters that plans have prices of.

    The others are most of what ceilometer sends. A meter that is priced now
    is heard from within a minute on.
    """

    supported_priorities = ('sample',)

    def __init__(
        self,
        db: database.Database,
        clock: ports.Clock,
        patience: patience.Patience,
        source: ceilometer.Source,
    ) -> None:
        super().__init__(db, clock, patience)
        self._source = source
        self._meters: frozenset[str] = frozenset()
        self._asked_at: dt.datetime | None = None
        self._dropped = 0

    def _take(self, sent: Sequence[Mapping[str, Any]]) -> None:
        self._look_at_prices()
        news = []
        dropped = 0
        for one in sent:
            if ceilometer.is_repetition(one.get('event_type'), self._source):
                continue
            kept, lost = ceilometer.with_meters(one, self._meters)
            dropped += lost
            if kept.get('payload') or not lost:
                news.append(raw.message(kept, _ROOM))
        if news:
            now = self._clock.now()
            self._db.write(inbox.store, news, now, inbox.CEILOMETER)
        self._dropped += dropped

    def _look_at_prices(self) -> None:
        now = self._clock.now()
        last = self._asked_at
        if last is not None and dt.timedelta() <= now - last < _ASK_EVERY:
            return
        self._meters = self._db.read(samples.priced_meters)
        self._asked_at = now
        if self._dropped:
            LOG.info(
                '%s samples were of meters that no plan prices', self._dropped
            )
            self._dropped = 0


def _is_routine(sent: Mapping[str, Any]) -> bool:
    return nova.is_routine(sent.get('event_type'), sent.get('payload'))


def transport(conf: cfg.ConfigOpts, batch_size: int) -> Any:
    """The way to the broker; nothing is connected yet.

    Raises InvalidInput for an address that can be none.
    """
    conf.set_default(
        'rabbit_qos_prefetch_count',
        _AHEAD * batch_size,
        group='oslo_messaging_rabbit',
    )
    try:
        return oslo_messaging.get_notification_transport(conf, _broker(conf))
    except (
        oslo_messaging.DriverLoadFailure,
        oslo_messaging.InvalidTransportURL,
    ) as error:
        raise errors.InvalidInput(
            str(error), '[DEFAULT] transport_url'
        ) from None


def _broker(conf: cfg.ConfigOpts) -> Any:
    """The broker's address, which may be another than that of RPC."""
    return oslo_messaging.TransportURL.parse(
        conf, conf.oslo_messaging_notifications.transport_url
    )


def targets(conf: cfg.ConfigOpts) -> list[Any]:
    """What to listen to. Raises InvalidInput if that is nothing."""
    if not conf.listener.topics:
        raise errors.InvalidInput('names none', '[listener] topics')
    return [
        oslo_messaging.Target(topic=topic, exchange=conf.listener.exchange)
        for topic in conf.listener.topics
    ]


def check(conf: cfg.ConfigOpts) -> None:
    """Raises InvalidInput for what cannot be listened to."""
    transport(conf, conf.listener.batch_size)
    targets(conf)
    if conf.ceilometer.enabled:
        source(conf)


def source(conf: cfg.ConfigOpts) -> ceilometer.Source:
    """Whose samples are believed.

    Raises InvalidInput for a secret that is none, unless that is allowed.
    """
    options = conf.ceilometer
    secret = options.secret or ''
    if not options.allow_forgery and secret.strip() in (
        '', ceilometer.KNOWN_SECRET,
    ):  # fmt: skip
        raise errors.InvalidInput(
            'everybody can sign with it' if secret.strip() else 'is needed',
            '[ceilometer] secret',
        )
    return ceilometer.Source(options.event_type, secret)


def described(conf: cfg.ConfigOpts) -> str:
    """What is listened to and where, without passwords."""
    topics = ', '.join(conf.listener.topics)
    hosts = [f'{one.hostname}:{one.port}' for one in _broker(conf).hosts]
    where = ', '.join(hosts) or 'localhost'
    said = f'{topics} of exchange {conf.listener.exchange}'
    if conf.ceilometer.enabled:
        meters = conf.ceilometer
        said += f', {meters.topic} of exchange {meters.exchange}'
    return f'{said} at {where}'


class Listener:
    """Listens from start() to stop(), in threads of its own."""

    def __init__(
        self,
        transport: Any,
        targets: Sequence[Any],
        scribe: Scribe,
        batch_size: int,
    ) -> None:
        self._server = listener.BatchNotificationServer(
            transport,
            targets,
            scribe,
            allow_requeue=True,
            batch_size=batch_size,
            batch_timeout=BATCH_TIMEOUT,
        )

    def start(self) -> None:
        """Returns once the broker answers; oslo.messaging says if not."""
        self._server.start(override_pool_size=1)

    def stop(self) -> None:
        """Store what was fetched, and leave."""
        self._server.stop()
        self._server.wait()


def of_nova(
    conf: cfg.ConfigOpts,
    db: database.Database,
    clock: ports.Clock,
    stop: threading.Event,
) -> Listener:
    """:param stop: set before stop() is called, so that nothing waits"""
    size = conf.listener.batch_size
    waiting = patience.Patience('Storing notifications', stop)
    return Listener(
        transport(conf, size),
        targets(conf),
        Scribe(db, clock, waiting),
        size,
    )


def of_ceilometer(
    conf: cfg.ConfigOpts,
    db: database.Database,
    clock: ports.Clock,
    stop: threading.Event,
) -> Listener:
    """:param stop: set before stop() is called, so that nothing waits"""
    options = conf.ceilometer
    size = options.batch_size
    waiting = patience.Patience('Storing samples', stop)
    return Listener(
        transport(conf, size),
        [
            oslo_messaging.Target(
                topic=options.topic, exchange=options.exchange
            )
        ],
        MeterScribe(db, clock, waiting, source(conf)),
        size,
    )
