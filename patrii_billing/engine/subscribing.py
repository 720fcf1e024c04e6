# SPDX-License-Identifier: Apache-2.0
"""Contracts, entered and changed one by one."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.engine import agreeing
from patrii_billing.engine import collect
from patrii_billing.engine import customers
from patrii_billing.engine.importing import agreement
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing.engine import quota
from patrii_billing.engine import reconcile
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline
from patrii_billing import strict_yaml

# What a contract is without it again.
_NOTHING: Mapping[str, Any] = {'policy': {}, 'enforce_from': None}
# What the API calls what the law and a document call otherwise.
_IDS = {'plan': 'plan_id', 'project': 'project_id', 'server': 'server_id'}


def look(
    tools: toolbox.Tools, body: Mapping[str, Any], dry_run: bool = False
) -> agreeing.Quota | None:
    """Ask the cloud for what a contract rests on; a quota to be adopted.

    After that the books know the project's servers, which the first invoice
    bills. Raises InvalidInput, CloudUnavailable. Not for within a unit of
    work.
    """
    wanted = _wanted(body)
    by = tools.db.read(plan, wanted.plan_id)
    if tools.db.read(_known, wanted.name) is not None:
        return None  # nothing is begun
    project, server = wanted.project_id, wanted.server_id
    try:
        agreeing.check_server(tools, server, project)
        priced = sorted(tools.db.read(quota.priced_by, by.id))
        held = agreeing.billed_quota(tools, by.name, priced, project, server)
    except errors.InvalidInput as error:
        raise _renamed(error) from None
    if not dry_run:
        reconcile.catch_up(tools, tools.now())
    return held


def create(
    conn: sa.Connection,
    tools: toolbox.Tools,
    body: Mapping[str, Any],
    seen: agreeing.Quota | None,
    now: dt.datetime,
    by: str,
) -> int:
    """Enter a contract; its id.

    `seen` is what `look` found. The same again finds the one that is there.
    Raises InvalidInput, and Conflict where one of that name is another.
    """
    wanted = _wanted(body)
    try:
        account = _owner(conn, wanted)
        accounts.lock(conn, account.id)
        if _owner(conn, wanted).id != account.id:
            raise errors.StaleWrite('the project changed hands; try again')
        contract = agreeing.Contract(
            wanted.name, account, plan(conn, wanted.plan_id),
            wanted.project_id, wanted.server_id, wanted.agreed,
        )  # fmt: skip
        row = _known(conn, wanted.name)
        if row is None:
            return _enter(conn, tools, contract, seen, now, by)
    except errors.InvalidInput as error:
        raise _renamed(error) from None
    other = _other(conn, row, contract)
    if other:
        raise errors.Conflict(
            f'the subscription {wanted.name} is there already, with another '
            f'{", ".join(other)}'
        )
    return int(row.id)


def _enter(
    conn: sa.Connection,
    tools: toolbox.Tools,
    wanted: agreeing.Contract,
    seen: agreeing.Quota | None,
    now: dt.datetime,
    by: str,
) -> int:
    agreeing.must_fit(wanted.plan, wanted.account)
    try:
        subscription_id = agreeing.begin(conn, tools, wanted, seen, now)
    except exception.DBDuplicateEntry:
        raise errors.Conflict(
            f'another subscription is called {wanted.name}'
        ) from None
    timeline.record(
        conn, now, 'subscription', 'added',
        f'{wanted.plan.name}, bills from {agreeing.bills_from(wanted)}',
        account_id=wanted.account.id, subscription_id=subscription_id, by=by,
    )  # fmt: skip
    return subscription_id


def change(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    body: Mapping[str, Any],
    now: dt.datetime,
    by: str,
    why: str = '',
) -> Sequence[str]:
    """Change its name, its policy, or from when it is enforced.

    A policy is merged, and null takes away. Raises InvalidInput, and
    Conflict for a name that another one has.
    """
    accounts.lock(
        conn, subscriptions.get(conn, subscription_id).account_id
    )
    row = subscriptions.get(conn, subscription_id)
    account = accounts.get(conn, row.account_id)
    zone = calendar.zone(account.timezone)
    gone = {key: _NOTHING[key] for key in _NOTHING if _is_null(body, key)}
    left = {key: body[key] for key in body if key not in gone}
    said = {**entries.of_body(_merged(row, left), _changed(zone)), **gone}
    same = _known(conn, said.get('name', row.name))
    if same is not None and same.id != row.id:
        raise errors.Conflict(f'another subscription is called {same.name}')
    new = agreeing.write(conn, tools, row, said, now)
    if new:
        timeline.record(
            conn, now, 'subscription', 'changed', why or ', '.join(new),
            account_id=row.account_id, subscription_id=row.id, by=by,
            was={name: _plain(getattr(row, name)) for name in new},
            new={name: _plain(value) for name, value in new.items()},
        )  # fmt: skip
        collect.judge(conn, tools, row.id, now)
    return list(new)


def plan(conn: sa.Connection, plan_id: int) -> sa.Row[Any]:
    """A plan that a body names. Raises InvalidInput."""
    found = plans.some(conn, [plan_id])
    if plan_id not in found:
        raise errors.InvalidInput(f'there is no plan {plan_id}', 'plan_id')
    return found[plan_id]


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    account_id: int | None
    plan_id: int
    project_id: str
    server_id: str | None
    agreed: agreement.Agreed


def _wanted(body: Mapping[str, Any]) -> _Wanted:
    return entries.of_body(entries.patched({}, body), _read)


def _read(entry: entries.Entry) -> _Wanted | None:
    integer = strict_yaml.Node.integer
    wanted = _Wanted(
        entry.needs('name', fields.text),
        entry.takes('account_id', integer),
        entry.needs('plan_id', integer),
        entry.needs('project_id', fields.text),
        entry.takes('server_id', fields.text),
        agreement.read(entry),
    )
    return wanted if entry.close() else None


def _changed(
    zone: dt.tzinfo,
) -> Callable[[entries.Entry], dict[str, Any] | None]:
    def read(entry: entries.Entry) -> dict[str, Any] | None:
        said = {
            'name': entry.takes('name', fields.text),
            'policy': entry.policy(),
            'enforce_from': agreement.instant(
                entry.takes('enforce_from', fields.instant_or_day), zone
            ),
        }
        return fields.without_none(said) if entry.close() else None

    return read


def _merged(
    row: sa.Row[Any], body: Mapping[str, Any]
) -> Mapping[str, Any]:
    old = {'policy': row.policy} if 'policy' in body else {}
    return entries.patched(old, body)


def _owner(conn: sa.Connection, wanted: _Wanted) -> sa.Row[Any]:
    """The account of the project. Raises InvalidInput."""
    project = accounts.project(conn, wanted.project_id)
    if project is None:
        raise errors.InvalidInput('belongs to no account', 'project')
    account = accounts.get(conn, project.account_id)
    if wanted.account_id not in (None, account.id):
        raise errors.InvalidInput(
            f'the project belongs to {account.name}', 'account_id'
        )
    return account


def _known(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    try:
        return subscriptions.by_name(conn, name)
    except errors.NotFound:
        return None


def _other(
    conn: sa.Connection, row: sa.Row[Any], wanted: agreeing.Contract
) -> list[str]:
    """What of the one that is there differs from what is given now."""
    there = agreeing.booked(conn, row)
    other = [
        name
        for name, value in agreeing.given(wanted).items()
        if value is not None and value != there[name]
    ]
    said = wanted.agreed.said(wanted.zone)
    return [*other, *customers.different(row, said)]


def _renamed(error: errors.InvalidInput) -> errors.InvalidInput:
    return errors.InvalidInput(
        error.reason, _IDS.get(error.where, error.where)
    )


def _is_null(body: Mapping[str, Any], name: str) -> bool:
    return name in body and body[name] is None


def _plain(value: Any) -> Any:
    """As the timeline keeps it."""
    return value.isoformat() if isinstance(value, dt.datetime) else value
