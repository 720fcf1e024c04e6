# SPDX-License-Identifier: Apache-2.0
"""The shapes of invoices; all sums of one are in its currency."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import payment
from patrii_billing.domain import lifecycle

_TEXT = {'type': 'string'}
_WHY = {
    **base.TEXT,
    'minLength': 1,
    'description': 'For the books: who asked for it, and why.',
}
_STATES = base.one_of(
    [
        state
        for state in lifecycle.InvoiceState
        if state is not lifecycle.InvoiceState.DRAFT
    ]
)
_KINDS = base.one_of(['renewal', 'first', 'extra', 'opening', 'credit_note'])
_NUMBER = base.PATH['number']

_INVOICE = {
    'number': _NUMBER,
    'kind': _KINDS,
    'state': _STATES,
    'account_id': base.ID,
    'account_name': _TEXT,
    'subscription_id': {
        **base.or_null(base.ID),
        'description': 'Which one answers for it, on the ladder.',
    },
    'subscription_name': base.or_null(_TEXT),
    'currency': base.CURRENCY,
    'period_start': base.or_null(base.DAY),
    'period_end': {
        **base.or_null(base.DAY),
        'description': 'The first day after it.',
    },
    'net': base.AMOUNT,
    'tax': base.AMOUNT,
    'total': {**base.AMOUNT, 'description': 'With taxes.'},
    'owed': {**base.AMOUNT, 'description': 'What is left to pay.'},
    'overdue': {
        **base.BOOLEAN,
        'description': 'Open, and past its due instant.',
    },
    'issued_at': base.INSTANT,
    'due_at': base.or_null(base.INSTANT),
    'paid_at': base.or_null(base.INSTANT),
    'closed_at': {
        **base.or_null(base.INSTANT),
        'description': 'Void or uncollectible since.',
    },
    'reference': {
        **base.or_null(_TEXT),
        'description': 'What a payer is to write (ISO 11649).',
    },
    'corrects': {
        **base.or_null(_NUMBER),
        'description': 'The invoice that a credit note gives back of.',
    },
    'why': base.or_null(_TEXT),
}
_TAX = {'name': _TEXT, 'rate': base.DECIMAL, 'amount': base.AMOUNT}
LINE = base.answer(
    {
        'id': base.ID,
        'kind': base.one_of(['charge', 'credit']),
        'label': _TEXT,
        'resource': _TEXT,
        'starts': base.or_null(base.DAY),
        'ends': {
            **base.or_null(base.DAY),
            'description': 'The first day after it.',
        },
        'starts_at': {
            **base.or_null(base.INSTANT),
            'description': 'Where the plan counts seconds.',
        },
        'ends_at': base.or_null(base.INSTANT),
        'quantity': base.DECIMAL,
        'unit': base.or_null(_TEXT),
        'unit_price': base.DECIMAL,
        'ratio': {
            **_TEXT,
            'description': 'The share of a whole cycle, unreduced: 14/31.',
        },
        'amount': {
            **base.AMOUNT,
            'description': 'Price x quantity x ratio, before the discount.',
        },
        'discount': base.AMOUNT,
        'net': base.AMOUNT,
        'taxes': {'type': 'array', 'items': base.answer(_TAX)},
        'total': base.AMOUNT,
        'reason': {
            **_TEXT,
            'description': 'Why it is there, and how it was counted.',
        },
        'corrects_invoice': base.or_null(_NUMBER),
        'corrects_line': base.or_null(base.ID),
    }
)
_NOTICE = base.answer(
    {
        'id': base.ID,
        'template': _TEXT,
        'state': base.one_of(list(lifecycle.NoticeState)),
        'recipients': {'type': 'array', 'items': _TEXT},
        'attempts': {'type': 'integer'},
        'answer': {
            **base.or_null(_TEXT),
            'description': 'What the mail server said last.',
        },
        'created_at': base.INSTANT,
        'accepted_at': base.or_null(base.INSTANT),
    }
)
INVOICE = base.answer(_INVOICE)
WHOLE = base.answer(
    {
        **_INVOICE,
        'taxes': {
            'type': 'array',
            'items': base.answer({**_TAX, 'base': base.AMOUNT}),
        },
        'customer': {
            'type': ['object', 'null'],
            'description': 'The address as it was when it was issued.',
        },
        'lines': {'type': 'array', 'items': LINE},
        'payments': {
            'type': 'array',
            'items': base.answer(
                {
                    'payment_id': base.ID,
                    'kind': payment.PAYMENT['properties']['kind'],
                    'amount': {
                        **base.AMOUNT,
                        'description': 'What of it is on this invoice.',
                    },
                    'at': base.INSTANT,
                    'reference': _TEXT,
                }
            ),
        },
        'credit_notes': {
            'type': 'array',
            'items': base.answer(
                {
                    'number': _NUMBER,
                    'total': base.AMOUNT,
                    'issued_at': base.INSTANT,
                    'why': base.or_null(_TEXT),
                }
            ),
        },
        'carried': {
            'type': 'array',
            'description': 'Older ones that were open when it was issued.',
            'items': base.answer({'number': _NUMBER, 'owed': base.AMOUNT}),
        },
        'notices': {'type': 'array', 'items': _NOTICE},
    }
)

LIST = base.listing(
    {
        'account_id': base.ID,
        'subscription_id': base.ID,
        'number': _NUMBER,
        'state': _STATES,
        'kind': _KINDS,
        'due_before': base.INSTANT,
        'overdue': {
            **base.BOOLEAN,
            'description': 'Open, and past their due instant.',
        },
        'issued_since': base.INSTANT,
        'issued_before': base.INSTANT,
    },
    ['id', 'issued_at', 'due_at'],
    marker=_NUMBER,
)
_LINE = base.body(
    {
        'label': {**base.NAME, 'description': 'What it is, to its reader.'},
        'unit_price': {
            **base.DECIMAL,
            'pattern': r'^[0-9]{1,16}(\.[0-9]{1,12})?$',
        },
        'quantity': {
            **base.DECIMAL,
            'pattern': r'^[0-9]{1,16}(\.[0-9]{1,12})?$',
            'description': 'Above zero; 1 unless it is said.',
        },
        'unit': {
            'type': 'string',
            'minLength': 1,
            'maxLength': 32,
            'description': 'What the quantity counts.',
            'examples': ['hour'],
        },
        'starts': base.DAY,
        'ends': {
            **base.DAY,
            'description': 'The first day after it; with starts, or neither.',
        },
    },
    'label', 'unit_price',
)  # fmt: skip
CREATE = base.body(
    {
        'account_id': base.ID,
        'lines': {
            'type': 'array',
            'minItems': 1,
            'maxItems': 1000,
            'items': _LINE,
            'description': 'What is billed, in the order it stands there.',
        },
        'why': _WHY,
        'subscription_id': {
            **base.ID,
            'description': 'Which one answers for it; else the oldest live '
            'one that enforces a project.',
        },
        'currency': {
            **base.CURRENCY,
            'description': 'To be sure: must be that of the account.',
        },
        'due_on': {
            **base.DAY,
            'description': 'Past due from the start of that day; else after '
            'the usual net days.',
        },
        'tax_inclusive': {
            **base.BOOLEAN,
            'description': 'Whether the prices hold their taxes.',
        },
        'force': {
            **base.BOOLEAN,
            'description': 'Though it is many times the invoices before it.',
        },
    },
    'account_id', 'lines', 'why',
)  # fmt: skip
CREATE_WAITING = base.body({'why': _WHY}, 'why')
ISSUED = base.answer({'invoices': {'type': 'array', 'items': WHOLE}})
VOID = base.body(
    {
        'why': _WHY,
        'again': {
            **base.BOOLEAN,
            'description': 'Bill its time anew; else that stays unbilled.',
        },
    },
    'why',
)
CREDIT = base.body(
    {
        'why': _WHY,
        'amount': {
            **base.AMOUNT,
            'description': 'With taxes; else all that is left of it.',
        },
    },
    'why',
)
WRITE_OFF = base.body({'why': _WHY}, 'why')
WRITTEN = base.query(
    {
        'locale': {
            'type': 'string',
            'pattern': '^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}$',
            'description': "As fr or fr_CA, instead of the customer's.",
            'examples': ['fr_CA'],
        }
    }
)
