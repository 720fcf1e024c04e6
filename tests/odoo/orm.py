# SPDX-License-Identifier: Apache-2.0
"""As much of Odoo's ORM as its JSON-2 API lets a client see.

Written from the documentation of Odoo 19 and the behaviour of its ORM, so
also with what surprises: instants keep microseconds and lose them on the way
out, archived records are found only by those who ask, and what is computed
changes without a new write_date.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from typing import Any

from tests.odoo import domains
from tests.odoo import faults

Row = dict[str, Any]


@dataclass(frozen=True)
class Field:
    kind: str = 'char'
    of: str = ''  # the other model of a relation
    by: str = ''  # its field that points back, of a one2many
    options: Sequence[str] = ()  # of a selection
    only: Callable[[Row], bool] = lambda _line: True  # of a one2many
    required: bool = False
    default: Any = False
    # What is computed from others: the path to it, or how.
    related: str = ''
    compute: Callable[['Orm', Row], Any] | None = None


@dataclass
class Model:
    name: str
    label: str
    fields: dict[str, Field]
    methods: dict[str, Callable[..., Any]] = field(default_factory=dict)


_MAGIC = {
    'id': Field('integer'),
    'display_name': Field(compute=lambda orm, row: orm.label(row)),
    'create_date': Field('datetime'),
    'write_date': Field('datetime'),
}


_NUMBERS = ('integer', 'float', 'monetary')


class Orm:
    """The models and records of one database."""

    def __init__(
        self, models: Iterable[Model], now: Callable[[], dt.datetime]
    ) -> None:
        self.models = {model.name: model for model in models}
        for model in self.models.values():
            model.fields = {**_MAGIC, **model.fields}
        self.rows: dict[str, dict[int, Row]] = {
            name: {} for name in self.models
        }
        self.now = now

    # What holds of records.

    def field(self, model: str, name: str) -> Field:
        try:
            return self.models[model].fields[name]
        except KeyError:
            raise faults.WrongValue(
                f'Invalid field {name!r} on {model!r}'
            ) from None

    def label(self, row: Row) -> str:
        return str(row.get('name') or f'{row["_model"]},{row["id"]}')

    def raw(self, row: Row, name: str) -> Any:
        """A value as Python has it; x2many as a tuple of ids."""
        held = self.field(row['_model'], name)
        if held.compute:
            return held.compute(self, row)
        if held.related:
            return self.along(row, held.related.split('.'))
        if held.kind == 'one2many':
            return tuple(
                other['id']
                for other in self.rows[held.of].values()
                if other.get(held.by) == row['id'] and held.only(other)
            )
        return row.get(name, held.default)

    def along(self, row: Row, path: Sequence[str]) -> Any:
        value = self.raw(row, path[0])
        if len(path) == 1:
            return value
        comodel = self.field(row['_model'], path[0]).of
        if isinstance(value, tuple):
            rows = [self.rows[comodel][number] for number in value]
            return _flat(self.along(each, path[1:]) for each in rows)
        return value and self.along(self.rows[comodel][value], path[1:])

    def shown(self, row: Row, name: str, load: str | None) -> Any:
        """A value as JSON has it."""
        held, value = self.field(row['_model'], name), self.raw(row, name)
        if isinstance(value, tuple):
            return list(value)
        if value is False or value is None:
            return 0 if held.kind in _NUMBERS else False
        if held.kind == 'many2one' and load:
            return [value, self.label(self.rows[held.of][value])]
        return _text(held, value)

    # What may be called.

    def find(self, model: str, domain: Any, active_test: bool) -> list[Row]:
        wanted = list(domain or ())

        def value_of(row: Row) -> Callable[[str, Sequence[Any]], Any]:
            def value(path: str, condition: Sequence[Any]) -> Any:
                parts = path.split('.')
                if parts[0] not in self.models[model].fields:
                    raise faults.WrongValue(
                        f'Invalid field {model}.{path} in condition '
                        f'{tuple(condition)!r}'
                    )
                return _comparable(self.along(row, parts))

            return value

        found = [
            row
            for row in list(self.rows[model].values())
            if domains.matches(wanted, value_of(row))
        ]
        if not active_test or 'active' not in self.models[model].fields:
            return found
        if domains.mentions(wanted, 'active'):
            return found
        return [row for row in found if row.get('active', True)]

    def order(self, rows: list[Row], order: str | None) -> list[Row]:
        for part in reversed((order or 'id').split(',')):
            name, _, way = part.strip().partition(' ')
            rows = sorted(
                rows,
                key=lambda row: (
                    (value := self.raw(row, name)) is not False,
                    value or 0 if not isinstance(value, str) else value,
                ),
                reverse=way.lower() == 'desc',
            )
        return rows

    def browse(self, model: str, ids: Sequence[int]) -> list[Row]:
        missing = [i for i in ids if i not in self.rows[model]]
        if missing:
            raise faults.MissingError(
                'Record does not exist or has been deleted.\n'
                f'(Record: {model}({missing[0]},), User: 2)'
            )
        return [self.rows[model][i] for i in ids]

    def create(self, model: str, values: Mapping[str, Any]) -> int:
        fields = self.models[model].fields
        for name, held in fields.items():
            if held.required and not values.get(name) and not held.default:
                raise faults.ValidationError(
                    'The operation cannot be completed:\n'
                    '- Create/update: a mandatory field is not set.\n'
                    f'Model: {self.models[model].label} ({model})\n'
                    f'Field: {name} ({name})\n'
                )
        number = max(self.rows[model], default=0) + 1
        row: Row = {'id': number, '_model': model, 'create_date': self.now()}
        for name, held in fields.items():
            if held.default is not False:
                row[name] = held.default
        self.rows[model][number] = row
        try:
            self.write(row, values)
        except faults.OdooError:
            del self.rows[model][number]
            raise
        return number

    def write(self, row: Row, values: Mapping[str, Any]) -> None:
        model = row['_model']
        read = {}
        for name, value in values.items():
            if name not in self.models[model].fields:
                raise faults.WrongValue(f'Invalid field {name!r} in {model!r}')
            read[name] = self._value(model, name, value)
        for name, value in read.items():
            held = self.field(model, name)
            if held.kind == 'one2many':
                for command, number, line in value:
                    self._command(held, row['id'], command, number, line)
            else:
                row[name] = value
        row['write_date'] = self.now()

    def _command(
        self, held: Field, owner: int, command: int, number: int, line: Any
    ) -> None:
        if command == 0:
            self.create(held.of, {**line, held.by: owner})
        elif command == 1:
            self.write(self.rows[held.of][number], line)
        elif command == 2:
            del self.rows[held.of][number]

    def _value(self, model: str, name: str, value: Any) -> Any:
        held = self.field(model, name)
        if value is False or value is None:
            return False
        if held.kind == 'selection' and value not in held.options:
            raise faults.WrongValue(
                f'Wrong value for {model}.{name}: {value!r}'
            )
        if held.kind == 'many2one' and value not in self.rows[held.of]:
            raise faults.ValidationError(
                'The operation cannot be completed: another model requires '
                'the record being created.'
            )
        if held.kind == 'date':
            return dt.date.fromisoformat(value) if _is_text(value) else value
        if held.kind == 'datetime':
            return _instant(value) if _is_text(value) else value
        if held.kind == 'many2many':
            return tuple(value[0][2]) if value else ()
        return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def _text(held: Field, value: Any) -> Any:
    if held.kind == 'datetime':
        # Without the microseconds that the column has.
        return value.strftime('%Y-%m-%d %H:%M:%S')
    return value.isoformat() if held.kind == 'date' else value


def _flat(values: Iterable[Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    for value in values:
        found.extend(value if isinstance(value, tuple) else (value,))
    return tuple(found)


def _comparable(found: Any) -> Any:
    """A stored value as a domain writes it."""
    if isinstance(found, tuple):
        return tuple(_comparable(each) for each in found)
    if isinstance(found, dt.datetime):
        full = found.strftime('%Y-%m-%d %H:%M:%S.%f')
        # 10:00:00.5 is after 10:00:00 and not equal to it.
        return full[: -len('.000000')] if full.endswith('.000000') else full
    if isinstance(found, dt.date):
        return found.isoformat()
    return found
