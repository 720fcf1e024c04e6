# SPDX-License-Identifier: Apache-2.0
"""One entry of a document: its fields are taken, its mistakes are kept."""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import difflib
import functools
from typing import Any, TypeVar

from patrii_billing.domain import policy as policies
from patrii_billing.engine.importing import fields
from patrii_billing import errors
from patrii_billing import strict_yaml

Node = strict_yaml.Node
T = TypeVar('T')


class Entry:
    """A mapping whose fields are taken one by one, mistakes being kept.

    What is not there, or is wrong, is taken as None.
    """

    def __init__(
        self, node: Node, mistakes: list[errors.InvalidInput]
    ) -> None:
        self.node = node
        self.mistakes = mistakes
        self.sound = True
        self._keys: dict[str, Node] = {}
        self._fields: dict[str, Node] = {}
        self._taken: list[str] = []
        try:
            for name, key, value in node.pairs():
                if name in self._keys:
                    self.refuse(key.wrong('given twice'))
                self._keys[name] = key
                self._fields[name] = value
        except errors.InvalidInput as error:
            self.refuse(error)

    def wrong(self, reason: str, name: str = '') -> errors.InvalidInput:
        """What is wrong with the entry, or with a field of it.

        The name may be a path, as `tiers[0].up_to`.
        """
        return self.node.follow(name).wrong(reason)

    def says(self, name: str) -> bool:
        return name in self._fields

    def refuse(self, error: errors.InvalidInput) -> None:
        self.mistakes.append(error)
        self.sound = False

    def needs(self, name: str, read: Callable[[Node], Any]) -> Any:
        """A field that must be there."""
        if name not in self._fields and self.node.is_mapping():
            self.refuse(self.wrong(f'{name} is missing'))
        return self.takes(name, read)

    def takes(self, name: str, read: Callable[[Node], Any]) -> Any:
        """A field that may be there."""
        self._taken.append(name)
        if name not in self._fields:
            return None
        node = self._fields[name]
        try:
            return read(node)
        except errors.InvalidInput as error:
            # The law names the field, the document names its line, too.
            placed = node.holds(error.where)
            self.refuse(error if placed else node.wrong(error.reason))
            return None

    def list(self, name: str) -> list[Node]:
        return self.takes(name, lambda node: list(node.items())) or []

    def policy(self) -> dict[str, Any] | None:
        """A policy as it is written; each key is one the law can read."""
        node = self.takes('policy', lambda node: node)
        if node is None:
            return None
        inner = Entry(node, self.mistakes)
        read = {
            each.name: inner.takes(
                each.name, functools.partial(_term, each.name)
            )
            for each in dataclasses.fields(policies.Policy)
        }
        if not inner.close():
            self.sound = False
        return fields.without_none(read)

    def close(self) -> bool:
        """Refuse what nobody took; whether the whole entry is sound."""
        for name in self._keys.keys() - set(self._taken):
            near = difflib.get_close_matches(name, self._taken, 1)
            hint = f', did you mean {near[0]}?' if near else ''
            self.refuse(self._keys[name].wrong(f'unknown key{hint}'))
        return self.sound


def of_body(
    body: Mapping[str, Any], read: Callable[[Entry], T | None]
) -> T:
    """What is read of a body that came as JSON.

    Raises InvalidDocument with all that is wrong with it, by path.
    """
    mistakes: list[errors.InvalidInput] = []
    found = read(Entry(strict_yaml.plain(body), mistakes))
    if mistakes or found is None:
        raise errors.InvalidDocument(mistakes)
    return found


def patched(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Objects merged, null taking a field away (RFC 7396).

    Lists are replaced; null in an object of one is as if it were not said.
    """
    merged = {**old, **new}
    for name, value in new.items():
        if isinstance(value, Mapping):
            under = old.get(name)
            under = under if isinstance(under, Mapping) else {}
            merged[name] = patched(under, value)
        elif isinstance(value, list):
            merged[name] = [
                patched({}, each) if isinstance(each, Mapping) else each
                for each in value
            ]
        elif value is None:
            del merged[name]
    return merged


def line_of(mistake: errors.InvalidInput, source: str) -> int:
    """The line of a document of that name on which a mistake stands."""
    place = mistake.where.removeprefix(f'{source}:')
    return int(place.partition(':')[0])


def _term(name: str, node: Node) -> Any:
    """One term of a policy, with dates as the texts that the books keep."""
    value = fields.plain(node)
    policies.Policy().reading({name: value}).demand_time()
    return value
