# SPDX-License-Identifier: Apache-2.0
"""In and out: keystone says who it is, a signed cookie remembers it."""

import math
from typing import Any

import flask
from oslo_log import log as logging

from patrii_billing.domain import cloud
from patrii_billing import errors
from patrii_billing.web import person as persons
from patrii_billing.web import visit
from patrii_billing.web import words

LOG = logging.getLogger(__name__)

page = flask.Blueprint('login', __name__)
_YEAR = 365 * 24 * 3600


@page.get('/login')
def ask() -> Any:
    """The form; who is logged in is already where he wants to be."""
    if visit.person() is not None:
        return flask.redirect(visit.home(flask.request.args.get('next')))
    return _form()


@page.post('/login')
def enter() -> Any:
    """Let in whom keystone knows."""
    window, given = visit.window(), flask.request.form
    if window.login is None:
        flask.abort(404)
    name, domain = given.get('user', ''), given.get('domain') or 'Default'
    address = flask.request.remote_addr or ''
    wait = window.brake.wait(address, f'{name}@{domain}', window.now())
    if wait is not None:
        seconds = math.ceil(wait.total_seconds())
        return _form(_later()), 429, {'Retry-After': str(seconds)}
    try:
        user = window.login.by_password(
            name,
            domain,
            given.get('password', ''),
            given.get('project', ''),
        )
    except errors.NotLoggedIn as error:
        window.brake.failed(address, f'{name}@{domain}', window.now())
        LOG.warning('login of %r from %s refused', name[:64], address)
        return _form(str(error)), 403
    except errors.CloudError as error:
        return _form(str(error)), 503
    return _entered(user, given.get('next'))


def _later() -> str:
    words: str = flask.g.words.gettext(
        'Too many wrong passwords: try again in a few minutes.'
    )
    return words


@page.post('/sso')
def enter_by_token() -> Any:
    """Where keystone's own page of login sends the browser, with a token."""
    window = visit.window()
    if window.login is None or not window.sso_url:
        flask.abort(404)
    try:
        user = window.login.by_token(flask.request.form.get('token', ''), '')
    except errors.NotLoggedIn as error:
        return _form(str(error)), 403
    except errors.CloudError as error:
        return _form(str(error)), 503
    return _entered(user, None)


def _entered(user: cloud.User, target: str | None) -> Any:
    window = visit.window()
    persons.enter(flask.session, user, window.now() + window.span)
    return flask.redirect(visit.home(target))


@page.post('/logout')
def leave() -> Any:
    """End the session here; keystone's own is of its page."""
    persons.leave(flask.session)
    return flask.redirect(flask.url_for('login.ask'))


@page.post('/language')
def speak() -> Any:
    """Choose the language, for this browser."""
    chosen = flask.request.form.get('language')
    back = flask.redirect(visit.home(flask.request.form.get('next')))
    if chosen in words.LANGUAGES:
        back.set_cookie(
            words.COOKIE, chosen, max_age=_YEAR, httponly=True,
            secure=visit.window().secure, samesite='Lax',
            path=flask.request.script_root or '/',
        )  # fmt: skip
    return back


def _form(fault: str = '') -> str:
    return flask.render_template(
        'login.html',
        fault=fault,
        given=flask.request.form,
        next=flask.request.values.get('next', ''),
        window=visit.window(),
    )
