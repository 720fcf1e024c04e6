# SPDX-License-Identifier: Apache-2.0
"""A way to a mail server that breaks where it hurts most: after DATA.

The end of a mail is a line with a dot. Lost before it reaches the server,
there is no mail; lost after it, there is one, and only the answer is missing.
The sender sees the same.
"""

import contextlib
import enum
import socket
import threading

import fixtures

_END = b'\r\n.\r\n'


class Lost(enum.Enum):
    """What the wire swallows, before it breaks."""

    NOTHING = enum.auto()
    MAIL = enum.auto()
    ANSWER = enum.auto()


class Wire(fixtures.Fixture):
    """Carries SMTP in the clear from its own port to the server's."""

    def __init__(self, server: int, loses: Lost = Lost.NOTHING) -> None:
        self._server = server
        self.loses = loses
        self.broken = 0  # how many connections

    def _setUp(self) -> None:
        self._door = socket.create_server(('127.0.0.1', 0))
        self.port: int = self._door.getsockname()[1]
        self.addCleanup(self._door.close)
        threading.Thread(target=self._admit, daemon=True).start()

    def _admit(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._door.accept()[0]
                threading.Thread(
                    target=self._carry, args=(near,), daemon=True
                ).start()

    def _carry(self, near: socket.socket) -> None:
        """Whoever sends a mail waits for the answer: its end comes last."""
        far = socket.create_connection(('127.0.0.1', self._server))
        cut = threading.Event()
        back = threading.Thread(
            target=self._answer, args=(far, near, cut), daemon=True
        )
        back.start()
        said = b''
        with near, far, contextlib.suppress(OSError):
            while data := near.recv(65536):
                said = (said + data)[-len(_END) :]
                if said == _END and self.loses is not Lost.NOTHING:
                    cut.set()
                    self.broken += 1
                    if self.loses is Lost.MAIL:
                        break
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(
        self, far: socket.socket, near: socket.socket, cut: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while (data := far.recv(65536)) and not cut.is_set():
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)
