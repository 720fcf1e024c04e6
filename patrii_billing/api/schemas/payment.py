# SPDX-License-Identifier: Apache-2.0
"""The shapes of payments."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import lifecycle

PAYMENT = base.answer(
    {
        'id': base.ID,
        'account_id': {
            **base.or_null(base.ID),
            'description': 'Null while nobody knows whose it is.',
        },
        'account_name': base.or_null({'type': 'string'}),
        'kind': base.one_of(list(lifecycle.PaymentKind)),
        'state': base.one_of(list(lifecycle.PaymentState)),
        'amount': base.AMOUNT,
        'free': {
            **base.AMOUNT,
            'description': 'What of it pays no invoice yet.',
        },
        'currency': base.CURRENCY,
        'key': {'type': 'string'},
        'reference': {'type': 'string'},
        'received_at': base.INSTANT,
        'in_transit_until': base.or_null(base.INSTANT),
        'source': {'type': 'string'},
        'payer': base.or_null({'type': 'string'}),
        'remittance': base.or_null({'type': 'string'}),
        'by': {'type': 'string'},
    }
)

LIST = base.listing(
    {
        'account_id': base.ID,
        'state': base.one_of(list(lifecycle.PaymentState)),
    },
    ['id', 'received_at'],
)

CREATE = base.body(
    {
        'account_id': base.ID,
        'amount': base.AMOUNT,
        'currency': {
            **base.CURRENCY,
            'description': 'To be sure: must be that of the account.',
        },
        'key': {
            **base.NAME,
            'description': 'What makes it this payment, as the id of a bank; '
            'else the Idempotency-Key of the request.',
        },
        'reference': {
            'type': 'string',
            'maxLength': 255,
            'description': 'What the customer wrote.',
        },
        'pending': {
            **base.BOOLEAN,
            'description': 'On its way: the ladder stands still for a while.',
        },
        'invoices': {
            'type': 'array',
            'maxItems': 100,
            'items': base.PATH['number'],
            'description': 'What it pays before the oldest.',
        },
    },
    'account_id',
    'amount',
)
