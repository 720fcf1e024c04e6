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
            'description': 'By the clock of the account.',
        },
        'weekdays': {
            'type': 'array',
            'minItems': 1,
            'maxItems': len(_DAYS),
            'items': base.one_of(_DAYS),
            'description': 'On these only.',
        },
        'holidays': {
            'type': 'array',
            'maxItems': 400,
            'items': base.DAY,
            'description': 'Not on these.',
        },
    }
)


# What each is, and what more of it means.
_MEANT = {
    'invoice_lead': 'How long before a period begins it is invoiced.',
    'net': 'How long after its issue a first or extra invoice is due.',
    'reminders': 'When he is reminded, as spans before the due date, the '
    'longest first: -3d.',
    'shelve_grace': 'How long after the due date servers are shelved.',
    'shelved_span': 'How long they stay shelved before the last warning.',
    'deletion_warning': 'How long after the last warning was accepted they '
    'are deleted.',
    'undo': 'How long what can be kept of a deleted server is kept.',
    'in_transit': 'How long a pending payment stops the ladder.',
    'settle': 'How long a server in the middle of a task is waited for.',
    'tolerance': 'What may stay unpaid without consequence, in the smallest '
    'unit of the currency.',
    'settle_fees': 'Whether an invoice short of that much is let go as paid.',
    'changes': 'Whether a change within a billed period goes on the next '
    'invoice, or at once on one of its own.',
    'freeze_quota': 'Whether the quota is lowered to what is used while he '
    'is in arrears.',
    'quota_drift': 'What becomes of a quota that is changed past the books.',
    'pause_billed': 'Whether the time of a pause is billed.',
    'write_off': 'Whether what is owed is written off when all is deleted.',
    'shelve_window': 'When servers may be shelved; a step waits for it.',
    'delete_window': 'When servers may be deleted; a step waits for it.',
}


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
    field.name: {
        **_term(field.default), 'description': _MEANT[field.name]
    }
    for field in dataclasses.fields(policy.Policy)
}
POLICY: base.Schema = {
    **base.body(_TERMS),
    'description': 'Only the terms that are set here; the others are those of '
    'the plan, or of [ladder] in the configuration. A span is a number of d, '
    'h, m or s; days are those of the calendar of the account.',
}
CHANGED: base.Schema = {
    **base.or_null(
        base.body({name: base.or_null(term) for name, term in _TERMS.items()})
    ),
    'description': 'The terms that change; null takes a term away, or all.',
}
