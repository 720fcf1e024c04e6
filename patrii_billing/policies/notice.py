# SPDX-License-Identifier: Apache-2.0
"""Who may see what customers are told, and tell them again."""

from oslo_policy import policy

from patrii_billing.policies import base

_ONE = '/v1/notices/{notice_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'notice:list', base.STAFF, 'List notices.', ('GET', '/v1/notices')
        ),
        base.rule('notice:show', base.STAFF, 'Show a notice.', ('GET', _ONE)),
        base.rule(
            'notice:preview', base.STAFF,
            'Read how a notice would be written.',
            ('GET', '/v1/notice-preview'),
        ),
        base.rule(
            'notice:resend', base.STAFF, 'Send a notice again.',
            ('POST', f'{_ONE}/resend'),
        ),
        base.rule(
            'notice:test', base.ADMIN,
            'Send a test of a notice to an address.',
            ('POST', '/v1/notice-test'),
        ),
        base.rule(
            'notice:record', base.ADMIN,
            'Count a notice as given by letter or phone: a deletion may rest '
            'on it.',
            ('POST', f'{_ONE}/record'),
        ),
    ]  # fmt: skip
