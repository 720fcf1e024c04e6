# SPDX-License-Identifier: Apache-2.0
"""Keystone's projects and the people behind them."""

from collections.abc import Sequence
import re
from typing import Any
from urllib import parse

from patrii_billing.cloud import answers
from patrii_billing.cloud import keystone
from patrii_billing.cloud import session
from patrii_billing.domain import cloud

_MAIL_ADDRESS = re.compile(r'[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+')


class KeystoneProjects:
    """The engine's `Projects` on a real keystone."""

    def __init__(self, connection: session.Connection) -> None:
        self._connection = connection

    def get(self, project: str) -> cloud.KeystoneProject | None:
        """The project by id; None only where keystone itself has none."""
        path = f'/projects/{parse.quote(project, safe="")}'
        response = self._connection.request('identity', 'GET', path)
        found = answers.found(response, project, f'GET {path}')
        if found is None:
            return None
        with answers.understood(f'GET {path}'):
            return _project(found['project'])

    def all(self) -> Sequence[cloud.KeystoneProject]:
        found = keystone.listed(self._connection, 'projects')
        with answers.understood('projects'):
            return tuple(_project(one) for one in found)

    def contacts(self, project: str) -> Sequence[str]:
        """Mail addresses of the people who have a role in the project.

        Groups and inherited roles count; our own account and accounts that
        are switched off do not.
        """
        assigned = keystone.listed(
            self._connection,
            'role_assignments',
            {'scope.project.id': project, 'effective': ''},
        )
        with answers.understood('role_assignments'):
            ids = {one['user']['id'] for one in assigned if 'user' in one}
        ids.discard(self._connection.access.user_id)
        found = (self._address(user) for user in ids)
        return tuple(sorted({address for address in found if address}))

    def _address(self, user: str) -> str | None:
        """The user's mail address, or his name where it is one."""
        path = f'/users/{parse.quote(user, safe="")}'
        response = self._connection.request('identity', 'GET', path)
        found = answers.found(response, user, f'GET {path}') or {}
        shown = found.get('user') or {}
        if not shown.get('enabled', True):
            return None
        for candidate in (shown.get('email'), shown.get('name')):
            if _MAIL_ADDRESS.fullmatch(str(candidate or '').strip()):
                return str(candidate).strip()
        return None


def _project(shown: dict[str, Any]) -> cloud.KeystoneProject:
    return cloud.KeystoneProject(
        id=shown['id'], name=shown['name'], enabled=shown['enabled']
    )
