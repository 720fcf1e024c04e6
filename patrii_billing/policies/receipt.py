# SPDX-License-Identifier: Apache-2.0
"""Who may see what webhooks told, and say what becomes of what waits."""

from oslo_policy import policy

from patrii_billing.policies import base

_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/receipts/{receipt_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'receipt:list', base.STAFF, 'List what webhooks told.',
            ('GET', '/v1/receipts'),
        ),
        base.rule(
            'receipt:show', base.STAFF, 'Show what a webhook told.',
            ('GET', _ONE),
        ),
        base.rule(
            'receipt:retry', _WRITERS, 'Try again what could not be done.',
            ('POST', f'{_ONE}/retry'),
        ),
        base.rule(
            'receipt:dismiss', _WRITERS, 'Let go of what cannot be done.',
            ('POST', f'{_ONE}/dismiss'),
        ),
    ]  # fmt: skip
