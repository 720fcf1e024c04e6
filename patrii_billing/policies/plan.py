# SPDX-License-Identifier: Apache-2.0
"""Who may see and change plans and prices."""

from oslo_policy import policy

from patrii_billing.policies import base

_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/plans/{plan_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'plan:list', base.STAFF, 'List plans.', ('GET', '/v1/plans')
        ),
        base.rule('plan:show', base.STAFF, 'Show a plan.', ('GET', _ONE)),
        base.rule(
            'plan:create', _WRITERS, 'Enter a plan.', ('POST', '/v1/plans')
        ),
        base.rule(
            'plan:update', _WRITERS, 'Change a plan.', ('PATCH', _ONE)
        ),
        base.rule(
            'plan:delete', _WRITERS, 'Delete a plan that nobody has.',
            ('DELETE', _ONE),
        ),
        base.rule(
            'plan:add_price', _WRITERS, 'Add a price to a plan.',
            ('POST', f'{_ONE}/prices'),
        ),
        base.rule(
            'plan:end_price', _WRITERS, 'Say until when a price is valid.',
            ('PATCH', f'{_ONE}/prices/{{price_id}}'),
        ),
    ]  # fmt: skip
