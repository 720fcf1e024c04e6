# SPDX-License-Identifier: Apache-2.0
"""Search domains of Odoo: prefix notation over conditions."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import operator
import re
from typing import Any

from tests.odoo import faults

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    '=': lambda one, other: _same(one, other),
    '!=': lambda one, other: not _same(one, other),
    '>': lambda one, other: _orders(operator.gt, one, other),
    '>=': lambda one, other: _orders(operator.ge, one, other),
    '<': lambda one, other: _orders(operator.lt, one, other),
    '<=': lambda one, other: _orders(operator.le, one, other),
    'in': lambda one, other: _among(one, other),
    'not in': lambda one, other: not _among(one, other),
    'like': lambda one, other: _like(one, other, 0),
    'ilike': lambda one, other: _like(one, other, re.IGNORECASE),
    '=like': lambda one, other: (
        _pattern(other, 0).fullmatch(one or '') is not None
    ),
}


def matches(
    domain: Sequence[Any],
    value: Callable[[str, Sequence[Any]], Any],
) -> bool:
    """Whether a record is in a domain; `value` gives what it has at a path.

    Conditions that stand side by side are joined by and.
    """
    left = list(domain)
    held = True
    while left:
        held = _take(left, value) and held
    return held


def mentions(domain: Sequence[Any], field: str) -> bool:
    return any(
        not isinstance(item, str) and item[0] == field for item in domain
    )


def _take(left: list[Any], value: Callable[..., Any]) -> bool:
    if not left:
        raise faults.WrongValue('Domain() malformed')
    item = left.pop(0)
    if item == '!':
        return not _take(left, value)
    if item in ('&', '|'):
        one, other = _take(left, value), _take(left, value)
        return (one and other) if item == '&' else (one or other)
    try:
        path, sign, wanted = item
        compare = _OPERATORS[sign]
    except (TypeError, ValueError, KeyError):
        raise faults.WrongValue(
            f'Domain() invalid item in domain: {item!r}'
        ) from None
    return compare(value(path, item), wanted)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return bool(one) is bool(other) if other is False else other in one
    return bool(one == other) or (one is False and other is None)


def _orders(sign: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    several = one if isinstance(one, tuple) else (one,)
    return any(each is not False and sign(each, other) for each in several)


def _among(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return bool(set(one) & set(other))
    return one in other


def _like(one: Any, other: str, flags: int) -> bool:
    return _pattern(f'%{other}%', flags).fullmatch(one or '') is not None


def _pattern(text: str, flags: int) -> re.Pattern[str]:
    parts = (re.escape(part) for part in text.split('%'))
    return re.compile('.*'.join(parts), flags | re.DOTALL)
