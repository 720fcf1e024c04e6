# SPDX-License-Identifier: Apache-2.0
"""Where nova's notifications go on the broker, heard on a scratch queue.

oslo.messaging can only consume what is meant for a listener. A queue of our
own, beside those of the listeners, takes nothing from anybody; the broker
drops it when the connection ends.
"""

from collections.abc import Iterator
import contextlib
import time
from typing import Any

from oslo_config import cfg

from patrii_billing import errors
from patrii_billing.intake import listener

_PRIORITY = '.info'
_PAUSE = 0.05
# How often a broker that is away is tried again, a second later.
_TRIES = 1


class Probe:
    """One connection to the broker; not for several threads."""

    def __init__(
        self, conf: cfg.ConfigOpts, broker: Any, durable: bool
    ) -> None:
        """:param broker: a connection of kombu's"""
        self._broker = broker
        self._durable = durable
        self._exchange = conf.listener.exchange
        self._fleeting = conf.oslo_messaging_rabbit.amqp_auto_delete

    def exchange_exists(self) -> bool:
        return self._is_there('exchange_declare', type='topic')

    def exchange_differs(self) -> str:
        """How the exchange is declared otherwise than by us; '' if alike."""
        with self._channel() as channel:
            try:
                channel.exchange_declare(
                    exchange=self._exchange,
                    type='topic',
                    durable=self._durable,
                    auto_delete=self._fleeting,
                )
            except self._broker.channel_errors as error:
                return ' '.join(str(error).split())
        return ''

    def listeners(self, topic: str) -> int | None:
        """How many consume the topic's queue; None where there is none."""
        with self._channel() as channel:
            try:
                declared = channel.queue_declare(
                    queue=f'{topic}{_PRIORITY}', passive=True
                )
            except self._broker.channel_errors:
                return None
        return int(declared[2])

    @contextlib.contextmanager
    def ear(self) -> Iterator['Ear']:
        """Hear all that is sent to the exchange from now on."""
        with self._channel() as channel:
            queue = channel.queue_declare(
                queue='', exclusive=True, auto_delete=True
            )[0]
            channel.queue_bind(
                queue=queue,
                exchange=self._exchange,
                routing_key=f'*{_PRIORITY}',
            )
            yield Ear(channel, queue)

    def _is_there(self, declare: str, **how: Any) -> bool:
        with self._channel() as channel:
            try:
                getattr(channel, declare)(
                    exchange=self._exchange, passive=True, **how
                )
            except self._broker.channel_errors:
                return False
        return True

    @contextlib.contextmanager
    def _channel(self) -> Iterator[Any]:
        """A channel for one question: the broker closes it if it says no."""
        channel = self._broker.channel()
        try:
            yield channel
        finally:
            with contextlib.suppress(Exception):
                channel.close()


class Ear:
    """A scratch queue."""

    def __init__(self, channel: Any, queue: str) -> None:
        self._channel = channel
        self._queue = queue

    def topics_of(self, word: str, topic: str, seconds: float) -> set[str]:
        """The topics on which a word was heard.

        Until it was heard on `topic`, or so long.
        """
        heard: set[str] = set()
        end = time.monotonic() + seconds
        while topic not in heard and time.monotonic() < end:
            message = self._channel.basic_get(queue=self._queue, no_ack=True)
            if message is None:
                time.sleep(_PAUSE)
                continue
            if word in _text(message.body):
                key = str(message.delivery_info['routing_key'])
                heard.add(key.removesuffix(_PRIORITY))
        return heard


def _text(body: str | bytes) -> str:
    return body if isinstance(body, str) else body.decode(errors='replace')


@contextlib.contextmanager
def opened(conf: cfg.ConfigOpts) -> Iterator[Probe]:
    """Connect to the broker nova's notifications come from.

    Raises InvalidInput where it does not answer, or is no RabbitMQ.
    """
    transport = listener.transport(conf, conf.listener.batch_size)
    try:
        # All of [oslo_messaging_rabbit] holds for its connection, and nothing
        # public of oslo.messaging leads there.
        connect = getattr(transport._driver, '_get_connection', None)
        if connect is None:
            raise errors.InvalidInput(
                'is no rabbit://', '[DEFAULT] transport_url'
            )
        broker, durable = _connected(connect)
        with broker:
            yield Probe(conf, broker, durable)
    finally:
        transport.cleanup()


def _connected(connect: Any) -> tuple[Any, bool]:
    """A connection of kombu's, and whether queues are to be durable."""
    try:
        connection = connect(retry=_TRIES).connection
        # One like it, for a thread of its own reads from that one.
        broker = connection.connection.clone()
        broker.connect()
    # oslo.messaging, kombu, amqp and ssl have no kind of error in common.
    except Exception as error:
        raise errors.InvalidInput(
            ' '.join(str(error).split()), '[DEFAULT] transport_url'
        ) from error
    return broker, connection.durable
