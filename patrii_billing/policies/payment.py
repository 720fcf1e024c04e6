# SPDX-License-Identifier: Apache-2.0
"""Who may see and record payments."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'payment:list', _READERS, 'List payments.',
            ('GET', '/v1/payments'),
        ),
        base.rule(
            'payment:show', _READERS, 'Show a payment.',
            ('GET', '/v1/payments/{payment_id}'),
        ),
        base.rule(
            'payment:create', _WRITERS, 'Record a payment.',
            ('POST', '/v1/payments'),
        ),
    ]  # fmt: skip
