# SPDX-License-Identifier: Apache-2.0
"""The shapes of invoices; all sums of one are in its currency."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
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
_KINDS = base.one_of(
    [
        'renewal', 'first', 'extra', 'opening', 'credit_note',
        # Of what another subscription engine invoices.
        'foreign', 'record', 'handover',
    ]
)  # fmt: skip
_NUMBER = base.PATH['number']

_INVOICE = {
    'number': base.told(_NUMBER, 'Its number; none is left out.'),
    'kind': base.told(_KINDS, 'What it was issued for.'),
    'state': base.told(_STATES, 'What became of it.'),
    'account_id': owner.ACCOUNT_ID,
    'account_name': owner.ACCOUNT_NAME,
    'subscription_id': {
        **base.or_null(base.ID),
        'description': 'Which one answers for it, on the ladder.',
    },
    'subscription_name': base.or_null(owner.SUBSCRIPTION_NAME),
    'currency': owner.CURRENCY,
    'period_start': base.told(
        base.or_null(base.DAY), 'The first day of the period it bills.'
    ),
    'period_end': {
        **base.or_null(base.DAY),
        'description': 'The first day after it.',
    },
    'net': base.told(base.AMOUNT, 'Without taxes, after discounts.'),
    'tax': base.told(base.AMOUNT, 'The sum of its taxes.'),
    'total': {**base.AMOUNT, 'description': 'With taxes.'},
    'owed': {**base.AMOUNT, 'description': 'What is left to pay.'},
    'overdue': {
        **base.BOOLEAN,
        'description': 'Open, and past its due instant.',
    },
    'issued_at': base.told(base.INSTANT, 'When it was issued, in UTC.'),
    'due_at': base.told(
        base.or_null(base.INSTANT), 'When it is past due, in UTC.'
    ),
    'paid_at': base.told(
        base.or_null(base.INSTANT), 'When nothing was left to pay, in UTC.'
    ),
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
    'why': base.told(
        base.or_null(_TEXT), 'Why it was issued, voided or written off.'
    ),
}
_TAX = {
    'name': base.told(_TEXT, 'What the tax is called.'),
    'rate': base.told(base.DECIMAL, 'In percent, a decimal number.'),
    'amount': base.told(base.AMOUNT, 'How much it is, in `currency`.'),
}
LINE = base.answer(
    {
        'id': owner.ID,
        'kind': base.told(
            base.one_of(['charge', 'credit']), 'Whether it asks or gives back.'
        ),
        'label': base.told(_TEXT, 'What it is, to its reader.'),
        'resource': base.told(_TEXT, 'A flavor, a quota, or a meter.'),
        'starts': base.told(
            base.or_null(base.DAY), 'The first day that it bills.'
        ),
        'ends': {
            **base.or_null(base.DAY),
            'description': 'The first day after it.',
        },
        'starts_at': {
            **base.or_null(base.INSTANT),
            'description': 'Where the plan counts seconds.',
        },
        'ends_at': {
            **base.or_null(base.INSTANT),
            'description': 'The instant after it, likewise.',
        },
        'quantity': base.told(base.DECIMAL, 'How many, exact.'),
        'unit': base.told(base.or_null(_TEXT), 'What the quantity counts.'),
        'unit_price': base.told(
            base.DECIMAL, 'Of one for a whole cycle, in `currency`, exact.'
        ),
        'ratio': {
            **_TEXT,
            'description': 'The share of a whole cycle, unreduced: 14/31.',
        },
        'amount': {
            **base.AMOUNT,
            'description': 'Price x quantity x ratio, before the discount.',
        },
        'discount': base.told(base.AMOUNT, 'What is left out of it.'),
        'net': base.told(base.AMOUNT, 'After the discount, without taxes.'),
        'taxes': {
            'type': 'array',
            'items': base.answer(_TAX),
            'description': 'Its taxes, at the rates of its first day.',
        },
        'total': base.told(base.AMOUNT, 'With taxes.'),
        'reason': {
            **_TEXT,
            'description': 'Why it is there, and how it was counted.',
        },
        'corrects_invoice': base.told(
            base.or_null(_NUMBER), 'The invoice with the line it corrects.'
        ),
        'corrects_line': base.told(
            base.or_null(base.ID), 'The line it corrects, by its id.'
        ),
    }
)
_NOTICE = base.answer(
    {
        'id': owner.ID,
        'template': base.told(_TEXT, 'What the mail is about.'),
        'state': base.told(
            base.one_of(list(lifecycle.NoticeState)), 'What became of it.'
        ),
        'recipients': {
            'type': 'array',
            'items': _TEXT,
            'description': 'To which addresses it goes, or went.',
        },
        'attempts': {
            'type': 'integer',
            'description': 'How often it was tried.',
        },
        'answer': {
            **base.or_null(_TEXT),
            'description': 'What the mail server said last.',
        },
        'created_at': base.told(base.INSTANT, 'When it was due, in UTC.'),
        'accepted_at': base.told(
            base.or_null(base.INSTANT), 'When the mail server took it, in UTC.'
        ),
    }
)
INVOICE = base.answer(_INVOICE)
WHOLE = base.answer(
    {
        **_INVOICE,
        'taxes': {
            'type': 'array',
            'items': base.answer(
                {
                    **_TAX,
                    'base': base.told(
                        base.AMOUNT, 'The net sum that is taxed so.'
                    ),
                }
            ),
            'description': 'The taxes of its lines, a sum for each rate.',
        },
        'customer': {
            'type': ['object', 'null'],
            'description': 'The address as it was when it was issued.',
        },
        'lines': {
            'type': 'array',
            'items': LINE,
            'description': 'What it bills and gives back, in order.',
        },
        'payments': {
            'type': 'array',
            'description': 'The money that is on it now.',
            'items': base.answer(
                {
                    'payment_id': base.told(
                        base.ID, 'The payment or credit, by its id.'
                    ),
                    'kind': payment.PAYMENT['properties']['kind'],
                    'amount': {
                        **base.AMOUNT,
                        'description': 'What of it is on this invoice.',
                    },
                    'at': base.told(
                        base.INSTANT, 'When it was put there, in UTC.'
                    ),
                    'reference': base.told(_TEXT, 'What the customer wrote.'),
                }
            ),
        },
        'credit_notes': {
            'type': 'array',
            'description': 'The documents that give back of it.',
            'items': base.answer(
                {
                    'number': base.told(_NUMBER, 'The number of the note.'),
                    'total': base.told(
                        base.AMOUNT, 'What it gives back, with taxes.'
                    ),
                    'issued_at': base.told(
                        base.INSTANT, 'When it was issued, in UTC.'
                    ),
                    'why': base.told(base.or_null(_TEXT), 'For what reason.'),
                }
            ),
        },
        'carried': {
            'type': 'array',
            'description': 'Older ones that were open when it was issued.',
            'items': base.answer(
                {
                    'number': base.told(_NUMBER, 'The number of one.'),
                    'owed': base.told(
                        base.AMOUNT, 'What was left to pay of it then.'
                    ),
                }
            ),
        },
        'notices': {
            'type': 'array',
            'items': _NOTICE,
            'description': 'The mails about it.',
        },
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
            'description': 'Of one, in the currency of the account, exact.',
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
        'starts': base.told(base.DAY, 'The first day that is billed.'),
        'ends': {
            **base.DAY,
            'description': 'The first day after it; with starts, or neither.',
        },
    },
    'label', 'unit_price',
)  # fmt: skip
CREATE = base.body(
    {
        'account_id': base.told(base.ID, 'Who is to pay it, by its id.'),
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
ISSUED = base.answer(
    {
        'invoices': {
            'type': 'array',
            'items': WHOLE,
            'description': 'Those that were issued; none where nothing waits.',
        }
    }
)
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
