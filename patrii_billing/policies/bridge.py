# SPDX-License-Identifier: Apache-2.0
"""Who may see how another subscription engine is read."""

from oslo_policy import policy

from patrii_billing.policies import base

_ONE = '/v1/bridge'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'bridge:show', base.STAFF,
            'Show how another subscription engine is read.', ('GET', _ONE),
        ),
        base.rule(
            'bridge:waiting', base.STAFF,
            'List what was read there and could not be taken over.',
            ('GET', f'{_ONE}/waiting'),
        ),
    ]  # fmt: skip
