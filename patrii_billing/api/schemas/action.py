# SPDX-License-Identifier: Apache-2.0
"""The shapes of actions."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_NULL_TEXT = base.or_null(_TEXT)
_NULL_INSTANT = base.or_null(base.INSTANT)
_TYPES = base.one_of(list(lifecycle.ActionType))
_STATES = base.one_of(list(lifecycle.ActionState))
_APPROVAL = base.one_of(['waiting', 'given'])

_ACTION = {
    'id': base.ID,
    'type': _TYPES,
    'state': _STATES,
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
    'account_id': base.ID,
    'account_name': _TEXT,
    'subscription_id': base.ID,
    'subscription_name': _TEXT,
    'project_id': _TEXT,
    'server_id': _NULL_TEXT,
    'server_name': _NULL_TEXT,
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
    'approved_by': _NULL_TEXT,
    'approved_at': _NULL_INSTANT,
    'attempts': {'type': 'integer', 'description': 'That failed.'},
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
    'finished_at': _NULL_INSTANT,
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
APPROVED = base.answer({'actions': {'type': 'array', 'items': ACTION}})
RETRY = base.body({})
CANCEL = base.body(
    {
        'reason': {**base.TEXT, 'minLength': 1},
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
