# SPDX-License-Identifier: Apache-2.0
"""Who may let the ladder stand still."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_ALL = '/v1/subscriptions/{subscription_id}/holds'
_ONE = f'{_ALL}/{{hold_id}}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'hold:list', _READERS, 'List the holds of a subscription.',
            ('GET', _ALL),
        ),
        base.rule('hold:show', _READERS, 'Show a hold.', ('GET', _ONE)),
        base.rule(
            'hold:create', base.STAFF, 'Place a hold.', ('POST', _ALL)
        ),
        base.rule(
            'hold:update', base.STAFF, 'Give a hold another end.',
            ('PATCH', _ONE),
        ),
        base.rule(
            'hold:delete', base.STAFF, 'Release a hold.', ('DELETE', _ONE)
        ),
    ]  # fmt: skip
