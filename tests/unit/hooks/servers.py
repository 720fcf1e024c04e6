# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on loopback that answers as a test has it."""

from collections.abc import Callable
from http import server
import pathlib
import ssl
import threading
import time
from typing import Any

import fixtures

# A certificate that signed itself, for localhost and 127.0.0.1, and its key.
CERTIFICATE = pathlib.Path(__file__).parents[1] / 'mail' / 'localhost.pem'


class HttpServer(fixtures.Fixture):
    """Remembers what it was sent; `answer` may take its time, or fail."""

    def __init__(self, tls: bool = False) -> None:
        self._tls = tls
        self.status = 204
        self.headers: dict[str, str] = {}
        self.answer: Callable[[Any], None] = lambda _handler: None
        self.received: list[tuple[str, dict[str, str], bytes]] = []

    def _setUp(self) -> None:
        fixture = self

        class Handler(server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self) -> None:
                length = int(self.headers['content-length'])
                headers = {
                    name.lower(): value for name, value in self.headers.items()
                }
                fixture.received.append(
                    (self.path, headers, self.rfile.read(length))
                )
                self.send_response(fixture.status)
                for name, value in fixture.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                fixture.answer(self)

            def log_message(self, *_args: Any) -> None:
                pass

        # A test that times out leaves a thread behind: nobody waits for it.
        class Quiet(server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_args: Any) -> None:
                pass

        httpd = Quiet(('127.0.0.1', 0), Handler)
        scheme = 'http'
        if self._tls:
            scheme = 'https'
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        self.url = f'{scheme}://127.0.0.1:{httpd.server_port}/hooks'
        threading.Thread(
            target=httpd.serve_forever, args=(0.02,), daemon=True
        ).start()
        self.addCleanup(httpd.server_close)
        self.addCleanup(httpd.shutdown)


def dawdle(_handler: Any) -> None:
    time.sleep(3)


def go_on(handler: Any) -> None:
    """Never end an answer."""
    for _ in range(10000):
        handler.wfile.write(b'x' * 65536)
