# SPDX-License-Identifier: Apache-2.0
"""Notifications as nova sends them, waiting in a durable queue.

They are put there without oslo.messaging, which takes longer to publish
them than any contender takes to read them.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import json
import time
from typing import Any
import uuid

import amqp
from oslo_config import cfg

from patrii_billing import threads
from tests import services
from tests.unit.intake import messages
from tests.unit.intake import test_raw

threads.choose_native()
import oslo_messaging  # noqa: E402

EXCHANGE = 'benchmark'
PROJECTS = 200
# What happens to each server, in this order.
STORY = ('create.end', 'power_off.end', 'power_on.end', 'resize_confirm.end')
_STATES = ('active', 'stopped', 'active', 'active')
# Queues that our daemons declare are durable, as these are.
DURABLE = '[oslo_messaging_rabbit]\namqp_durable_queues = true\n'


def notification(number: int, legacy: bool = False) -> dict[str, Any]:
    """The message of that number; four in a row tell of one server."""
    server, chapter = divmod(number, len(STORY))
    made = messages.legacy if legacy else messages.versioned
    data = {
        'instance_id' if legacy else 'uuid': server_id(server),
        'tenant_id': project_id(server % PROJECTS),
        'state': _STATES[chapter],
    }
    large = messages.BIG if chapter == len(STORY) - 1 else None
    event = STORY[chapter]
    if legacy:
        event = event.replace('_confirm', '.confirm')
    message = test_raw.as_sent(made(event, data, large))
    stamp = f'2026-03-05 {5 + chapter:02}:06:07.891011'
    return {
        **message,
        'message_id': str(uuid.UUID(int=number)),
        'timestamp': stamp,
        '_unique_id': uuid.uuid4().hex,
    }


def server_id(number: int) -> str:
    return str(uuid.UUID(int=2**100 + number))


def project_id(number: int) -> str:
    return uuid.UUID(int=2**101 + number).hex


def fill(topic: str, count: int, legacy: bool = False) -> None:
    """Have so many wait in the queue of a topic; returns when all do."""
    name = queue(topic)
    with channel() as opened:
        opened.exchange_declare(
            EXCHANGE, 'topic', durable=True, auto_delete=False
        )
        opened.queue_declare(name, durable=True, auto_delete=False)
        opened.queue_bind(name, EXCHANGE, name)
        for number in range(count):
            opened.basic_publish(
                _enveloped(notification(number, legacy)), EXCHANGE, name
            )
        while waiting(opened, topic) < count:
            time.sleep(0.05)


@contextlib.contextmanager
def publisher(topic: str) -> Iterator[Callable[[str], None]]:
    """Publishes a message to a queue that is there, under an id."""
    with channel() as opened:

        def publish(name: str) -> None:
            message = {**notification(0), 'message_id': name}
            opened.basic_publish(_enveloped(message), EXCHANGE, queue(topic))

        yield publish


def queue(topic: str) -> str:
    return f'{topic}.info'


def waiting(opened: amqp.Channel, topic: str) -> int:
    told = opened.queue_declare(queue(topic), passive=True)
    return int(told.message_count)


@contextlib.contextmanager
def channel() -> Iterator[amqp.Channel]:
    host = address().hosts[0]
    with amqp.Connection(
        f'{host.hostname}:{host.port}', host.username, host.password
    ) as connection:
        yield connection.channel()


def address() -> Any:
    return oslo_messaging.TransportURL.parse(
        cfg.ConfigOpts(), services.transport_url()
    )


def _enveloped(message: dict[str, Any]) -> amqp.Message:
    content = {'oslo.version': '2.0', 'oslo.message': json.dumps(message)}
    return amqp.Message(
        json.dumps(content),
        content_type='application/json',
        content_encoding='utf-8',
        delivery_mode=2,
    )
