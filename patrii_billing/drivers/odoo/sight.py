# SPDX-License-Identifier: Apache-2.0
"""What an Odoo has of what the field map names, for an operator to read."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing.domain import lifecycle
from patrii_billing.drivers.odoo import answers
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import reading
from patrii_billing import errors

_Section = fieldmap.Contract | fieldmap.Cycle | fieldmap.Side
# Odoo lets an administrator add fields of such names.
_ADDED = 'x_'


def look(client: json2.Client, fields: fieldmap.FieldMap) -> bridge.Sight:
    """Raises EngineUnavailable where Odoo does not answer."""
    needs = [
        need
        for model, names in _asked(fields).items()
        for need in _lacks(client, fields, model, names)
    ]
    return bridge.Sight(
        what=f'Odoo {client.version()}, field map {fields.name}',
        needs=tuple(needs),
    )


def _asked(fields: fieldmap.FieldMap) -> Mapping[str, Sequence[str]]:
    """The fields wanted of each model."""
    sections: tuple[_Section | None, ...] = (
        fields.contract,
        fields.cycle,
        fields.project,
        fields.hold,
    )
    asked = {reading.PARTNER: [*_names(fields.customer)]}
    for section in sections:
        if section is None:
            continue
        asked.setdefault(section.model, []).extend(_names(section))
    asked.setdefault(reading.MOVE, []).extend(
        [*filter(None, (fields.bill.contract,)), *_first(fields.bill.among)]
    )
    asked.setdefault(reading.LINE, []).extend(
        filter(None, (fields.line.key, fields.bill.moved_from))
    )
    return asked


def _names(section: Any) -> Iterator[str]:
    for held in dataclasses.fields(section):
        value = getattr(section, held.name)
        if held.name == 'among':
            yield from _first(value)
        elif isinstance(value, str) and value and held.name != 'model':
            yield value


def _first(domain: Iterable[Any]) -> Iterator[str]:
    """The fields that a domain looks at, up to the first point."""
    for condition in domain:
        if isinstance(condition, tuple):
            yield condition[0].partition('.')[0]


def _lacks(
    client: json2.Client,
    fields: fieldmap.FieldMap,
    model: str,
    names: Sequence[str],
) -> Iterator[str]:
    try:
        there = client.fields(model, names)
    except errors.EngineRefused as error:
        if error.code != answers.NOT_FOUND:
            raise
        yield (
            f'the model {model} is missing: install its module, or correct '
            f'[odoo] field_map'
        )
        return
    for name in sorted(set(names) - there.keys()):
        if name.startswith(_ADDED):
            yield f'{model} has no field {name}: add it, a text'
        else:
            yield f'{model} has no field {name}: correct [odoo] field_map'
    if model == fields.contract.model:
        yield from _unsaid(fields, there.get(fields.contract.status, {}))


def _unsaid(
    fields: fieldmap.FieldMap, status: Mapping[str, Any]
) -> Iterator[str]:
    """Our billing statuses that the field has no value for."""
    if status.get('type') != 'selection':
        return
    known = {value for value, _ in status.get('selection', ())}
    ours = (fields.statuses.get(one, str(one)) for one in lifecycle.Status)
    missing = [word for word in ours if word not in known]
    if missing:
        yield (
            f'{fields.contract.model}.{fields.contract.status} has no value '
            f'{", ".join(missing)}: add them to its selection, or name '
            f'another field as status in [odoo] field_map'
        )
