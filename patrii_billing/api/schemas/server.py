# SPDX-License-Identifier: Apache-2.0
"""The shapes of servers."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.api.schemas import subscription
from patrii_billing.domain import lifecycle

_TEXT: base.Schema = {'type': 'string'}
_CUSTODY = [
    str(state)
    for state in lifecycle.Custody
    if state is not lifecycle.Custody.RESTORED
]

SERVER = base.answer(
    {
        'id': base.told(base.UUID, 'That of nova.'),
        'name': base.told(_TEXT, 'As nova last told it.'),
        'project_id': owner.PROJECT_ID,
        'project_name': base.or_null(owner.PROJECT_NAME),
        'account_id': {
            **base.or_null(base.ID),
            'description': 'Null where its project is nobody\'s.',
        },
        'account_name': base.or_null(owner.ACCOUNT_NAME),
        'flavor': base.told(_TEXT, 'The name of its flavor.'),
        'vm_state': {
            **_TEXT,
            'description': 'As nova last told it, at `told_at`.',
        },
        'told_at': base.told(
            base.INSTANT, 'When nova last told of it, in UTC.'
        ),
        'created_at': base.told(
            base.or_null(base.INSTANT), 'When nova made it, in UTC.'
        ),
        'deleted_at': base.told(
            base.or_null(base.INSTANT), 'Since when it is gone, in UTC.'
        ),
        'subscription_id': {
            **base.or_null(base.ID),
            'description': 'What covers it; null: nothing does.',
        },
        'subscription_name': base.or_null(owner.SUBSCRIPTION_NAME),
        'custody': {
            **base.or_null(base.one_of(_CUSTODY)),
            'description': 'What we did to it; null: nothing, or undone.',
        },
        'custody_why': base.told(
            base.or_null(_TEXT), 'Why that and nothing else, in words.'
        ),
        'custody_at': base.told(
            base.or_null(base.INSTANT), 'Since when, in UTC.'
        ),
        'case_id': {
            **base.or_null(_TEXT),
            'description': 'As it stands in its lock.',
        },
        'kept_until': {
            **base.or_null(base.INSTANT),
            'description': 'Until when what was kept of it can be had.',
        },
        'deletion_action_id': {
            **base.or_null(base.ID),
            'description': 'A delete that is to be done.',
        },
        'deletion_ground': {
            **base.or_null(base.one_of(list(lifecycle.Ground))),
            'description': 'ladder: unpaid. owner: he asked for it.',
        },
    }
)
LIST = base.listing(
    {
        'account_id': base.ID,
        'project_id': base.UUID,
        'name': base.NAME,
        'custody': base.one_of(_CUSTODY),
        'deleted': base.BOOLEAN,
    },
    ['id'],
    base.UUID,
)
WORD = subscription.WORD
