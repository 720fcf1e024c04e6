# SPDX-License-Identifier: Apache-2.0
"""What happens until a day if nobody pays: nothing of it is done."""

import datetime as dt
import itertools
from typing import Any

import flask

from patrii_billing.web import filters
from patrii_billing.web import service
from patrii_billing.web import visit

page = flask.Blueprint('ahead', __name__, url_prefix='/simulation')

DAYS = 7
_MOST = 366
_FIELDS = (
    'at', 'not_before', 'kind', 'account_name', 'subscription_name',
    'project_id', 'amount', 'currency', 'names',
)  # fmt: skip
LIST = filters.List(
    '/v1/forecast',
    'forecast',
    ('account_id', 'subscription_id'),
    tuple((name, filters.of(name)) for name in _FIELDS),
)


@page.get('/')
def show() -> Any:
    """Day by day, of the kinds that are wanted."""
    days, kinds = _days(), _kinds()
    found = visit.current().service.get(
        LIST.path, **LIST.asked(), kind=kinds, days=days,
        limit=filters.PAGE, marker=flask.request.args.get('marker'),
    )  # fmt: skip
    local = flask.g.words.local
    return flask.render_template(
        'ahead.html',
        days=[
            (f'{day}', list(group))
            for day, group in itertools.groupby(
                found['forecast'], lambda one: local(one['at']).date()
            )
        ],
        wanted=set(kinds),
        until=visit.current().now.date() + dt.timedelta(days=days),
        last=visit.current().now.date() + dt.timedelta(days=_MOST),
        marker=service.following(found, 'forecast'),
        asked=flask.request.args,
    )


@page.get('/export.csv')
def export() -> Any:
    return LIST.file(days=_days(), kind=_kinds())


def _kinds() -> list[str]:
    return [kind for kind in flask.request.args.getlist('kind') if kind]


def _days() -> int:
    """From today to the day that is asked for; a week without one."""
    try:
        until = dt.date.fromisoformat(flask.request.args.get('until', ''))
    except ValueError:
        return DAYS
    ahead = (until - visit.current().now.date()).days
    return min(max(ahead, 1), _MOST)
