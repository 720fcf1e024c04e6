# SPDX-License-Identifier: Apache-2.0
"""What a page of the documentation tells its reader to type."""

from collections.abc import Iterator
from dataclasses import dataclass
import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2] / 'doc' / 'source'

NOT_RUN = 'not-run'
# Why commands are not run here, as they stand in `:class: not-run REASON`.
REASONS = {
    'needs-root': 'it changes the machine that it is typed on',
    'needs-a-cloud': 'an OpenStack is there in other stages only',
    'needs-a-window': 'it waits for a person to look at it',
    'needs-time': 'it takes longer than a reader of results would wait',
    'needs-a-build': 'it builds what this very stage builds, or all stages',
    'needs-a-closed-account': 'nobody here has left',
    'needs-an-engine': 'no other subscription engine is here',
    'needs-a-panel': 'no tables of another system are here',
    'needs-a-sender': 'no payment source sends anything here',
    'needs-services': 'a database, broker or mail server of its own',
}
# Languages of blocks that a reader may type, and that are not looked at.
SHELLS = ('bash', 'sh', 'shell', 'shell-session', '')
# These are typed, line by line or block by block, by tests of their own.
RUN_ELSEWHERE = {
    'install/kolla.rst': 'tests/kolla',
    'install/pip.rst': 'tests/install',
    'install/verify.rst': 'tests/install',
}

_DIRECTIVE = re.compile(r'^( *)\.\. code-block:: *(\S*)$')
_OPTION = re.compile(r'^ +:([\w-]+): *(.*)$')
_PROMPT = '$ '


@dataclass(frozen=True)
class Command:
    """What is typed, and what a page says is answered; '' says nothing."""

    typed: str
    answered: str


@dataclass(frozen=True)
class Block:
    """A code block of a page, with what stands in its options."""

    page: str
    line: int
    language: str
    options: dict[str, str]
    text: str

    @property
    def where(self) -> str:
        return f'{self.page}:{self.line}'

    @property
    def classes(self) -> list[str]:
        return self.options.get('class', '').split()

    @property
    def is_run(self) -> bool:
        return self.language == 'console' and NOT_RUN not in self.classes

    @property
    def file(self) -> str | None:
        """The name of the file that the reader is to make of it."""
        caption = self.options.get('caption', '')
        name = caption.strip('`')
        return name if name and self.language != 'console' else None

    def commands(self) -> Iterator[Command]:
        """Each with the lines that it goes on with, and its answer."""
        typed: list[str] = []
        answered: list[str] = []
        for line in self.text.splitlines():
            if line.startswith(_PROMPT):
                if typed:
                    yield _command(typed, answered)
                typed, answered = [line.removeprefix(_PROMPT)], []
            elif typed and typed[-1].endswith('\\') and not answered:
                typed.append(line)
            else:
                answered.append(line)
        if typed:
            yield _command(typed, answered)


def _command(typed: list[str], answered: list[str]) -> Command:
    return Command('\n'.join(typed), '\n'.join(answered))


def names() -> list[str]:
    """All pages, as paths below the documentation's folder."""
    found = ROOT.rglob('*.rst')
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks(page: str) -> Iterator[Block]:
    lines = (ROOT / page).read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines):
        found = _DIRECTIVE.match(line)
        if found:
            indent, language = found.groups()
            inside = [*_inside(lines[number + 1 :], len(indent))]
            options, text = _parted(inside)
            yield Block(page, number + 1, language, options, text)


def _inside(lines: list[str], indent: int) -> Iterator[str]:
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return
        yield line


def _parted(lines: list[str]) -> tuple[dict[str, str], str]:
    options = {}
    for number, line in enumerate(lines):
        found = _OPTION.match(line)
        if not found:
            text = textwrap.dedent('\n'.join(lines[number:]))
            return options, text.strip('\n')
        options[found[1]] = found[2]
    return options, ''
