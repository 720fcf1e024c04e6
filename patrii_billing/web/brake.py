# SPDX-License-Identifier: Apache-2.0
"""Slow down who guesses passwords, before keystone is asked once more."""

from collections.abc import Sequence
from collections import deque
import datetime as dt
import threading

_MOST_KEYS = 10_000
# From one address there may be several people.
_PEOPLE = 10


class Brake:
    """Wrong logins of the last minutes, as this process has seen them.

    Each process counts for itself: it makes guessing slow, and is no lock.
    Nobody can shut another out by it from elsewhere, for whom an address
    tried is counted with it.
    """

    def __init__(
        self, most: int, span: dt.timedelta = dt.timedelta(minutes=5)
    ) -> None:
        """:param most: of one user from one address in a span; 0: any"""
        self._most = most
        self._span = span
        self._wrong: dict[tuple[str, ...], deque[dt.datetime]] = {}
        self._lock = threading.Lock()

    def wait(
        self, address: str, user: str, now: dt.datetime
    ) -> dt.timedelta | None:
        """How long he has to wait before he may try; None: not at all."""
        if not self._most:
            return None
        with self._lock:
            waits = [
                times[-most] + self._span - now
                for key, most in self._limits(address, user)
                if len(times := self._recent(key, now)) >= most
            ]
        return max(waits, default=None)

    def failed(self, address: str, user: str, now: dt.datetime) -> None:
        with self._lock:
            for key, most in self._limits(address, user):
                if len(self._wrong) >= _MOST_KEYS:
                    self._wrong.pop(next(iter(self._wrong)))
                times = self._wrong.setdefault(key, deque(maxlen=most or 1))
                times.append(now)

    def _limits(
        self, address: str, user: str
    ) -> Sequence[tuple[tuple[str, ...], int]]:
        return (
            ((address, user), self._most),
            ((address,), self._most * _PEOPLE),
        )

    def _recent(
        self, key: tuple[str, ...], now: dt.datetime
    ) -> deque[dt.datetime]:
        times = self._wrong.get(key, deque())
        while times and now - times[0] >= self._span:
            times.popleft()
        return times
