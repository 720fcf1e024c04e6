# SPDX-License-Identifier: Apache-2.0
"""The shapes of notices."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import lifecycle
from patrii_billing.domain import mail

_TEXT = {'type': 'string'}
_TEXTS = {'type': 'array', 'items': _TEXT}
_NULL_TEXT = base.or_null(_TEXT)
_NULL_ID = base.or_null(base.ID)
_NULL_INSTANT = base.or_null(base.INSTANT)
_TEMPLATES = base.one_of(mail.TEMPLATES)
_STATES = base.one_of(list(lifecycle.NoticeState))

_NOTICE = {
    'id': base.ID,
    'key': {**_TEXT, 'description': 'What makes it this one.'},
    'template': _TEXT,
    'state': _STATES,
    'account_id': {**_NULL_ID, 'description': "Null: the operator's."},
    'account_name': _NULL_TEXT,
    'subscription_id': _NULL_ID,
    'subscription_name': _NULL_TEXT,
    'invoice': base.or_null(base.PATH['number']),
    'server_ids': _TEXTS,
    'names': {
        **_NULL_INSTANT,
        'description': 'The instant it speaks of, as that of the deletion.',
    },
    'repeats': {
        **_NULL_ID,
        'description': 'The notice that it is a copy of; the ladder counts '
        'from that one.',
    },
    'attempts': {'type': 'integer'},
    'answer': {
        **_NULL_TEXT,
        'description': "The mail server's, or how it was given.",
    },
    'recipients': {**base.or_null({'type': 'array'}), 'items': _TEXT},
    'subject': _NULL_TEXT,
    'next_at': {**_NULL_INSTANT, 'description': 'When it is tried next.'},
    'created_at': base.INSTANT,
    'settled_at': _NULL_INSTANT,
    'accepted_at': {
        **_NULL_INSTANT,
        'description': 'By the mail server, or given by another way.',
    },
}
_LOCALE = {
    'type': 'string',
    'pattern': '^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$',
    'examples': ['de_AT'],
}
NOTICE = base.answer(_NOTICE)
WHOLE = base.answer(
    {
        **_NOTICE,
        'text': {**_NULL_TEXT, 'description': 'As it was sent last.'},
        'copies': {'type': 'array', 'items': base.ID},
        'history': {
            'type': 'array',
            'items': base.answer(
                {
                    'number': {'type': 'integer'},
                    'at': base.INSTANT,
                    'result': {
                        **base.one_of(list(lifecycle.Attempt)),
                        'description': 'begun: under way, or its worker '
                        'died before the answer.',
                    },
                    'answer': _NULL_TEXT,
                    'recipients': _TEXTS,
                }
            ),
            'description': 'Each time that it was handed over, or tried '
            'to be, and what the mail server answered.',
        },
    }
)

LIST = base.listing(
    {
        'account_id': base.ID,
        'subscription_id': base.ID,
        'template': _TEMPLATES,
        'state': _STATES,
        'key': base.NAME,
    },
    ['id'],
)
RESEND = base.body({})
RECORD = base.body(
    {
        'date': {
            **base.MOMENT,
            'description': "When it was given: a day of the account's, "
            'which counts from its end, or an instant.',
        },
        'evidence': {
            **base.TEXT,
            'minLength': 1,
            'description': 'How it was given, and how that can be shown.',
        },
    },
    'date', 'evidence',
)  # fmt: skip

PREVIEW = base.query(
    {
        'template': _TEMPLATES,
        'account_id': {
            **base.ID,
            'description': 'Whose; left out, it is a sample.',
        },
        'subscription_id': {
            **base.ID,
            'description': 'Of which contract; its account is that of it.',
        },
        'locale': {
            **_LOCALE,
            'description': "In this language, and not in the account's.",
        },
    }
)
PREVIEW['required'] = ['template']
PREVIEWED = base.answer(
    {
        'template': _TEXT,
        'locale': _TEXT,
        'recipients': {
            **_TEXTS,
            'description': "The account's own; if it has none, those of its "
            "project's users are asked for when it is sent.",
        },
        'subject': _TEXT,
        'text': _TEXT,
        'html': _TEXT,
        'invented': {
            **_TEXTS,
            'description': 'What of it no book tells: samples.',
        },
    }
)

TEST = base.body(
    {
        'to': {**base.NAME, 'description': 'The address it is sent to.'},
        'template': {
            **_TEMPLATES,
            'description': 'Which notice to send a sample of: invoice.',
        },
        'locale': {**_LOCALE, 'description': 'Its language: en.'},
    },
    'to',
)
TESTED = base.answer(
    {
        'template': _TEXT,
        'to': _TEXT,
        'subject': _TEXT,
        'result': {
            **base.or_null(
                base.one_of(['accepted', 'deferred', 'refused', 'unknown'])
            ),
            'description': 'Null where it was not sent: a dry run.',
        },
        'answer': {**_TEXT, 'description': "The mail server's, or why none."},
        'advice': {**_TEXT, 'description': 'What may be done about it.'},
        'server': _TEXT,
        'tls': {
            **_NULL_TEXT,
            'description': 'The version that protected it; null: none did.',
        },
        'user': {
            **_NULL_TEXT, 'description': 'Who was logged in; null: nobody.'
        },
        'recipients': {
            'type': 'object',
            'additionalProperties': _TEXT,
            'description': 'What was answered to each address.',
        },
        'dialogue': {
            **_TEXTS,
            'description': 'What both sides said, without the password.',
        },
        'fault': {
            **_NULL_TEXT,
            'description': 'Why a template of your own was passed over.',
        },
    }
)  # fmt: skip
