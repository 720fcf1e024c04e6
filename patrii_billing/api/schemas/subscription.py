# SPDX-License-Identifier: Apache-2.0
"""The shapes of contracts."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import ladder
from patrii_billing.api.schemas import owner
from patrii_billing.domain import lifecycle

_TEXT: base.Schema = {'type': 'string'}
_NAME = base.told(base.NAME, 'What it is called; no other one is.')
WHY: base.Schema = {**base.TEXT, 'description': 'For the timeline.'}
_ANCHOR: base.Schema = {
    'type': 'integer',
    'minimum': 1,
    'maximum': 31,
    'description': 'The day of the month on which its periods begin.',
}
_STEPS = [
    str(step)
    for step in lifecycle.Step
    if step is not lifecycle.Step.NONE
]  # fmt: skip

SUBSCRIPTION = base.answer(
    {
        'id': owner.ID,
        'name': _NAME,
        'account_id': owner.ACCOUNT_ID,
        'account_name': owner.ACCOUNT_NAME,
        'plan_id': base.told(base.ID, 'The plan it is billed by, by its id.'),
        'plan_name': base.told(base.NAME, 'The name of that plan.'),
        'project_id': owner.PROJECT_ID,
        'project_name': owner.PROJECT_NAME,
        'server_id': {
            **base.or_null(base.UUID),
            'description': 'Of one server; null: of the whole project.',
        },
        'enforces': {
            **base.BOOLEAN,
            'description': 'Whether it covers its project, or its server.',
        },
        'enforce_from': base.told(
            base.or_null(base.INSTANT), 'Nobody is dunned before; in UTC.'
        ),
        'anchor_day': _ANCHOR,
        'start': base.told(base.DAY, 'Its first day.'),
        'billed_until': {
            **base.DAY,
            'description': 'Where what is billed ends.',
        },
        'next_invoice_at': {
            **base.or_null(base.INSTANT),
            'description': 'When the next period is invoiced; null: never.',
        },
        'contract': {
            **base.one_of(list(lifecycle.Contract)),
            'description': 'Where the contract is between start and end.',
        },
        'ends_on': {
            **base.or_null(base.DAY),
            'description': 'The first day that is not billed.',
        },
        'ended_at': base.told(
            base.or_null(base.INSTANT), 'When the contract ended, in UTC.'
        ),
        'billing_status': {
            **base.one_of(list(lifecycle.Status)),
            'description': 'Where it stands on the ladder; written once nova '
            'has confirmed it.',
        },
        'status_since': base.told(base.INSTANT, 'Since when, in UTC.'),
        'next_step': {
            **base.or_null(base.one_of(_STEPS)),
            'description': 'Of the ladder, for the oldest open invoice.',
        },
        'due_at': {
            **base.or_null(base.INSTANT),
            'description': 'When that is; null while it waits for something.',
        },
        'waits_for': {
            **base.or_null(_TEXT),
            'description': 'The key of the notice it waits for.',
        },
        'held': {
            **base.BOOLEAN,
            'description': 'The ladder stands still.',
        },
        'case_id': {
            **base.or_null(_TEXT),
            'description': 'As it stands in the locks of its servers.',
        },
        'policy': ladder.POLICY,
        'currency': owner.CURRENCY,
        'owed': {
            **base.AMOUNT,
            'description': 'What is open of its invoices.',
        },
        'parked': {
            **base.BOOLEAN,
            'description': 'Not billed until a person has looked at it.',
        },
        'parked_why': owner.PARKED_WHY,
        'created_at': base.INSTANT,
    }
)

LIST = base.listing(
    {
        'account_id': base.ID,
        'name': base.NAME,
        'billing_status': base.one_of(list(lifecycle.Status)),
        'contract': base.one_of(list(lifecycle.Contract)),
        'plan_id': base.ID,
        'project_id': base.UUID,
        'server_id': base.UUID,
        'parked': base.BOOLEAN,
    },
    ['id', 'name', 'due_at', 'status_since'],
)

CREATE = base.body(
    {
        'name': _NAME,
        'account_id': {
            **base.ID,
            'description': 'To be sure: must be the one of the project.',
        },
        'plan_id': base.told(base.ID, 'The plan to bill by, by its id.'),
        'project_id': owner.PROJECT_ID,
        'server_id': {
            **base.UUID,
            'description': 'Only this server of the project.',
        },
        'start': {
            **base.DAY,
            'description': 'Its first day; not past, unless paid_until is '
            'given.',
        },
        'paid_until': {
            **base.DAY,
            'description': 'The day from which on this service bills.',
        },
        'anchor_day': {
            **_ANCHOR,
            'description': 'The day of the month on which its periods '
            'begin; else that of its start.',
        },
        'enforces': {
            **base.BOOLEAN,
            'description': 'Whether it covers its project, or its server; '
            'at most one does. Else true.',
        },
        'enforce_from': {
            **base.MOMENT,
            'description': 'Nobody is dunned before. '
            + base.MOMENT['description'],
        },
        'policy': ladder.POLICY,
    },
    'name',
    'plan_id',
    'project_id',
    'start',
)

CHANGE = base.body(
    {
        'name': _NAME,
        'policy': ladder.CHANGED,
        'enforce_from': base.or_null(base.MOMENT),
        'plan_id': {
            **base.ID,
            'description': 'Another plan: from the next period on, or from '
            '`plan_from`.',
        },
        'plan_from': {
            **base.DAY,
            'description': 'A day of the running period or of what is billed '
            'later; what is billed is corrected.',
        },
        'anchor_day': {
            **_ANCHOR,
            'description': 'From the end of what is billed on; the next '
            'invoice bills a stub.',
        },
        'why': WHY,
    },
    minimum=1,
)

CANCEL = base.body(
    {
        'on': {
            **base.DAY,
            'description': 'The first day that is not billed; else the end '
            'of what is paid, in a trial today.',
        },
        'why': WHY,
    }
)
WORD = base.body({'why': WHY})
RESTORED = base.answer(
    {
        'subscription_id': owner.SUBSCRIPTION_ID,
        'action_ids': {
            'type': 'array',
            'items': base.ID,
            'description': 'The actions that give it back.',
        },
    }
)
