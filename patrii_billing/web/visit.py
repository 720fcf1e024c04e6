# SPDX-License-Identifier: Apache-2.0
"""What a page knows of the request it answers."""

from collections.abc import Callable
from dataclasses import dataclass
import datetime as dt
from typing import Any
from typing import cast
import urllib.parse
import uuid

import flask

from patrii_billing.web import codes
from patrii_billing.web import person as persons
from patrii_billing.web import service as services
from patrii_billing.web import window as windows
from patrii_billing.web import words

_NAME = 'patrii_billing.window'
View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, in which language, and the API in his name."""

    window: windows.Window
    person: persons.Person
    now: dt.datetime
    words: words.Words

    @property
    def service(self) -> services.Service:
        return services.Service(
            self.window.service,
            self.person,
            flask.request.environ.get('openstack.request_id'),
        )

    def may(self, rule: str) -> bool:
        """Whether policy lets him do it for any customer."""
        return self.window.authorize(
            f'billing:{rule}',
            {'account_id': '-'},
            self.person.credentials(),
        )


def install(app: flask.Flask, window: windows.Window) -> None:
    app.extensions[_NAME] = window


def window() -> windows.Window:
    return cast(windows.Window, flask.current_app.extensions[_NAME])


def person() -> persons.Person | None:
    """Who looks; None where he has to log in first."""
    known = window().known
    if known is not None:
        return known(flask.request.environ)
    return persons.of(flask.session, window().now())


def language() -> words.Words:
    """In the language he chose, else that his browser asks for."""
    chosen = flask.request.cookies.get(words.COOKIE)
    wanted = flask.request.accept_languages.best_match(words.LANGUAGES)
    return words.of(chosen or wanted or window().locale, window().zone)


def current() -> Visit:
    """The visit of this request, which `guard` let in."""
    return cast(Visit, flask.g.visit)


def guard() -> Any:
    """Before each page: who is it? Else to the login, and back here."""
    flask.g.words = language()
    endpoint = flask.request.endpoint or ''
    if endpoint == 'static' or endpoint.startswith('login.'):
        return None
    found = person()
    if found is None:
        if window().known is not None:
            flask.abort(403)
        back = flask.request.full_path.rstrip('?')
        if flask.request.method != 'GET':
            back = ''
        return flask.redirect(flask.url_for('login.ask', next=back or None))
    flask.g.visit = Visit(window(), found, window().now(), flask.g.words)
    return None


def home(target: str | None) -> str:
    """Where to go on: a place of our own, wherever a link wants to lead."""
    if not target or not is_ours(target):
        return flask.url_for('overview.show')
    return flask.request.script_root + target


def is_ours(target: str) -> bool:
    """Whether it is a path below ours, in whatever way browsers read it."""
    if not target.startswith('/') or target.startswith('//'):
        return False
    if '\\' in target or any(ord(one) < 32 for one in target):
        return False
    parts = urllib.parse.urlsplit(target)
    return not parts.scheme and not parts.netloc


def key() -> str:
    """A key for a form: sent twice, it is done once."""
    return f'{codes.KEYS}{uuid.uuid4()}'
