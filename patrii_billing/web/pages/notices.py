# SPDX-License-Identifier: Apache-2.0
"""Mails: to whom, what was answered, what they said."""

from typing import Any

import flask

from patrii_billing.domain import mail
from patrii_billing.web import filters
from patrii_billing.web import headers
from patrii_billing.web import visit

page = flask.Blueprint('notices', __name__, url_prefix='/notices')

_FIELDS = (
    'id', 'template', 'state', 'account_name', 'subscription_name',
    'invoice', 'recipients', 'attempts', 'answer', 'created_at',
    'accepted_at', 'subject',
)  # fmt: skip
LIST = filters.List(
    '/v1/notices',
    'notices',
    ('state', 'template', 'account_id', 'subscription_id'),
    tuple((name, filters.of(name)) for name in _FIELDS),
)


@page.get('/')
def index() -> Any:
    notices, marker = LIST.page()
    return flask.render_template(
        'notices.html', notices=notices, marker=marker,
        asked=flask.request.args,
    )  # fmt: skip


@page.get('/export.csv')
def export() -> Any:
    return LIST.file()


@page.get('/samples')
def samples() -> Any:
    """Each mail that there is, with sample data."""
    asked = flask.request.args
    template = asked.get('template') or mail.TEMPLATES[0]
    locale = asked.get('locale') or flask.g.words.language
    return flask.render_template(
        'samples.html', templates=mail.TEMPLATES, template=template,
        locale=locale, sample=_preview(template=template, locale=locale),
    )  # fmt: skip


@page.get('/look/<template>')
def look(template: str) -> Any:
    """A mail as it would be written now, for a frame."""
    asked = flask.request.args
    found = _preview(
        template=template,
        account_id=asked.get('account_id'),
        subscription_id=asked.get('subscription_id'),
        locale=asked.get('locale'),
    )
    return headers.as_mail(flask.Response(found['html']))


def _preview(**asked: Any) -> Any:
    return visit.current().service.get('/v1/notice-preview', **asked)


@page.get('/<int:notice_id>')
def show(notice_id: int) -> Any:
    notice = visit.current().service.get(f'/v1/notices/{notice_id}')
    return flask.render_template('notice.html', notice=notice)
