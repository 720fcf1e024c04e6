# SPDX-License-Identifier: Apache-2.0
"""Which models and fields of an Odoo hold what the bridge reads and writes.

The names are those of installed modules and of what a company added itself,
so they are a document and not code: two come along, and an operator may write
his own.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from dataclasses import dataclass
import importlib.resources
import pathlib
import re
from typing import Any, ClassVar, TypeVar

from patrii_billing.domain import lifecycle
from patrii_billing import errors
from patrii_billing import strict_yaml

Section = TypeVar(
    'Section', bound='Customer | Contract | Cycle | Side | Bill | Line'
)

_NAME = re.compile(r'[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*')
_OPERATORS = frozenset({
    '=', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'like', 'ilike', '=like',
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Fields of res.partner; '' where there is none."""

    name: str
    email: str = ''
    locale: str = ''
    timezone: str = ''
    street: str = ''
    street2: str = ''
    zip: str = ''
    city: str = ''
    country: str = ''
    tax_id: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Fields of the subscriptions that are `among` a domain."""

    model: str
    customer: str
    name: str
    currency: str
    start: str
    among: Sequence[Any] = ()
    plan: str = ''
    project: str = ''
    server: str = ''
    paid_until: str = ''
    ends_on: str = ''
    # Its state, and those of them in which it has ended.
    state: str = ''
    ended: Sequence[str] = ()
    # The billing status, which is written back.
    status: str = ''
    # Those of its values that say it is paused, or a flag of its own.
    held: Sequence[str] = ()
    paused: str = ''
    paused_until: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """How long a period is, as the model that `plan` links to says it.

    `unit` is a day, week, month, quarter or year, in any form of the word,
    and `interval` so many of them.
    """

    model: str
    unit: str
    interval: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A model beside the contract's that points to it by `contract`."""

    model: str
    contract: str
    among: Sequence[Any] = ()
    # Keystone's id of the project, of those who have it.
    id: str = ''
    # The first day without the hold, of those who are holds.
    until: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Invoices of Odoo's own account.move that are `among` a domain."""

    contract: str = ''
    among: Sequence[Any] = ()
    # Those of Odoo's payment states in which nobody is to be dunned.
    settled: Sequence[str]
    # On an invoice's line: the older invoice whose debt was moved to it.
    moved_from: str = ''


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The field of account.move.line that keeps our key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    name: str
    customer: Customer
    contract: Contract
    bill: Bill
    line: Line
    cycle: Cycle | None = None
    project: Side | None = None
    hold: Side | None = None
    # Our billing statuses in the words of the field; absent: as ours.
    statuses: Mapping[str, str] = dataclasses.field(default_factory=dict)

    COMES_ALONG: ClassVar = ('lynx', 'oca')


_SECTIONS: Mapping[str, type[Any]] = {
    'customer': Customer,
    'contract': Contract,
    'cycle': Cycle,
    'project': Side,
    'hold': Side,
    'bill': Bill,
    'line': Line,
}
_NEEDED = frozenset({'customer', 'contract', 'bill', 'line'})
_LISTS = frozenset({'ended', 'held', 'settled'})


def load(chosen: str) -> FieldMap:
    """The map of a name that comes along, or that a file holds.

    Raises InvalidInput, with the line, for what cannot be one.
    """
    if chosen in FieldMap.COMES_ALONG:
        folder = importlib.resources.files(__package__) / 'maps'
        text = (folder / f'{chosen}.yaml').read_text(encoding='utf-8')
        return read(text, f'{chosen}.yaml', chosen)
    try:
        text = pathlib.Path(chosen).read_text(encoding='utf-8')
    except (OSError, ValueError) as error:
        raise errors.InvalidInput(
            f'is {" or ".join(FieldMap.COMES_ALONG)}, or a file that can be '
            f'read: {error}',
            '[odoo] field_map',
        ) from None
    return read(text, chosen, chosen)


def read(text: str, source: str, name: str) -> FieldMap:
    """The map that a document says. Raises InvalidInput with its line."""
    root = strict_yaml.document(text, source)
    found = root.fields({*_SECTIONS, 'statuses'})
    missing = sorted(_NEEDED - found.keys())
    if missing:
        raise root.wrong(f'lacks the section {missing[0]}')
    sections = {
        section: _section(found[section], kind)
        for section, kind in _SECTIONS.items()
        if section in found
    }
    statuses = {}
    if 'statuses' in found:
        known = {str(status) for status in lifecycle.Status}
        statuses = {
            ours: value.text()
            for ours, value in found['statuses'].fields(known).items()
        }
    return FieldMap(name=name, statuses=statuses, **sections)


def _section(node: strict_yaml.Node, kind: type[Section]) -> Section:
    known = {held.name: held for held in dataclasses.fields(kind)}
    given = node.fields(set(known))
    for name, held in known.items():
        if held.default is dataclasses.MISSING and name not in given:
            raise node.wrong(f'lacks {name}')
    return kind(**{name: _value(name, node) for name, node in given.items()})


def _value(name: str, node: strict_yaml.Node) -> Any:
    if name == 'among':
        return tuple(_condition(item) for item in node.items())
    if name in _LISTS:
        return tuple(item.text() for item in node.items())
    text = node.text()
    if not _NAME.fullmatch(text):
        raise node.wrong(f'{text[:40]!r} is no name of Odoo')
    return text


def _condition(node: strict_yaml.Node) -> Any:
    """One of a domain: an operator, or a field, a comparison and a value."""
    value = node.value()
    if value in ('&', '|', '!'):
        return value
    if not (isinstance(value, list) and len(value) == 3):
        raise node.wrong('must be a condition such as [active, "=", true]')
    if not (isinstance(value[0], str) and _NAME.fullmatch(value[0])):
        raise node.wrong(f'{value[0]!r} is no name of Odoo')
    if str(value[1]) not in _OPERATORS:
        raise node.wrong(f'{value[1]!r} compares nothing in Odoo')
    return tuple(value)
