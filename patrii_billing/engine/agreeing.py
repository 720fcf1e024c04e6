# SPDX-License-Identifier: Apache-2.0
"""What contracts that are entered and those of an import have in common.

The rules of a new one, in the words in which it is refused; what it writes;
and what of one may change.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import quota as quotas
from patrii_billing.domain import server as nova
from patrii_billing.engine import charge
from patrii_billing.engine import customers
from patrii_billing.engine.importing import agreement
from patrii_billing.engine import quota
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import plans
from patrii_billing.store import subscriptions
from patrii_billing.store.views import imported

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
        # Not later than now, so that a change before the start comes after.
        quota.adopt(conn, wanted.project, seen, min(began, now), why)
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
