# SPDX-License-Identifier: Apache-2.0
"""Import contracts; what has billed somebody cannot be changed so."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import agreeing
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import unit as units
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import subscriptions


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
    contract = agreeing.Contract(
        wanted.name, account, plan, project, wanted.server, wanted.agreed
    )
    row = unit.find(subscriptions.by_name, wanted.name)
    try:
        agreeing.must_fit(plan, account)
        if row is None:
            _add(unit, contract)
    except errors.InvalidInput as error:
        unit.refuse(wanted.at, error.reason, error.where)
        return
    if row is not None:
        _change(unit, wanted, row, contract)


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
    contract: agreeing.Contract,
) -> None:
    there = agreeing.booked(unit.conn, row)
    if not unit.unchanged(wanted.at, there, agreeing.given(contract)):
        return
    said = contract.agreed.said(contract.zone)
    new = agreeing.write(unit.conn, unit.tools, row, said, unit.now)
    unit.tell_changed(
        'subscription', wanted.name, list(new), row.account_id, row.id
    )


def _add(unit: units.Unit, wanted: agreeing.Contract) -> None:
    seen = unit.seen.quotas.get(wanted.project)
    subscription_id = agreeing.begin(
        unit.conn, unit.tools, wanted, seen, unit.now, 'imported'
    )
    unit.tell(
        'added', 'subscription', wanted.name,
        f'{wanted.plan.name}, bills from {agreeing.bills_from(wanted)}',
        wanted.account.id, subscription_id,
    )  # fmt: skip
