# SPDX-License-Identifier: Apache-2.0
"""YAML documents that people write, read strictly, with the line of all.

What came as JSON is read the same way; its places are paths without lines.
"""

from collections.abc import Callable
from collections.abc import Iterator
import datetime as dt
import decimal
import re
from typing import Any, TypeVar

import yaml

from patrii_billing.domain import money
from patrii_billing import errors

T = TypeVar('T')

_TAG = 'tag:yaml.org,2002:'
_PART = re.compile(r'\[([0-9]+)\]|\.?([^.\[]+)')
_DAY = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')


class Node:
    """One value of a document with the place it stands at.

    What it is read as is what the reader asks for, not what YAML guesses:
    `no` is a text where a text is asked for. All methods that read raise
    InvalidInput whose `where` is 'FILE:LINE: PATH', or without a source PATH.
    """

    def __init__(self, node: yaml.Node, source: str, path: str = '') -> None:
        self._node = node
        self.source = source
        self._path = path

    @property
    def line(self) -> int:
        return self._node.start_mark.line + 1

    @property
    def where(self) -> str:
        place = f'{self.source}:{self.line}' if self.source else ''
        return ': '.join(part for part in (place, self._path) if part)

    def holds(self, where: str) -> bool:
        """Whether a place is one of this value's, as far as one can tell."""
        return where.startswith(
            f'{self.source}:' if self.source else self._path
        )

    def wrong(self, reason: str) -> errors.InvalidInput:
        return errors.InvalidInput(reason, self.where)

    def pairs(self) -> Iterator[tuple[str, 'Node', 'Node']]:
        """(name, key, value) of a mapping, in the order of the document."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong('must be a mapping')
        for key, value in self._node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.wrong('has a key that is no text')
            path = f'{self._path}.{key.value}' if self._path else key.value
            yield (
                key.value,
                Node(key, self.source, path),
                Node(value, self.source, path),
            )

    def keys(self) -> list[str]:
        return [name for name, _, _ in self.pairs()]

    def fields(self, known: set[str]) -> dict[str, 'Node']:
        """The mapping's values by key; none but the known, and none twice."""
        found: dict[str, Node] = {}
        for name, key, value in self.pairs():
            if name not in known:
                raise key.wrong('unknown key')
            if name in found:
                raise key.wrong('given twice')
            found[name] = value
        return found

    def items(self) -> Iterator['Node']:
        """The entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong('must be a list')
        for number, node in enumerate(self._node.value):
            yield Node(node, self.source, f'{self._path}[{number}]')

    def follow(self, path: str) -> 'Node':
        """The value at a path such as `[0].rate`, as far as there is one."""
        node = self
        for index, name in _PART.findall(path):
            try:
                if index:
                    node = list(node.items())[int(index)]
                else:
                    node = {key: each for key, _, each in node.pairs()}[name]
            except (errors.InvalidInput, LookupError):
                break
        return node

    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def text(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.wrong('must be a text')
        if self._node.tag == f'{_TAG}null':
            raise self.wrong('is empty')
        return str(self._node.value)

    def value(self) -> Any:
        """The plain value, as YAML's safe loader gives it."""
        try:
            return yaml.safe_load(yaml.serialize(self._node))
        except (yaml.YAMLError, ValueError) as error:
            raise self.wrong(str(error).splitlines()[0]) from None
        except (LookupError, AttributeError, TypeError):
            # Of a tag that the text does not fit, such as !!int "".
            raise self.wrong('is not what its tag says') from None

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

    def is_day(self) -> bool:
        """Whether it looks like a date without a time."""
        return _DAY.fullmatch(self.text()) is not None

    def exact(self) -> str:
        """A decimal number in a text; a number of YAML may be a float."""
        if isinstance(self._node, yaml.ScalarNode) and (
            self._node.tag == f'{_TAG}float'
        ):
            raise self.wrong('must be a text in quotes, such as "10.00"')
        return self.text()

    def decimal(self) -> decimal.Decimal:
        return money.decimal(self.exact(), self.where)

    def _read(self, read: Callable[[str], T], form: str) -> T:
        try:
            return read(self.text())
        except (ValueError, OverflowError):
            raise self.wrong(f'{self.text()[:40]!r} is not {form}') from None


def document(text: str | bytes, source: str) -> Node:
    """The root of a document; `source` names it in what is said of it.

    Raises InvalidInput for what is not YAML.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, 'problem', None) or 'this is not YAML'
        raise errors.InvalidInput(problem, f'{source}:{line}') from None
    except RecursionError:
        raise errors.InvalidInput('is nested too deeply', source) from None
    if node is None:
        raise errors.InvalidInput('is empty', f'{source}:1')
    return Node(node, source)


def plain(value: Any) -> Node:
    """The root of what came as JSON."""
    read = yaml.representer.SafeRepresenter(sort_keys=False)
    return Node(read.represent_data(value), '')
