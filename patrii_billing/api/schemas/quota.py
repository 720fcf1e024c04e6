# SPDX-License-Identifier: Apache-2.0
"""The shapes of quotas."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import policy
from patrii_billing.domain import quota

_UNLIMITED = ' -1 is without limit.'
_WANTED: base.Schema = {
    'type': ['integer', 'string'],
    'minimum': quota.UNLIMITED,
    'maximum': 2**31 - 1,
    'pattern': r'^(-1|[0-9]{1,10}(\.[0-9]{1,10})?)$',
    'examples': ['12', '0.5'],
}
_AMOUNTS: base.Schema = {
    'type': 'object',
    'additionalProperties': base.DECIMAL,
}
_RESOURCES = ('ram_gib', *quota.KEYS)

QUOTA = base.answer(
    {
        'subscription_id': base.ID,
        'project_id': base.UUID,
        'quotas': {
            'type': 'array',
            'description': 'Empty where the cloud has none.',
            'items': base.answer(
                {
                    'resource': {'type': 'string'},
                    'used': base.DECIMAL,
                    'limit': {
                        **base.DECIMAL,
                        'description': 'In nova.' + _UNLIMITED,
                    },
                    'billed': {
                        **base.or_null(base.DECIMAL),
                        'description': 'Null where the plan has no price.',
                    },
                }
            ),
        },
        'frozen': {
            **base.BOOLEAN,
            'description': 'Ours is in the place of its own, while it owes.',
        },
        'own': {
            **base.or_null(_AMOUNTS),
            'description': 'Its own, while it is frozen.',
        },
        'changing': {
            **base.BOOLEAN,
            'description': 'A change is under way.',
        },
        'drift_policy': base.or_null(base.one_of(list(policy.Drift))),
        'drift': {
            **base.or_null(_AMOUNTS),
            'description': 'What somebody changed past us, and is left to '
            'the operator.',
        },
    }
)

CHANGE = base.body(
    {
        'quota': {
            **base.body(dict.fromkeys(_RESOURCES, _WANTED), minimum=1),
            'description': 'Memory is `ram_gib`, or `ram` in MiB.'
            + _UNLIMITED,
        },
        'force': {
            **base.BOOLEAN,
            'description': 'Even below what is in use; not for customers.',
        },
    },
    'quota',
)

_LINE = base.answer(
    {
        'kind': {'type': 'string'},
        'resource': {'type': 'string'},
        'start': {**base.DAY, 'format': 'date'},
        'end': {**base.DAY, 'format': 'date'},
        'quantity': base.DECIMAL,
        'unit_price': base.DECIMAL,
        'ratio': {'type': 'string', 'examples': ['20/31']},
        'amount': base.AMOUNT,
        'reason': {'type': 'string'},
    }
)
REQUESTED = base.answer(
    {
        'subscription_id': base.ID,
        'project_id': base.UUID,
        'action_id': {
            **base.or_null(base.ID),
            'description': 'What does it; null where it is so already.',
        },
        'now': _AMOUNTS,
        'then': _AMOUNTS,
        'lines': {
            'type': 'array',
            'items': _LINE,
            'description': 'What it adds to the bills, for what is billed so '
            'far, without discounts and taxes.',
        },
        'total': base.AMOUNT,
        'currency': base.CURRENCY,
        'billed': {
            **base.one_of(list(policy.Changes)),
            'description': 'With the next invoice, or on one at once.',
        },
    }
)
