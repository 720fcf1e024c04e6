#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the stages of the tests, and count what passed.

Every stage is a tox environment, in one of three lanes that run side by side.
One that fails hides no other; one that runs no test, or cannot run, counts as
failed. Logs are in .logs/. The last line is the count of passed and failed
tests and checks.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from collections.abc import Mapping
import contextlib
from dataclasses import dataclass
import enum
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / '.logs'
TAIL = 40
# Lines of stestr's summary. A test that was skipped has not shown anything.
PASSED = ('Passed', 'Expected Fail')
FAILED = ('Failed', 'Skipped', 'Unexpected Success')
# A stage this many times over its budget is stuck, and is ended.
PATIENCE = 6
# Where tools/with_services.py finds a minicloud that several stages share.
SHARED = 'PATRII_MINICLOUD_SHARED'


class Lane(enum.IntEnum):
    """Whose stages run one by one, and how nice they are to the others.

    Where seconds are counted, the processor is left to them.
    """

    CLOUD = 0
    WAITS = 8
    WORKS = 10


@dataclass(frozen=True)
class Stage:
    """A tox environment, with the seconds that it should need at most.

    Its tests are counted from their results; a check counts as one. Those
    that need a minicloud, and leave it as it was, share one.
    """

    name: str
    environment: str
    budget: int
    lane: Lane = Lane.WORKS
    is_check: bool = False
    shares: bool = False

    @property
    def label(self) -> str:
        return f'{self.name} ({self.environment})'

    @property
    def log(self) -> pathlib.Path:
        return LOGS / f'{self.environment}.log'

    @property
    def results(self) -> pathlib.Path:
        return LOGS / self.environment


STAGES = (
    Stage('style', 'pep8', 180, is_check=True),
    Stage('unit', 'py311', 1200),
    Stage('unit', 'py312', 300),
    Stage('unit', 'py313', 300),
    Stage('sqlalchemy21', 'py311-sqlalchemy21', 180),
    Stage('database', 'database', 180),
    # It plays what it can in its time: most of it when the others are done.
    Stage('simulator', 'simulator', 210),
    Stage('minicloud', 'minicloud', 1080, Lane.CLOUD),
    # The first on their minicloud, for it looks at all of it.
    Stage('install', 'install', 240, Lane.WAITS, shares=True),
    Stage('horizon', 'horizon', 240, Lane.WAITS, shares=True),
    Stage('kolla', 'kolla', 240, Lane.WAITS, shares=True),
    Stage('tryton', 'tryton', 300, Lane.WAITS, shares=True),
    # After the other, whose files it compares with its own.
    Stage('kolla', 'kolla-py312', 60, Lane.WAITS),
    Stage('broker', 'broker', 120, Lane.WAITS),
    Stage('fire', 'fire', 240, Lane.WAITS),
    Stage('mailserver', 'mailserver', 90, Lane.WAITS),
    Stage('window', 'window', 150, Lane.WAITS),
    Stage('docs', 'docs', 150, Lane.WAITS),
    Stage('wheel', 'wheel', 120, Lane.WAITS, is_check=True),
    Stage('fuzz', 'fuzz', 60, Lane.WAITS, is_check=True),
)
NAMES = tuple(dict.fromkeys(stage.name for stage in STAGES))
ENVIRONMENTS_BUDGET = 300
# The first on a machine also makes the environment of OpenStack.
MINICLOUD_BUDGET = 400
# Interpreters that need not be here; the others are the stages' own matter.
OPTIONAL = {
    'py312': 'python3.12',
    'py313': 'python3.13',
    'kolla-py312': 'python3.12',
}


