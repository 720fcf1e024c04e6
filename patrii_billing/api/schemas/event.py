# SPDX-License-Identifier: Apache-2.0
"""The shapes of events."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import events
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_NULL_TEXT = base.or_null(_TEXT)
_NULL_ID = base.or_null(base.ID)
_NULL_INSTANT = base.or_null(base.INSTANT)
_TYPES = base.one_of(sorted(events.TYPES))
_STATES = base.one_of(list(lifecycle.DeliveryState))
_COUNT = {'type': 'integer', 'minimum': 0}

_EVENT = {
    'id': {**base.ID, 'description': 'Grows; the sequence in the body.'},
    'key': {**_TEXT, 'description': 'Its id, as those know it who are told.'},
    'type': _TEXT,
    'at': base.INSTANT,
    'account_id': _NULL_ID,
    'account_name': _NULL_TEXT,
    'subscription_id': _NULL_ID,
    'subscription_name': _NULL_TEXT,
    'server_id': _NULL_TEXT,
    'name': {**_TEXT, 'description': 'What it is about, in short.'},
    'why': _TEXT,
    'by': _TEXT,
    'request_id': _NULL_TEXT,
    'pending': {**_COUNT, 'description': 'To how many it is on its way.'},
    'delivered': {**_COUNT, 'description': 'How many have it.'},
    'dead': {**_COUNT, 'description': 'How many did not take it for days.'},
}
_DELIVERY = {
    'listener': {
        **_TEXT,
        'description': 'Its name in [webhooks] endpoints, or notifications.',
    },
    'state': _STATES,
    'attempts': _COUNT,
    'answer': {**_TEXT, 'description': 'To the last try.'},
    'since': base.INSTANT,
    'next_at': {**_NULL_INSTANT, 'description': 'When it is tried next.'},
    'settled_at': _NULL_INSTANT,
}
EVENT = base.answer(_EVENT)
WHOLE = base.answer(
    {
        **_EVENT,
        'deliveries': {'type': 'array', 'items': base.answer(_DELIVERY)},
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
