# SPDX-License-Identifier: Apache-2.0
"""When workers, and bridges to other engines, last left a trace in the books.

A worker that hangs tells nothing of itself; what only it writes stops.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt

from prometheus_client import metrics_core
import sqlalchemy as sa

from patrii_billing.engine import settings as engine_settings
from patrii_billing.metrics import family
from patrii_billing.store import bridges as store
from patrii_billing.store.views import operations
from patrii_billing.store import watch


def workers(
    conn: sa.Connection, settings: engine_settings.Settings
) -> Iterator[metrics_core.Metric]:
    """The newest trace of each kind of worker, whichever host it runs on."""
    state = watch.get(conn)
    traces = {
        'listener': state.heard_at,
        'processor': _processed(conn, settings.lease),
        'engine': state.ticked_at,
        'reconciler': state.swept_at,
    }
    yield family.gauge(
        'worker_last_sign_timestamp_seconds',
        'When each kind of worker last left a trace in the books.',
        _stamps(traces), ['worker'],
    )  # fmt: skip
    yield family.gauge(
        'last_mail_timestamp_seconds',
        'When a mail was handed over last, or tried to be.',
        family.stamp(operations.last_attempt(conn)),
    )


def _processed(
    conn: sa.Connection, lease: dt.timedelta
) -> dt.datetime | None:
    """When messages were claimed that are being read, else the newest read.

    Of the latter it is known when it came, which is no later.
    """
    held_until = operations.inbox_held_until(conn)
    claimed = None if held_until is None else held_until - lease
    found = [claimed, operations.newest_read(conn)]
    return max((at for at in found if at is not None), default=None)


def bridges(
    conn: sa.Connection, names: Collection[str]
) -> Iterator[metrics_core.Metric]:
    """How each that is configured fares."""
    rows = {row.name: row for row in store.all_of(conn) if row.name in names}
    labels = ['bridge']
    yield family.gauge(
        'bridge_last_read_timestamp_seconds',
        'When the last complete reading of another engine began.',
        _stamps({name: row.read_at for name, row in rows.items()}), labels,
    )  # fmt: skip
    failed = {name: row.failures for name, row in rows.items()}
    yield family.gauge(
        'bridge_failures', 'Readings of another engine that failed in a row.',
        {(name,): failed.get(name, 0) for name in names}, labels,
    )  # fmt: skip
    waiting = {
        (row.bridge, row.kind): row.records
        for row in operations.records_waiting(conn, names)
    }
    yield family.gauge(
        'bridge_records_waiting',
        'Records of another engine that were read and not taken over.',
        {
            (name, kind): waiting.get((name, kind), 0)
            for name in names
            for kind in store.KINDS
        },
        [*labels, 'kind'],
    )


def _stamps(
    instants: Mapping[str, dt.datetime | None],
) -> dict[family.Of, family.Value]:
    """Those that ever were."""
    return {
        (name,): at.timestamp()
        for name, at in instants.items()
        if at is not None
    }
