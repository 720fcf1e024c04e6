# SPDX-License-Identifier: Apache-2.0
"""Who may see credits, give them and take them back."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/credits/{credit_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'credit:list', _READERS, 'List credits.', ('GET', '/v1/credits')
        ),
        base.rule('credit:show', _READERS, 'Show a credit.', ('GET', _ONE)),
        base.rule(
            'credit:create', _WRITERS, 'Give a credit.',
            ('POST', '/v1/credits'),
        ),
        base.rule(
            'credit:withdraw', _WRITERS, 'Take a credit back.',
            ('POST', f'{_ONE}/withdraw'),
        ),
        base.rule(
            'credit:refund', _WRITERS, 'Record that a credit was paid out.',
            ('POST', f'{_ONE}/refund'),
        ),
    ]  # fmt: skip
