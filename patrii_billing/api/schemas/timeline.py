# SPDX-License-Identifier: Apache-2.0
"""The shapes of the timeline."""

from patrii_billing.api.schemas import base

_TEXT = {'type': 'string'}
_NULL_TEXT = base.or_null(_TEXT)
_NULL_ID = base.or_null(base.ID)

ENTRY = base.answer(
    {
        'id': base.ID,
        'at': base.INSTANT,
        'what': {**_TEXT, 'description': 'Its kind, as status or action.'},
        'name': {**_TEXT, 'description': 'What exactly it was.'},
        'why': _TEXT,
        'by': {**_TEXT, 'description': 'Who did it; the service has a name.'},
        'account_id': _NULL_ID,
        'account_name': _NULL_TEXT,
        'currency': {
            **base.or_null(base.CURRENCY),
            'description': "The account's, of the amounts in `detail`.",
        },
        'subscription_id': _NULL_ID,
        'subscription_name': _NULL_TEXT,
        'server_id': _NULL_TEXT,
        'server_name': _NULL_TEXT,
        'request_id': {
            **_NULL_TEXT,
            'description': 'Of the request to this API that did it.',
        },
        'detail': {'type': 'object'},
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
