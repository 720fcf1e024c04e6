# SPDX-License-Identifier: Apache-2.0
"""The shapes of projects."""

from patrii_billing.api.schemas import base

PROJECT = base.answer(
    {
        'id': base.UUID,
        'name': base.NAME,
        'account_id': base.ID,
        'account_name': base.NAME,
    }
)
LIST = base.listing(
    {'account_id': base.ID, 'name': base.NAME}, ['id', 'name'], base.UUID
)
CREATE = base.body(
    {
        'account_id': base.ID,
        'id': {**base.UUID, 'description': 'That of keystone.'},
        'name': {
            **base.NAME,
            'description': 'In place of the id, where keystone has one of '
            'that name.',
        },
    },
    'account_id',
)
