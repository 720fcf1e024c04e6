# SPDX-License-Identifier: Apache-2.0
"""Who may see where the whole cloud stands."""

from oslo_policy import policy

from patrii_billing.policies import base


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'summary:show', base.STAFF,
            'See the figures of the whole cloud.',
            ('GET', '/v1/summary'),
        ),
    ]  # fmt: skip
