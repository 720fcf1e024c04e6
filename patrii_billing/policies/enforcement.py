# SPDX-License-Identifier: Apache-2.0
"""Who may see whether servers are shelved and deleted, stop it, go on."""

from oslo_policy import policy

from patrii_billing.policies import base

_ONE = '/v1/enforcement'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'enforcement:show', base.STAFF,
            'Show whether servers may be shelved and deleted.', ('GET', _ONE),
        ),
        # Whoever sees harm being done must be able to end it at once.
        base.rule(
            'enforcement:stop', base.STAFF, 'Stop shelving and deleting.',
            ('POST', f'{_ONE}/stop'),
        ),
        base.rule(
            'enforcement:resume', base.ADMIN,
            'Go on with shelving and deleting.', ('POST', f'{_ONE}/resume'),
        ),
    ]  # fmt: skip
