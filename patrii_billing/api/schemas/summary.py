# SPDX-License-Identifier: Apache-2.0
"""The shape of where the whole cloud stands."""

from patrii_billing.api.schemas import base
from patrii_billing.domain import forecast
from patrii_billing.domain import lifecycle

_COUNT: base.Schema = {'type': 'integer', 'minimum': 0}
_STATUS = base.answer(
    {
        'status': base.one_of(list(lifecycle.Status)),
        'subscriptions': _COUNT,
        'accounts': _COUNT,
    }
)
_AGE = base.answer(
    {
        'currency': base.CURRENCY,
        'from_days': {
            **base.or_null(_COUNT),
            'description': 'Whole days past due; null: not due.',
        },
        'to_days': {
            **base.or_null(_COUNT),
            'description': 'The last of them; null: no end.',
        },
        'invoices': _COUNT,
        'owed': base.AMOUNT,
    }
)
_MONTH = base.answer(
    {
        'month': {**base.DAY, 'description': 'Its first day.'},
        'currency': base.CURRENCY,
        'invoiced': base.AMOUNT,
        'credited': base.AMOUNT,
        'collected': base.AMOUNT,
        'refunded': base.AMOUNT,
        'charged_back': base.AMOUNT,
    }
)
_DUE = base.answer(
    {
        'day': {**base.DAY, 'description': 'In the timezone asked for.'},
        'kind': base.one_of(
            [
                forecast.Kind.INVOICE, forecast.Kind.REMINDER,
                forecast.Kind.GRACE, forecast.Kind.SHELVE,
                forecast.Kind.LAST_WARNING, forecast.Kind.DELETE,
            ]
        ),
        'currency': base.CURRENCY,
        'subscriptions': _COUNT,
        'amount': {
            **base.AMOUNT,
            'description': 'What they owe; of invoices what those of the '
            'last period came to.',
        },
        'estimated': base.BOOLEAN,
    }
)  # fmt: skip
_ACTION = base.answer(
    {
        'type': base.one_of(list(lifecycle.ActionType)),
        'waiting': _COUNT,
        'stuck': {
            **_COUNT,
            'description': 'Of those that wait, what failed several times.',
        },
        'failed': _COUNT,
    }
)
_UNMATCHED = base.answer(
    {'currency': base.CURRENCY, 'payments': _COUNT, 'amount': base.AMOUNT}
)
_CAP = base.answer(
    {
        'action': base.one_of(list(lifecycle.ActionType)),
        'name': {'type': 'string'},
        'used': _COUNT,
        'limit': _COUNT,
    }
)


def _all(item: base.Schema, description: str) -> base.Schema:
    return {'type': 'array', 'items': item, 'description': description}


SUMMARY = base.answer(
    {
        'at': base.INSTANT,
        'past_months_at': {
            **base.INSTANT,
            'description': 'Of when the months before the running one are, '
            'and the invoices that are due.',
        },
        'accounts': _COUNT,
        'parked_accounts': _COUNT,
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
        'waiting_notices': _COUNT,
        'refused_notices': {
            **_COUNT,
            'description': 'That did not arrive, in the last thirty days.',
        },
        'unknown_notices': {
            **_COUNT,
            'description': 'Of which nobody knows, in as many days.',
        },
        'parked_messages': _COUNT,
        'message_waiting_since': base.or_null(base.INSTANT),
        'unmatched_payments': _all(_UNMATCHED, 'Money of nobody known.'),
        'ticked_at': base.or_null(base.INSTANT),
        'heard_at': {
            **base.or_null(base.INSTANT),
            'description': 'The newest notification.',
        },
        'swept_at': {
            **base.or_null(base.INSTANT),
            'description': 'The newest complete comparison with nova.',
        },
        'dry_run': base.BOOLEAN,
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
