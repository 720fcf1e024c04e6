# SPDX-License-Identifier: Apache-2.0
"""The demo behind a port of this machine, for a browser to open."""

import atexit
import functools
import tempfile
import threading
from typing import Any
from wsgiref import simple_server

from patrii_billing.demo import customers
from patrii_billing.demo import pages
from patrii_billing.simulation import run
from patrii_billing.simulation import world as worlds
from patrii_billing import wiring
from tests.window import visitor

_DAYS = 60


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """A test that fails says what it saw."""


@functools.cache
def address() -> str:
    """Where it is; made once for all tests of a process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    world = worlds.World(
        customers.scenario(1, _DAYS), voice=wiring.folder_voice(folder.name)
    )
    running = run.Run(world)
    for _ in running.instants():
        pass
    server = simple_server.make_server(
        '127.0.0.1', 0, pages.application(running), handler_class=_Quiet
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    atexit.register(server.shutdown)
    return f'http://127.0.0.1:{server.server_port}/ui'


def visit(**options: Any) -> visitor.Visitor:
    return visitor.Visitor(address(), **options)
