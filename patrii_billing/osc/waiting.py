# SPDX-License-Identifier: Apache-2.0
"""Wait for what the service does after it has answered."""

import argparse
from collections.abc import Callable
import sys
import time
from typing import Any

from osc_lib import exceptions

_POLL = 0.5
_SECONDS = 60


def add_option(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        '--wait', nargs='?', type=int, const=_SECONDS, metavar='<seconds>',
        help=f'Wait until {what}, for at most so long (default: {_SECONDS})',
    )  # fmt: skip


def until(
    ask: Callable[[], Any], is_done: Callable[[Any], bool], seconds: int
) -> Any:
    """What is answered once it is done. Raises CommandError: too long."""
    end = time.monotonic() + seconds
    waited = False
    while True:
        found = ask()
        if is_done(found):
            _tell('\n' if waited else '')
            return found
        if time.monotonic() >= end:
            _tell('\n' if waited else '')
            raise exceptions.CommandError(
                f'not done within {seconds} s; the service goes on with it'
            )
        _tell('.')
        waited = True
        time.sleep(_POLL)


def _tell(text: str) -> None:
    """Progress, for who looks on."""
    if sys.stderr.isatty():
        print(text, end='', file=sys.stderr, flush=True)
