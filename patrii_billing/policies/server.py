# SPDX-License-Identifier: Apache-2.0
"""Who may see servers, and have what is locked of his own deleted."""

from oslo_policy import policy

from patrii_billing.policies import base

_READERS = base.either(base.STAFF, base.OWNER)
_ONE = '/v1/servers/{server_id}'


def list_rules() -> list[policy.RuleDefault]:
    return [
        base.rule(
            'server:list', _READERS, 'List servers.', ('GET', '/v1/servers')
        ),
        base.rule(
            'server:show', _READERS, 'Show a server.', ('GET', _ONE)
        ),
        base.rule(
            'server:delete', base.OWNING_MEMBER,
            'Have a server deleted that our lock keeps from its owner. It '
            'needs a token of the very project, whatever is set here.',
            ('POST', f'{_ONE}/delete'),
        ),
        base.rule(
            'server:keep', base.either(base.STAFF, base.OWNING_MEMBER),
            'Take that back, as long as it is not carried out.',
            ('POST', f'{_ONE}/keep'),
        ),
    ]  # fmt: skip
