# SPDX-License-Identifier: Apache-2.0
"""Let keystone say who a person is, by his password or by a token of his."""

from collections.abc import Iterator
import contextlib
from typing import Any

from keystoneauth1 import exceptions as keystone_errors
from keystoneauth1.identity import v3
from oslo_config import cfg

from patrii_billing.cloud import answers
from patrii_billing.cloud import session
from patrii_billing.domain import cloud
from patrii_billing import errors

_GET = {'authenticated': True, 'raise_exc': False}


class Logins:
    """Asks the keystone of [nova]; keeps neither passwords nor tokens."""

    def __init__(
        self, conf: cfg.ConfigOpts, auth_url: str, project: str = ''
    ) -> None:
        """:param project: id or name of the project whose roles count first"""
        self._conf = conf
        self._auth_url = auth_url
        self._project = project

    def by_password(
        self, user: str, domain: str, password: str, project: str
    ) -> cloud.User:
        """:raises NotLoggedIn: keystone does not know him so, or he has no
            role in the project
        """
        return self._enter(
            v3.Password(
                self._auth_url,
                username=user,
                user_domain_name=domain,
                password=password,
                unscoped=True,
            ),
            project,
        )

    def by_token(self, token: str, project: str) -> cloud.User:
        """The same for a token, as keystone's own page of login sends it."""
        return self._enter(
            v3.Token(self._auth_url, token, unscoped=True), project
        )

    def _enter(self, auth: Any, project: str) -> cloud.User:
        mine = session.Connection(self._conf, auth)
        with _let_in():
            token = mine.token
        chosen = self._choose(mine, project)
        scoped = session.Connection(
            self._conf, v3.Token(self._auth_url, token, project_id=chosen)
        )
        with _let_in():
            access = scoped.access
        return cloud.User(
            id=access.user_id,
            name=access.username,
            project_id=access.project_id,
            project_name=access.project_name,
            roles=tuple(access.role_names),
        )

    def _choose(self, mine: session.Connection, wanted: str) -> str:
        """Which project: the one asked for, else the house's, else his own."""
        found = mine.json('identity', 'GET', '/auth/projects', **self._root)
        projects = found.get('projects', [])
        for name in filter(None, (wanted, self._project)):
            for one in projects:
                if name in (one['id'], one['name']):
                    return str(one['id'])
            if name == wanted:
                raise errors.NotLoggedIn(
                    f'you have no role in a project {wanted!r}'
                )
        if not projects:
            raise errors.NotLoggedIn('you have no role in any project')
        return str(min(projects, key=lambda one: str(one['name']))['id'])

    @property
    def _root(self) -> dict[str, Any]:
        """An unscoped token has no catalogue to find keystone in."""
        return {'endpoint_override': self._auth_url}


@contextlib.contextmanager
def _let_in() -> Iterator[None]:
    try:
        with answers.understood('login'):
            yield
    except errors.CloudUnavailable as error:
        if isinstance(error.__cause__, keystone_errors.Unauthorized):
            raise errors.NotLoggedIn(
                'keystone does not know this user, password and domain'
            ) from None
        raise
