# SPDX-License-Identifier: Apache-2.0
"""The shapes of another subscription engine, as it is read."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner
from patrii_billing.domain import bridge
from patrii_billing.domain import lifecycle
from patrii_billing.engine.bridging import standing
from patrii_billing.store import bridges

_TEXT = {'type': 'string'}
_MAYBE = base.or_null(_TEXT)
_WHEN = base.or_null(base.INSTANT)
_COUNT: base.Schema = {'type': 'integer', 'minimum': 0}
_KIND = {
    **base.one_of(bridges.KINDS),
    'description': 'What it is there.',
}
_RECORDS = base.answer(
    {
        'kind': _KIND,
        'state': {
            **base.one_of(list(lifecycle.LinkState)),
            'description': 'linked: it is in the books; waiting: it could '
            'not be taken over; gone: it is there no more; erased: a person '
            'asked to be forgotten.',
        },
        'records': base.told(_COUNT, 'How many there are.'),
    }
)
BRIDGE = base.answer(
    {
        'name': base.told(
            _MAYBE, 'Of the engine; null: customers are entered here.'
        ),
        'state': {
            **base.or_null(base.one_of(list(standing.State))),
            'description': 'active: what it says is followed; passive: '
            'something is missing, or it was never read to the end; unread: '
            'not lately. Nobody is enforced for what it says unless it is '
            'active.',
        },
        'invoices': {
            **base.or_null(base.one_of(list(bridge.Owner))),
            'description': 'Who draws up the invoices: theirs or ours.',
        },
        'what': base.told(_MAYBE, 'As it introduced itself.'),
        'needs': {
            'type': 'array',
            'items': _TEXT,
            'description': 'What it and the cloud lacked at the last try.',
        },
        'why': base.told(_MAYBE, 'Why the last try failed.'),
        'failures': base.told(_COUNT, 'Tries that failed in a row.'),
        'read_at': base.told(
            _WHEN, 'When the last complete reading began, in UTC.'
        ),
        'read_whole_at': base.told(_WHEN, 'The same, of all it has.'),
        'next_at': base.told(_WHEN, 'When it is read next.'),
        'waiting': base.told(_COUNT, 'Records that were not taken over.'),
        'records': {
            'type': 'array',
            'items': _RECORDS,
            'description': 'What was read of it, counted.',
        },
    }
)
WAITING = base.answer(
    {
        'id': owner.ID,
        'kind': _KIND,
        'ref': {**_TEXT, 'description': 'By which the engine knows it.'},
        'name': base.told(
            _MAYBE, 'What it is called there, or its number.'
        ),
        'customer': base.told(_TEXT, 'Whose it is, by his ref.'),
        'why': base.told(
            _MAYBE, 'Why it was not taken over, or what differs there.'
        ),
        'said': {
            'type': 'object',
            'description': 'All that was read of it.',
        },
        'seen_at': base.told(base.INSTANT, 'When it was read last, in UTC.'),
    }
)
LIST = base.listing({'kind': _KIND}, ['id'])
