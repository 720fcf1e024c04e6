# SPDX-License-Identifier: Apache-2.0
"""Mail servers on loopback that answer as a test has it."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
import contextlib
import pathlib
import socket
import ssl
import threading
from typing import Any

from aiosmtpd import controller
from aiosmtpd import smtp
import fixtures

# A certificate that signed itself, for localhost and 127.0.0.1, and its key.
CERTIFICATE = pathlib.Path(__file__).parent / 'localhost.pem'
Step = Callable[[Any], Awaitable[str]]


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def drop(server: Any) -> str:
    """Hang up in place of an answer."""
    server.transport.abort()
    return '250 nobody hears this'


async def dawdle(server: Any) -> str:
    """Answer when nobody waits any more."""
    await asyncio.sleep(5)
    return '250 too late'


def once(script: 'Script', answer: str | Step) -> Step:
    """Give that answer to the next MAIL, and yes to those after it."""

    async def step(server: Any) -> str:
        script.answers['MAIL'] = '250 OK'
        return answer if isinstance(answer, str) else await answer(server)

    return step


class Script:
    """A handler that answers each command as it is told, else with yes."""

    def __init__(self, answers: dict[str, str | Step]) -> None:
        self.answers = answers
        self.greeted = 0
        self.accepted: list[Any] = []
        # Whether each came with a login, and over TLS.
        self.came: list[tuple[bool, bool]] = []

    async def _answer(self, server: Any, command: str) -> str:
        answer = self.answers.get(command, '250 OK')
        return answer if isinstance(answer, str) else await answer(server)

    async def handle_EHLO(
        self,
        server: Any,
        session: Any,
        envelope: Any,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        self.greeted += 1
        answer = await self._answer(server, 'EHLO')
        return [*responses[:-1], answer] if answer == '250 OK' else [answer]

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, opts: Any
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, 'MAIL')

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, opts: Any
    ) -> str:
        answer = await self._answer(
            server, address if address in self.answers else 'RCPT'
        )
        if answer.startswith('2'):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        self.accepted.append(envelope)
        tls = server.transport.get_extra_info('ssl_object') is not None
        self.came.append((bool(session.authenticated), tls))
        return await self._answer(server, 'DATA')


class Controller(controller.Controller):
    """Takes any free port; the probe at the start speaks no TLS."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        with socket.create_connection((self.hostname, self.port), 5) as probe:
            if self.ssl_context is None:
                probe.recv(100)
            else:
                self._factory_invoked.wait(5)


class MailServer(fixtures.Fixture):
    """A server of aiosmtpd that runs while the test does."""

    def __init__(
        self, answers: dict[str, str | Step] | None = None, **options: Any
    ) -> None:
        self.script = Script({} if answers is None else answers)
        self.options = options

    def _setUp(self) -> None:
        server = Controller(self.script, '127.0.0.1', 0, **self.options)
        server.start()
        self.addCleanup(server.stop)
        self.port = server.port


class Spoken(fixtures.Fixture):
    """A server that says its lines one by one, whatever it hears.

    Where the lines end it hangs up, or falls silent if it `stays`. It reads
    nothing after the last line.
    """

    def __init__(self, *lines: str, stays: bool = False) -> None:
        self.lines = lines
        self.stays = stays

    def _setUp(self) -> None:
        listener = socket.create_server(('127.0.0.1', 0))
        self.port = listener.getsockname()[1]
        self.done = threading.Event()
        thread = threading.Thread(target=self._speak, args=(listener,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.done.set)

    def _speak(self, listener: socket.socket) -> None:
        listener.settimeout(10)
        with listener, listener.accept()[0] as peer:
            for n, line in enumerate(self.lines):
                peer.sendall(line.encode() + b'\r\n')
                if n < len(self.lines) - 1:
                    peer.recv(1000)
            if self.stays:
                self.done.wait(10)


class Drip(Spoken):
    """Says its lines, then a letter at a time of one that has no end."""

    def _speak(self, listener: socket.socket) -> None:
        listener.settimeout(10)
        with (
            listener, listener.accept()[0] as peer,
            contextlib.suppress(OSError),
        ):  # fmt: skip
            for line in self.lines:
                peer.sendall(line.encode() + b'\r\n')
                peer.recv(1000)
            while not self.done.wait(0.1):
                peer.sendall(b'2')


def credentials(
    server: Any, session: Any, envelope: Any, mechanism: str, data: Any
) -> smtp.AuthResult:
    good = (data.login, data.password) == (b'billing', b'secret')
    return smtp.AuthResult(success=good, handled=good, auth_data='billing')
