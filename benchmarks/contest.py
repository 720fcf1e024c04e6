# SPDX-License-Identifier: Apache-2.0
"""Contenders take turns in one run, so that the machine is fair to all.

Only ratios count: whatever else the machine does slows each of them alike.
What came out is kept in results/, and benchmarks.rst is written from there.
"""

import argparse
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import json
import os
import pathlib
import platform
import statistics
from typing import Any

RESULTS = pathlib.Path(__file__).with_name('results')

# What one turn of a contender measured: figures by their names, which say
# the unit, as 'a second' or 'MiB'.
Figures = Mapping[str, float]
Turn = Callable[[], Figures]


@dataclass(frozen=True)
class Bound:
    """A figure that is to be reached; one of the two bounds is given."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    @property
    def wanted(self) -> str:
        if self.at_least is not None:
            return f'at least {shown(self.at_least)}'
        return f'at most {shown(self.at_most or 0)}'


@dataclass
class Contest:
    """One benchmark: who took part, and what each turn measured.

    `about` says in plain sentences what is measured beside what; `command`
    is how to run it again.
    """

    name: str
    about: str
    command: str
    turns: int = 5
    measured: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    bounds: list[Bound] = field(default_factory=list)

    def run(self, contenders: Mapping[str, Turn]) -> None:
        """Let all take their turns, each time in another order."""
        names = list(contenders)
        for turn in range(self.turns):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                figures = contenders[name]()
                self.note(name, figures)
                told = ', '.join(
                    f'{shown(value)} {what}' for what, value in figures.items()
                )
                print(f'{turn + 1}/{self.turns} {name}: {told}', flush=True)

    def note(self, name: str, figures: Figures) -> None:
        """Add what was measured by other means than a turn."""
        for what, value in figures.items():
            self.measured.setdefault(name, {}).setdefault(what, []).append(
                value
            )

    def median(self, name: str, what: str) -> float:
        return statistics.median(self.measured[name][what])

    def ratio(self, name: str, other: str, what: str) -> float:
        """The median of the ratios of each turn, not of two medians.

        The two of one turn saw the same machine.
        """
        return statistics.median(
            own / theirs
            for own, theirs in zip(
                self.measured[name][what],
                self.measured[other][what],
                strict=True,
            )
        )

    def expect(self, what: str, value: float, **bound: float) -> None:
        """:param bound: at_least or at_most"""
        self.bounds.append(Bound(what, value, **bound))

    def finish(self, asked: argparse.Namespace) -> None:
        """Tell the medians and ratios; keep them if that is asked for.

        Raises SystemExit where a bound is not met.
        """
        for name, figures in self.measured.items():
            medians = ', '.join(
                f'{shown(statistics.median(values))} {what}'
                for what, values in figures.items()
            )
            print(f'{name:32} {medians}')
        for bound in self.bounds:
            verdict = 'reached' if bound.met else 'MISSED'
            print(
                f'{bound.what}: {shown(bound.value)}'
                f' ({bound.wanted}, {verdict})'
            )
        if asked.keep:
            self._keep(asked)
        missed = [bound.what for bound in self.bounds if not bound.met]
        if missed:
            raise SystemExit(f'missed: {"; ".join(missed)}')

    def _keep(self, asked: argparse.Namespace) -> None:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f'{self.name}.json'
        path.write_text(json.dumps(self._record(asked), indent=1) + '\n')
        print(f'kept as {path.name}')

    def _record(self, asked: argparse.Namespace) -> dict[str, Any]:
        options = {key: value for key, value in vars(asked).items()
                   if key != 'keep'}  # fmt: skip
        return {
            'name': self.name,
            'about': self.about,
            'command': self.command,
            'options': options,
            'taken': dt.datetime.now(dt.UTC).date().isoformat(),
            'machine': {
                'cores': os.cpu_count(),
                'python': platform.python_version(),
                'load': round(os.getloadavg()[0], 1),
            },
            'turns': self.turns,
            'contenders': {
                name: {
                    what: {
                        'median': tidy(statistics.median(values)),
                        'turns': [tidy(value) for value in values],
                    }
                    for what, values in figures.items()
                }
                for name, figures in self.measured.items()
            },
            'bounds': [
                {
                    'what': bound.what,
                    'value': tidy(bound.value),
                    'wanted': bound.wanted,
                    'met': bound.met,
                }
                for bound in self.bounds
            ],
        }


def parser(description: str | None, turns: int = 5) -> argparse.ArgumentParser:
    """With the options that every contest has."""
    made = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument('--turns', type=int, default=turns)
    made.add_argument(
        '--keep', action='store_true', help='write results/ anew'
    )
    return made


def spent(pid: int) -> float:
    """CPU seconds of a process and all its threads until now."""
    after_name = _proc(pid, 'stat').rpartition(')')[2].split()
    ticks = int(after_name[11]) + int(after_name[12])
    return ticks / os.sysconf('SC_CLK_TCK')


def resident(pid: int, peak: bool = False) -> float:
    """MiB of a process that are in memory now, or were at most."""
    wanted = 'VmHWM:' if peak else 'VmRSS:'
    for line in _proc(pid, 'status').splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def _proc(pid: int, name: str) -> str:
    return pathlib.Path(f'/proc/{pid}/{name}').read_text()


def tidy(value: float) -> float:
    """Three digits that matter; more are the machine's mood."""
    return float(f'{value:.3g}')


def shown(value: float) -> str:
    tidied = tidy(value)
    return f'{tidied:,.0f}' if abs(tidied) >= 100 else f'{tidied:g}'
