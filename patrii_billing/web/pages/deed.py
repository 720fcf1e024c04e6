# SPDX-License-Identifier: Apache-2.0
"""Do something: what is needed, what would follow, and then it is done."""

from collections.abc import Mapping
import http
from typing import Any

import flask

from patrii_billing import errors
from patrii_billing.web import deeds
from patrii_billing.web import shown
from patrii_billing.web import visit

page = flask.Blueprint('deed', __name__, url_prefix='/do')


@page.get('/<name>/<target>')
def ask(name: str, target: str) -> Any:
    """The form; one without questions shows at once what would follow."""
    deed = _known(name, target)
    if not deed.fields:
        return _check(deed, target, {})
    return _form(deed, target)


@page.post('/<name>/<target>')
def do(name: str, target: str) -> Any:
    """First what would follow, and then, when it was seen, do it."""
    deed = _known(name, target)
    given = deed.read(flask.request.form, flask.g.words.read)
    if 'sure' not in given:
        return _check(deed, target, given)
    wanted = deed.request(target, given)
    try:
        visit.current().service.send(
            wanted.method, wanted.path, wanted.body, key=given.get('key')
        )
    except errors.NotServed as error:
        return _form(deed, target, error)
    title = flask.g.words.gettext(deed.title)
    flask.flash(flask.g.words.gettext('Done: %s') % title)
    return flask.redirect(visit.home(given.get('next')))


def _known(name: str, target: str) -> deeds.Deed:
    deed = deeds.BY_NAME.get(name)
    if deed is None or not deed.takes(target):
        flask.abort(404)
    if not visit.current().may(deed.rule):
        flask.abort(403)
    return deed


def _check(deed: deeds.Deed, target: str, given: deeds.Given) -> Any:
    key = visit.key()
    given = {'payment_key': key, **given}
    wanted = deed.request(target, given)
    try:
        told = visit.current().service.send(
            wanted.method, wanted.path, wanted.body, rehearse=True
        )
    except errors.NotServed as error:
        return _form(deed, target, error)
    return flask.render_template(
        'deed_check.html', deed=deed, target=target, given=given, key=key,
        told=told, thing=_thing(deed, target), next=_next(),
    )  # fmt: skip


def _form(
    deed: deeds.Deed, target: str, error: errors.NotServed | None = None
) -> Any:
    """The form, with what was wrong beside its field."""
    names = {field.name for field in deed.fields}
    mistakes: dict[str, str] = {}
    others = []
    for one in error.mistakes if error else ():
        field = one.where.rpartition('/')[2].rpartition('.')[2]
        if field in names:
            mistakes[field] = shown.why(one.reason)
        else:
            others.append(shown.refusal(one))
    form = flask.render_template(
        'deed.html', deed=deed, target=target, given=flask.request.form,
        mistakes=mistakes, others=others, thing=_thing(deed, target),
        next=_next(),
    )  # fmt: skip
    return (form, error.status) if error else form


def _thing(deed: deeds.Deed, target: str) -> Mapping[str, Any] | None:
    """What it is done to; None where he may not look at it."""
    if not deed.noun:
        return None
    try:
        found = visit.current().service.get(deed.place(target))
    except errors.NotServed as error:
        if error.status == http.HTTPStatus.FORBIDDEN:
            return None
        raise
    return dict(found)


def _next() -> str:
    """Where to go on; nothing where that is no place of ours."""
    wanted = flask.request.values.get('next', '')
    return wanted if visit.is_ours(wanted) else ''
