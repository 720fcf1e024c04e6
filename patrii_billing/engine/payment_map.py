# SPDX-License-Identifier: Apache-2.0
"""Maps of what payment sources tell, as people write them: YAML, strictly.

Those of the package are in `maps`; one of an operator's own may extend one of
them, and its events are then tried first.
"""

import dataclasses
import functools
import pathlib
from typing import Any

from patrii_billing.domain import foreign
from patrii_billing.domain import money
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing import errors
from patrii_billing import strict_yaml

Node = strict_yaml.Node

_SHIPPED = pathlib.Path(__file__).parent / 'maps'
_NOTHING = 'nothing'
_PATHS = (
    'id', 'type', 'payment', 'movement', 'amount', 'currency', 'why'
)  # fmt: skip
_RULE_PATHS = ('payment', 'movement', 'amount', 'why')


def shipped() -> list[str]:
    """The names of the maps that come with the package."""
    return sorted(path.stem for path in _SHIPPED.glob('*.yaml'))


@functools.cache
def known(name: str) -> foreign.Fields:
    """A map of the package, or our own shape. Raises InvalidInput."""
    if name == 'patrii':
        return foreign.PATRII
    if name not in shipped():
        raise errors.InvalidInput(
            f'{name!r} is none of patrii, {", ".join(shipped())}', 'extends'
        )
    return read((_SHIPPED / f'{name}.yaml').read_bytes(), f'{name}.yaml')


def read(text: str | bytes, source: str) -> foreign.Fields:
    """A map as it is written.

    Raises InvalidDocument with all mistakes by their lines, or InvalidInput
    for what is not YAML.
    """
    mistakes: list[errors.InvalidInput] = []
    entry = entries.Entry(strict_yaml.document(text, source), mistakes)
    base = entry.takes('extends', _known) or foreign.NOTHING
    paths = {name: entry.takes(name, fields.text) for name in _PATHS}
    unit = entry.takes('unit', _unit)
    whose = _whose(entry)
    digits = entry.takes('digits', _digits) or {}
    rules = [_rule(node, mistakes) for node in entry.list('events')]
    entry.close()
    if mistakes:
        raise errors.InvalidDocument(mistakes)
    found = dataclasses.replace(
        base,
        whose={**base.whose, **whose},
        rules=(*(rule for rule in rules if rule is not None), *base.rules),
        digits={**base.digits, **digits},
        unit=unit or base.unit,
        **fields.without_none(paths),
    )
    if not found.payment or not (found.rules or found.types):
        raise errors.InvalidInput(
            'names no events, or not where a payment is named', source
        )
    return found


def _rule(
    node: Node, mistakes: list[errors.InvalidInput]
) -> foreign.Rule | None:
    entry = entries.Entry(node, mistakes)
    type_ = entry.needs('type', fields.text)
    tells = entry.needs('tells', _tells)
    when = entry.takes('when', _when) or {}
    paths = {name: entry.takes(name, fields.text) for name in _RULE_PATHS}
    total = entry.takes('total', Node.flag) is True
    optional = entry.takes('optional', Node.flag) is True
    if total and tells != foreign.Tells.REFUNDED:
        entry.refuse(entry.wrong('is of what is refunded alone', 'total'))
    if not entry.close():
        return None
    said = None if tells == _NOTHING else foreign.Tells(tells)
    return foreign.Rule(
        type_, said, when, total=total, optional=optional, **paths
    )


def _known(node: Node) -> foreign.Fields:
    try:
        return known(node.text())
    except errors.InvalidInput as error:
        raise node.wrong(error.reason) from None


def _tells(node: Node) -> str:
    return fields.one_of((*foreign.Tells, _NOTHING), node)


def _unit(node: Node) -> foreign.Unit:
    return foreign.Unit(fields.one_of(foreign.Unit, node))


def _when(node: Node) -> dict[str, frozenset[str]]:
    """What must stand where; several values are alternatives."""
    return {
        path: frozenset(_values(value)) for path, _, value in node.pairs()
    }


def _values(node: Node) -> list[str]:
    try:
        return [each.text() for each in node.items()]
    except errors.InvalidInput:
        return [node.text()]


def _whose(entry: entries.Entry) -> dict[foreign.Names, str]:
    node = entry.takes('whose', lambda node: node)
    if node is None:
        return {}
    inner = entries.Entry(node, entry.mistakes)
    found: dict[str, Any] = {
        by: inner.takes(by, fields.text) for by in foreign.Names
    }
    if not inner.close():
        entry.sound = False
    return {foreign.Names(by): path for by, path in found.items() if path}


def _digits(node: Node) -> dict[str, int]:
    found = {}
    for currency, key, value in node.pairs():
        money.digits(currency, key.where)
        found[currency] = value.integer()
        if not 0 <= found[currency] <= 4:
            raise value.wrong('must be from 0 to 4')
    return found
