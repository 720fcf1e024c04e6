# SPDX-License-Identifier: Apache-2.0
"""The shapes of holds."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.api.schemas import subscription
from patrii_billing.domain import lifecycle

_TYPE: base.Schema = {
    **base.one_of(list(lifecycle.HoldType)),
    'description': 'promise: invoices go on, until a date. pause: neither '
    'ladder nor invoices run. abuse: no payment lifts it.',
}
_WRITTEN: base.Schema = {
    **base.or_null({'type': 'string'}),
    'description': 'For the house; a customer sees null.',
}

HOLD = base.answer(
    {
        'id': owner.ID,
        'subscription_id': owner.SUBSCRIPTION_ID,
        'type': _TYPE,
        'in_force': base.told(
            base.BOOLEAN, 'Whether the ladder stands still by it now.'
        ),
        'starts_at': base.told(base.INSTANT, 'Since when, in UTC.'),
        'until': {
            **base.or_null(base.INSTANT),
            'description': 'Null: until it is released.',
        },
        'ended_at': {
            **base.or_null(base.INSTANT),
            'description': 'When it was released, or its reason went away.',
        },
        'reason': _WRITTEN,
        'by': _WRITTEN,
    }
)
LIST = base.listing({}, ['id'])
CREATE = base.body(
    {
        'type': _TYPE,
        'until': {
            **base.MOMENT,
            'description': 'A promise needs it; the others may last until '
            'they are released. ' + base.MOMENT['description'],
        },
        'reason': {
            **base.TEXT,
            'minLength': 1,
            'description': 'For the house; no customer sees it.',
        },
    },
    'type',
    'reason',
)
CHANGE = base.body(
    {
        'until': base.or_null(base.MOMENT),
        'why': subscription.WHY,
    },
    'until',
)
WORD = subscription.WORD
