# SPDX-License-Identifier: Apache-2.0
"""Where the cloud stands: customers, money, what comes, what is stuck."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from decimal import Decimal
import itertools
import operator
from typing import Any

import flask

from patrii_billing.web import charts
from patrii_billing.web import visit

page = flask.Blueprint('overview', __name__)

_Items = Sequence[Mapping[str, Any]]
# In the order of the ladder.
STATUSES = (
    'active', 'held', 'grace', 'shelved', 'pending_deletion', 'deleted',
)  # fmt: skip


@page.get('/')
def show() -> Any:
    """Staff see all; a customer goes to what is his."""
    here = visit.current()
    if not here.may('summary:show'):
        return flask.redirect(flask.url_for('customers.index'))
    summary = here.service.get('/v1/summary')
    counts = {one['status']: one for one in summary['statuses']}
    return flask.render_template(
        'overview.html',
        summary=summary,
        statuses=[(name, counts.get(name)) for name in STATUSES],
        open=[_open(*each) for each in _by_currency(summary['open'])],
        months=[_months(*each) for each in _by_currency(summary['months'])],
        calendar=_calendar(summary['due']),
        bridge=_bridge(here),
    )


def _bridge(here: visit.Visit) -> Mapping[str, Any] | None:
    """How another engine is read, where there is one."""
    if not here.may('bridge:show'):
        return None
    found = here.service.get('/v1/bridge')
    return found if found['name'] is not None else None


def _by_currency(items: _Items) -> Iterator[tuple[str, list[Any]]]:
    currency = operator.itemgetter('currency')
    for name, group in itertools.groupby(
        sorted(items, key=currency), currency
    ):
        yield name, list(group)


def _open(currency: str, ages: list[Any]) -> dict[str, Any]:
    amounts = [Decimal(age['owed']) for age in ages]
    overdue = [
        amount
        for amount, age in zip(amounts, ages, strict=True)
        if age['from_days'] is not None
    ]
    parts = [(f'age-{place}', amount) for place, amount in enumerate(amounts)]
    return {
        'currency': currency,
        'ages': ages,
        'total': str(sum(amounts, Decimal(0))),
        'overdue': str(sum(overdue, Decimal(0))),
        'bars': charts.row(parts),
    }


def _months(currency: str, months: list[Any]) -> dict[str, Any]:
    groups = [
        [
            ('invoiced', Decimal(month['invoiced'])),
            ('collected', Decimal(month['collected'])),
        ]
        for month in months
    ]
    return {
        'currency': currency,
        'months': months,
        'chart': charts.columns(groups),
    }


def _calendar(due: _Items) -> list[tuple[str, list[Any]]]:
    day = operator.itemgetter('day')
    return [
        (name, list(group))
        for name, group in itertools.groupby(sorted(due, key=day), day)
    ]
