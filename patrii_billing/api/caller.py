# SPDX-License-Identifier: Apache-2.0
"""Who calls, and how far he may see.

What keystone's middleware found out of the token arrives in the environment
of the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CONFIRMED = 'Confirmed'


@dataclass(frozen=True, slots=True)
class Caller:
    """A user of keystone in a project, or nobody (an empty id)."""

    user_id: str = ''
    name: str = ''
    project_id: str = ''
    roles: tuple[str, ...] = ()
    system: str = ''
    domain_id: str = ''

    @property
    def by(self) -> str:
        """Who did it, for the timeline."""
        return f'{self.name} ({self.user_id})'[:255]

    def credentials(self, account_id: str) -> dict[str, Any]:
        """What policy rules compare."""
        return {
            'user_id': self.user_id,
            'project_id': self.project_id,
            'roles': list(self.roles),
            'system': self.system,
            'domain_id': self.domain_id,
            'account_id': account_id,
        }


NOBODY = Caller()


def of(environ: Mapping[str, Any]) -> Caller:
    """Who the token says it is; NOBODY without a valid one."""
    if environ.get('HTTP_X_IDENTITY_STATUS') != _CONFIRMED:
        return NOBODY

    def said(name: str) -> str:
        # What a token does not say the middleware sets to None.
        return environ.get(name) or ''

    roles = said('HTTP_X_ROLES').split(',')
    return Caller(
        user_id=said('HTTP_X_USER_ID'),
        name=said('HTTP_X_USER_NAME'),
        project_id=said('HTTP_X_PROJECT_ID'),
        roles=tuple(role.strip() for role in roles if role.strip()),
        system=said('HTTP_OPENSTACK_SYSTEM_SCOPE'),
        domain_id=said('HTTP_X_DOMAIN_ID'),
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request may touch: everything, or what is of one account.

    A customer whose project is in no account has a scope that holds nothing.
    """

    everything: bool
    account_id: int | None = None

    def covers(self, account_id: int | None) -> bool:
        if self.everything:
            return True
        return account_id is not None and account_id == self.account_id


EVERYTHING = Scope(True)
