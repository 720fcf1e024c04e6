# SPDX-License-Identifier: Apache-2.0
"""Who may read what happened, when, why and by whom."""

from oslo_policy import policy

from patrii_billing.policies import base


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'timeline:list', base.STAFF, 'Read the timeline.',
            ('GET', '/v1/timeline'),
        ),
    ]  # fmt: skip
