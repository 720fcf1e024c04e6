# SPDX-License-Identifier: Apache-2.0
"""What was found of an installation, a line for each thing in it."""

from collections.abc import Iterator
from dataclasses import dataclass
import enum


class Mark(enum.StrEnum):
    """How a thing stands."""

    OK = 'ok'  # it was tried
    EXISTS = 'exists'
    MADE = 'made'
    CHANGED = 'changed'
    WOULD_MAKE = 'would make'  # in a dry run
    WOULD_CHANGE = 'would change'
    NOTE = 'note'  # nothing is wrong, and something is to be known
    WRONG = 'WRONG'


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing; where it is wrong, `text` says what to change where."""

    mark: Mark
    text: str

    def __str__(self) -> str:
        return f'{self.mark:<13}{self.text}'


# A step of an inspection: what it finds, in order.
Findings = Iterator[Finding]


def ok(text: str) -> Finding:
    return Finding(Mark.OK, text)


def exists(text: str) -> Finding:
    return Finding(Mark.EXISTS, text)


def note(text: str) -> Finding:
    return Finding(Mark.NOTE, text)


def wrong(text: str) -> Finding:
    return Finding(Mark.WRONG, text)


def made(text: str, dry_run: bool) -> Finding:
    return Finding(Mark.WOULD_MAKE if dry_run else Mark.MADE, text)


def changed(text: str, dry_run: bool) -> Finding:
    return Finding(Mark.WOULD_CHANGE if dry_run else Mark.CHANGED, text)
