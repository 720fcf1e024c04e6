# SPDX-License-Identifier: Apache-2.0
"""Compare servers as Nova shows them with the books; Nova is right.

What a notification told may be a lie of anybody on the bus: what nova itself
shows later counts, and takes back what was billed for it.
"""

from collections.abc import Sequence
import datetime as dt
import decimal
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import heard
from patrii_billing.domain import lifecycle
from patrii_billing.domain import server as nova
from patrii_billing.engine import observe
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.engine import unparking
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import servers
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

LOG = logging.getLogger(__name__)

_NONE = decimal.Decimal(0)


def is_as_known(
    tools: toolbox.Tools, shown: nova.Server, known: sa.Row[Any] | None
) -> bool:
    """Whether to see a server so would change nothing in the books.

    What nova has not shown before, or was told of since it last changed, is
    to be looked at.
    """
    return (
        known is not None
        and known.seen_at is not None
        and known.told_at - _changed_at(shown, known.told_at)
        <= tools.settings.sweep_overlap
        and known.deleted_at is None
        and shown.deleted_at is None
        and not nova.is_gone(shown)
        and (shown.flavor, shown.vm_state, heard.name(shown.name))
        == (known.flavor, known.vm_state, known.name)
    )


def see(
    conn: sa.Connection,
    tools: toolbox.Tools,
    shown: nova.Server,
    now: dt.datetime,
) -> None:
    """Compare a server as Nova shows it with the books; Nova is right."""
    known = servers.get(conn, shown.id)
    deleted = shown.deleted_at is not None or nova.is_gone(shown)
    at = _changed_at(shown, now)
    if known is None:
        known = _add(conn, shown, at, now)
        if not deleted:
            return
    if deleted:
        if known.deleted_at is None:
            forget(conn, tools, known, shown.deleted_at or at, now)
        return
    if known.seen_at is None:
        known = _correct_first(conn, tools, known, shown, now)
    # While a resize waits for its owner the new flavor costs nothing.
    settled = shown.vm_state != 'resized' and not shown.task_state
    if settled:
        known = _disprove(conn, tools, known, shown, at, now)
    if known.deleted_at is not None:
        flavor = shown.flavor if settled else known.flavor
        _revive(conn, known, flavor, at)
    if settled and shown.flavor != known.flavor:
        # A notification may tell of it at this very moment.
        known = servers.lock(conn, known.id)
        if shown.flavor != known.flavor:
            _see_flavor(conn, known, shown.flavor, at)
    name = heard.name(shown.name)
    _tell(conn, known, at, vm_state=shown.vm_state, name=name)


def _add(
    conn: sa.Connection,
    shown: nova.Server,
    at: dt.datetime,
    now: dt.datetime,
) -> sa.Row[Any]:
    server = heard.Server(
        shown.id, shown.project, heard.name(shown.name),
        shown.flavor, shown.vm_state, shown.created_at or at, at,
    )  # fmt: skip
    observe.add(conn, [server], now)
    level = observe.created(server)
    servers.add_levels(conn, [servers.level(server.id, server.project, level)])
    return servers.lock(conn, server.id)


def _changed_at(shown: nova.Server, else_: dt.datetime) -> dt.datetime:
    return shown.updated_at or shown.created_at or else_


def _correct_first(
    conn: sa.Connection,
    tools: toolbox.Tools,
    known: sa.Row[Any],
    shown: nova.Server,
    now: dt.datetime,
) -> sa.Row[Any]:
    """Nova shows for the first time whose it is, of what, and since when."""
    created_at = shown.created_at or known.created_at
    told = servers.levels_told(conn, known.project, known.id)
    if (
        shown.project == known.project
        and abs(created_at - known.created_at) < tools.settings.sweep_overlap
        and (
            len(told) > 1
            or {row.resource for row in told} == {shown.flavor}
            # It may have been resized since then.
            or observe.looks(conn, tools).missed(created_at)
        )
    ):
        return known
    truth = f'{shown.flavor} of {shown.project}'
    _withdraw(conn, tools, known, told, truth, now)
    if told and shown.project != known.project:
        # To another it was never anything.
        _level(conn, known, known.flavor, _NONE, told[0].at, 'another owns it')
    servers.change(
        conn, known.id, project=shown.project, created_at=created_at,
        flavor=shown.flavor,
    )  # fmt: skip
    known = servers.lock(conn, known.id)
    _level(conn, known, shown.flavor, heard.ONE, created_at, 'shown')
    return known


def _disprove(
    conn: sa.Connection,
    tools: toolbox.Tools,
    known: sa.Row[Any],
    shown: nova.Server,
    at: dt.datetime,
    now: dt.datetime,
) -> sa.Row[Any]:
    """Take back what was told of a time after nova's last change of it.

    Clocks differ, and a page is read a while before it is looked at: what is
    nearer to either than that may be true, unless nova shows another flavor.
    """
    slack = tools.settings.sweep_overlap
    since = at if shown.flavor != known.flavor else at + slack
    if not since < known.told_at < now - slack:
        return known
    known = servers.lock(conn, known.id)
    told = [
        row
        for row in servers.levels_told(conn, known.project, known.id)
        if since < row.at < now - slack
    ]
    _withdraw(conn, tools, known, told, shown.flavor, now)
    level = servers.level_at(conn, known.project, known.id, now)
    flavor = shown.flavor if level is None else level.resource
    servers.change(conn, known.id, told_at=at, flavor=flavor)
    return servers.lock(conn, known.id)


