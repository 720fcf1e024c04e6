# SPDX-License-Identifier: Apache-2.0
"""Who may see what other systems are told, and have it told again."""

from oslo_policy import policy

from patrii_billing.policies import base

_ONE = '/v1/events/{event_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'event:list', base.STAFF, 'List what other systems are told.',
            ('GET', '/v1/events'),
        ),
        base.rule(
            'event:show', base.STAFF, 'Show an event.', ('GET', _ONE)
        ),
        base.rule(
            'event:redeliver', base.ADMIN, 'Tell it again.',
            ('POST', f'{_ONE}/redeliver'),
        ),
    ]  # fmt: skip
