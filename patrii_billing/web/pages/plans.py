# SPDX-License-Identifier: Apache-2.0
"""Price lists, with their prices and since when they hold."""

from typing import Any

import flask

from patrii_billing.web import service
from patrii_billing.web import visit

page = flask.Blueprint('plans', __name__, url_prefix='/plans')


@page.get('/')
def index() -> Any:
    found = visit.current().service.get(
        '/v1/plans', limit=50, marker=flask.request.args.get('marker')
    )
    return flask.render_template(
        'plans.html',
        plans=found['plans'],
        marker=service.following(found, 'plans'),
    )
