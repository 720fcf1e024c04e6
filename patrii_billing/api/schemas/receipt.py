# SPDX-License-Identifier: Apache-2.0
"""The shapes of what other systems tell by webhook."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_NULL_ID = base.or_null(base.ID)
_STATES = {
    **base.one_of(list(lifecycle.ReceiptState)),
    'description': 'parked: kept for a person; unmatched: in the books, and '
    'nobody knows whose it is.',
}

OUTCOME = base.answer(
    {'state': _STATES, 'why': _TEXT, 'payment_id': _NULL_ID}
)
_RECEIPT = {
    'id': base.ID,
    'source': {**_TEXT, 'description': 'Its name in [webhooks] sources.'},
    'message_id': {**_TEXT, 'description': 'The webhook-id.'},
    'type': {**_TEXT, 'description': "In the sender's words."},
    'state': _STATES,
    'why': _TEXT,
    'key': {
        **base.or_null(_TEXT),
        'description': 'Of the payment it tells of, as in the books.',
    },
    'payment_id': _NULL_ID,
    'received_at': base.INSTANT,
}
RECEIPT = base.answer(_RECEIPT)
WHOLE = base.answer(
    {**_RECEIPT, 'body': {**_TEXT, 'description': 'As it came.'}}
)
LIST = base.listing({'state': _STATES, 'key': base.NAME}, ['id'])
RETRY = base.body({})
DISMISS = base.body(
    {'why': {'type': 'string', 'minLength': 1, 'maxLength': 255}}, 'why'
)
