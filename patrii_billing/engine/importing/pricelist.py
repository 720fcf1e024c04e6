# SPDX-License-Identifier: Apache-2.0
"""Read price lists, as operators write them."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
import functools
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing import errors
from patrii_billing import strict_yaml

_Kind = pricing.PriceKind
# What is counted has more to its price than an amount.
_COUNTED = (_Kind.QUOTA, _Kind.METER)
_ONLY_FOR = {
    'included': _COUNTED,
    'tiers': _COUNTED,
    'tiering': _COUNTED,
    'per': _COUNTED,
    'unit': _COUNTED,
    # Usage is billed by the price of its period, a setup fee once.
    'at_once': (_Kind.FLAT, _Kind.FLAVOR, _Kind.QUOTA),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """`said` holds what the file says of it beside its prices."""

    at: entries.Entry
    name: str
    said: Mapping[str, Any]
    prices: tuple[tuple[entries.Entry, pricing.Price], ...]


def plan(entry: entries.Entry, name: str) -> Plan | None:
    """The plan of an entry; None where something of it is wrong."""
    choice = functools.partial
    said = {
        'currency': entry.takes('currency', fields.currency),
        'cycle': entry.takes('cycle', fields.cycle),
        'unit': entry.takes('unit', choice(fields.one_of, calendar.Unit)),
        'same_day': entry.takes(
            'same_day', choice(fields.one_of, proration.SameDay)
        ),
        'trial_days': entry.takes('trial_days', fields.days),
        'tax_inclusive': entry.takes(
            'tax_inclusive', strict_yaml.Node.flag
        ),
        'policy': entry.policy(),
    }
    prices = tuple(_prices(entry))
    if not entry.close():
        return None
    return Plan(entry, name, fields.without_none(said), prices)


def _prices(
    plan: entries.Entry,
) -> Iterator[tuple[entries.Entry, pricing.Price]]:
    seen: set[Any] = set()
    for node in plan.list('prices'):
        entry = entries.Entry(node, plan.mistakes)
        price = read_price(entry)
        if price is None:
            plan.sound = False
            continue
        key = (price.kind, price.resource, price.valid_from)
        if key in seen:
            plan.refuse(entry.wrong('the same price is given twice'))
        seen.add(key)
        yield entry, price


def read_price(entry: entries.Entry) -> pricing.Price | None:
    """The price of an entry; None where something of it is wrong."""
    node = strict_yaml.Node
    kind = entry.needs('kind', functools.partial(fields.one_of, _Kind))
    bare = kind in (_Kind.FLAT, _Kind.SETUP)
    tiers = entry.takes('tiers', lambda node: tuple(_tiers(entry, node)))
    given = {
        'resource': (entry.takes if bare else entry.needs)(
            'resource', fields.text
        ),
        'unit_price': (entry.takes if tiers else entry.needs)(
            'unit_price', node.decimal
        ),
        'valid_from': entry.takes('valid_from', fields.day),
        'valid_until': entry.takes('valid_until', fields.day),
        'included': entry.takes('included', node.decimal),
        'tiers': tiers,
        'tiering': entry.takes('tiering', _tiering),
        'at_once': entry.takes('at_once', node.flag),
        'per': entry.takes('per', node.decimal),
        'unit': entry.takes('unit', fields.word),
    }
    _check_kind(entry, kind, given)
    if not entry.close():
        return None
    defaults = {'resource': '', 'unit_price': Decimal(0)}
    try:
        return pricing.Price(
            kind=_Kind(kind), **{**defaults, **fields.without_none(given)}
        )
    except errors.InvalidInput as error:
        entry.refuse(entry.wrong(error.reason, error.where))
        return None


def _tiering(node: strict_yaml.Node) -> pricing.Tiering:
    return pricing.Tiering(fields.one_of(pricing.Tiering, node))


def _tiers(
    price: entries.Entry, node: strict_yaml.Node
) -> Iterator[pricing.Tier]:
    for each in node.items():
        entry = entries.Entry(each, price.mistakes)
        up_to = entry.takes('up_to', strict_yaml.Node.decimal)
        unit_price = entry.needs('unit_price', strict_yaml.Node.decimal)
        if entry.close():
            yield pricing.Tier(up_to, unit_price)
        else:
            price.sound = False


def _check_kind(
    entry: entries.Entry, kind: str | None, given: Mapping[str, Any]
) -> None:
    if kind is None:
        return
    for name, kinds in _ONLY_FOR.items():
        if given[name] is not None and kind not in kinds:
            entry.refuse(entry.wrong(f'is not for a price of {kind}', name))
    if given['tiers'] and given['unit_price'] is not None:
        entry.refuse(
            entry.wrong('stands beside tiers, which are prices', 'unit_price')
        )
    if kind == _Kind.QUOTA and given['resource'] == 'ram':
        entry.refuse(
            entry.wrong('the memory of a quota is called ram_gib', 'resource')
        )
