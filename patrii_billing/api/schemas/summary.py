# SPDX-License-Identifier: Apache-2.0
"""The shape of where the whole cloud stands."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import forecast
from patrii_billing.domain import lifecycle

_COUNT: base.Schema = {'type': 'integer', 'minimum': 0}
_STATUS = base.answer(
    {
        'status': {
            **base.one_of(list(lifecycle.Status)),
            'description': 'Where they stand on the ladder.',
        },
        'subscriptions': base.told(_COUNT, 'How many stand there.'),
        'accounts': base.told(_COUNT, 'Of how many accounts.'),
    }
)
_AGE = base.answer(
    {
        'currency': owner.CURRENCY,
        'from_days': {
            **base.or_null(_COUNT),
            'description': 'Whole days past due; null: not due.',
        },
        'to_days': {
            **base.or_null(_COUNT),
            'description': 'The last of them; null: no end.',
        },
        'invoices': base.told(_COUNT, 'How many are open.'),
        'owed': base.told(base.AMOUNT, 'What is left to pay of them.'),
    }
)
_MONTH = base.answer(
    {
        'month': {**base.DAY, 'description': 'Its first day.'},
        'currency': owner.CURRENCY,
        'invoiced': base.told(base.AMOUNT, 'What was asked for, with taxes.'),
        'credited': base.told(base.AMOUNT, 'What documents gave back.'),
        'collected': base.told(base.AMOUNT, 'What customers paid.'),
        'refunded': base.told(base.AMOUNT, 'What was paid back to them.'),
        'charged_back': base.told(base.AMOUNT, 'What banks took back.'),
    }
)
_DUE = base.answer(
    {
        'day': {**base.DAY, 'description': 'In the timezone asked for.'},
        'kind': {
            **base.one_of(
                [
                    forecast.Kind.INVOICE, forecast.Kind.REMINDER,
                    forecast.Kind.GRACE, forecast.Kind.SHELVE,
                    forecast.Kind.LAST_WARNING, forecast.Kind.DELETE,
                ]
            ),
            'description': 'Which step comes.',
        },
        'currency': owner.CURRENCY,
        'subscriptions': base.told(_COUNT, 'How many it comes to.'),
        'amount': {
            **base.AMOUNT,
            'description': 'What they owe; of invoices what those of the '
            'last period came to.',
        },
        'estimated': base.told(
            base.BOOLEAN, 'Whether the amount is by the last period.'
        ),
    }
)  # fmt: skip
_ACTION = base.answer(
    {
        'type': {
            **base.one_of(list(lifecycle.ActionType)),
            'description': 'What is done to the cloud.',
        },
        'waiting': base.told(_COUNT, 'How many wait or go on.'),
        'stuck': {
            **_COUNT,
            'description': 'Of those that wait, what failed several times.',
        },
        'failed': base.told(_COUNT, 'How many were given up.'),
    }
)
_UNMATCHED = base.answer(
    {
        'currency': owner.CURRENCY,
        'payments': base.told(_COUNT, 'How many there are.'),
        'amount': base.told(base.AMOUNT, 'The sum of them.'),
    }
)
_CAP = base.answer(
    {
        'action': {
            **base.one_of(list(lifecycle.ActionType)),
            'description': 'What is counted.',
        },
        'name': base.told(
            {'type': 'string'}, 'What it is, and over what span.'
        ),
        'used': base.told(_COUNT, 'How many there were.'),
        'limit': base.told(_COUNT, 'How many there may be.'),
    }
)


def _all(item: base.Schema, description: str) -> base.Schema:
    return {'type': 'array', 'items': item, 'description': description}


SUMMARY = base.answer(
    {
        'at': base.told(base.INSTANT, 'As of when all is, in UTC.'),
        'past_months_at': {
            **base.INSTANT,
            'description': 'Of when the months before the running one are, '
            'and the invoices that are due.',
        },
        'accounts': base.told(_COUNT, 'How many customers there are.'),
        'parked_accounts': base.told(
            _COUNT, 'How many are not billed before a person looked.'
        ),
        'statuses': _all(_STATUS, 'Subscriptions whose contract runs.'),
        'open': _all(_AGE, 'What is owed, by how long it is past due.'),
        'months': _all(_MONTH, 'The last twelve, the running one included.'),
        'due': _all(
            _DUE,
            'The next step of each, if nobody pays, in the next seven days; '
            'with today what should have been before. What follows from '
            'such a step is told by the forecast.',
        ),
        'actions': _all(_ACTION, 'What waits for nova, or failed.'),
        'waiting_notices': base.told(_COUNT, 'That are yet to be sent.'),
        'refused_notices': {
            **_COUNT,
            'description': 'That did not arrive, in the last thirty days.',
        },
        'unknown_notices': {
            **_COUNT,
            'description': 'Of which nobody knows, in as many days.',
        },
        'parked_messages': base.told(
            _COUNT, 'Notifications that could not be read, and are kept.'
        ),
        'message_waiting_since': {
            **base.or_null(base.INSTANT),
            'description': 'When the oldest came that waits to be read.',
        },
        'unmatched_payments': _all(_UNMATCHED, 'Money of nobody known.'),
        'ticked_at': {
            **base.or_null(base.INSTANT),
            'description': 'When the engine last went its round.',
        },
        'heard_at': {
            **base.or_null(base.INSTANT),
            'description': 'The newest notification.',
        },
        'swept_at': {
            **base.or_null(base.INSTANT),
            'description': 'The newest complete comparison with nova.',
        },
        'dry_run': base.told(
            base.BOOLEAN, 'Nothing is done to the cloud, nobody is mailed.'
        ),
        'standing_still': {
            'type': 'array',
            'items': {'type': 'string'},
            'description': 'Why nothing is enforced; empty where it is.',
        },
        'caps': _all(_CAP, 'At the limit all enforcement stops.'),
    }
)

SHOW = base.query(
    {
        'timezone': {
            'type': 'string',
            'minLength': 1,
            'maxLength': 64,
            'default': 'UTC',
            'description': 'Whose months and days they are.',
        }
    }
)
