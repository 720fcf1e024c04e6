#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Change the law in thousands of small ways, and see that a test objects.

Each change that no test of the law notices has to be known, with the reason
why it does no harm, in tests/mutation/survivors.yaml. What was found is kept
in mutants/, so that a run that was ended goes on where it was, and only what
changed is tried again. Run it by `tox -e mutation`.
"""

import argparse
import ast
import collections
from collections.abc import Iterator
from concurrent import futures
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAW = ROOT / 'patrii_billing' / 'domain'
KNOWN = ROOT / 'tests' / 'mutation' / 'survivors.yaml'
LOG = ROOT / '.logs' / 'mutation.log'
MUTANTS = ROOT / 'mutants'
ENVIRONMENT = {**os.environ, 'HYPOTHESIS_PROFILE': 'mutation'}
# The most dangerous first: who may lose a server, then what he owes.
GROUPS = {
    'ladder': (
        'guards', 'dunning', 'steps', 'deadlines', 'draft', 'standing',
        'server', 'span', 'windows', 'policy',
    ),
    'money': (
        'credit', 'money', 'calendar', 'proration', 'invoice', 'pricing',
        'discount', 'tax', 'ledger', 'bounds', 'validity', 'quota', 'usage',
        'metered', 'rated', 'terms', 'steady',
    ),
}  # fmt: skip
# What mutmut keeps of each.
RESULTS = {0: 'survived', 1: 'killed', 33: 'no tests', None: 'not checked'}
SURVIVED = (0, 33)
Change = tuple[str, str, str]  # of a file: what was there, what is instead
Known = collections.Counter[Change]
Kinds = list[re.Pattern[str]]


def main() -> int:
    arguments = parse_arguments()
    files = chosen(arguments.files)
    LOG.parent.mkdir(exist_ok=True)
    start = time.monotonic()
    if not arguments.no_run:
        say(f'{len(files)} files; see {LOG.relative_to(ROOT)}')
        mutate(files, arguments.children, arguments.within)
    unknown = report(files)
    say(f'{time.monotonic() - start:.0f} s, {unknown} unknown survivors')
    return 1 if unknown else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='mutation', description=__doc__)
    parser.add_argument(
        'files', metavar='FILE', nargs='*',
        help='a file of the law, such as dunning, or a group of them: '
        f'{", ".join(GROUPS)} (default: all)',
    )  # fmt: skip
    parser.add_argument(
        '--children', type=int, default=2, help='how many files at a time'
    )
    parser.add_argument(
        '--within', type=float, default=30, metavar='SECONDS',
        help='ask only the quickest tests of a change, which take so long '
        'together: what survives them may not survive all (default: 30; inf: '
        'all tests)',
    )  # fmt: skip
    parser.add_argument(
        '--no-run', action='store_true', help='only tell what is known'
    )
    return parser.parse_args()


def chosen(names: list[str]) -> list[str]:
    known = sorted(
        path.stem for path in LAW.glob('*.py') if path.stem != '__init__'
    )
    dangerous = [name for group in GROUPS.values() for name in group]
    if not names:
        return dangerous + [name for name in known if name not in dangerous]
    found: list[str] = []
    for name in names:
        found += GROUPS.get(name, (name,))
    for name in found:
        if name not in known:
            raise SystemExit(f'{name} is no file of the law')
    return found


def mutate(files: list[str], children: int, within: float) -> None:
    """Make the changes and ask the tests, of the most dangerous files first.

    mutmut only makes them, and finds out which tests run which function; it
    is asked for one that there is not, so that it tries none.
    """
    # Of a function that was changed, tests of the same name may be others.
    (MUTANTS / 'mutmut-stats.json').unlink(missing_ok=True)
    with LOG.open('ab') as log:
        subprocess.run(
            [sys.executable, '-m', 'mutmut', 'run', 'none'],
            cwd=ROOT, env=ENVIRONMENT, check=False,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    for name in files:
        if not meta(name).exists():
            raise SystemExit(f'mutmut made no changes, see {LOG}')
    with futures.ThreadPoolExecutor(children) as pool:
        done = pool.map(lambda name: judged(name, within), files)
        if any(done):
            raise SystemExit('the tests could not be asked')


def judged(name: str, within: float) -> int:
    words = ['-m', 'tests.mutation.judge', '--within', str(within), name]
    return subprocess.run(
        [sys.executable, *words], cwd=MUTANTS, env=ENVIRONMENT, check=False
    ).returncode


def meta(name: str) -> pathlib.Path:
    return MUTANTS / 'patrii_billing' / 'domain' / f'{name}.py.meta'


def report(files: list[str]) -> int:
    """Tell of each file how it went; how many survivors are unknown."""
    known, kinds = read_known()
    unknown = 0
    for name in files:
        codes: dict[str, int | None] = json.loads(meta(name).read_text())[
            'exit_code_by_key'
        ]
        counts = collections.Counter(
            RESULTS.get(code, 'timeout') for code in codes.values()
        )
        living = [one for one, code in codes.items() if code in SURVIVED]
        found = collections.Counter(changes(name, living))
        new = found - known
        for one in list(new):
            if any(kind.search(' -> '.join(one[1:])) for kind in kinds):
                del new[one]
        unknown += new.total()
        say(
            f'{name}: {len(codes)} changes, '
            + ', '.join(f'{count} {kind}' for kind, count in counts.items())
            + f'; {found.total() - new.total()} known'
        )
        for _, was, now in new.elements():
            say(f'  - {was}\n  + {now}')
        for gone in (known - found).elements():
            if 'not checked' not in counts and gone[0] == name:
                say(f'  no longer survives: {gone[1]!r} as {gone[2]!r}')
    return unknown


def read_known() -> tuple[Known, Kinds]:
    """Each change that is known, and what any of a kind looks like."""
    entries: list[dict[str, Any]] = yaml.safe_load(KNOWN.read_text()) or []
    known: Known = collections.Counter()
    kinds: Kinds = []
    for entry in entries:
        if not entry['why'].strip():
            raise SystemExit(f'no reason is given for {entry}')
        if 'anywhere' in entry:
            kinds.append(re.compile(entry['anywhere']))
        for one in entry.get('changes', ()):
            key = entry['file'], one['was'], one['now']
            known[key] += one.get('times', 1)
    return known, kinds


def changes(name: str, mutants: list[str]) -> Iterator[Change]:
    """What each does, without what an edit elsewhere would change."""
    source = meta(name).with_suffix('').read_text()
    lines = source.splitlines()
    functions = {
        node.name: lines[node.lineno - 1 : node.end_lineno]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }
    for mutant in mutants:
        changed = mutant.rpartition('.')[2]
        whole = changed.rpartition('__mutmut_')[0] + '__mutmut_orig'
        before = [line.replace(whole, '') for line in functions[whole]]
        after = [line.replace(changed, '') for line in functions[changed]]
        diff = list(difflib.unified_diff(before, after, n=0))[2:]
        yield name, _side(diff, '-'), _side(diff, '+')


def _side(lines: list[str], sign: str) -> str:
    return ' '.join(line[1:].strip() for line in lines if line[0] == sign)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == '__main__':
    sys.exit(main())
