# SPDX-License-Identifier: Apache-2.0
"""The commands of a page of the documentation, as somebody copies them."""

from collections.abc import Iterator
from dataclasses import dataclass
import pathlib
import re
import textwrap

_BLOCK = re.compile(
    r'^(?P<indent> *)\.\. code-block:: console\n'
    r'(?P<options>(?:(?P=indent) +:.*\n)*)\n'
    r'(?P<commands>(?:(?P=indent) +.*\n|\n)+)',
    re.M,
)
_PROMPT = re.compile(r'^\$ ', re.M)
_HEADING = re.compile(r'^(.+)\n=+$', re.M)


@dataclass(frozen=True)
class Block:
    """:ivar under: the heading that it stands under"""

    under: str
    commands: str
    is_run: bool


def blocks(path: pathlib.Path) -> Iterator[Block]:
    text = path.read_text()
    for found in _BLOCK.finditer(text):
        headings = _HEADING.findall(text[: found.start()])
        yield Block(
            headings[-1],
            _PROMPT.sub('', textwrap.dedent(found['commands'])).strip(),
            ':class: not-run ' not in found['options'],
        )
