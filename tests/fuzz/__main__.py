# SPDX-License-Identifier: Apache-2.0
"""Fuzz what reads from outside, guided by the code that an input reaches.

Each target has its share of the time and a folder of inputs that is kept, so
that a later run goes on from there. An input that breaks something is kept
beside it, and is read again by --replay.
"""

import argparse
from collections.abc import Mapping
import contextlib
import hashlib
import io
import os
import pathlib
import re
import sys
import time
from typing import Any

import atheris

_ROOT = pathlib.Path(__file__).parents[2]
_NAMES = (
    'notification', 'sample', 'webhook', 'scenario', 'import', 'statement',
    'bounce', 'quote',
)  # fmt: skip
# What reads: the books behind it are only asked. Also, atheris never frees
# what a comparison that it watches gives, and columns give expressions.
_READERS = [
    f'patrii_billing.{name}'
    for name in (
        'bank', 'domain', 'engine.admitting', 'engine.importing',
        'engine.reported', 'engine.webhooks', 'intake', 'mail.bounces',
        'simulation.reading', 'strict_yaml',
    )
]  # fmt: skip
# Of what takes more, somebody could make many: seconds of the processor, MiB.
_SLOWEST = 3
_MEMORY = 2048
# By the clock, on a machine that has other work: it hangs.
_HANGS = 60
_LONGEST = 20_000


def main() -> int:
    given = _arguments()
    if given.replay:
        return _replay(given.targets[0], given.replay)
    given.corpus.mkdir(parents=True, exist_ok=True)
    known = _load()
    broken = [name for name in given.targets if _broke(name, given, known)]
    return 1 if broken else 0


def _load() -> Mapping[str, Any]:
    """All targets; what they are made of tells which way it was run."""
    with (
        contextlib.redirect_stderr(io.StringIO()),
        atheris.instrument_imports(['patrii_billing'], _not_readers()),
    ):
        from tests.fuzz import targets
    return targets.TARGETS


def _not_readers() -> list[str]:
    """All others, by name: atheris takes packages in and modules out."""
    names = [
        '.'.join(path.relative_to(_ROOT).with_suffix('').parts)
        for path in (_ROOT / 'patrii_billing').rglob('*.py')
    ]
    return [
        name.removesuffix('.__init__')
        for name in names
        if not f'{name}.'.startswith(tuple(f'{one}.' for one in _READERS))
    ]


def _broke(
    name: str, given: argparse.Namespace, known: Mapping[str, Any]
) -> bool:
    """Fuzz in a process of its own, which libFuzzer ends."""
    seconds = given.seconds / len(given.targets)
    log = given.corpus / f'{name}.log'
    child = os.fork()
    if not child:
        with log.open('wb') as said:
            os.dup2(said.fileno(), sys.stdout.fileno())
            os.dup2(said.fileno(), sys.stderr.fileno())
        _fuzz(name, known[name], given.corpus, seconds)
    _, status = os.waitpid(child, 0)
    lines = log.read_text(errors='replace').splitlines()
    tried = re.findall(r'^#\d+\s.*', '\n'.join(lines), re.M)
    print(
        f'{name}: {"BROKEN" if status else "nothing broke"} in '
        f'{seconds:.0f} s, {tried[-1] if tried else "nothing was tried"}',
        flush=True,
    )
    if status:
        print(*lines[-60:], sep='\n', flush=True)
    return bool(status) or not tried


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='tests.fuzz', description=__doc__)
    parser.add_argument(
        'targets', nargs='*', metavar='TARGET', help=f'of {", ".join(_NAMES)}'
    )
    parser.add_argument(
        '--seconds', type=float, default=60, help='for all of them together'
    )
    parser.add_argument(
        '--corpus', type=pathlib.Path, default=_ROOT / '.fuzz',
        help='where inputs are kept (default: .fuzz)',
    )  # fmt: skip
    parser.add_argument(
        '--replay', type=pathlib.Path, help='only read this input, once'
    )
    given = parser.parse_args()
    given.targets = given.targets or list(_NAMES)
    for name in given.targets:
        if name not in _NAMES:
            parser.error(f'no target {name}: choose from {", ".join(_NAMES)}')
    return given


def _fuzz(
    name: str, target: Any, corpus: pathlib.Path, seconds: float
) -> None:
    folder = corpus / name
    folder.mkdir(exist_ok=True)
    for seed in target.seeds():
        # What is made at the first use counts to no input.
        target.check(seed)
        digest = hashlib.sha256(seed).hexdigest()[:16]
        (folder / digest).write_bytes(seed)

    def check(data: bytes) -> None:
        start = time.process_time()
        target.check(data)
        taken = time.process_time() - start
        assert taken < _SLOWEST, f'it takes {taken:.1f} s'

    def change(data: bytes, most: int, seed: int) -> bytes:
        changed: bytes = target.change(data, most, seed, atheris.Mutate)
        return changed

    atheris.Setup(
        [
            name, str(folder), f'-max_total_time={max(1, int(seconds))}',
            f'-artifact_prefix={corpus}/{name}-', f'-timeout={_HANGS}',
            f'-rss_limit_mb={_MEMORY}', f'-max_len={_LONGEST}',
        ],
        check,
        custom_mutator=change,
    )  # fmt: skip
    atheris.Fuzz()


def _replay(name: str, path: pathlib.Path) -> int:
    from tests.fuzz import targets

    targets.TARGETS[name].check(path.read_bytes())
    print('nothing broke')
    return 0


if __name__ == '__main__':
    sys.exit(main())
