# SPDX-License-Identifier: Apache-2.0
"""The shapes of plans and their prices."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import ladder
from patrii_billing.api.schemas import owner
from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration

_UNIT_PRICE: base.Schema = {
    'type': 'string',
    'pattern': r'^[0-9]{1,18}(\.[0-9]{1,18})?$',
    'description': "In the plan's currency, exact.",
    'examples': ['10.00'],
}
_QUANTITY = {**_UNIT_PRICE, 'description': 'An exact number.'}
_CYCLE: base.Schema = {
    'type': 'string',
    'pattern': '^(month|quarter|year|days:[1-9][0-9]{0,3})$',
    'description': 'How long a period is: month, quarter, year or days:N.',
    'examples': ['month'],
}
_TRIAL: base.Schema = {
    'type': 'integer',
    'minimum': 0,
    'maximum': 3660,
    'description': 'Nothing is billed of so many days of a new contract.',
}
_TIER = {
    'up_to': {
        **base.or_null(_QUANTITY),
        'description': 'The last that is in it; null: no end.',
    },
    'unit_price': _UNIT_PRICE,
}

_PRICE = {
    'kind': {
        **base.one_of(list(pricing.PriceKind)),
        'description': 'What is counted: flat is the plan itself.',
    },
    'resource': {
        'type': 'string',
        'maxLength': 255,
        'description': 'A flavor, a quota as cores, or a meter.',
    },
    'unit_price': _UNIT_PRICE,
    'valid_from': {
        **base.or_null(base.DAY),
        'description': 'The first day on which it is valid.',
    },
    'valid_until': {
        **base.or_null(base.DAY),
        'description': 'The first day on which it is not valid.',
    },
    'included': {**_QUANTITY, 'description': 'So many cost nothing.'},
    'tiers': {
        'type': 'array',
        'maxItems': 50,
        'items': base.answer(_TIER),
        'description': 'In place of the unit price.',
    },
    'tiering': {
        **base.one_of(list(pricing.Tiering)),
        'description': 'Whether each unit has the price of its own tier '
        '(graduated), or all have that of the last (volume).',
    },
    'at_once': {
        **base.BOOLEAN,
        'description': 'Counts from its first day, not from the first cycle '
        'after it.',
    },
    'per': {
        **_QUANTITY,
        'description': 'So many of what is measured are one that is priced.',
    },
    'unit': {
        **base.or_null({'type': 'string', 'maxLength': 32}),
        'description': 'What one is called, as GB.',
    },
}
PRICE = base.answer({'id': owner.ID, **_PRICE})
ADD_PRICE = base.body(
    {
        **_PRICE,
        'kind': _PRICE['kind'],
        'tiers': {
            **base.or_null(_PRICE['tiers']),
            'items': base.body(_TIER, 'unit_price'),
        },
    },
    'kind',
)
END_PRICE = base.body(
    {'valid_until': _PRICE['valid_until']}, 'valid_until'
)  # fmt: skip

_FIELDS = {
    'name': base.told(base.NAME, 'What it is called; no other plan is.'),
    'currency': base.told(
        base.CURRENCY, 'A code of ISO 4217: of its prices; it stays.'
    ),
    'cycle': _CYCLE,
    'unit': {
        **base.one_of(list(calendar.Unit)),
        'description': 'What of a cycle is counted.',
    },
    'same_day': {
        **base.one_of(list(proration.SameDay)),
        'description': 'Which of several changes on one day counts.',
    },
    'trial_days': _TRIAL,
    'tax_inclusive': {
        **base.BOOLEAN,
        'description': 'Whether the taxes are in the prices.',
    },
    'policy': ladder.POLICY,
}
PLAN = base.answer(
    {
        'id': owner.ID,
        **_FIELDS,
        'created_at': base.INSTANT,
        'prices': {
            'type': 'array',
            'items': PRICE,
            'description': 'All it ever had, with their days.',
        },
    }
)
LIST = base.listing(
    {'name': base.NAME, 'currency': base.CURRENCY}, ['id', 'name']
)
CREATE = base.body(
    {
        **_FIELDS,
        'prices': {
            'type': 'array',
            'maxItems': 1000,
            'items': ADD_PRICE,
            'description': 'Its prices to begin with.',
        },
    },
    'name',
    'cycle',
)
CHANGE = base.body(
    {'policy': ladder.CHANGED, 'trial_days': _TRIAL}, minimum=1
)
