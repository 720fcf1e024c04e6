# SPDX-License-Identifier: Apache-2.0
"""The shape of a policy: the terms of the ladder, as they are written."""

import dataclasses
import enum
from typing import Any

from patrii_billing.api.schemas import base
from patrii_billing.domain import policy
from patrii_billing.domain import span
from patrii_billing.domain import windows

_SPAN: base.Schema = {
    'type': 'string',
    'pattern': '^-?[0-9]{1,5}[dhms]$',
    'examples': ['7d', '48h'],
}
_DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
_WINDOW = base.body(
    {
        'hours': {
            'type': 'string',
            'pattern': '^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$',
            'examples': ['09:00-17:00'],
        },
        'weekdays': {
            'type': 'array',
            'minItems': 1,
            'maxItems': len(_DAYS),
            'items': base.one_of(_DAYS),
        },
        'holidays': {
            'type': 'array',
            'maxItems': 400,
            'items': base.DAY,
        },
    }
)


def _term(default: Any) -> base.Schema:
    match default:
        case bool():
            return base.BOOLEAN
        case int():
            return {'type': 'integer', 'minimum': 0, 'maximum': 2**53}
        case enum.StrEnum():
            return base.one_of(list(type(default)))
        case tuple():
            return {'type': 'array', 'maxItems': 20, 'items': _SPAN}
        case windows.Window():
            return _WINDOW
        case span.Span():
            return _SPAN
    raise AssertionError(f'no shape of {default!r}')


_TERMS = {
    field.name: _term(field.default)
    for field in dataclasses.fields(policy.Policy)
}
# Only what is set here; the rest is the plan's, or the operator's.
POLICY = base.body(_TERMS)
# What changes of one: null takes a term away.
CHANGED = base.or_null(
    base.body({name: base.or_null(term) for name, term in _TERMS.items()})
)
