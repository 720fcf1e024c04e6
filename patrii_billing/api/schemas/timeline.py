# SPDX-License-Identifier: Apache-2.0
"""The shapes of the timeline."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner

_TEXT = {'type': 'string'}
_NULL_TEXT = base.or_null(_TEXT)

ENTRY = base.answer(
    {
        'id': owner.ID,
        'at': base.told(base.INSTANT, 'When it happened, in UTC.'),
        'what': {**_TEXT, 'description': 'Its kind, as status or action.'},
        'name': {**_TEXT, 'description': 'What exactly it was.'},
        'why': base.told(_TEXT, 'The reason, in words.'),
        'by': {**_TEXT, 'description': 'Who did it; the service has a name.'},
        'account_id': base.or_null(owner.ACCOUNT_ID),
        'account_name': base.or_null(owner.ACCOUNT_NAME),
        'currency': {
            **base.or_null(base.CURRENCY),
            'description': "The account's, of the amounts in `detail`.",
        },
        'subscription_id': base.or_null(owner.SUBSCRIPTION_ID),
        'subscription_name': base.or_null(owner.SUBSCRIPTION_NAME),
        'server_id': base.or_null(owner.SERVER_ID),
        'server_name': base.or_null(owner.SERVER_NAME),
        'request_id': {
            **_NULL_TEXT,
            'description': 'Of the request to this API that did it.',
        },
        'detail': {
            'type': 'object',
            'description': 'What more there is to it, by the kind of it.',
        },
    }
)
LIST = base.listing(
    {
        'account_id': base.ID,
        'subscription_id': base.ID,
        'server_id': base.UUID,
        'what': {
            'type': 'string',
            'pattern': '^[a-z_]{1,32}$',
            'examples': ['status'],
            'description': 'Of this kind: status, action, call, notice, '
            'alarm, invoice, payment, hold, switch and others.',
        },
        'since': {**base.INSTANT, 'description': 'From this instant on.'},
        'until': {**base.INSTANT, 'description': 'Before this instant.'},
    },
    ['id'],
)
