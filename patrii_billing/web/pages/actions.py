# SPDX-License-Identifier: Apache-2.0
"""What is done to the cloud: what waits, what failed, what was done."""

from typing import Any

import flask

from patrii_billing.web import filters

page = flask.Blueprint('actions', __name__, url_prefix='/actions')

_FIELDS = (
    'id', 'type', 'state', 'result', 'why', 'account_name',
    'subscription_name', 'server_name', 'server_id', 'attempts',
    'created_at', 'committed_at', 'finished_at', 'approved_by',
)  # fmt: skip
LIST = filters.List(
    '/v1/actions',
    'actions',
    ('state', 'type', 'account_id', 'subscription_id', 'server_id'),
    tuple((name, filters.of(name)) for name in _FIELDS),
)


@page.get('/')
def index() -> Any:
    actions, marker = LIST.page()
    return flask.render_template(
        'actions.html', actions=actions, marker=marker,
        asked=flask.request.args,
    )  # fmt: skip


@page.get('/export.csv')
def export() -> Any:
    return LIST.file()
