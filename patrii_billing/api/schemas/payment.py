# SPDX-License-Identifier: Apache-2.0
"""The shapes of payments, and of credits, which are money too."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_SHORT = {'type': 'string', 'maxLength': 255}
_WHY = {**_SHORT, 'description': 'For the books: the reason.'}
_KINDS = base.one_of(list(lifecycle.PaymentKind))
_STATES = base.one_of(list(lifecycle.PaymentState))
_KEY = {
    **base.NAME,
    'description': 'What makes it this one: given again, it does nothing. '
    'Else the Idempotency-Key of the request.',
}
_CURRENCY = {
    **base.CURRENCY,
    'description': 'To be sure: must be that of the account.',
}
_ABOVE_ZERO = {
    **base.AMOUNT,
    'description': 'Above zero, in the currency of the account.',
}

_COMMON = {
    'id': owner.ID,
    'account_id': {
        **base.or_null(base.ID),
        'description': 'Null while nobody knows whose it is.',
    },
    'account_name': base.or_null(owner.ACCOUNT_NAME),
    'state': base.told(_STATES, 'What became of it.'),
    'amount': base.told(base.AMOUNT, 'All of it, in `currency`.'),
    'free': {
        **base.AMOUNT,
        'description': 'What of it pays no invoice: it is balance.',
    },
    'currency': owner.CURRENCY,
    'key': base.told(_TEXT, 'What makes it this one; no other has it.'),
    'received_at': base.told(base.INSTANT, 'When it came in, in UTC.'),
    'ended_at': {
        **base.or_null(base.INSTANT),
        'description': 'Since when nothing of it is here any more.',
    },
    'by': {**base.or_null(_TEXT), 'description': 'Null for customers.'},
}
_PAYMENT = {
    **_COMMON,
    'kind': base.told(_KINDS, 'What money it is, or what became of it.'),
    'reference': base.told(_TEXT, 'What the customer wrote.'),
    'in_transit_until': {
        **base.or_null(base.INSTANT),
        'description': 'Until when the ladder waits for a pending one.',
    },
    'assigned_at': {
        **base.or_null(base.INSTANT),
        'description': 'When it was found whose it is, if not at once.',
    },
    'source': {
        **_TEXT,
        'description': 'Who entered it: person, bank, service, or by its '
        'name one of [webhooks] sources.',
    },
    'payer': base.told(base.or_null(_TEXT), 'Who paid, as the bank has it.'),
    'remittance': base.told(
        base.or_null(_TEXT), 'What he wrote to the bank, as it came.'
    ),
    'takes_from': {
        **base.or_null(base.ID),
        'description': 'The payment or credit that it went out of.',
    },
}
# Where it went: what it pays or paid, and what of it went out again.
_USES = {
    'allocations': {
        'type': 'array',
        'description': 'The invoices that it pays, or paid.',
        'items': base.answer(
            {
                'invoice': base.told(
                    base.PATH['number'], 'The number of the invoice.'
                ),
                'amount': base.told(base.AMOUNT, 'What of it is there.'),
                'at': base.told(base.INSTANT, 'Since when, in UTC.'),
                'undone_at': {
                    **base.or_null(base.INSTANT),
                    'description': 'When it was taken off again, in UTC.',
                },
            }
        ),
    },
    'went_out': {
        'type': 'array',
        'description': 'What of it was paid back, taken back or kept.',
        'items': base.answer(
            {
                'id': owner.ID,
                'kind': base.told(_KINDS, 'Which way it went.'),
                'amount': base.told(base.AMOUNT, 'How much went.'),
                'at': base.told(base.INSTANT, 'When it went, in UTC.'),
                'why': base.told(_TEXT, 'For what reason.'),
            }
        ),
    },
}
PAYMENT = base.answer(_PAYMENT)
WHOLE = base.answer({**_PAYMENT, **_USES})

_CREDIT = {
    **_COMMON,
    'source': {
        **base.one_of(['goodwill', 'document']),
        'description': 'Given by a person, or left by a document.',
    },
    'why': {
        **_TEXT,
        'description': 'The reason, or the document that left it.',
    },
}
CREDIT = base.answer(_CREDIT)
WHOLE_CREDIT = base.answer({**_CREDIT, **_USES})

LIST = base.listing(
    {
        'account_id': base.ID,
        'state': _STATES,
        'kind': _KINDS,
        'reference': _SHORT,
        'key': base.NAME,
        'unmatched': {
            **base.BOOLEAN,
            'description': 'What waits for a person to say whose it is, or '
            'what it takes back.',
        },
        'received_since': base.INSTANT,
        'received_before': base.INSTANT,
    },
    ['id', 'received_at'],
)
LIST_CREDITS = base.listing(
    {'account_id': base.ID, 'key': base.NAME}, ['id', 'received_at']
)

CREATE = base.body(
    {
        'account_id': {
            **base.or_null(base.ID),
            'description': 'Null or left out: it is not known whose it is.',
        },
        'amount': _ABOVE_ZERO,
        'currency': {
            **base.CURRENCY,
            'description': 'Must be that of the account; is needed where '
            'there is none.',
        },
        'key': _KEY,
        'reference': {**_SHORT, 'description': 'What the customer wrote.'},
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
    'amount',
)
ASSIGN = base.body(
    {
        'account_id': base.told(base.ID, 'Whose it is, by its id.'),
        'takes_back': {
            **base.ID,
            'description': 'Of what a bank took back: the payment it was.',
        },
        'invoices': CREATE['properties']['invoices'],
    },
    minimum=1,
)
_INVOICE = {**base.PATH['number'], 'description': 'The number of one.'}
ALLOCATE = base.body(
    {
        'invoice': _INVOICE,
        'amount': {**_ABOVE_ZERO, 'description': 'Else as much as it can.'},
    },
    'invoice',
)
UNDO = base.body({'invoice': _INVOICE}, 'invoice')
FAIL = base.body({})
CHARGE_BACK = base.body(
    {
        'amount': {**_ABOVE_ZERO, 'description': 'Else what is left of it.'},
        'key': {
            **base.NAME,
            'description': 'What makes it this one, of several of a payment.',
        },
        'why': _WHY,
    }
)
REFUND = base.body(
    {
        'amount': {**_ABOVE_ZERO, 'description': 'Else all that is free.'},
        'key': _KEY,
        'why': _WHY,
        'force': {
            **base.BOOLEAN,
            'description': 'Also what paid invoices: they are owed again.',
        },
    }
)
CREATE_CREDIT = base.body(
    {
        'account_id': base.told(base.ID, 'Who gets it, by its id.'),
        'amount': _ABOVE_ZERO,
        'currency': _CURRENCY,
        'key': _KEY,
        'why': {**_WHY, 'minLength': 1},
    },
    'account_id', 'amount', 'why',
)  # fmt: skip
WITHDRAW = base.body({'why': _WHY})
REFUND_CREDIT = base.body(
    {name: shape for name, shape in REFUND['properties'].items()
     if name != 'force'}
)  # fmt: skip
