# SPDX-License-Identifier: Apache-2.0
"""The Flask application of the pages."""

from typing import Any

import flask
import flask_wtf
from flask_wtf import csrf
import jinja2
from werkzeug import exceptions as http_errors

from patrii_billing import errors
from patrii_billing.web import deeds
from patrii_billing.web import filters
from patrii_billing.web import headers
from patrii_billing.web.pages import actions
from patrii_billing.web.pages import ahead
from patrii_billing.web.pages import customer
from patrii_billing.web.pages import customers
from patrii_billing.web.pages import deed
from patrii_billing.web.pages import invoices
from patrii_billing.web.pages import login
from patrii_billing.web.pages import notices
from patrii_billing.web.pages import overview
from patrii_billing.web.pages import plans
from patrii_billing.web import shown
from patrii_billing.web import visit
from patrii_billing.web import window as windows
from patrii_billing.web import words

_PAGES = (
    login.page,
    overview.page,
    customers.page,
    customer.page,
    invoices.page,
    actions.page,
    notices.page,
    plans.page,
    ahead.page,
    deed.page,
)


# Bytes.
_LONGEST_FORM = 2**18


def build(window: windows.Window) -> flask.Flask:
    """The pages, to be mounted at /ui."""
    app = flask.Flask('patrii_billing.web')
    app.config.update(
        SECRET_KEY=window.secret,
        # No form of ours is longer, and none brings a file.
        MAX_CONTENT_LENGTH=_LONGEST_FORM,
        MAX_FORM_MEMORY_SIZE=_LONGEST_FORM,
        SESSION_COOKIE_NAME='patrii_billing',
        SESSION_COOKIE_PATH='/ui',
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=window.secure,
        SESSION_COOKIE_SAMESITE='Lax',
        # As long as the session, which ends it sooner.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=window.secure,
    )
    visit.install(app, window)
    # Before forms are looked at: what is refused is told in his language.
    app.before_request(visit.guard)
    # Keystone's page sends the browser here with a token of its own.
    flask_wtf.CSRFProtect(app).exempt(login.enter_by_token)
    _dress(app)
    for page in _PAGES:
        app.register_blueprint(page)
    app.after_request(headers.protect)
    app.register_error_handler(errors.NotServed, _not_served)
    app.register_error_handler(csrf.CSRFError, _forged)
    app.register_error_handler(http_errors.HTTPException, _failed)
    return app


def _dress(app: flask.Flask) -> None:
    env = app.jinja_env
    env.undefined = jinja2.StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension('jinja2.ext.i18n')
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: flask.g.words.gettext(text),
        lambda one, many, count: flask.g.words.ngettext(one, many, count),
        newstyle=True,
    )
    env.filters.update(shown.FILTERS)
    env.globals['languages'] = words.LANGUAGES
    env.globals['again'] = filters.again
    env.globals['deeds'] = deeds.BY_NAME
    app.context_processor(shown.common)


def _not_served(error: errors.NotServed) -> Any:
    """What the API refused, and why."""
    return _page(error.status, [shown.refusal(one) for one in error.mistakes])


def _forged(error: csrf.CSRFError) -> Any:
    words = flask.g.words
    return _page(
        400,
        [words.gettext('This form has expired. Nothing was done.')],
    )


def _failed(error: http_errors.HTTPException) -> Any:
    if isinstance(error, http_errors.NotFound):
        return _page(404, [])
    return _page(error.code or 500, [error.description or error.name])


def _page(status: int, said: list[str]) -> tuple[str, int]:
    page = flask.render_template('failed.html', status=status, said=said)
    return page, status
