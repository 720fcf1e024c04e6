# SPDX-License-Identifier: Apache-2.0
"""A clock that stands still until it is moved."""

import datetime as dt


class Clock:
    """The engine's clock in a simulation."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start

    def now(self) -> dt.datetime:
        return self._now

    def move_to(self, instant: dt.datetime) -> None:
        """Go on; a clock that steps back is a fault to simulate."""
        self._now = instant
