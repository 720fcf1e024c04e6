# SPDX-License-Identifier: Apache-2.0
"""A loop that goes on whatever happens, until it is told to stop."""

from collections.abc import Callable
import datetime as dt
import threading

from patrii_billing.intake import patience


def repeat(
    what: str,
    step: Callable[[], int],
    pause: dt.timedelta,
    stop: threading.Event,
) -> None:
    """Take the step again and again, at once where there was work.

    A step that is under way is finished when the loop is told to stop. One
    that fails is taken again after a growing while.
    """

    def work() -> None:
        if not step():
            stop.wait(pause.total_seconds())

    enduring = patience.Patience(what, stop)
    while not stop.is_set():
        enduring.attempt(work)


def once(what: str, step: Callable[[], object], stop: threading.Event) -> bool:
    """Take the step until it succeeds; False if told to stop before."""
    enduring = patience.Patience(what, stop)
    while not stop.is_set():
        if enduring.attempt(step):
            return True
    return False
