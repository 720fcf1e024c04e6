# SPDX-License-Identifier: Apache-2.0
"""All customers: found as one types, filtered, sorted, exported."""

from typing import Any

import flask

from patrii_billing.web import service
from patrii_billing.web import visit

page = flask.Blueprint('customers', __name__, url_prefix='/customers')


@page.get('/')
def index() -> Any:
    """A page of them."""
    asked = flask.request.args
    found = visit.current().service.get(
        '/v1/accounts',
        name=asked.get('name'),
        billing_status=asked.get('status'),
        limit=50,
        marker=asked.get('marker'),
    )
    return flask.render_template(
        'customers.html',
        accounts=found['accounts'],
        marker=service.following(found, 'accounts'),
        asked=asked,
    )
