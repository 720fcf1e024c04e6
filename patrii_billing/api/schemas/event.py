# SPDX-License-Identifier: Apache-2.0
"""The shapes of events."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import events
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_NULL_TEXT = base.or_null(_TEXT)
_NULL_INSTANT = base.or_null(base.INSTANT)
_TYPES = base.one_of(sorted(events.TYPES))
_STATES = base.one_of(list(lifecycle.DeliveryState))
_COUNT = {'type': 'integer', 'minimum': 0}

_EVENT = {
    'id': {**base.ID, 'description': 'Grows; the sequence in the body.'},
    'key': {**_TEXT, 'description': 'Its id, as those know it who are told.'},
    'type': {
        **_TEXT,
        'description': 'What happened, as listeners ask for it.',
        'examples': ['invoice.issued'],
    },
    'at': base.told(base.INSTANT, 'When it happened, in UTC.'),
    'account_id': base.or_null(owner.ACCOUNT_ID),
    'account_name': base.or_null(owner.ACCOUNT_NAME),
    'subscription_id': base.or_null(owner.SUBSCRIPTION_ID),
    'subscription_name': base.or_null(owner.SUBSCRIPTION_NAME),
    'server_id': base.or_null(owner.SERVER_ID),
    'name': {**_TEXT, 'description': 'What it is about, in short.'},
    'why': base.told(_TEXT, 'The reason, in words.'),
    'by': base.told(_TEXT, 'Who did it; the service has a name.'),
    'request_id': base.told(
        _NULL_TEXT, 'The request to this API that did it; null: none.'
    ),
    'pending': {**_COUNT, 'description': 'To how many it is on its way.'},
    'delivered': {**_COUNT, 'description': 'How many have it.'},
    'dead': {**_COUNT, 'description': 'How many did not take it for days.'},
}
_DELIVERY = {
    'listener': {
        **_TEXT,
        'description': 'Its name in [webhooks] endpoints, or notifications.',
    },
    'state': base.told(_STATES, 'Whether this one has it.'),
    'attempts': base.told(_COUNT, 'How often it was tried.'),
    'answer': {**_TEXT, 'description': 'To the last try.'},
    'since': base.told(base.INSTANT, 'Since when it is to be told, in UTC.'),
    'next_at': {**_NULL_INSTANT, 'description': 'When it is tried next.'},
    'settled_at': base.told(
        _NULL_INSTANT, 'When it was delivered, or given up, in UTC.'
    ),
}
EVENT = base.answer(_EVENT)
WHOLE = base.answer(
    {
        **_EVENT,
        'deliveries': {
            'type': 'array',
            'items': base.answer(_DELIVERY),
            'description': 'Whom it is told, and how far that is.',
        },
        'body': {
            'type': ['object', 'null'],
            'description': 'As it is sent; null until it is on its way.',
        },
    }
)
LIST = base.listing(
    {
        'account_id': base.ID,
        'type': _TYPES,
        'state': _STATES,
        'key': base.NAME,
    },
    ['id'],
)
REDELIVER = base.body(
    {
        'listeners': {
            'type': 'array',
            'items': base.NAME,
            'maxItems': 100,
            'description': 'Whom to tell it again, also those who have it. '
            'Without them it is all who missed it.',
        }
    }
)
