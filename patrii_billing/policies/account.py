# SPDX-License-Identifier: Apache-2.0
"""Who may see and change customers."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/accounts/{account_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'account:list', _READERS, 'List accounts.',
            ('GET', '/v1/accounts'),
        ),
        base.rule(
            'account:show', _READERS, 'Show an account.', ('GET', _ONE)
        ),
        base.rule(
            'account:create', _WRITERS, 'Enter an account.',
            ('POST', '/v1/accounts'),
        ),
        base.rule(
            'account:update', _WRITERS, 'Change an account.', ('PATCH', _ONE)
        ),
        base.rule(
            'account:delete', _WRITERS, 'Delete an account without history.',
            ('DELETE', _ONE),
        ),
        base.rule(
            'account:bill', _WRITERS, 'Bill a parked account again.',
            ('POST', f'{_ONE}/bill'),
        ),
        base.rule(
            'account:export', base.ADMIN,
            'Read all that is held of a customer.', ('GET', f'{_ONE}/export'),
        ),
        base.rule(
            'account:erase', base.ADMIN,
            'Take a customer who has left out of the books.',
            ('POST', f'{_ONE}/erase'),
        ),
    ]  # fmt: skip
