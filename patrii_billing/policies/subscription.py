# SPDX-License-Identifier: Apache-2.0
"""Who may see and change contracts."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/subscriptions/{subscription_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'subscription:list', _READERS, 'List subscriptions.',
            ('GET', '/v1/subscriptions'),
        ),
        base.rule(
            'subscription:show', _READERS, 'Show a subscription.',
            ('GET', _ONE),
        ),
        base.rule(
            'subscription:create', _WRITERS, 'Enter a subscription.',
            ('POST', '/v1/subscriptions'),
        ),
        base.rule(
            'subscription:update', _WRITERS,
            'Change the plan, the periods or the policy of a subscription.',
            ('PATCH', _ONE),
        ),
        base.rule(
            'subscription:cancel', _WRITERS, 'End a subscription on a day.',
            ('POST', f'{_ONE}/cancel'),
        ),
        base.rule(
            'subscription:keep', _WRITERS, 'Withdraw a cancellation.',
            ('POST', f'{_ONE}/keep'),
        ),
        base.rule(
            'subscription:restore', base.STAFF,
            'Have what is paid for given back now.',
            ('POST', f'{_ONE}/restore'),
        ),
    ]  # fmt: skip
