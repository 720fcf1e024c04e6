# SPDX-License-Identifier: Apache-2.0
"""Answers a monitor, also while the database does not."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import threading
import time
from typing import Any

from oslo_log import log as logging
import prometheus_client
from prometheus_client import exposition
from prometheus_client import metrics_core
from prometheus_client import registry
from werkzeug.middleware import dispatcher

from patrii_billing.metrics import family

LOG = logging.getLogger(__name__)

Read = Callable[[], Sequence[metrics_core.Metric]]


class Collector(registry.Collector):
    """Reads the figures for one at a time, and not more often than needed.

    However many ask however often, the database is asked once in `max_age`
    seconds at most. What cannot be read is told by `patrii_billing_up`, with
    no figures: an old one would look like a true one.
    """

    def __init__(
        self,
        read: Read,
        version: str,
        max_age: float,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._version = version
        self._max_age = max_age
        self._timer = timer
        self._lock = threading.Lock()
        self._found: Sequence[metrics_core.Metric] = ()
        self._read_at: float | None = None

    def collect(self) -> Iterable[metrics_core.Metric]:
        with self._lock:
            begun = self._timer()
            if self._read_at is None or begun - self._read_at > self._max_age:
                self._found = [*self._figures(begun), self._build()]
                self._read_at = begun
            return self._found

    def _figures(self, begun: float) -> Iterable[metrics_core.Metric]:
        found: Sequence[metrics_core.Metric] = ()
        failed = None
        try:
            found = self._read()
        except Exception as error:
            failed = error
        if failed is not None:
            line = (str(failed).splitlines() or [''])[0]
            LOG.error('The figures cannot be read: %s', line)
        yield family.gauge(
            'up', 'Whether the books could be read.', failed is None
        )
        if failed is None:
            yield family.gauge(
                'read_seconds', 'How long it took to read these figures.',
                self._timer() - begun,
            )  # fmt: skip
            yield from found

    def _build(self) -> metrics_core.Metric:
        return family.gauge(
            'build_info', 'The release that runs.',
            {(self._version,): 1}, ['version'],
        )  # fmt: skip


class Exporter:
    """Listens for monitors from start to stop."""

    def __init__(
        self,
        collector: registry.Collector,
        address: str,
        port: int,
        others: Mapping[str, Any] | None = None,
    ) -> None:
        """:param others: WSGI applications at other paths than /metrics"""
        self._address, self._port = address, port
        self._others = dict(others or {})
        self._registry = prometheus_client.CollectorRegistry()
        self._registry.register(collector)

    def start(self) -> int:
        """Begin to answer; at which port. Raises OSError."""
        self._server, self._thread = exposition.start_wsgi_server(
            self._port, self._address, self._registry
        )
        if self._others:
            figures = exposition.make_wsgi_app(self._registry)
            self._server.set_app(
                dispatcher.DispatcherMiddleware(figures, self._others)
            )
        return int(self._server.server_port)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
