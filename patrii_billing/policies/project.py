# SPDX-License-Identifier: Apache-2.0
"""Who may see and change which project belongs to whom."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_WRITERS = base.either(base.ADMIN, base.FINANCE)
_ONE = '/v1/projects/{project_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'project:list', _READERS, 'List projects.',
            ('GET', '/v1/projects'),
        ),
        base.rule(
            'project:show', _READERS, 'Show a project.', ('GET', _ONE)
        ),
        base.rule(
            'project:create', _WRITERS, 'Give a project to an account.',
            ('POST', '/v1/projects'),
        ),
        base.rule(
            'project:delete', _WRITERS,
            'Take a project without history from its account.',
            ('DELETE', _ONE),
        ),
    ]  # fmt: skip
