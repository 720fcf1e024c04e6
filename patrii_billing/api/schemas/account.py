# SPDX-License-Identifier: Apache-2.0
"""The shapes of accounts."""

from collections.abc import Mapping

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import ladder
from patrii_billing.api.schemas import owner
from patrii_billing.domain import lifecycle

_TEXT: base.Schema = {'type': 'string'}
_NAME = base.told(base.NAME, 'What the customer is called; no other is.')
_NULL_DAY = base.or_null(base.DAY)
_PERCENT: base.Schema = {
    'type': 'string',
    'pattern': r'^[0-9]{1,3}(\.[0-9]{1,10})?$',
    'examples': ['20'],
    'description': 'A decimal number, 0 to 100.',
}
_COUNTRY: base.Schema = {
    'type': 'string',
    'pattern': '^[A-Z]{2}$',
    'description': 'A code of ISO 3166-1.',
    'examples': ['FR'],
}
_SHORT: base.Schema = {'type': 'string', 'minLength': 1, 'maxLength': 100}
_RATE: Mapping[str, base.Schema] = {
    'name': {**_SHORT, 'description': 'As it stands on invoices.'},
    'rate': _PERCENT,
    'valid_from': base.told(
        _NULL_DAY, 'Its first day; null: since ever.'
    ),
    'valid_until': base.told(
        _NULL_DAY, 'The first day after it; null: for ever.'
    ),
}
_DISCOUNT: Mapping[str, base.Schema] = {
    'name': {**_SHORT, 'description': 'As it stands on invoices.'},
    'percent': base.or_null(_PERCENT),
    'amount': {
        **base.or_null(base.AMOUNT),
        'description': 'Off each cycle, in `currency`; or else a percent.',
    },
    'valid_from': base.told(
        _NULL_DAY, 'Its first day; null: since ever.'
    ),
    'valid_until': base.told(
        _NULL_DAY, 'The first day after it; null: for ever.'
    ),
}
_LETTERHEAD = 'Whom invoices are made out to; null is the name alone.'
_ADDRESS: Mapping[str, base.Schema] = {
    'name': base.told(base.NAME, 'The person or the company.'),
    'lines': {
        'type': 'array',
        'maxItems': 6,
        'items': base.NAME,
        'description': 'Street and town, as they stand on a letter.',
    },
    'country': base.or_null(_COUNTRY),
    'tax_id': {
        'type': ['string', 'null'],
        'maxLength': 32,
        'description': 'Its number at the tax office, as of VAT.',
    },
}
_LOCALE: base.Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 32,
    'description': 'The language of mails and invoices.',
    'examples': ['en', 'de_AT'],
}
_ZONE: base.Schema = {
    'type': 'string',
    'minLength': 1,
    'maxLength': 64,
    'description': 'In which its days are: a name of the tz database. '
    'Another one counts from the next period.',
    'examples': ['Europe/Paris'],
}
_REF: base.Schema = {
    **base.NAME,
    'description': "What the account is elsewhere, as a shop's id.",
}
_CONTACTS: base.Schema = {
    'type': 'array',
    'maxItems': 50,
    'items': {'type': 'string', 'maxLength': 320},
    'description': "Mail addresses; without any the mails go to the "
    "project's users. Set anew, even to the same, those that mails came "
    'back from are written to again.',
}


def _listed(item: base.Schema, description: str) -> base.Schema:
    return {
        'type': 'array',
        'maxItems': 50,
        'items': item,
        'description': description,
    }


def _said(rate: base.Schema, discount: base.Schema) -> dict[str, base.Schema]:
    return {
        'taxes': _listed(rate, 'What its invoices are taxed by.'),
        'discounts': _listed(discount, 'What its invoices leave out.'),
    }


_SENT = {
    'external_ref': _REF,
    'contacts': _CONTACTS,
    'locale': _LOCALE,
    'timezone': _ZONE,
    'policy': ladder.POLICY,
    'address': {
        **base.body(
            {
                **_ADDRESS,
                'lines': base.or_null(_ADDRESS['lines']),
            },
            'name',
        ),
        'description': _LETTERHEAD,
    },
    **_said(
        base.body(_RATE, 'name', 'rate'), base.body(_DISCOUNT, 'name')
    ),
}  # fmt: skip
_COUNT: base.Schema = {'type': 'integer', 'minimum': 0}
_FIELDS = {
    'id': owner.ID,
    'name': _NAME,
    'external_ref': base.or_null(_REF),
    'currency': base.told(
        base.CURRENCY, 'A code of ISO 4217: of all its plans and invoices.'
    ),
    'timezone': _ZONE,
    'locale': _LOCALE,
    'contacts': _CONTACTS,
    'policy': ladder.POLICY,
    'address': base.told(
        base.or_null(base.answer(_ADDRESS)), _LETTERHEAD
    ),
    **_said(base.answer(_RATE), base.answer(_DISCOUNT)),
    'billing_status': {
        **base.or_null(base.one_of(list(lifecycle.Status))),
        'description': 'The worst of its subscriptions.',
    },
    'parked': {
        **base.BOOLEAN,
        'description': 'Not billed until a person has looked at it.',
    },
    'parked_why': owner.PARKED_WHY,
    'owed': base.told(
        base.AMOUNT, 'What is open of its invoices, in `currency`.'
    ),
    'overdue': {
        **base.AMOUNT,
        'description': 'What of it is past due.',
    },
    'oldest_due_at': {
        **base.or_null(base.INSTANT),
        'description': 'When the oldest open invoice is, or was, due.',
    },
    'subscription_count': {
        **_COUNT,
        'description': 'Those that have not ended.',
    },
    'created_at': base.INSTANT,
}

