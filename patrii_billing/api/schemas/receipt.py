# SPDX-License-Identifier: Apache-2.0
"""The shapes of what other systems tell by webhook."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_WHY = base.told(_TEXT, 'Why it is so; empty where nothing is wrong.')
_PAYMENT_ID = {
    **base.or_null(base.ID),
    'description': 'The payment that it became, or changed, by its id.',
}
_STATES = {
    **base.one_of(list(lifecycle.ReceiptState)),
    'description': 'parked: kept for a person; unmatched: in the books, and '
    'nobody knows whose it is.',
}

OUTCOME = base.answer(
    {'state': _STATES, 'why': _WHY, 'payment_id': _PAYMENT_ID}
)
_RECEIPT = {
    'id': owner.ID,
    'source': {**_TEXT, 'description': 'Its name in [webhooks] sources.'},
    'message_id': {**_TEXT, 'description': 'The webhook-id.'},
    'type': {**_TEXT, 'description': "In the sender's words."},
    'state': _STATES,
    'why': _WHY,
    'key': {
        **base.or_null(_TEXT),
        'description': 'Of the payment it tells of, as in the books.',
    },
    'payment_id': _PAYMENT_ID,
    'received_at': base.told(base.INSTANT, 'When it came, in UTC.'),
}
RECEIPT = base.answer(_RECEIPT)
WHOLE = base.answer(
    {**_RECEIPT, 'body': {**_TEXT, 'description': 'As it came.'}}
)
LIST = base.listing({'state': _STATES, 'key': base.NAME}, ['id'])
RETRY = base.body({})
DISMISS = base.body(
    {
        'why': {
            'type': 'string',
            'minLength': 1,
            'maxLength': 255,
            'description': 'For the books: why nothing is to be done.',
        }
    },
    'why',
)
