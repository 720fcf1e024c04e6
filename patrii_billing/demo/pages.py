# SPDX-License-Identifier: Apache-2.0
"""The sample customers in a browser, where one can do all that staff can."""

from collections.abc import Callable
import datetime as dt
import sys
from typing import Any
from wsgiref import simple_server

from patrii_billing import frontage
from patrii_billing.simulation import run

_SECOND = dt.timedelta(seconds=1)


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nobody has to read each request."""


def serve(running: run.Run, port: int) -> None:
    """Until the process is interrupted; at this machine's own address alone.

    :raises OSError: the port is taken
    """
    with simple_server.make_server(
        '127.0.0.1', port, application(running), handler_class=_Quiet
    ) as server:
        address = f'http://127.0.0.1:{server.server_port}/ui/'
        print(f'The pages are at {address} (Ctrl+C ends them)', flush=True)
        print('Whoever opens them is an administrator.', file=sys.stderr)
        server.serve_forever()


def application(running: run.Run) -> Callable[..., Any]:
    """The clock goes on by a second a request, and the engine with it.

    So what is paid comes back by the next look at the page.
    """
    inner = frontage.demo(running.world.tools, 'Demo Cloud')

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        running.go_on(_SECOND)
        return inner(environ, start_response)

    return application
