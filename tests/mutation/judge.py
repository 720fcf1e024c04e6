# SPDX-License-Identifier: Apache-2.0
"""Ask the tests about changes, each in a fork that has read them already.

mutmut starts pytest anew for each change, which takes longer than the tests.
What comes of a change is written where mutmut keeps it. It is run in mutants/
by tools/mutation.py.
"""

import argparse
import collections
from collections.abc import Iterable
from collections.abc import Iterator
import itertools
import json
import math
import os
import pathlib
import resource
import signal
import sys
import unittest

_FILES = pathlib.Path('patrii_billing', 'domain')
_STATS = pathlib.Path('mutmut-stats.json')
# The exit codes by which mutmut knows what came of a change.
SURVIVED, KILLED, NO_TESTS, TIMEOUT = 0, 1, 33, 36
# A test that never ends for a change has objected to it.
_AGAIN = (None, SURVIVED, NO_TESTS)
_LONGER = 2  # times what the tests took by the clock, being watched
_AT_LEAST = 5  # seconds of the processor
_MEMORY = 4 << 30
_BESIDE = 0.01  # seconds that a test takes beside its own


class Judge:
    """Knows the tests that run a function, and asks the cheapest first."""

    def __init__(self, within: float) -> None:
        self._within = within
        stats = json.loads(_STATS.read_text())
        self._tests: dict[str, list[str]] = stats[
            'tests_by_mangled_function_name'
        ]
        self._seconds: dict[str, float] = stats['duration_by_test']
        self._kills: collections.Counter[str] = collections.Counter()
        self._loaded: dict[str, unittest.TestSuite] = {}

    def of(self, mutant: str) -> int:
        """What comes of a change, as an exit code."""
        function = mutant.rpartition('__mutmut_')[0]
        own = f'/test_{function.split(".")[2]}.py'
        tests = sorted(
            self._tests.get(function, ()),
            key=lambda name: self._price(name) * (1 if own in name else 3),
        )
        tests = tests[: self._affordable(tests)]
        if not tests:
            return NO_TESTS
        place = self._first_to_object(mutant, tests)
        if place < 0:
            return TIMEOUT
        if place == len(tests):
            return SURVIVED
        self._kills[tests[place]] += 1
        return KILLED

    def _price(self, name: str) -> float:
        """Seconds for each change that a test has objected to so far."""
        return (_BESIDE + self._seconds[name]) / (1 + self._kills[name])

    def _affordable(self, tests: list[str]) -> int:
        """How many there is the time for, and one at least."""
        taken = itertools.accumulate(self._seconds[name] for name in tests)
        return max(1, sum(seconds <= self._within for seconds in taken))

    def sees(self, files: Iterable[str]) -> bool:
        """Whether tests pass as the law is, and fail where nothing works."""
        known = {
            name
            for function, names in self._tests.items()
            if function.split('.')[2] in files
            for name in names
        }
        tests = sorted(known, key=self._seconds.__getitem__)
        tests = tests[: self._affordable(tests)]
        if not tests:  # which is then said of each change
            return True
        passed = self._first_to_object('', tests) == len(tests)
        return passed and self._first_to_object('fail', tests) < len(tests)

    def _first_to_object(self, mutant: str, tests: list[str]) -> int:
        """Its place among the tests, their number if none; -1 for never."""
        suites = [self._suite(name) for name in tests]
        seconds = sum(self._seconds[name] for name in tests)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            _limit(_AT_LEAST + _LONGER * seconds)
            os.environ['MUTANT_UNDER_TEST'] = mutant
            found = next(_objecting(suites), len(suites))
            os.write(writer, b'%d' % found)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            said = answer.read()
        os.waitpid(child, 0)
        return int(said or -1)

    def _suite(self, name: str) -> unittest.TestSuite:
        if name not in self._loaded:
            path, *rest = name.split('::')
            module = path.removesuffix('.py').replace('/', '.')
            self._loaded[name] = unittest.defaultTestLoader.loadTestsFromName(
                '.'.join((module, *rest))
            )
        return self._loaded[name]


def _limit(seconds: float) -> None:
    most = math.ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())


def _objecting(suites: list[unittest.TestSuite]) -> Iterator[int]:
    for place, suite in enumerate(suites):
        result = unittest.TestResult()
        suite.run(result)
        if not result.wasSuccessful() or not result.testsRun:
            yield place


def _judged(judge: Judge, name: str) -> None:
    """Ask about what no test of a file has objected to yet."""
    path = _FILES / f'{name}.py.meta'
    meta = json.loads(path.read_text())
    results = meta['exit_code_by_key']
    wanted = [mutant for mutant, code in results.items() if code in _AGAIN]
    for count, mutant in enumerate(wanted, 1):
        results[mutant] = judge.of(mutant)
        if count % 20 == 0 or count == len(wanted):
            print(f'{name}: {count} of {len(wanted)}', flush=True)
            path.write_text(json.dumps(meta, indent=4))


def main() -> int:
    parser = argparse.ArgumentParser(prog='judge', description=__doc__)
    parser.add_argument('names', nargs='+', metavar='FILE')
    parser.add_argument('--within', type=float, default=math.inf)
    given = parser.parse_args()
    judge = Judge(given.within)
    if not judge.sees(given.names):
        print('the tests do not tell a law that is whole from a broken one')
        return 1
    for name in given.names:
        _judged(judge, name)
    return 0


if __name__ == '__main__':
    sys.exit(main())
