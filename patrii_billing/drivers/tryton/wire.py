# SPDX-License-Identifier: Apache-2.0
"""Values as Tryton writes them in JSON: days, instants and exact numbers."""

from collections.abc import Mapping
import datetime as dt
from decimal import Decimal
import json
from typing import Any

_INSTANT = ('year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond')


def dumps(value: Any) -> str:
    return json.dumps(value, default=_encode)


def loads(text: str) -> Any:
    """Raises ValueError. Numbers with a point are exact, never floats."""
    return json.loads(text, object_hook=_decode, parse_float=Decimal)


def _encode(value: Any) -> dict[str, Any]:
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC)
        parts = {name: getattr(utc, name) for name in _INSTANT}
        return {'__class__': 'datetime', **parts}
    if isinstance(value, dt.date):
        parts = {name: getattr(value, name) for name in _INSTANT[:3]}
        return {'__class__': 'date', **parts}
    if isinstance(value, Decimal):
        return {'__class__': 'Decimal', 'decimal': str(value)}
    raise TypeError(f'Tryton has no {type(value).__name__}')


def _decode(found: Mapping[str, Any]) -> Any:
    match found.get('__class__'):
        case 'datetime':
            parts = {name: found[name] for name in _INSTANT}
            return dt.datetime(**parts, tzinfo=dt.UTC)
        case 'date':
            return dt.date(**{name: found[name] for name in _INSTANT[:3]})
        case 'Decimal':
            return Decimal(found['decimal'])
    return found
