# SPDX-License-Identifier: Apache-2.0
"""A document for the import, written line by line, each with its origin.

So that a mistake which the import finds is told by the file, the line and
the column that it came from.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import json
import re
from typing import Any

from patrii_billing import errors


class Cell:
    """A value and the place it came from."""

    __slots__ = ('place', 'value')

    def __init__(self, value: Any, place: str) -> None:
        self.value, self.place = value, place


class Written:
    """The document, as YAML that may also be read and edited by people."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines: list[str] = []
        self._places: list[str] = []

    @property
    def text(self) -> str:
        return ''.join(f'{line}\n' for line in self._lines)

    def add(self, name: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """A list of mappings at the root."""
        if entries:
            self._line(f'{name}:', '')
            for entry in entries:
                self._entry(entry, 2)

    def blamed(
        self, mistakes: Sequence[errors.InvalidInput]
    ) -> list[errors.InvalidInput]:
        """Mistakes of the document, each at the place it came from."""
        return [self._blamed(each) for each in mistakes]

    def _blamed(self, mistake: errors.InvalidInput) -> errors.InvalidInput:
        where = mistake.where.removeprefix(f'{self.source}:')
        line = re.match('[0-9]+', where)
        place = self._places[int(line[0]) - 1] if line else ''
        return errors.InvalidInput(mistake.reason, place or mistake.where)

    def _entry(self, entry: Mapping[str, Any], indent: int) -> None:
        lead = ' ' * (indent - 2) + '- '
        for name, value in entry.items():
            self._value(f'{lead}{name}:', value, indent + 2)
            lead = ' ' * indent

    def _value(self, head: str, value: Any, indent: int) -> None:
        place = ''
        if isinstance(value, Cell):
            value, place = value.value, value.place
        if isinstance(value, Mapping):
            self._line(head, place)
            for name, inner in value.items():
                self._value(f'{" " * indent}{name}:', inner, indent + 2)
        elif isinstance(value, list) and any(_deep(value)):
            self._line(head, place)
            for each in value:
                self._entry(each, indent + 2)
        else:
            self._line(f'{head} {_scalar(value)}', place)

    def _line(self, text: str, place: str) -> None:
        self._lines.append(text)
        self._places.append(place)


def _deep(values: Sequence[Any]) -> Iterator[bool]:
    return (isinstance(each, Mapping) for each in values)


def _scalar(value: Any) -> str:
    """As JSON has it, which YAML reads in any case."""
    return json.dumps(value, ensure_ascii=False, default=str)
