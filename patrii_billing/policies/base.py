# SPDX-License-Identifier: Apache-2.0
"""The personas: whom the rules of all nouns speak of.

An operator gives one of keystone's roles, or changes a persona's rule.
"""

from collections.abc import Sequence

from oslo_policy import policy

ADMIN = 'rule:billing_admin'
FINANCE = 'rule:billing_finance'
SUPPORT = 'rule:billing_support'
STAFF = 'rule:billing_staff'
# Of what belongs to the account of his own project; the door adds to the
# credentials which one that is.
OWNER = 'rule:billing_owner'
OWNING_MEMBER = 'rule:billing_owning_member'

PERSONAS = ('billing_admin', 'billing_finance', 'billing_support')

Operations = Sequence[tuple[str, str]]


def list_rules() -> list[policy.RuleDefault]:
    return [
        *(
            policy.RuleDefault(name, f'role:admin or role:{name}', text)
            for name, text in (
                ('billing_admin', 'Runs the billing service.'),
                ('billing_finance', 'Prices, invoices, payments, credits.'),
                ('billing_support', 'Helps customers: reads all, holds.'),
            )
        ),
        policy.RuleDefault(
            'billing_staff',
            f'{ADMIN} or {FINANCE} or {SUPPORT}',
            'Everybody of the operator, for reading.',
        ),
        policy.RuleDefault(
            'billing_owner',
            'role:reader and account_id:%(account_id)s',
            'A customer, of what belongs to his own account.',
        ),
        policy.RuleDefault(
            'billing_owning_member',
            'role:member and account_id:%(account_id)s',
            'A customer who may change what is in his own project.',
        ),
    ]


def either(*checks: str) -> str:
    """A check string that is true where one of these is."""
    return ' or '.join(checks)


def rule(
    name: str, check: str, description: str, *operations: tuple[str, str]
) -> policy.DocumentedRuleDefault:
    """A rule of a noun, with the method and path of what it guards."""
    return policy.DocumentedRuleDefault(
        name=f'billing:{name}',
        check_str=check,
        description=description,
        operations=[
            {'method': method, 'path': path} for method, path in operations
        ],
        scope_types=['project'],
    )
