# SPDX-License-Identifier: Apache-2.0
"""How a panel writes its tables, as an operator says it: YAML, strictly."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import functools
import pathlib
from typing import Any

from patrii_billing import errors
from patrii_billing import strict_yaml

Node = strict_yaml.Node

_SHIPPED = pathlib.Path(__file__).parent / 'whmcs.yaml'
_TEXTS = ('encoding', 'delimiter', 'decimal')
_LISTS = ('dates', 'none')
_PAIRS = ('currencies', 'languages', 'projects', 'plans', 'cycles')
_TABLES = ('clients', 'services', 'invoices', 'payments')
_TAKEN = frozenset({'clients', 'services', 'invoices'})


@dataclass(frozen=True, slots=True)
class Table:
    """A file and its columns; `taken` are the states that matter."""

    file: str
    columns: Mapping[str, Sequence[str]]
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Layout:
    """All that differs from panel to panel; `dates` are of strptime."""

    encoding: str
    delimiter: str
    decimal: str
    dates: Sequence[str]
    none: frozenset[str]
    currencies: Mapping[str, str]
    languages: Mapping[str, str]
    projects: Mapping[str, str]
    plans: Mapping[str, str]
    cycles: Mapping[str, str]
    tables: Mapping[str, Table] = field(default_factory=dict)


@functools.cache
def shipped() -> Layout:
    """The map of the package."""
    return _read(_SHIPPED.read_bytes(), _SHIPPED.name, None)


def read(text: str | bytes, source: str) -> Layout:
    """A map of one's own, over that of the package. Raises InvalidInput."""
    return _read(text, source, shipped())


def _read(text: str | bytes, source: str, base: Layout | None) -> Layout:
    root = strict_yaml.document(text, source)
    found = root.fields({*_TEXTS, *_LISTS, *_PAIRS, *_TABLES})
    said: dict[str, Any] = {}
    for name in _TEXTS:
        said[name] = _over(found, name, base, Node.text)
    for name in _LISTS:
        said[name] = _over(found, name, base, _texts)
    said['none'] = frozenset(said['none'])
    for name in _PAIRS:
        under = getattr(base, name) if base is not None else {}
        given = _pairs(found[name]) if name in found else {}
        said[name] = {**under, **given}
    if said['decimal'] not in ('.', ','):
        raise found['decimal'].wrong('must be . or ,')
    if len(said['delimiter']) > 1:
        raise found['delimiter'].wrong('must be one character')
    tables = {
        name: _table(found.get(name), name, base) for name in _TABLES
    }
    return Layout(**said, tables=tables)


def _over(
    found: Mapping[str, Node], name: str, base: Layout | None, read: Any
) -> Any:
    if name in found:
        return read(found[name])
    if base is None:
        raise errors.InvalidInput(f'{name} is missing', _SHIPPED.name)
    return getattr(base, name)


def _texts(node: Node) -> list[str]:
    return [each.text() for each in node.items()]


def _pairs(node: Node) -> dict[str, str]:
    return {name: value.text() for name, _, value in node.pairs()}


def _table(node: Node | None, name: str, base: Layout | None) -> Table:
    under = base.tables[name] if base is not None else None
    if node is None:
        assert under is not None  # noqa: S101 - the package names them all
        return under
    known = {'file', 'columns'} | ({'taken'} if name in _TAKEN else set())
    said = node.fields(known)
    file = said['file'].text() if 'file' in said else ''
    taken = frozenset(_texts(said['taken'])) if 'taken' in said else None
    columns = dict(under.columns) if under is not None else {}
    if 'columns' in said:
        for field_, key, value in said['columns'].pairs():
            if under is not None and field_ not in under.columns:
                raise key.wrong(
                    f'is none of {", ".join(under.columns)}'
                )
            columns[field_] = _headers(value)
    if under is None:
        return Table(file, columns, taken or frozenset())
    return Table(
        file or under.file, columns, under.taken if taken is None else taken
    )


def _headers(node: Node) -> list[str]:
    """One header, several, or (an empty text) none."""
    try:
        return _texts(node)
    except errors.InvalidInput:
        text = node.text()
        return [text] if text else []
