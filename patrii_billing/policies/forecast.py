# SPDX-License-Identifier: Apache-2.0
"""Who may look ahead."""

from oslo_policy import policy

from patrii_billing.policies import base


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'forecast:list', base.either(base.STAFF, base.OWNER),
            'See what comes in the next days if nobody pays.',
            ('GET', '/v1/forecast'),
        ),
    ]  # fmt: skip
