# SPDX-License-Identifier: Apache-2.0
"""Who looks: what keystone said at the login, kept in the signed session."""

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
import datetime as dt
from typing import Any

from patrii_billing.domain import cloud

_KEY = 'person'
_STAFF = {'billing_admin', 'billing_finance', 'billing_support'}


@dataclass(frozen=True, slots=True)
class Person:
    """A user of keystone with the roles that he has in a project."""

    user_id: str
    name: str
    project_id: str
    roles: tuple[str, ...]
    project_name: str = ''

    def environ(self) -> dict[str, str]:
        """What keystone's middleware would tell the API of his token."""
        return {
            'HTTP_X_IDENTITY_STATUS': 'Confirmed',
            'HTTP_X_USER_ID': self.user_id,
            'HTTP_X_USER_NAME': self.name,
            'HTTP_X_PROJECT_ID': self.project_id,
            'HTTP_X_PROJECT_NAME': self.project_name,
            'HTTP_X_ROLES': ','.join(self.roles),
        }

    def credentials(self) -> dict[str, Any]:
        """What policy rules compare; he is the owner of no account here."""
        return {
            'user_id': self.user_id,
            'project_id': self.project_id,
            'roles': list(self.roles),
            'account_id': '',
        }


def enter(session: Any, user: cloud.User, until: dt.datetime) -> None:
    """Begin his session; nothing of one before it is kept."""
    person = Person(
        user.id, user.name, user.project_id, user.roles, user.project_name
    )
    session.clear()
    session[_KEY] = {**asdict(person), 'until': until.timestamp()}


def proxied(
    environ: Mapping[str, Any],
    user_header: str,
    roles_header: str,
    roles: Mapping[str, str],
) -> Person | None:
    """Who a web server in front says it is; None without a name.

    :param roles: which role a group stands for
    """
    name = environ.get(_variable(user_header))
    if not name:
        return None
    groups = environ.get(_variable(roles_header), '').split(',')
    given = {roles.get(one.strip(), one.strip()) for one in groups}
    return Person(
        user_id=name,
        name=name,
        project_id='',
        # Nobody becomes admin of the cloud by the name of a group.
        roles=tuple(sorted(given & _STAFF)),
    )


def _variable(header: str) -> str:
    """The name of a header in the environment of WSGI."""
    return 'HTTP_' + header.upper().replace('-', '_')


def leave(session: Any) -> None:
    session.clear()


def of(session: Mapping[str, Any], now: dt.datetime) -> Person | None:
    """Who it is; None where nobody logged in, or too long ago."""
    kept = session.get(_KEY)
    if kept is None or kept['until'] <= now.timestamp():
        return None
    return Person(
        user_id=kept['user_id'],
        name=kept['name'],
        project_id=kept['project_id'],
        roles=tuple(kept['roles']),
        project_name=kept['project_name'],
    )