def main() -> int:
    chosen = parse_arguments().stages or NAMES
    # A shell that starts this in the background has SIGINT ignored, by its
    # children too; stop() relies on it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = [stage for stage in STAGES if stage.name in chosen]
    stages = [stage for stage in wanted if can_run(stage)]
    LOGS.mkdir(exist_ok=True)
    passed, failed = asyncio.run(run_all(stages))
    for stage in wanted:
        if stage not in stages:
            python = OPTIONAL[stage.environment]
            say(f'{stage.label}: not run, no {python} was found')
    say(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


def parse_arguments() -> argparse.Namespace:
    budgets = '\n'.join(
        f'  {stage.name:14}{stage.environment:22}{stage.budget:4} s'
        for stage in STAGES
    )
    parser = argparse.ArgumentParser(
        prog='tools/test',
        description=__doc__,
        epilog=f'stages, tox environments and budgets:\n{budgets}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'stages',
        metavar='STAGE',
        nargs='*',
        help='only these stages (default: all)',
    )
    arguments = parser.parse_args()
    for name in arguments.stages:
        if name not in NAMES:
            parser.error(f'no stage {name}: choose from {", ".join(NAMES)}')
    return arguments


def can_run(stage: Stage) -> bool:
    python = OPTIONAL.get(stage.environment)
    return python is None or interpreter(python) is not None


async def run_all(stages: list[Stage]) -> tuple[int, int]:
    """Run them in their lanes; return how many tests passed and failed."""
    await make_environments(stages)
    lanes = await asyncio.gather(
        *(
            run_each([stage for stage in stages if stage.lane is lane])
            for lane in Lane
        )
    )
    counts = [count for lane in lanes for count in lane]
    return sum(good for good, _ in counts), sum(bad for _, bad in counts)


async def run_each(stages: list[Stage]) -> list[tuple[int, int]]:
    """Run those of a lane one by one, first those that share."""
    sharing = [stage for stage in stages if stage.shares]
    counts = []
    if len(sharing) > 1:
        async with minicloud() as found:
            for stage in sharing:
                counts.append(await run(stage, found))
                if counts[-1][1]:
                    # It may have left anything: the others start their own.
                    found = {}
        stages = [stage for stage in stages if stage not in sharing]
    return counts + [await run(stage) for stage in stages]


@contextlib.asynccontextmanager
async def minicloud() -> AsyncIterator[dict[str, str]]:
    """A minicloud for several stages; what tells them where it is."""
    folder = ROOT / '.tox' / 'minicloud-shared'
    log = LOGS / 'minicloud-up.log'
    program = [sys.executable, 'tools/minicloud', '--dir', str(folder)]
    words = [*politely(Lane.WAITS), *program]
    say(f'minicloud to share: budget {MINICLOUD_BUDGET} s')
    try:
        code, seconds = await execute([*words, 'up'], log, MINICLOUD_BUDGET)
        say(f'minicloud to share: {seconds:.0f} s')
        if code:
            show_tail(log)
        # Without it each stage starts its own, or fails and says why.
        yield {} if code else {SHARED: str(folder)}
    finally:
        log = LOGS / 'minicloud-down.log'
        await execute([*words, 'down'], log, MINICLOUD_BUDGET)


async def make_environments(stages: list[Stage]) -> None:
    """Make all environments side by side: most of it waits for downloads."""
    names = ','.join(stage.environment for stage in stages)
    log = LOGS / 'environments.log'
    words = ['run-parallel', '--parallel', '4', '--parallel-no-spinner']
    say(f'environments: budget {ENVIRONMENTS_BUDGET} s')
    code, seconds = await tox(
        [*words, '--notest', '-e', names], log, ENVIRONMENTS_BUDGET
    )
    say(f'environments: {seconds:.0f} s')
    if code:
        # The stage whose environment it is will fail, and say so.
        show_tail(log)


async def run(
    stage: Stage, shared: Mapping[str, str] | None = None
) -> tuple[int, int]:
    """Run one stage; return how many of its tests passed and failed.

    The package is in its environment since that was made.
    """
    log = stage.log.relative_to(ROOT)
    say(f'{stage.label}: budget {stage.budget} s, log {log}')
    shutil.rmtree(stage.results, ignore_errors=True)
    stage.results.mkdir()
    code, seconds = await tox(
        ['run', '--skip-pkg-install', '-e', stage.environment],
        stage.log,
        stage.budget,
        stage.lane,
        {'STESTR_RESULTS': str(stage.results), **(shared or {})},
    )
    passed, failed = (0, 0) if stage.is_check else count(stage.results)
    if stage.is_check and code == 0:
        passed = 1
    note = ''
    if not failed and (code or not passed):
        failed = 1
        note = f', exit code {code}' if code else ', no test was run'
    late = ', OVER BUDGET' if seconds > stage.budget else ''
    say(
        f'{stage.label}: {seconds:.0f} s{late}, '
        f'{passed} passed, {failed} failed{note}'
    )
    if failed:
        show_tail(stage.log)
        if not stage.is_check:
            show_failures(stage.results)
    return passed, failed


def count(repository: pathlib.Path) -> tuple[int, int]:
    """Return the passed and failed tests of a stestr repository's last run."""
    last = results(repository, 'last')
    totals = dict(re.findall(r'^ - ([A-Z][\w ]+): (\d+)$', last, re.M))
    passed = sum(int(totals.get(name, 0)) for name in PASSED)
    failed = sum(int(totals.get(name, 0)) for name in FAILED)
    return passed, failed


def show_failures(repository: pathlib.Path) -> None:
    """Print which tests failed, and each one's traceback without its logs."""
    told = results(repository, 'failing', '--list')
    tracebacks = re.findall(
        r'^ *Traceback \(most recent .*?(?=^(?: *|}}}|=+)$|\Z)',
        results(repository, 'failing'),
        re.M | re.S,
    )
    for text in [told, *tracebacks]:
        lines = text.rstrip().splitlines()
        say('\n'.join(lines[-TAIL:]))
    say('---')


def results(repository: pathlib.Path, *words: str) -> str:
    """Return what stestr tells of a repository's last run."""
    stestr = pathlib.Path(sys.executable).with_name('stestr')
    return subprocess.run(
        [stestr, '--repo-url', repository, *words],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout


async def tox(
    words: list[str],
    log: pathlib.Path,
    budget: int,
    lane: Lane = Lane.CLOUD,
    variables: Mapping[str, str] | None = None,
) -> tuple[int | None, float]:
    """Run tox into a log file; return its exit code and its seconds."""
    command = [*politely(lane), sys.executable, '-m', 'tox', *words]
    return await execute(command, log, budget, variables)


def politely(lane: Lane) -> list[str]:
    return ['nice', '-n', str(int(lane))]


async def execute(
    command: list[str],
    log: pathlib.Path,
    budget: int,
    variables: Mapping[str, str] | None = None,
) -> tuple[int | None, float]:
    """Run a command into a log file; return its exit code and its seconds."""
    start = time.monotonic()
    with log.open('wb') as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env={**os.environ, 'PATH': path(), **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            await asyncio.wait_for(process.wait(), budget * PATIENCE)
        except TimeoutError:
            say(f'no end after {budget * PATIENCE} s: stopping it')
        finally:
            await stop(process)
    return process.returncode, time.monotonic() - start


async def stop(process: asyncio.subprocess.Process) -> None:
    """End a run that has not ended; give it time to stop its services."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 90)
        except TimeoutError:
            process.kill()
            await process.wait()
        # What tox itself left behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def path() -> str:
    """Return the PATH, and after it where the other interpreters are kept."""
    found = filter(None, map(interpreter, OPTIONAL.values()))
    folders = [os.path.dirname(python) for python in found]
    return os.pathsep.join([os.environ['PATH'], *folders])


@functools.cache
def interpreter(name: str) -> str | None:
    """Return a Python that really starts, on the PATH or kept by pyenv."""
    pyenv = pathlib.Path.home().glob('.pyenv/versions/*/bin')
    folders = [*os.environ['PATH'].split(os.pathsep), *map(str, pyenv)]
    for folder in folders:
        path = shutil.which(name, path=folder)
        if path and starts(path):
            return path
    return None


def starts(path: str) -> bool:
    """A version manager leaves stubs on the PATH for what is not there."""
    done = subprocess.run(
        [path, '--version'], check=False, capture_output=True
    )
    return done.returncode == 0


def show_tail(log: pathlib.Path) -> None:
    lines = log.read_text(errors='replace').splitlines()
    say(f'--- the last lines of {log.relative_to(ROOT)}')
    say('\n'.join(lines[-TAIL:]))
    say('---')


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == '__main__':
    sys.exit(main())
