# SPDX-License-Identifier: Apache-2.0
"""The pages over the real API, its books in memory, and a keystone of ours."""

import datetime as dt
import re
from typing import Any

from oslotest import base
from werkzeug import test as http

from patrii_billing.domain import cloud
from patrii_billing import errors
from patrii_billing.web import app
from patrii_billing.web import window
from tests import doors

PASSWORD = 'open sesame'
USERS = {
    'ada': ('office', ('billing_admin', 'reader')),
    'fay': ('office', ('billing_finance', 'reader')),
    'sue': ('office', ('billing_support', 'reader')),
    'amy': ('acme-project', ('member', 'reader')),
    'rob': ('rival-project', ('member', 'reader')),
    # A project of no customer.
    'eve': ('elsewhere', ('member', 'reader')),
}


class Keystone:
    """Knows USERS, all with one password; a token is a user's name."""

    def __init__(self) -> None:
        self.is_away = False

    def by_password(
        self, user: str, domain: str, password: str, project: str
    ) -> cloud.User:
        if self.is_away:
            raise errors.CloudUnavailable('keystone does not answer')
        if password != PASSWORD:
            raise errors.NotLoggedIn('keystone does not know this user')
        return self.by_token(user, project)

    def by_token(self, token: str, project: str) -> cloud.User:
        if token not in USERS:
            raise errors.NotLoggedIn('keystone does not know this user')
        home, roles = USERS[token]
        return cloud.User(token, token, home, home, roles)


class Browser:
    """Goes from page to page with its cookies."""

    def __init__(self, application: Any) -> None:
        self.client = http.Client(application)

    def get(self, path: str, **kwargs: Any) -> http.TestResponse:
        return self.client.get(f'/ui{path}', base_url=URL, **kwargs)

    def post(self, path: str, **form: str) -> http.TestResponse:
        """As a form of ours is sent: with its token against forgery."""
        return self.forge(path, csrf_token=self.token(), **form)

    def forge(self, path: str, **form: str) -> http.TestResponse:
        """As a page of another sends it."""
        return self.client.post(
            f'/ui{path}', data=form, base_url=URL,
            headers={'Referer': f'{URL}/ui/'},
        )  # fmt: skip

    def token(self) -> str:
        found = re.search(
            r'name="csrf_token" value="([^"]+)"',
            self.get('/login', follow_redirects=True).text,
        )
        assert found, 'no form has a token'
        return found[1]

    def log_in(self, user: str) -> http.TestResponse:
        return self.post('/login', user=user, password=PASSWORD)


URL = 'https://billing.example'


class TestCase(base.BaseTestCase):
    """One world for all stories of a class."""

    door: doors.Door
    known: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.door = doors.Door()
        cls.addClassCleanup(cls.door.tools.db.engine.dispose)
        cls.door.let_in()
        cls.known = doors.known(cls.door.tools.db)

    def setUp(self) -> None:
        super().setUp()
        self.keystone = Keystone()
        self.app = app.build(
            window.Window(
                service=self.door.service,
                authorize=self.door.door.authorize,
                secret='s' * 32,
                login=self.keystone,
                now=self.door.world.clock.now,
                span=dt.timedelta(hours=1),
                brand='Acme Cloud',
                sso_url='https://keystone.example/websso',
            )
        )

    def browser(self, user: str | None = None) -> Browser:
        """A new one; of a user it is logged in."""
        found = Browser(_mounted(self.app))
        if user is not None:
            self.assertEqual(302, found.log_in(user).status_code)
        return found


def _mounted(application: Any) -> Any:
    """At /ui, as the service has it."""

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ['PATH_INFO']
        assert path.startswith('/ui'), path
        environ['SCRIPT_NAME'] = '/ui'
        environ['PATH_INFO'] = path.removeprefix('/ui')
        return application(environ, start_response)

    return mounted
