# SPDX-License-Identifier: Apache-2.0
"""Who may see what is to be done to the cloud, and step in."""

from oslo_policy import policy

from patrii_billing.policies import base

_HELPERS = base.either(base.ADMIN, base.SUPPORT)
_ONE = '/v1/actions/{action_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'action:list', base.STAFF, 'List actions.', ('GET', '/v1/actions')
        ),
        base.rule('action:show', base.STAFF, 'Show an action.', ('GET', _ONE)),
        base.rule(
            'action:approve', base.ADMIN,
            'Say yes to actions that shelve, delete or purge.',
            ('POST', '/v1/actions/approve'),
        ),
        base.rule(
            'action:retry', _HELPERS, 'Have an action tried now.',
            ('POST', f'{_ONE}/retry'),
        ),
        base.rule(
            'action:cancel', _HELPERS, 'Call an action off.',
            ('POST', f'{_ONE}/cancel'),
        ),
    ]  # fmt: skip
