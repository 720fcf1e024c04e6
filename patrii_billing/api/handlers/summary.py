# SPDX-License-Identifier: Apache-2.0
"""Where the whole cloud stands."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import route as routes
from patrii_billing.api.schemas import summary as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import calendar
from patrii_billing.domain import forecast
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain import money
from patrii_billing.engine import summary as engine
from patrii_billing.engine import switches
from patrii_billing.store.views import summary

_SUMS = ('invoiced', 'credited', 'collected', 'refunded', 'charged_back')


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    zone = calendar.zone(call.query.get('timezone', 'UTC'))
    found = call.door.summaries.read(conn, call.tools, call.now, zone)
    return {
        'at': shapes.instant(found.at),
        'past_months_at': shapes.instant(found.past_at),
        'dry_run': call.tools.settings.dry_run,
        **_business(found),
        **_service(found),
    }


def _business(found: engine.Summary) -> dict[str, Any]:
    return {
        'accounts': found.accounts,
        'parked_accounts': found.parked,
        'statuses': [
            {
                'status': row.status,
                'subscriptions': row.subscriptions,
                'accounts': row.accounts,
            }
            for row in found.statuses
        ],
        'open': [_age(one) for one in found.ages],
        'months': [_month(one) for one in found.months],
        'due': [_due(one) for one in found.due if one.what in engine.KINDS],
        'unmatched_payments': [
            {
                'currency': row.currency,
                'payments': row.payments,
                'amount': money.plain(int(row.amount), row.currency),
            }
            for row in found.unmatched
        ],
    }


def _service(found: engine.Summary) -> dict[str, Any]:
    state = found.watch
    return {
        'actions': [
            {
                'type': row.type,
                'waiting': row.waiting,
                'stuck': row.stuck,
                'failed': row.failed,
            }
            for row in found.actions
        ],
        'waiting_notices': found.notices.get(NoticeState.PENDING, 0),
        'refused_notices': found.notices.get(NoticeState.REFUSED, 0),
        'unknown_notices': found.notices.get(NoticeState.UNKNOWN, 0),
        'parked_messages': found.parked_messages,
        'message_waiting_since': shapes.instant(found.waiting_since),
        'ticked_at': shapes.instant(state.ticked_at),
        'heard_at': shapes.instant(state.heard_at),
        'swept_at': shapes.instant(state.swept_at),
        'standing_still': list(found.standing_still),
        'caps': [_cap(one) for one in found.caps],
    }


def _age(one: summary.Age) -> dict[str, Any]:
    return {
        'currency': one.currency,
        'from_days': one.since,
        'to_days': one.until,
        'invoices': one.invoices,
        'owed': money.plain(one.owed, one.currency),
    }


def _month(one: summary.Month) -> dict[str, Any]:
    return {
        'month': shapes.day(one.month),
        'currency': one.currency,
        **{
            name: money.plain(getattr(one, name), one.currency)
            for name in _SUMS
        },
    }


def _due(one: summary.Due) -> dict[str, Any]:
    kind = engine.KINDS[one.what]
    return {
        'day': shapes.day(one.day),
        'kind': kind,
        'currency': one.currency,
        'subscriptions': one.subscriptions,
        'amount': money.plain(one.amount, one.currency),
        'estimated': kind is forecast.Kind.INVOICE,
    }


def _cap(one: switches.Cap) -> dict[str, Any]:
    return {
        'action': one.kind,
        'name': one.name,
        'used': one.used,
        'limit': one.limit,
    }


ROUTES = (
    routes.Route(
        method='GET', path='/v1/summary', rule='billing:summary:show',
        handler=show, summary='Show where the cloud stands',
        description='Customers by status, money owed by age, invoiced and '
        'collected by month, what is due in the next seven days, what is '
        'stuck, how fresh it all is, and the switch. Exact as of `at`, which '
        'is at most [api] summary_age ago; the months that are over as of '
        '`past_months_at`, at most ten minutes.',
        query=schemas.SHOW, answer=schemas.SUMMARY,
    ),
)  # fmt: skip
