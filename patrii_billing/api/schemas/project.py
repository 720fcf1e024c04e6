# SPDX-License-Identifier: Apache-2.0
"""The shapes of projects."""

from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import owner

PROJECT = base.answer(
    {
        'id': base.told(base.UUID, 'That of keystone.'),
        'name': base.told(base.NAME, 'As keystone has it.'),
        'account_id': owner.ACCOUNT_ID,
        'account_name': owner.ACCOUNT_NAME,
    }
)
LIST = base.listing(
    {'account_id': base.ID, 'name': base.NAME}, ['id', 'name'], base.UUID
)
CREATE = base.body(
    {
        'account_id': base.told(base.ID, 'Whose it is to be, by its id.'),
        'id': {**base.UUID, 'description': 'That of keystone.'},
        'name': {
            **base.NAME,
            'description': 'In place of the id, where keystone has one of '
            'that name.',
        },
    },
    'account_id',
)