def disown(
    conn: sa.Connection,
    tools: toolbox.Tools,
    known: sa.Row[Any],
    now: dt.datetime,
) -> None:
    """Nova never had the server of which it was told."""
    told = servers.levels_told(conn, known.project, known.id)
    _withdraw(conn, tools, known, told, 'no such server', now)
    _level(conn, known, known.flavor, _NONE, known.created_at, 'never was')
    servers.change(
        conn, known.id, deleted_at=known.created_at, missed_at=None,
        vm_state='deleted',
    )  # fmt: skip


def _withdraw(
    conn: sa.Connection,
    tools: toolbox.Tools,
    known: sa.Row[Any],
    told: Sequence[sa.Row[Any]],
    truth: str,
    now: dt.datetime,
) -> None:
    """Bill no more what was only told; have a person look who told it."""
    if not told:
        return
    servers.drop_levels(conn, told)
    flavors = ', '.join(row.resource for row in told)
    why = (
        f'server {known.id} of {known.project} was told to be {flavors}; '
        f'nova shows {truth}'
    )
    LOG.warning('False notification: %s', why)
    owner = accounts.project(conn, known.project)
    if owner is None:
        return
    tell.operator(
        conn, now, 'false_notification',
        f'false_notification:{known.project}:{now.date()}', why,
        account_id=owner.account_id, server=known.id,
    )  # fmt: skip
    if accounts.get(conn, owner.account_id).parked_why is not None:
        # Perhaps for this: what has no price cannot be billed.
        unparking.bill(
            conn, tools, owner.account_id, now, timeline.ENGINE, why
        )


def forget(
    conn: sa.Connection,
    tools: toolbox.Tools,
    known: sa.Row[Any],
    at: dt.datetime,
    now: dt.datetime,
) -> None:
    """The server is gone for certain, since then.

    Not before it came, though clocks may differ.
    """
    if known.created_at is not None:
        at = max(at, known.created_at)
    servers.change(
        conn, known.id, deleted_at=at, missed_at=None, vm_state='deleted'
    )
    flavor = _drop_since(conn, known, at)
    until = _billed_until(conn, known.id, at)
    _level(conn, known, flavor, _NONE, until, 'deleted')
    _record(conn, known.id, known.project, 'ServerDeleted', at, now)


def _revive(
    conn: sa.Connection, known: sa.Row[Any], flavor: str, at: dt.datetime
) -> None:
    """It is back from a soft delete, and no end is before it any more."""
    servers.change(conn, known.id, deleted_at=None)
    ends = [
        row
        for row in _levels(conn, known)
        if row.at >= at and not row.quantity
    ]
    servers.drop_levels(conn, ends)
    _level(conn, known, flavor, heard.ONE, at, 'restored')


def _drop_since(
    conn: sa.Connection, known: sa.Row[Any], at: dt.datetime
) -> str:
    """Bill nothing by what was told of then or later, but that it came.

    The flavor that is left.
    """
    told = _levels(conn, known)
    kept = [row for row in told if row is told[0] or row.at < at]
    servers.drop_levels(conn, told[len(kept) :])
    return str(kept[-1].resource) if kept else str(known.flavor)


def _levels(conn: sa.Connection, known: sa.Row[Any]) -> Sequence[sa.Row[Any]]:
    return servers.levels_of_servers(conn, {known.project}, {known.id})


def _billed_until(
    conn: sa.Connection, server: str, at: dt.datetime
) -> dt.datetime:
    """When a server that is gone ceases to be billed.

    One that was deleted for a debt is billed to the end of what is invoiced:
    not to pay makes no invoice less. What its owner asked for is his change.
    """
    deletion = actions.committed_deletion(conn, server)
    if deletion is None or deletion.ground == lifecycle.Ground.OWNER:
        return at
    sub = subscriptions.get(conn, deletion.subscription_id)
    account = accounts.get(conn, sub.account_id)
    end = calendar.start_of_day(
        sub.billed_until, calendar.zone(account.timezone)
    )
    return max(at, end)


def _see_flavor(
    conn: sa.Connection, known: sa.Row[Any], flavor: str, at: dt.datetime
) -> None:
    level = servers.level_at(conn, known.project, known.id, at)
    known_as = None if level is None else (level.resource, level.quantity)
    if known_as != (flavor, heard.ONE):
        _level(conn, known, flavor, heard.ONE, at, 'seen')
    told_at = max(at, known.told_at)
    # Another, if newer was told than the page is.
    newest = servers.level_at(conn, known.project, known.id, told_at)
    flavor = flavor if newest is None else newest.resource
    servers.change(conn, known.id, flavor=flavor, told_at=told_at)


def _tell(
    conn: sa.Connection, known: sa.Row[Any], at: dt.datetime, **values: Any
) -> None:
    """Keep the newest of what was told; costs nothing where it is known."""
    if at < known.told_at:
        return
    if all(getattr(known, key) == value for key, value in values.items()):
        return
    servers.tell(conn, known.id, at, **values)


def _level(
    conn: sa.Connection,
    known: sa.Row[Any],
    flavor: str,
    quantity: decimal.Decimal,
    at: dt.datetime,
    why: str,
) -> None:
    level = heard.Level(flavor, quantity, at, why)
    servers.add_levels(conn, [servers.level(known.id, known.project, level)])


def _record(
    conn: sa.Connection,
    server: str,
    project: str,
    name: str,
    at: dt.datetime,
    now: dt.datetime,
) -> None:
    owner = accounts.project(conn, project)
    if owner is not None:
        timeline.record(
            conn, now, 'fact', name,
            account_id=owner.account_id, server=server,
            happened_at=at.isoformat(),
        )  # fmt: skip


def unknown_case(conn: sa.Connection, shown: nova.Server) -> str | None:
    """The case of our lock on a server, where the books do not know it."""
    case = shown.case
    if case is None or custody.case_known(conn, case):
        return None
    return case
