# SPDX-License-Identifier: Apache-2.0
"""The shapes of actions."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_NULL_TEXT = base.or_null(_TEXT)
_NULL_INSTANT = base.or_null(base.INSTANT)
_TYPES = base.one_of(list(lifecycle.ActionType))
_STATES = base.one_of(list(lifecycle.ActionState))
_APPROVAL = base.one_of(['waiting', 'given'])

_ACTION = {
    'id': owner.ID,
    'type': base.told(_TYPES, 'What is done to the cloud.'),
    'state': base.told(_STATES, 'How far it is.'),
    'result': {
        **_NULL_TEXT,
        'description': 'What came of it: done, stopped, exempt, absent, '
        'refused, cancelled.',
    },
    'why': {**_TEXT, 'description': 'What it waits for, or why it ended.'},
    'ground': {
        **base.or_null(base.one_of(list(lifecycle.Ground))),
        'description': 'Of a shelve or a delete: the ladder, or the request '
        'of its owner.',
    },
    'account_id': owner.ACCOUNT_ID,
    'account_name': owner.ACCOUNT_NAME,
    'subscription_id': owner.SUBSCRIPTION_ID,
    'subscription_name': owner.SUBSCRIPTION_NAME,
    'project_id': base.told(_TEXT, owner.PROJECT_ID['description']),
    'server_id': {
        **_NULL_TEXT,
        'description': 'The server, by its id in nova; null: the project.',
    },
    'server_name': base.or_null(owner.SERVER_NAME),
    'purpose': {
        **_NULL_TEXT,
        'description': 'Of a change of the quota: change, freeze, thaw or '
        'revert.',
    },
    'quota': {
        'type': ['object', 'null'],
        'additionalProperties': {'type': 'integer'},
        'description': "The quota that is wanted, in nova's units.",
    },
    'approval': {
        **base.or_null(_APPROVAL),
        'description': 'Null where nobody is asked.',
    },
    'approved_by': base.told(_NULL_TEXT, 'Who said yes.'),
    'approved_at': base.told(_NULL_INSTANT, 'When that was, in UTC.'),
    'attempts': {
        'type': 'integer',
        'description': 'How often it was tried, and failed.',
    },
    'next_at': {**_NULL_INSTANT, 'description': 'When it is looked at next.'},
    'committed_at': {
        **_NULL_INSTANT,
        'description': 'Since when a shelve, a delete or a purge goes on.',
    },
    'request_ids': {
        'type': 'array',
        'items': _TEXT,
        'description': "Nova's, in order.",
    },
    'created_at': base.INSTANT,
    'finished_at': base.told(
        _NULL_INSTANT, 'When it was done, failed or was cancelled, in UTC.'
    ),
}
ACTION = base.answer(_ACTION)

LIST = base.listing(
    {
        'account_id': base.ID,
        'subscription_id': base.ID,
        'server_id': base.UUID,
        'type': _TYPES,
        'state': _STATES,
        'approval': {
            **base.one_of(['waiting']),
            'description': 'Those that wait for a person to say yes.',
        },
    },
    ['id'],
)
APPROVE = base.body(
    {
        'actions': {
            'type': 'array',
            'items': base.ID,
            'minItems': 1,
            'maxItems': 100,
            'description': 'All of them, or none.',
        },
    },
    'actions',
)
APPROVED = base.answer(
    {
        'actions': {
            'type': 'array',
            'items': ACTION,
            'description': 'Those that were approved, as they are now.',
        }
    }
)
RETRY = base.body({})
CANCEL = base.body(
    {
        'reason': {
            **base.TEXT,
            'minLength': 1,
            'description': 'For the timeline: why it is not to be done.',
        },
        'until': {
            **base.MOMENT,
            'description': 'Of a shelve, a delete or a purge: until when it '
            "is off, an instant or the start of a day in the account's time "
            'zone.',
        },
    },
    'reason',
)
CANCELLED = base.answer(
    {
        **_ACTION,
        'cancelled_too': {
            'type': 'array',
            'items': base.ID,
            'description': 'What else was asked for of the subscription, '
            'which is held as a whole.',
        },
        'until': {
            **_NULL_INSTANT,
            'description': 'When it is asked for again, if all is as it is.',
        },
    }
)
