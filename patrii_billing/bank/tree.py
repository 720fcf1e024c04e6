# SPDX-License-Identifier: Apache-2.0
"""Elements of an XML document one after the other, each with its line.

Straight on expat, which the standard library's own trees hide: they lose the
lines. A document type is refused, so that there are no entities to expand or
to fetch, and no statement needs one.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from xml.parsers import expat

from patrii_billing import errors

_DEEPEST = 100


@dataclass(slots=True)
class Element:
    """An element by its local name; `text` is what stands in it itself."""

    name: str
    line: int
    attributes: dict[str, str]
    namespace: str = ''
    text: str = ''
    children: list['Element'] = field(default_factory=list)

    def all(self, path: str) -> list['Element']:
        """The elements at a path such as 'RmtInf/Ustrd', in order."""
        found = [self]
        for name in path.split('/'):
            found = [
                child
                for one in found
                for child in one.children
                if child.name == name
            ]
        return found

    def first(self, *paths: str) -> 'Element | None':
        """The first element at any of the paths, tried in order."""
        for path in paths:
            for one in self.all(path):
                return one
        return None

    def said(self, *paths: str) -> str:
        """The text of the first element at any of the paths, or none."""
        one = self.first(*paths)
        return '' if one is None else one.text


def read(
    chunks: Iterable[bytes], source: str, kept: Mapping[str, int]
) -> Iterator[Element]:
    """Each complete element of a kept name and depth, and at last the root.

    The root's depth is 0. What was given is forgotten, so that a file of any
    size can be read. Raises InvalidInput naming the line of what is not XML.
    """
    reader = _Reader(source, kept)
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.feed(b'', last=True)


class _Reader:
    def __init__(self, source: str, kept: Mapping[str, int]) -> None:
        self._source = source
        self._kept = kept
        self._open: list[Element] = []
        self._done: list[Element] = []
        parser = expat.ParserCreate(namespace_separator='}')
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    def feed(self, chunk: bytes, last: bool = False) -> list[Element]:
        self._done = []
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise self._wrong(error.lineno, f'not XML: {reason}') from None
        except (LookupError, ValueError) as error:
            # In an encoding that Python has not, or not a byte at a time.
            line = self._parser.CurrentLineNumber
            raise self._wrong(line, f'cannot be read: {error}') from None
        return self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition('}')
        line = self._parser.CurrentLineNumber
        if len(self._open) == _DEEPEST:
            raise self._wrong(line, 'elements are nested too deep')
        element = Element(local, line, attributes, namespace)
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()
        if not self._open:
            self._done.append(element)
        elif self._kept.get(element.name) == len(self._open):
            self._done.append(self._open[-1].children.pop())

    def _said(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, *_args: object) -> None:
        line = self._parser.CurrentLineNumber
        raise self._wrong(line, 'a document type is not allowed')

    def _wrong(self, line: int, reason: str) -> errors.InvalidInput:
        return errors.InvalidInput(reason, f'{self._source}:{line}')
