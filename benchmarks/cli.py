#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long each reading command takes, beside `openstack token issue`.

Needs a minicloud that is up ($PATRII_MINICLOUD_DIR):

    tools/with_services.py minicloud -- python benchmarks/cli.py

Both start the same shell and get a token of the same keystone, so that the
difference is what the plugin and the API take. They take turns, seven times;
of each the median counts.
"""

import argparse
import contextlib
from importlib import metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from typing import Any
import uuid

# Last, for the commands are those that are installed.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

from tests.functional import api  # noqa: E402
from tests.functional import base  # noqa: E402
from tests.functional import doors  # noqa: E402

OPENSTACK = pathlib.Path(sys.executable).with_name('openstack')
YARDSTICK = ('token', 'issue')
ALLOWED = 0.5  # seconds more than the yardstick
READS = ('list', 'show', 'preview')
NOTHING = '-'
# What is needed beside the name of the command.
ARGUMENTS = {
    'account show': ['acme'],
    'hold list': ['acme-1'],
    'hold show': ['acme-1', '{hold}'],
    'invoice show': ['{invoice}'],
    'notice preview': ['grace'],
    'plan price list': ['vps'],
    'plan show': ['vps'],
    'project show': ['{project}'],
    'quota show': ['acme-1'],
    'server show': ['{server}'],
    'subscription show': ['acme-1'],
    'timeline list': ['--account', 'acme'],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=7)
    parser.add_argument(
        'commands', nargs='*', metavar='COMMAND',
        help='as "invoice list"; all that read unless given',
    )  # fmt: skip
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bench = Bench(stack)
        slow = [
            name
            for name in arguments.commands or reading()
            if not bench.measure(name, arguments.times)
        ]
    if slow:
        print(f'more than {ALLOWED} s slower: {", ".join(slow)}')
    return 1 if slow else 0


def reading() -> list[str]:
    """The commands that change nothing, by their names after `billing`."""
    points = metadata.entry_points(group='openstack.billing.v1')
    if not points:
        raise SystemExit('the package is not installed: pip install -e .')
    names = sorted(
        point.name.removeprefix('billing_').replace('_', ' ')
        for point in points
    )
    return [name for name in names if name.split()[-1] in READS]


class Bench:
    """A service with its API, and two customers in its books."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        house = doors.House(stack.callback, api.free_port(), 'billing')
        street = house.settle()
        stack.callback(street.leave)
        known = street.let_in()
        boss = house.staff['ADMIN']
        self._places = {
            'invoice': known['ACME_INVOICE'],
            'project': street.acme.project,
            'server': street.servers[0],
        }
        self._environment = {**os.environ, **base.environment(boss)}
        self._give_something_to_show()

    def _give_something_to_show(self) -> None:
        for words in (['payment'], ['credit', '--why', 'a gift']):
            noun, *more = words
            self._run(
                ['billing', noun, 'create', 'acme', '1.00', *more,
                 '--key', uuid.uuid4().hex]
            )  # fmt: skip
        self._run(['billing', 'quota', 'set', 'acme-1', 'cores=9', '--yes'])
        held = self._run(
            ['billing', 'hold', 'create', 'acme-1', '--type', 'abuse',
             '--reason', 'mines', '-f', 'value', '-c', 'ID']
        )  # fmt: skip
        self._places['hold'] = held.strip()

    def measure(self, name: str, times: int) -> bool:
        """Print a line; whether it is fast enough."""
        words = ['billing', *name.split(), *self._arguments(name)]
        if words[-1] == NOTHING:
            print(f'{name:24} there is none to be shown')
            return True
        taken: dict[str, list[float]] = {'ours': [], 'theirs': []}
        for _ in range(times):
            taken['theirs'].append(self._time(list(YARDSTICK)))
            taken['ours'].append(self._time(words))
        ours, theirs = (
            statistics.median(taken[whose]) for whose in ('ours', 'theirs')
        )
        print(
            f'{name:24} {ours:6.3f} s, {" ".join(YARDSTICK)} {theirs:6.3f} '
            f's: {ours - theirs:+6.3f} s, x {ours / theirs:.2f}',
            flush=True,
        )
        return ours - theirs <= ALLOWED

    def _arguments(self, name: str) -> list[str]:
        if name in ARGUMENTS:
            return [word.format_map(self._places) for word in ARGUMENTS[name]]
        noun, _, verb = name.rpartition(' ')
        if verb != 'show' or f'{noun} list' not in reading():
            return []
        # The first one there is.
        listed = self._run(['billing', noun, 'list', '-f', 'json'])
        shown: list[dict[str, Any]] = json.loads(listed)
        return [str(next(iter(shown[0].values()))) if shown else NOTHING]

    def _time(self, words: list[str]) -> float:
        began = time.monotonic()
        self._run(words)
        return time.monotonic() - began

    def _run(self, words: list[str]) -> str:
        done = subprocess.run(  # noqa: S603 - the words are ours
            [OPENSTACK, *words], env=self._environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f'openstack {" ".join(words)}: {done.stderr}')
        return done.stdout


if __name__ == '__main__':
    sys.exit(main())
