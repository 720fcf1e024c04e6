# SPDX-License-Identifier: Apache-2.0
"""A strict reader of YAML documents that knows the line of every key."""

from collections.abc import Callable
from collections.abc import Iterator
import datetime as dt
import decimal
from typing import Any, TypeVar

import yaml

from patrii_billing.domain import money
from patrii_billing import errors

T = TypeVar('T')


class Node:
    """One value of a document with the place it stands at."""

    def __init__(self, node: yaml.Node, source: str, path: str) -> None:
        self._node = node
        self._source = source
        self._path = path

    @property
    def where(self) -> str:
        line = self._node.start_mark.line + 1
        return f'{self._source}:{line}' + (
            f': {self._path}' * bool(self._path)
        )

    def wrong(self, reason: str) -> errors.InvalidInput:
        return errors.InvalidInput(reason, self.where)

    def fields(self, known: set[str]) -> dict[str, 'Node']:
        """The mapping's values by key. Raises InvalidInput."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong('must be a mapping')
        found: dict[str, Node] = {}
        for key, value in self._node.value:
            name = str(key.value)
            path = f'{self._path}.{name}' if self._path else name
            at = Node(key, self._source, path)
            if name not in known:
                raise at.wrong('unknown key')
            if name in found:
                raise at.wrong('given twice')
            found[name] = Node(value, self._source, path)
        return found

    def keys(self) -> list[str]:
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong('must be a mapping')
        return [str(key.value) for key, _ in self._node.value]

    def items(self) -> Iterator['Node']:
        """The list's entries. Raises InvalidInput."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong('must be a list')
        for number, node in enumerate(self._node.value):
            yield Node(node, self._source, f'{self._path}[{number}]')

    def text(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.wrong('must be a text')
        return str(self._node.value)

    def value(self) -> Any:
        """The plain value, as YAML's safe loader gives it."""
        return yaml.safe_load(yaml.serialize(self._node))

    def integer(self) -> int:
        return self._read(int, 'a whole number')

    def flag(self) -> bool:
        if self.text() not in ('true', 'false'):
            raise self.wrong('must be true or false')
        return self.text() == 'true'

    def day(self) -> dt.date:
        return self._read(dt.date.fromisoformat, 'a date such as 2026-01-31')

    def instant(self) -> dt.datetime:
        """An instant with its offset, as UTC."""
        read = self._read(
            dt.datetime.fromisoformat,
            'an instant such as 2026-01-31T00:00:00Z',
        )
        if read.tzinfo is None:
            raise self.wrong('needs an offset, such as Z')
        return read.astimezone(dt.UTC)

    def decimal(self) -> decimal.Decimal:
        """An exact decimal written as text. Raises InvalidInput."""
        if isinstance(self._node, yaml.ScalarNode) and (
            self._node.tag == 'tag:yaml.org,2002:float'
        ):
            raise self.wrong('must be a text in quotes, such as "10.00"')
        return money.decimal(self.text(), self.where)

    def _read(self, read: Callable[[str], T], form: str) -> T:
        try:
            return read(self.text())
        except ValueError:
            raise self.wrong(f'{self.text()!r} is not {form}') from None


def document(text: str, source: str) -> Node:
    """The document's root. Raises InvalidInput with the line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, 'problem', None) or 'not YAML'
        raise errors.InvalidInput(problem, f'{source}:{line}') from None
    if node is None:
        raise errors.InvalidInput('is empty', f'{source}:1')
    return Node(node, source, '')
