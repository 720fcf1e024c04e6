# SPDX-License-Identifier: Apache-2.0
"""Any number of histories, over some processes; and one of them again.

A history that fails is made shorter by leaving out what it does not need:
rounds, then acts, workers and kinds of faults. What is left is told in words.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import datetime as dt
import functools
import json
import math
import multiprocessing
import pathlib
import time
from typing import Any

from tests.simulator import books as memory
from tests.simulator import history

_SECONDS = 10  # between two lines of progress
_CHUNK = 10
_SHORTER = 60  # seconds to make a history shorter


@functools.cache
def _books() -> memory.Books:
    """One for each process."""
    return memory.Books()


def sins_of(plan: history.Plan) -> list[str]:
    """What one history shows wrong; nothing, where all is kept."""
    return history.Play(_books(), plan).run()


def judged(seed: int) -> tuple[int, list[str]]:
    return seed, sins_of(history.plan(seed))


def many(
    seeds: range, workers: int, seconds: float | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Judge seeds, in order, or as many as fit into so many seconds."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        if workers > 1:
            context = multiprocessing.get_context('spawn')
            pool = stack.enter_context(context.Pool(workers))
            judgements = pool.imap(judged, seeds, _CHUNK)
        else:
            judgements = map(judged, seeds)
        for done in judgements:
            yield done
            if time.monotonic() > until:
                return


@dataclasses.dataclass
class Tally:
    """How far the seeds from `first` on were played, and which failed."""

    first: int
    following: int
    failed: list[int]

    def __str__(self) -> str:
        played = self.following - self.first
        return (
            f'{played} histories, seeds {self.first} to {self.following - 1}, '
            f'{len(self.failed)} failed'
        )

    @classmethod
    def read(cls, file: pathlib.Path | None, first: int) -> 'Tally':
        """Where an earlier run came to, or the beginning."""
        if file is None or not file.exists():
            return cls(first, first, [])
        return cls(**json.loads(file.read_text('utf-8')))

    def write(self, file: pathlib.Path | None) -> None:
        if file is not None:
            file.write_text(json.dumps(dataclasses.asdict(self)), 'utf-8')


def told(
    seeds: range,
    workers: int,
    seconds: float | None,
    file: pathlib.Path | None = None,
) -> int:
    """Run them with a line of progress; how many failed.

    With a file for its tally it goes on where an earlier run was ended.
    """
    start = said = time.monotonic()
    tally = Tally.read(file, seeds.start)
    done = tally.following
    for seed, sins in many(
        range(tally.following, seeds.stop), workers, seconds
    ):
        tally.following = seed + 1
        if sins:
            tally.failed.append(seed)
            say(f'seed {seed}: {sins[0]}')
        now = time.monotonic()
        if sins or now - said > _SECONDS:
            said = now
            tally.write(file)
            pace = (tally.following - done) / (now - start)
            say(f'{tally}, {pace:.1f}/s')
    tally.write(file)
    say(f'{tally}, in {time.monotonic() - start:.0f} s')
    for seed in tally.failed[:10]:
        say(f'again: python -m tests.simulator --replay {seed}')
    return len(tally.failed)


def replay(seed: int) -> int:
    """Tell a history step by step, as short as it still fails."""
    plan = history.plan(seed)
    sins = sins_of(plan)
    if sins:
        plan = shorter(plan, kind_of(sins))
    for line in story(plan):
        say(line)
    return len(sins)


def story(plan: history.Plan) -> Iterator[str]:
    """What happens in it, in words."""
    lines: list[str] = []

    def told(at: dt.datetime, who: str, *words: Any) -> None:
        text = ' '.join(map(str, words))
        lines.append(f'{at:%m-%d %H:%M:%S} {who:15} {text}')

    yield from plan.told()
    sins = history.Play(_books(), plan, told).run()
    yield from lines
    yield from (f'BROKEN {sin}' for sin in sins)


def kind_of(sins: list[str]) -> str:
    """Which promise was broken first."""
    return sins[0].partition(':')[0] if sins else ''


def shorter(
    plan: history.Plan, kind: str, seconds: float = _SHORTER
) -> history.Plan:
    """The same breach with less, as far as can be found in a while."""
    until = time.monotonic() + seconds
    found = True
    while found and time.monotonic() < until:
        found = False
        for less in _less(plan):
            if time.monotonic() > until:
                break
            if kind_of(sins_of(less)) == kind:
                plan, found = less, True
                break
    return plan


def _less(plan: history.Plan) -> Iterator[history.Plan]:
    """Each plan that has one thing less."""
    rounds = plan.rounds
    for n in range(len(rounds)):
        yield dataclasses.replace(plan, rounds=rounds[:n] + rounds[n + 1 :])
    for n, each in enumerate(rounds):
        for less in _less_of(each):
            yield dataclasses.replace(
                plan, rounds=(*rounds[:n], less, *rounds[n + 1 :])
            )


def _less_of(each: history.Round) -> Iterator[history.Round]:
    for name in ('acts', 'sides', 'kinds'):
        whole = getattr(each, name)
        for n in range(len(whole)):
            yield dataclasses.replace(
                each, **{name: whole[:n] + whole[n + 1 :]}
            )
    if each.beats > 1:
        yield dataclasses.replace(each, beats=each.beats - 1)
    for name in ('trouble', 'restless'):
        if getattr(each, name):
            yield dataclasses.replace(each, **{name: 0.0})


def say(text: str) -> None:
    print(text, flush=True)
