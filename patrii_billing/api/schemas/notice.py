# SPDX-License-Identifier: Apache-2.0
"""The shapes of notices."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
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
    'id': owner.ID,
    'key': {**_TEXT, 'description': 'What makes it this one.'},
    'template': base.told(_TEXT, 'What the mail is about.'),
    'state': base.told(_STATES, 'What became of it.'),
    'account_id': {**_NULL_ID, 'description': "Null: the operator's."},
    'account_name': base.or_null(owner.ACCOUNT_NAME),
    'subscription_id': base.or_null(owner.SUBSCRIPTION_ID),
    'subscription_name': base.or_null(owner.SUBSCRIPTION_NAME),
    'invoice': base.told(
        base.or_null(base.PATH['number']), 'The invoice that it is about.'
    ),
    'server_ids': base.told(
        _TEXTS, 'The servers that it names, by their ids in nova.'
    ),
    'names': {
        **_NULL_INSTANT,
        'description': 'The instant it speaks of, as that of the deletion.',
    },
    'repeats': {
        **_NULL_ID,
        'description': 'The notice that it is a copy of; the ladder counts '
        'from that one.',
    },
    'attempts': {
        'type': 'integer',
        'description': 'How often it was tried.',
    },
    'answer': {
        **_NULL_TEXT,
        'description': "The mail server's, or how it was given.",
    },
    'recipients': {
        **base.or_null(_TEXTS),
        'description': 'To which addresses it went; null until it is tried.',
    },
    'subject': base.told(
        _NULL_TEXT, 'As it was sent last; null until it is tried.'
    ),
    'next_at': {**_NULL_INSTANT, 'description': 'When it is tried next.'},
    'created_at': base.told(base.INSTANT, 'When it was due, in UTC.'),
    'settled_at': base.told(
        _NULL_INSTANT, 'When it was known what became of it, in UTC.'
    ),
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
        'copies': {
            'type': 'array',
            'items': base.ID,
            'description': 'The notices that repeat this one, by their ids.',
        },
        'history': {
            'type': 'array',
            'items': base.answer(
                {
                    'number': {
                        'type': 'integer',
                        'description': 'Which time it was: 1 is the first.',
                    },
                    'at': base.told(base.INSTANT, 'When that was, in UTC.'),
                    'result': {
                        **base.one_of(list(lifecycle.Attempt)),
                        'description': 'begun: under way, or its worker '
                        'died before the answer.',
                    },
                    'answer': base.told(
                        _NULL_TEXT, 'What the mail server said.'
                    ),
                    'recipients': base.told(_TEXTS, 'To which addresses.'),
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
        'template': base.told(_TEXT, 'Which notice it would be.'),
        'locale': base.told(_TEXT, 'The language it is in.'),
        'recipients': {
            **_TEXTS,
            'description': "The account's own; if it has none, those of its "
            "project's users are asked for when it is sent.",
        },
        'subject': base.told(_TEXT, 'The subject of the mail.'),
        'text': base.told(_TEXT, 'The mail as plain text.'),
        'html': base.told(_TEXT, 'The mail as HTML.'),
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
        'template': base.told(_TEXT, 'Which notice it was a sample of.'),
        'to': base.told(_TEXT, 'The address it was sent to.'),
        'subject': base.told(_TEXT, 'The subject of the mail.'),
        'result': {
            **base.or_null(
                base.one_of(['accepted', 'deferred', 'refused', 'unknown'])
            ),
            'description': 'Null where it was not sent: a dry run.',
        },
        'answer': {**_TEXT, 'description': "The mail server's, or why none."},
        'advice': {**_TEXT, 'description': 'What may be done about it.'},
        'server': base.told(_TEXT, 'Which mail server was spoken to.'),
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