ACCOUNT = base.answer(_FIELDS)
SHOWN = base.answer(
    {
        **_FIELDS,
        'projects': {
            'type': 'array',
            'items': base.answer(
                {'id': owner.PROJECT_ID, 'name': owner.PROJECT_NAME}
            ),
            'description': 'What belongs to it.',
        },
        'undeliverable': {
            'type': 'array',
            'items': base.answer(
                {
                    'address': base.told(_TEXT, 'The mail address.'),
                    'since': base.told(
                        base.INSTANT, 'When the first came back, in UTC.'
                    ),
                    'answer': base.told(
                        _TEXT, 'What the mail server said.'
                    ),
                }
            ),
            'description': 'Addresses that mails came back from, each with '
            'what its server said; written to no more before the contacts '
            'are set anew.',
        },
        'balance': {
            **base.AMOUNT,
            'description': 'What is here and pays for nothing yet.',
        },
    }
)

LIST = base.listing(
    {
        'search': {
            **base.NAME,
            'description': 'With what begins so: a word of the name, the '
            'external reference, a mail address or its domain, the name or '
            'the id of a project or a server; small or capital letters, with '
            'or without accents (those of projects and servers with them). '
            'Or the whole number or reference of an invoice.',
        },
        'name': base.NAME,
        'external_ref': base.NAME,
        'project_id': base.UUID,
        'billing_status': base.one_of(list(lifecycle.Status)),
        'plan_id': {
            **base.ID,
            'description': 'With a contract for it that has not ended.',
        },
        'owing': {
            **base.BOOLEAN,
            'description': 'Whether anything is open.',
        },
        'overdue_days': {
            'type': 'integer',
            'minimum': 0,
            'maximum': 36500,
            'description': 'Something is past due for at least so long.',
        },
        'parked': base.BOOLEAN,
        'undeliverable': base.BOOLEAN,
    },
    [
        'id', 'name', 'created_at', 'owed', 'overdue', 'oldest_due_at',
    ],
)
CREATE = base.body(
    {
        'name': _NAME,
        'currency': {
            **base.CURRENCY,
            'description': 'Of all its plans and invoices; it stays.',
        },
        **_SENT,
    },
    'name',
)
CHANGE = base.body(
    {
        'name': _NAME,
        **{
            name: schema
            if name in ('locale', 'timezone')
            else base.or_null(schema)
            for name, schema in _SENT.items()
        },
        'policy': ladder.CHANGED,
        'address': {
            **base.or_null(
                base.body(
                    {
                        **_ADDRESS,
                        'lines': base.or_null(_ADDRESS['lines']),
                    }
                )
            ),
            'description': _LETTERHEAD,
        },
    },
    minimum=1,
)
BILL = base.body(
    {
        'why': {**base.TEXT, 'description': 'For the timeline.'},
        'accept': {
            **base.BOOLEAN,
            'description': 'Issue what is due now, however far beyond the '
            'bounds of [billing] it is.',
        },
    }
)
EXPORT = base.answer(
    {
        'held': {
            'type': 'object',
            'additionalProperties': {
                'type': 'array',
                'items': {'type': 'object'},
            },
            'description': 'By the names of the tables, the rows of each; '
            'instants are in UTC, amounts have their currency.',
        },
    }
)
ERASE = base.body(
    {
        'name': base.told(
            base.NAME, 'What the account is called now, to be sure.'
        ),
        'why': base.told(
            {**base.TEXT, 'minLength': 1},
            'For the timeline, where his names in it are replaced.',
        ),
    },
    'name',
    'why',
)
ERASED = base.answer(
    {
        'id': base.told(base.ID, 'That of the account.'),
        'name': base.told(base.NAME, 'What it is called from now on.'),
        'documents_kept': {
            **_COUNT,
            'description': 'Invoices and payments that are left as they are '
            'until their years are over.',
        },
    }
)
