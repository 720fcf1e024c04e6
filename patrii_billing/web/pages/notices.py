# SPDX-License-Identifier: Apache-2.0
"""Mails: to whom, what was answered, what they said."""

from typing import Any

import flask

from patrii_billing.web import filters
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


@page.get('/<int:notice_id>')
def show(notice_id: int) -> Any:
    notice = visit.current().service.get(f'/v1/notices/{notice_id}')
    return flask.render_template('notice.html', notice=notice)
