# SPDX-License-Identifier: Apache-2.0
"""All customers: found as one types, filtered, sorted, exported."""

from typing import Any

import flask

from patrii_billing.web import filters
from patrii_billing.web import visit

page = flask.Blueprint('customers', __name__, url_prefix='/customers')

# Days past due from which on a debt can be asked for.
AGES = (0, 8, 31, 61, 91)
_FIELDS = (
    'id', 'name', 'external_ref', 'billing_status', 'subscription_count',
    'currency', 'owed', 'overdue', 'oldest_due_at', 'parked', 'created_at',
)  # fmt: skip
_COLUMNS = (
    *((name, filters.of(name)) for name in _FIELDS),
    ('contacts', lambda item: ' '.join(item['contacts'])),
)
LIST = filters.List(
    '/v1/accounts',
    'accounts',
    (
        'search', 'name', 'billing_status', 'plan_id', 'owing',
        'overdue_days', 'parked', 'undeliverable', 'sort',
    ),
    _COLUMNS,
)  # fmt: skip
_MOST_PLANS = 200


@page.get('/')
def index() -> Any:
    accounts, marker = LIST.page()
    return flask.render_template(
        'customers.html', accounts=accounts, marker=marker,
        asked=flask.request.args, ages=AGES, plans=_plans(),
    )  # fmt: skip


@page.get('/export.csv')
def export() -> Any:
    return LIST.file()


def _plans() -> list[Any]:
    here = visit.current()
    if not here.may('plan:list'):
        return []
    found = here.service.get('/v1/plans', sort='name', limit=_MOST_PLANS)
    return list(found['plans'])
