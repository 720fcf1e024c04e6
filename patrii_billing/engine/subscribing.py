# SPDX-License-Identifier: Apache-2.0
"""Contracts: entered one by one or by an import, under the same rules."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import quota as quotas
from patrii_billing.domain import server as nova
from patrii_billing.engine import charge
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
from patrii_billing.store.views import imported
from patrii_billing import strict_yaml

# What a contract is without it again.
_NOTHING: Mapping[str, Any] = {'policy': {}, 'enforce_from': None}
# What the API calls what the law and a document call otherwise.
_IDS = {'plan': 'plan_id', 'project': 'project_id', 'server': 'server_id'}

Quota = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Contract:
    """Who is to have what, of which project, or of one server of it."""

    name: str
    account: sa.Row[Any]
    plan: sa.Row[Any]
    project: str
    server: str | None
    agreed: agreement.Agreed

    @property
    def zone(self) -> dt.tzinfo:
        return calendar.zone(self.account.timezone)


# One by one.


def look(
    tools: toolbox.Tools, body: Mapping[str, Any], dry_run: bool = False
) -> Quota | None:
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
        check_server(tools, server, project)
        priced = sorted(tools.db.read(quota.priced_by, by.id))
        held = billed_quota(tools, by.name, priced, project, server)
    except errors.InvalidInput as error:
        raise _renamed(error) from None
    if not dry_run:
        reconcile.catch_up(tools, tools.now())
    return held


def create(
    conn: sa.Connection,
    tools: toolbox.Tools,
    body: Mapping[str, Any],
    seen: Quota | None,
    now: dt.datetime,
    by: str,
) -> tuple[int, bool]:
    """Enter a contract; its id, and whether it is new.

    `seen` is what `look` found. The same again finds the one that is there.
    Raises InvalidInput, and Conflict where one of that name is another.
    """
    wanted = _wanted(body)
    by_plan = plan(conn, wanted.plan_id)
    try:
        account = _owner(conn, wanted)
        accounts.lock(conn, account.id)
        contract = Contract(
            wanted.name, account, by_plan, wanted.project_id,
            wanted.server_id, wanted.agreed,
        )  # fmt: skip
        row = _known(conn, wanted.name)
        if row is None:
            must_fit(by_plan, account)
            subscription_id = begin(conn, tools, contract, seen, now)
            _record(conn, contract, subscription_id, now, by)
            return subscription_id, True
    except errors.InvalidInput as error:
        raise _renamed(error) from None
    except exception.DBDuplicateEntry:
        raise errors.Conflict(
            f'another subscription is called {wanted.name}'
        ) from None
    other = _other(conn, row, contract)
    if other:
        raise errors.Conflict(
            f'the subscription {wanted.name} is there already, with another '
            f'{", ".join(other)}'
        )
    return row.id, False


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
    new = write(conn, tools, row, said, now)
    if new:
        timeline.record(
            conn, now, 'subscription', 'changed', why or ', '.join(new),
            account_id=row.account_id, subscription_id=row.id, by=by,
            was={name: _plain(getattr(row, name)) for name in new},
            new={name: _plain(value) for name, value in new.items()},
        )  # fmt: skip
        collect.judge(conn, tools, row.id, now)
    return list(new)


# What one that is entered and one that is imported have in common.


def plan(conn: sa.Connection, plan_id: int) -> sa.Row[Any]:
    """A plan that a body names. Raises InvalidInput."""
    found = plans.some(conn, [plan_id])
    if plan_id not in found:
        raise errors.InvalidInput(f'there is no plan {plan_id}', 'plan_id')
    return found[plan_id]


def must_fit(plan: sa.Row[Any], account: sa.Row[Any]) -> None:
    """Raises InvalidInput where a customer cannot pay by a plan."""
    if plan.currency != account.currency:
        raise errors.InvalidInput(
            f'{plan.name} is in {plan.currency}, and {account.name} pays in '
            f'{account.currency}',
            'plan',
        )


def check_server(
    tools: toolbox.Tools, server: str | None, project: str
) -> None:
    """Raises InvalidInput unless the server it names is there."""
    if server is None:
        return
    shown = tools.cloud.servers.get(server)
    if shown is None or nova.is_gone(shown) or shown.project != project:
        raise errors.InvalidInput(
            f'nova has no server {server!r} in that project', 'server'
        )


def billed_quota(
    tools: toolbox.Tools,
    plan: str,
    priced: Sequence[str],
    project: str,
    server: str | None,
) -> Quota | None:
    """The quota that is to be billed and is not in the books yet.

    Raises InvalidInput where the plan cannot bill it.
    """
    if not priced:
        return None
    if server is not None:
        raise errors.InvalidInput(
            f'{plan} has prices of a quota, which a server has not', 'plan'
        )
    if tools.db.read(imported.has_quota, project):
        return None
    shown = tools.cloud.quotas.get(project)
    held = quotas.billed(shown)
    for resource in priced:
        if resource not in held:
            raise errors.InvalidInput(
                f'{plan} has a price of {resource}, of which nova has no '
                'quota',
                'plan',
            )
        if held[resource] < 0:
            raise errors.InvalidInput(
                f'its quota of {resource} is unlimited, and {plan} has a '
                'price of each',
                'project',
            )
    return shown


def begin(
    conn: sa.Connection,
    tools: toolbox.Tools,
    wanted: Contract,
    seen: Quota | None,
    now: dt.datetime,
    why: str = 'agreed',
) -> int:
    """Write a new contract, and its project's quota; its id.

    Raises InvalidInput for a start that is past, or where another one
    enforces the same. Writes nothing on the timeline.
    """
    agreed, zone = wanted.agreed, wanted.zone
    _may_begin(conn, wanted, calendar.local_day(now, zone))
    billed_until = bills_from(wanted)
    said = agreed.said(zone)
    policy = tools.settings.policy
    for given in (
        wanted.plan.policy, wanted.account.policy, said.get('policy', {})
    ):  # fmt: skip
        policy = policy.reading(given)
    charge_at = policy.invoice_lead.before(
        calendar.start_of_day(billed_until, zone), zone
    )
    subscription_id = subscriptions.add(
        conn, wanted.name, now,
        account_id=wanted.account.id, plan_id=wanted.plan.id,
        project=wanted.project, server=wanted.server,
        anchor_day=agreed.anchor_day or agreed.start.day,
        start=agreed.start, billed_until=billed_until, charge_at=charge_at,
        enforces=agreed.enforces, **said,
    )  # fmt: skip
    if agreed.paid_until is None and billed_until > agreed.start:
        charge.begin_trial(conn, subscription_id, agreed.start, billed_until)
    if seen is not None:
        began = calendar.start_of_day(agreed.start, zone)
        quota.adopt(conn, wanted.project, seen, began, why)
    return subscription_id


def bills_from(wanted: Contract) -> dt.date:
    """The day from which on a new contract is billed."""
    agreed = wanted.agreed
    if agreed.paid_until is not None:
        return agreed.paid_until
    return agreed.start + dt.timedelta(days=wanted.plan.trial_days)


def write(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    said: Mapping[str, Any],
    now: dt.datetime,
) -> dict[str, Any]:
    """Write what is said otherwise than booked, and return that.

    By another policy its next invoice is dated anew, and it is judged anew.
    """
    new = customers.different(row, said)
    if new:
        subscriptions.change(conn, row.id, check_at=now, **new)
    if 'policy' in new and row.charge_at is not None:
        charge.schedule(conn, tools, subscriptions.get(conn, row.id))
    return new


def booked(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    """What cannot be entered otherwise than it is in the books."""
    return {
        'account': accounts.get(conn, row.account_id).name,
        'plan': plans.get(conn, row.plan_id).name,
        'project': row.project,
        'server': row.server or 'none',
        'start': row.start,
        'paid_until': imported.paid_until(conn, row.id),
        'anchor_day': row.anchor_day,
        'enforces': row.enforces is not None,
    }


def given(wanted: Contract) -> dict[str, Any]:
    """The same of what is wanted; None is not said."""
    agreed = wanted.agreed
    return {
        'account': wanted.account.name,
        'plan': wanted.plan.name,
        'project': wanted.project,
        'server': wanted.server or 'none',
        'start': agreed.start,
        'paid_until': agreed.paid_until,
        'anchor_day': agreed.anchor_day,
        'enforces': agreed.enforces,
    }


def _may_begin(
    conn: sa.Connection, wanted: Contract, today: dt.date
) -> None:
    agreed = wanted.agreed
    if agreed.paid_until is None and agreed.start < today:
        raise errors.InvalidInput(
            'is past: say paid_until, the day from which on this service '
            'bills',
            'start',
        )
    rival = imported.enforcing(conn, wanted.server or wanted.project)
    if agreed.enforces and rival is not None:
        raise errors.InvalidInput(
            f'{rival} enforces it already; say enforces: false, or name one '
            'server',
            'server' if wanted.server else 'project',
        )


# What a body says.


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
    conn: sa.Connection, row: sa.Row[Any], wanted: Contract
) -> list[str]:
    """What of the one that is there differs from what is given now."""
    there = booked(conn, row)
    other = [
        name
        for name, value in given(wanted).items()
        if value is not None and value != there[name]
    ]
    said = wanted.agreed.said(wanted.zone)
    return [*other, *customers.different(row, said)]


def _renamed(error: errors.InvalidInput) -> errors.InvalidInput:
    return errors.InvalidInput(
        error.reason, _IDS.get(error.where, error.where)
    )


def _record(
    conn: sa.Connection,
    wanted: Contract,
    subscription_id: int,
    now: dt.datetime,
    by: str,
) -> None:
    timeline.record(
        conn, now, 'subscription', 'added',
        f'{wanted.plan.name}, bills from {bills_from(wanted)}',
        account_id=wanted.account.id, subscription_id=subscription_id, by=by,
    )  # fmt: skip


def _is_null(body: Mapping[str, Any], name: str) -> bool:
    return name in body and body[name] is None


def _plain(value: Any) -> Any:
    """As the timeline keeps it."""
    return value.isoformat() if isinstance(value, dt.datetime) else value
