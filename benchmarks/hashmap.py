# SPDX-License-Identifier: Apache-2.0
"""CloudKitty's hashmap at work, in a venv of its own.

Run there as a program, it rates so many points for each number that it reads
and answers how many microseconds one took.
"""

import contextlib
import datetime as dt
import decimal
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

VERSION = '25.0.0'
_FLAVORS = 5


class HashMap:
    """The program below, which waits until it is asked for a turn."""

    def __init__(
        self, stack: contextlib.ExitStack, python: pathlib.Path
    ) -> None:
        process = subprocess.Popen(  # noqa: S603
            [python, __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, 'PYTHONPATH': ''},
        )  # fmt: skip
        stack.callback(process.wait)
        stack.callback(process.kill)
        self._process = process

    def rate(self, points: int, *, check: bool) -> float:
        """Microseconds of CPU for a point; with the `check` of its frame."""
        asked, told = self._process.stdin, self._process.stdout
        if asked is None or told is None:
            raise RuntimeError('it has no pipes')
        asked.write(json.dumps([points, check]) + '\n')
        asked.flush()
        return float(told.readline())


def _serve() -> None:
    from cloudkitty import dataframe  # type: ignore[import-not-found]
    from cloudkitty.rating import hash as hashmap

    # What it would load of its database, which here is none.
    rating = object.__new__(hashmap.HashMap)
    rating._res, rating._entries = {}, _entries()
    for line in sys.stdin:
        count, check = json.loads(line)
        said = _said(count)
        frame = None if check else dataframe.DataFrame.from_dict(said)
        began = time.process_time()
        rating.process(frame or dataframe.DataFrame.from_dict(said))
        taken = time.process_time() - began
        print(taken * 1_000_000 / count, flush=True)


def _entries() -> dict[str, Any]:
    costs = {
        f's{number}': {'type': 'flat', 'cost': decimal.Decimal('0.0137')}
        for number in range(_FLAVORS)
    }
    field = {'mappings': {'_DEFAULT_': costs}, 'thresholds': {}}
    return {
        'instance': {
            'mappings': {}, 'thresholds': {}, 'fields': {'flavor_id': field},
        }
    }  # fmt: skip


def _said(count: int) -> dict[str, Any]:
    begin = dt.datetime(2026, 5, 12, 8, tzinfo=dt.UTC)
    return {
        'period': {'begin': begin, 'end': begin + dt.timedelta(hours=1)},
        'usage': {
            'instance': [
                {
                    'vol': {'unit': 'instance', 'qty': 1},
                    # All that its metrics.yml has of a server.
                    'groupby': {
                        'id': f'{number}', 'user_id': 'u', 'project_id': 'p',
                    },
                    'metadata': {
                        'flavor_name': 'small', 'vcpus': '2',
                        'flavor_id': f's{number % _FLAVORS}',
                    },
                }
                for number in range(count)
            ]
        },
    }


if __name__ == '__main__':
    _serve()
