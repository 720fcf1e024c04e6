# SPDX-License-Identifier: Apache-2.0
"""The shapes of what is to come."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import forecast

_KIND = base.one_of(list(forecast.Kind))
EVENT = base.answer(
    {
        'at': base.told(base.INSTANT, 'When it comes, in UTC.'),
        'not_before': {
            **base.BOOLEAN,
            'description': 'Whether `at` is only the earliest it can be, '
            'because it waits for a mail server or for nova.',
        },
        'kind': base.told(_KIND, 'What comes.'),
        'account_id': owner.ACCOUNT_ID,
        'account_name': owner.ACCOUNT_NAME,
        'subscription_id': owner.SUBSCRIPTION_ID,
        'subscription_name': owner.SUBSCRIPTION_NAME,
        'project_id': owner.PROJECT_ID,
        'amount': {
            **base.or_null(base.AMOUNT),
            'description': 'What an invoice will ask for, by what is known '
            'now; else what is owed then.',
        },
        'currency': owner.CURRENCY,
        'server_ids': {
            'type': 'array',
            'items': {'type': 'string'},
            'description': 'The servers that it is about, by their ids.',
        },
        'names': {
            **base.or_null(base.INSTANT),
            'description': 'The instant that a mail will name.',
        },
    }
)

# The instant and the subscription that a page ended with.
MARKER: base.Schema = {
    'type': 'string',
    'pattern': '^(near-)?[0-9]{1,16}-[0-9]{1,18}$',
    'description': 'As it stands in the link to the next page.',
}
LIST = base.query(
    {
        'days': {
            'type': 'integer',
            'minimum': 1,
            'maximum': 366,
            'default': 7,
            'description': 'How many days to look ahead.',
        },
        'account_id': base.ID,
        'subscription_id': base.ID,
        'kind': {
            'type': 'array',
            'items': _KIND,
            'maxItems': len(forecast.Kind),
            'description': 'Of these kinds alone, each given by itself.',
        },
        'limit': {
            'type': 'integer',
            'minimum': 1,
            'maximum': 10000,
            'description': 'Of how many subscriptions; at most '
            '[api] max_limit.',
        },
        'marker': MARKER,
    }
)
