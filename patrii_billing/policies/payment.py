# SPDX-License-Identifier: Apache-2.0
"""Who may see payments, record them, and say where they go."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/payments/{payment_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'payment:list', _READERS, 'List payments.',
            ('GET', '/v1/payments'),
        ),
        base.rule(
            'payment:show', _READERS, 'Show a payment.', ('GET', _ONE)
        ),
        base.rule(
            'payment:create', _WRITERS, 'Record a payment.',
            ('POST', '/v1/payments'),
        ),
        *(
            base.rule(
                f'payment:{verb.replace("-", "_")}', _WRITERS, told,
                ('POST', f'{_ONE}/{verb}'),
            )
            for verb, told in (
                ('assign', 'Say whose a payment is.'),
                ('allocate', 'Put a payment on an invoice.'),
                ('undo-allocation', 'Take a payment off an invoice.'),
                ('fail', 'Say that a payment did not arrive.'),
                ('charge-back', 'Record that a bank took a payment back.'),
                ('refund', 'Record that money was paid back.'),
            )
        ),
    ]  # fmt: skip
