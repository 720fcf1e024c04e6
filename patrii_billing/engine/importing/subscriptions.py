# SPDX-License-Identifier: Apache-2.0
"""Import contracts; what has billed somebody cannot be changed so."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.engine import charge
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import unit as units
from patrii_billing.engine import quota
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import subscriptions
from patrii_billing.store.views import imported


def write(unit: units.Unit, wanted: document.Subscription) -> None:
    account = unit.named(
        'account', accounts.by_name, wanted.at, wanted.account
    )  # fmt: skip
    plan = unit.named('plan', plans.by_name, wanted.at, wanted.plan)
    if account is None or plan is None:
        return
    project = _project(unit, wanted, account)
    if project is None:
        return
    if plan.currency != account.currency:
        unit.refuse(
            wanted.at,
            f'{plan.name} is in {plan.currency}, and {account.name} pays in '
            f'{account.currency}',
            'plan',
        )
        return
    said = dict(wanted.said)
    if wanted.enforce_from is not None:
        said['enforce_from'] = _instant(wanted.enforce_from, account)
    row = unit.find(subscriptions.by_name, wanted.name)
    if row is None:
        _add(unit, wanted, account, plan, project, said)
    else:
        _change(unit, wanted, row, project, said)


def _project(
    unit: units.Unit, wanted: document.Subscription, account: sa.Row[Any]
) -> str | None:
    """The project's id, if it is the account's; else it is refused."""
    named = wanted.project in unit.wanted.names.get('project', ())
    try:
        project = unit.seen.project_id(wanted.account, wanted.project)
    except errors.InvalidInput as error:
        unit.refuse(wanted.at, error.reason, 'project', named)
        return None
    row = accounts.project(unit.conn, project)
    if row is not None and row.account_id == account.id:
        return project
    owner = 'no account'
    if row is not None:
        owner = accounts.get(unit.conn, row.account_id).name
    unit.refuse(
        wanted.at,
        f'{wanted.project} belongs to {owner}; list it under the projects of '
        f'{account.name}',
        'project',
        echo=named and row is None,
    )
    return None


def _change(
    unit: units.Unit,
    wanted: document.Subscription,
    row: sa.Row[Any],
    project: str,
    said: Mapping[str, Any],
) -> None:
    booked = {
        'account': accounts.get(unit.conn, row.account_id).name,
        'plan': plans.get(unit.conn, row.plan_id).name,
        'project': row.project,
        'server': row.server or 'none',
        'start': row.start,
        'paid_until': imported.paid_until(unit.conn, row.id),
        'anchor_day': row.anchor_day,
        'enforces': row.enforces is not None,
    }
    given = {
        'account': wanted.account,
        'plan': wanted.plan,
        'project': project,
        'server': wanted.server or 'none',
        'start': wanted.start,
        'paid_until': wanted.paid_until,
        'anchor_day': wanted.anchor_day,
        'enforces': wanted.enforces,
    }
    if not unit.unchanged(wanted.at, booked, given):
        return
    new = units.different(row, said)
    if new:
        subscriptions.change(unit.conn, row.id, check_at=unit.now, **new)
    unit.tell_changed(
        'subscription', wanted.name, list(new), row.account_id, row.id
    )


def _add(
    unit: units.Unit,
    wanted: document.Subscription,
    account: sa.Row[Any],
    plan: sa.Row[Any],
    project: str,
    said: Mapping[str, Any],
) -> None:
    zone = calendar.zone(account.timezone)
    if not _may_begin(unit, wanted, project, zone):
        return
    billed_until = wanted.paid_until or wanted.start
    trial_until = None
    if wanted.paid_until is None and plan.trial_days:
        trial_until = wanted.start + dt.timedelta(days=plan.trial_days)
        billed_until = trial_until
    policy = unit.tools.settings.policy
    for given in (plan.policy, account.policy, said.get('policy', {})):
        policy = policy.reading(given)
    charge_at = policy.invoice_lead.before(
        calendar.start_of_day(billed_until, zone), zone
    )
    subscription_id = subscriptions.add(
        unit.conn, wanted.name, unit.now,
        account_id=account.id, plan_id=plan.id, project=project,
        server=wanted.server,
        anchor_day=wanted.anchor_day or wanted.start.day,
        start=wanted.start, billed_until=billed_until, charge_at=charge_at,
        enforces=wanted.enforces, **said,
    )  # fmt: skip
    if trial_until is not None:
        charge.begin_trial(
            unit.conn, subscription_id, wanted.start, trial_until
        )
    if project in unit.seen.quotas:
        quota.adopt(
            unit.conn, project, unit.seen.quotas[project],
            calendar.start_of_day(wanted.start, zone), 'imported',
        )  # fmt: skip
    unit.tell(
        'added', 'subscription', wanted.name,
        f'{plan.name}, bills from {billed_until}', account.id,
        subscription_id,
    )  # fmt: skip


def _may_begin(
    unit: units.Unit,
    wanted: document.Subscription,
    project: str,
    zone: dt.tzinfo,
) -> bool:
    today = calendar.local_day(unit.now, zone)
    if wanted.paid_until is None and wanted.start < today:
        unit.refuse(
            wanted.at,
            'is past: say paid_until, the day from which on this service '
            'bills',
            'start',
        )
        return False
    rival = imported.enforcing(unit.conn, wanted.server or project)
    if wanted.enforces and rival is not None:
        unit.refuse(
            wanted.at,
            f'{rival} enforces it already; say enforces: false, or name one '
            'server',
            'server' if wanted.server else 'project',
        )
        return False
    return True


def _instant(
    value: dt.datetime | dt.date, account: sa.Row[Any]
) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    return calendar.start_of_day(value, calendar.zone(account.timezone))
