# SPDX-License-Identifier: Apache-2.0
"""What the pages work with; wiring joins it."""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from typing import Any
from typing import Protocol
import zoneinfo

from patrii_billing.domain import cloud
from patrii_billing.web import brake as brakes
from patrii_billing.web import person as persons


class Login(Protocol):
    """Keystone, asked as the person who logs in."""

    def by_password(
        self, user: str, domain: str, password: str, project: str
    ) -> cloud.User:
        """Raises NotLoggedIn, or CloudUnavailable where nobody answers."""

    def by_token(self, token: str, project: str) -> cloud.User:
        """The same, of a token that keystone's own page has sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`service` is the REST API as a WSGI application without its filters.

    `authorize` asks policy: (rule, target, credentials). `known` says who it
    is of the environment of a request, where a web server in front has asked,
    or nobody logs in as in the demo. A session ends after `span`.
    """

    service: Any
    authorize: Callable[[str, dict[str, Any], dict[str, Any]], bool]
    secret: str = field(repr=False)
    login: Login | None = None
    known: Callable[[Mapping[str, Any]], persons.Person | None] | None = None
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    span: dt.timedelta = dt.timedelta(hours=1)
    secure: bool = True  # the cookie goes over TLS alone
    sso_url: str = ''  # keystone's page of WebSSO
    brake: brakes.Brake = field(default_factory=lambda: brakes.Brake(10))
    brand: str = 'Cloud Billing'
    accent: str = '#1f4fa3'
    zone: zoneinfo.ZoneInfo = zoneinfo.ZoneInfo('UTC')
    locale: str = 'en'
