# SPDX-License-Identifier: Apache-2.0
"""The shapes of quotas."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import policy
from patrii_billing.domain import quota

_TEXT: base.Schema = {'type': 'string'}
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
_MEANT = {
    'ram_gib': 'Memory in GiB.',
    'ram': 'Memory in MiB.',
    'instances': 'How many servers.',
    'cores': 'How many virtual processors.',
    'key_pairs': 'How many key pairs of a user.',
    'metadata_items': 'How many metadata items of a server.',
    'server_groups': 'How many server groups.',
    'server_group_members': 'How many servers in a server group.',
}

QUOTA = base.answer(
    {
        'subscription_id': owner.SUBSCRIPTION_ID,
        'project_id': owner.PROJECT_ID,
        'quotas': {
            'type': 'array',
            'description': 'Empty where the cloud has none.',
            'items': base.answer(
                {
                    'resource': base.told(
                        _TEXT, "Nova's name of it; memory is ram_gib."
                    ),
                    'used': base.told(base.DECIMAL, 'What is in use now.'),
                    'limit': {
                        **base.DECIMAL,
                        'description': 'In nova.' + _UNLIMITED,
                    },
                    'billed': {
                        **base.or_null(base.DECIMAL),
                        'description': 'What the books bill; null where the '
                        'plan has no price of it.',
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
        'drift_policy': {
            **base.or_null(base.one_of(list(policy.Drift))),
            'description': 'What becomes of a quota that is changed past '
            'the books; null where no contract bills it.',
        },
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
            **base.body(
                {
                    name: base.told(_WANTED, f'{_MEANT[name]}{_UNLIMITED}')
                    for name in _RESOURCES
                },
                minimum=1,
            ),
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
        'kind': base.told(_TEXT, 'charge asks for more, credit gives back.'),
        'resource': base.told(_TEXT, 'What is counted, as cores.'),
        'start': base.told(base.DAY, 'The first day of it.'),
        'end': base.told(base.DAY, 'The first day after it.'),
        'quantity': base.told(base.DECIMAL, 'How many, exact.'),
        'unit_price': base.told(
            base.DECIMAL, 'Of one for a whole cycle, in `currency`, exact.'
        ),
        'ratio': {
            **_TEXT,
            'description': 'The share of a whole cycle, unreduced.',
            'examples': ['20/31'],
        },
        'amount': base.told(
            base.AMOUNT, 'Price x quantity x ratio, in `currency`.'
        ),
        'reason': base.told(_TEXT, 'Why it is there.'),
    }
)
REQUESTED = base.answer(
    {
        'subscription_id': owner.SUBSCRIPTION_ID,
        'project_id': owner.PROJECT_ID,
        'action_id': {
            **base.or_null(base.ID),
            'description': 'What does it; null where it is so already.',
        },
        'now': base.told(_AMOUNTS, 'What there is, by its name.'),
        'then': base.told(_AMOUNTS, 'What there will be, likewise.'),
        'lines': {
            'type': 'array',
            'items': _LINE,
            'description': 'What it adds to the bills, for what is billed so '
            'far, without discounts and taxes.',
        },
        'total': base.told(base.AMOUNT, 'The sum of the lines.'),
        'currency': owner.CURRENCY,
        'billed': {
            **base.one_of(list(policy.Changes)),
            'description': 'With the next invoice, or on one at once.',
        },
    }
)
