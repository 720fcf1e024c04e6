# SPDX-License-Identifier: Apache-2.0
"""The shapes of the switches over all enforcement."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import lifecycle

_TYPES = base.one_of(list(lifecycle.ActionType))
_NULL_TEXT = base.or_null({'type': 'string'})
_NULL_INSTANT = base.or_null(base.INSTANT)
_COUNT = {'type': 'integer', 'minimum': 0}

_ENFORCEMENT = {
    'dry_run': {
        **base.BOOLEAN,
        'description': 'Nothing is shelved or deleted, and no customer is '
        'mailed.',
    },
    'stopped': {**_NULL_TEXT, 'description': 'Why, if it is.'},
    'safe_mode': {**_NULL_TEXT, 'description': 'Why, if it is in force.'},
    'approval': {
        'type': 'array',
        'items': _TYPES,
        'description': 'What a person has to say yes to.',
    },
    'caps': {
        'type': 'array',
        'items': base.answer(
            {
                'type': base.told(_TYPES, 'What is counted.'),
                'name': base.told(
                    {'type': 'string'}, 'What it is, and over what span.'
                ),
                'used': base.told(_COUNT, 'How many there were.'),
                'limit': base.told(_COUNT, 'How many there may be.'),
            }
        ),
        'description': 'At the limit of one all enforcement stops.',
    },
    'counted_from': {
        **_NULL_INSTANT,
        'description': 'When it was resumed: the caps count from then.',
    },
    'ticked_at': base.told(
        _NULL_INSTANT, 'When the engine last went its round, in UTC.'
    ),
    'heard_at': {
        **_NULL_INSTANT,
        'description': 'When nova last told of something.',
    },
    'swept_at': {
        **_NULL_INSTANT,
        'description': 'When the books were last compared with nova.',
    },
    'unread_since': {
        **_NULL_INSTANT,
        'description': 'When the oldest message came that waits to be read.',
    },
    'bounces_read_at': {
        **_NULL_INSTANT,
        'description': 'When the mailbox of bounces could be read last.',
    },
    'actions': {
        'type': 'array',
        'description': 'What is to be done to the cloud, by type.',
        'items': base.answer(
            {
                'type': base.told(_TYPES, 'What is done to the cloud.'),
                'pending': base.told(_COUNT, 'How many wait or go on.'),
                'unapproved': {
                    **base.or_null(_COUNT),
                    'description': 'How many wait for a person to say yes; '
                    'null where nobody is asked.',
                },
            }
        ),
    },
}
ENFORCEMENT = base.answer(_ENFORCEMENT)
STOP = base.body(
    {
        'reason': {
            **base.TEXT,
            'minLength': 1,
            'description': 'For the timeline, and for who is to resume.',
        }
    },
    'reason',
)
RESUME = base.body({})
RESUMED = base.answer(
    {
        **_ENFORCEMENT,
        'ended': {
            'type': 'array',
            'items': {'type': 'string'},
            'description': 'What was in the way, in words.',
        },
    }
)
