# SPDX-License-Identifier: Apache-2.0
"""Who may see and change what a project may use."""

from oslo_policy import policy

from patrii_billing.policies import base

_ONE = '/v1/subscriptions/{subscription_id}/quota'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'quota:show', base.either(base.STAFF, base.OWNER),
            'Show the quota of a project as nova and the books have it.',
            ('GET', _ONE),
        ),
        base.rule(
            'quota:update',
            base.either(base.ADMIN, base.SUPPORT, base.OWNING_MEMBER),
            'Change the quota of a project, which is billed. A customer '
            'needs a token of that very project.',
            ('POST', _ONE),
        ),
    ]  # fmt: skip
