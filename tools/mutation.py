#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Change the law in thousands of small ways, and see that a test objects.

Each change that no test of the law notices has to be known, with the reason
why it does no harm, in tests/mutation/survivors.yaml. What was found is kept
in mutants/, so that a run that was ended goes on where it was, and only what
changed is tried again. Run it by `tox -e mutation`.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAW = ROOT / 'patrii_billing' / 'domain'
KNOWN = ROOT / 'tests' / 'mutation' / 'survivors.yaml'
LOG = ROOT / '.logs' / 'mutation.log'
# The most dangerous first: who may lose a server, then what he owes.
GROUPS = {
    'ladder': (
        'guards', 'dunning', 'steps', 'deadlines', 'draft', 'standing',
        'server', 'span', 'windows', 'policy',
    ),
    'money': (
        'credit', 'money', 'calendar', 'proration', 'invoice', 'pricing',
        'discount', 'tax', 'ledger', 'bounds', 'validity', 'quota', 'usage',
        'metered', 'terms',
    ),
}  # fmt: skip
SURVIVED = ('survived', 'no tests')
Change = tuple[str, str, str]  # of a file: what was there, what is instead


def main() -> int:
    arguments = parse_arguments()
    files = chosen(arguments.files)
    LOG.parent.mkdir(exist_ok=True)
    start = time.monotonic()
    if not arguments.no_run:
        say(f'{len(files)} files; see {LOG.relative_to(ROOT)}')
        mutate(files, arguments.children)
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
    parser.add_argument('--children', default='2', help='how many at a time')
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


def mutate(files: list[str], children: str) -> None:
    """One group at a time, so that the dangerous ones are known first.

    What is killed is left alone. What changed since is known only after the
    first round, and tried in the second.
    """
    grouped = {name for group in GROUPS.values() for name in group}
    rest = [name for name in files if name not in grouped]
    for group in (*GROUPS.values(), rest):
        part = [name for name in files if name in group]
        try_again = ('not checked', 'timeout', 'suspicious', *SURVIVED)
        for kinds in (try_again, ('not checked',)) if part else ():
            names = tried(part, kinds)
            if not names:
                break
            say(f'{len(names)} to try: {", ".join(part)}')
            with LOG.open('ab') as log:
                mutmut('run', '--max-children', children, *names, stdout=log)


def tried(files: list[str], kinds: tuple[str, ...]) -> list[str]:
    """The changes of files with such a result; whole files at first."""
    found = results() if (ROOT / 'mutants').exists() else {}
    return [
        name
        for file in files
        for name in (
            [one for kind in kinds for one in found[file].get(kind, ())]
            if file in found
            else [f'patrii_billing.domain.{file}.*']
        )
    ]


def results() -> dict[str, dict[str, list[str]]]:
    """The changes of each file, by what came of them."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in mutmut('results', '--all', 'true').splitlines():
        mutant, _, result = line.strip().rpartition(': ')
        if mutant:
            by_result = found.setdefault(mutant.split('.')[2], {})
            by_result.setdefault(result, []).append(mutant)
    return found


def report(files: list[str]) -> int:
    """Tell of each file how it went; how many survivors are unknown."""
    known = read_known()
    found = results()
    unknown = 0
    for name in files:
        by_result = found.get(name, {})
        living = [one for kind in SURVIVED for one in by_result.get(kind, ())]
        changes = collections.Counter(change(name, one) for one in living)
        new = changes - known
        unknown += new.total()
        counts = {kind: len(each) for kind, each in by_result.items()}
        say(
            f'{name}: {sum(counts.values())} changes, '
            + ', '.join(f'{count} {kind}' for kind, count in counts.items())
            + f'; {changes.total() - new.total()} known'
        )
        for _, was, now in new.elements():
            say(f'  - {was}\n  + {now}')
        for gone in (known - changes).elements():
            if 'not checked' not in counts and gone[0] == name:
                say(f'  no longer survives: {gone[1]!r} as {gone[2]!r}')
    return unknown


def read_known() -> 'collections.Counter[Change]':
    entries: list[dict[str, Any]] = yaml.safe_load(KNOWN.read_text()) or []
    known: collections.Counter[Change] = collections.Counter()
    for entry in entries:
        if not entry['why'].strip():
            raise SystemExit(f'no reason is given for {entry}')
        for one in entry['changes']:
            key = entry['file'], one['was'], one['now']
            known[key] += one.get('times', 1)
    return known


def change(name: str, mutant: str) -> Change:
    """What a mutant does, without what an edit elsewhere would change."""
    lines = mutmut('show', mutant).splitlines()
    return name, _side(lines, '-'), _side(lines, '+')


def _side(lines: list[str], sign: str) -> str:
    return ' '.join(
        line[1:].strip()
        for line in lines
        if line.startswith(sign) and not line.startswith(sign * 3)
    )


def mutmut(*words: str, stdout: Any = subprocess.PIPE) -> str:
    done = subprocess.run(
        [sys.executable, '-m', 'mutmut', *words],
        cwd=ROOT,
        env={**os.environ, 'HYPOTHESIS_PROFILE': 'mutation'},
        stdout=stdout,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode and words[0] != 'run':
        raise SystemExit(done.stdout)
    return done.stdout or ''


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == '__main__':
    sys.exit(main())
