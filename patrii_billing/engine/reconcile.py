# SPDX-License-Identifier: Apache-2.0
"""Compare the books with Nova and write in what no notification told.

Nova is asked for pages, never for a server at a time, except to confirm
that one is gone. A sweep that fails half-way proves nothing.
"""

import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import server as nova
from patrii_billing.engine import absences
from patrii_billing.engine import drift
from patrii_billing.engine import heartbeat
from patrii_billing.engine import seeing
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import outages
from patrii_billing.store import servers
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Sweep if it is time, and settle doubtful absences; servers seen.

    A clock that is not to be believed must not date what was seen. Raises
    CloudError; what was seen until then stays seen.
    """
    if not tools.db.read(heartbeat.believed, tools.settings, now):
        return 0
    seen = _sweep_if_due(tools, now)
    drift.run(tools, now)
    # Last, since it ends at the first server of a cell that is down.
    _confirm_absences(tools, now)
    return seen


def catch_up(tools: toolbox.Tools, now: dt.datetime) -> int:
    """See what changed since the last sweep, or all; servers seen.

    For who must know the cloud as it is now. Raises CloudError.
    """
    swept = tools.db.read(watch.get).swept_at
    if swept is None:
        seen = _full_sweep(tools, now)
        tools.db.write(watch.change, swept_at=now)
        return seen
    return _pages(tools, now, swept - tools.settings.sweep_overlap)


def _sweep_if_due(tools: toolbox.Tools, now: dt.datetime) -> int:
    """See what changed since the last sweep, at times every server.

    Only the former tells when a server that is gone was deleted.
    """
    state = tools.db.read(watch.get)
    settings = tools.settings
    swept, whole = state.swept_at, state.sweep_from
    full = whole is None or now - whole >= settings.full_sweep_every
    if not full and swept and now - swept < settings.sweep_every:
        return 0
    seen = 0
    if swept is not None:
        seen = _pages(tools, now, swept - settings.sweep_overlap)
    if full:
        seen = _full_sweep(tools, now)
    tools.db.write(watch.change, swept_at=now)
    return seen


def _full_sweep(tools: toolbox.Tools, now: dt.datetime) -> int:
    """See every server; what is not seen becomes a doubtful absence."""
    seen = _pages(tools, now, None)
    tools.db.write(servers.doubt, now)
    tools.db.write(watch.change, sweep_from=now)
    LOG.info('Compared %s servers with the books', seen)
    return seen


def _pages(
    tools: toolbox.Tools, now: dt.datetime, since: dt.datetime | None
) -> int:
    seen = 0
    for number, page in enumerate(tools.cloud.servers.pages(since)):
        if number == 0:
            tools.db.write(_record_outage, tools, now)
        for doubtful in tools.db.write(_see_page, tools, page, now):
            _mistrust_unknown_case(tools, doubtful, now)
        seen += len(page)
    return seen


def _record_outage(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> None:
    """Record since when no sweep has looked, if that is long.

    Before the first look, since what waited at the broker may be read
    meanwhile; a sweep that fails and is tried again adds what came after.
    """
    since = watch.get(conn).swept_at
    if since is None:
        return
    for _, until in outages.recent(conn)[:1]:
        since = max(since, until)
    if now - since > tools.settings.sweep_span:
        outages.record(conn, since, now)


def _see_page(
    conn: sa.Connection, tools: toolbox.Tools, page: Any, now: dt.datetime
) -> list[nova.Server]:
    """Compare a page with the books; which locks name a case unknown here.

    Of a large fleet hardly any server has changed: the books are asked about
    all of a page at once, and again only for those that differ.
    """
    known = servers.some(conn, [one.id for one in page])
    for shown in page:
        if not seeing.is_as_known(tools, shown, known.get(shown.id)):
            seeing.see(conn, tools, shown, now)
    living = [one for one in page if not nova.is_gone(one)]
    servers.mark_seen(conn, [one.id for one in living], now)
    return [one for one in living if seeing.unknown_case(conn, one)]


def _mistrust_unknown_case(
    tools: toolbox.Tools, shown: nova.Server, now: dt.datetime
) -> None:
    """A lock of ours that the books forgot: they are from yesterday.

    Unless its owner has locked it so, who may write any reason.
    """
    if tools.cloud.servers.locker(shown) is not nova.Locker.OWNER:
        why = (
            f'server {shown.id} is locked for case {shown.case}, unknown; '
            f'{heartbeat.IF_RESTORED}'
        )
        tools.db.write(_enter_safe_mode, shown, why, now)


def _enter_safe_mode(
    conn: sa.Connection, shown: nova.Server, why: str, now: dt.datetime
) -> None:
    if watch.enter_safe_mode(conn, why):
        LOG.error(
            'Safe mode: %s. Restores only until an operator resumes', why
        )
        tell.operator(
            conn, now, 'safe_mode', f'unknown_case:{shown.case}', why,
            server=shown.id,
        )  # fmt: skip


def _confirm_absences(tools: toolbox.Tools, now: dt.datetime) -> None:
    """A 404 on its own, some time after the first doubt, is believed.

    It says no less of what never was: of a server that came and went nova
    tells only among what changed since.
    """
    if tools.db.read(absences.excess, tools.settings):
        # Those whose owners deleted them left a trace.
        catch_up(tools, now)
    if not tools.db.write(absences.credible, tools.settings, now):
        return
    before = now - tools.settings.absence_gap
    rows = tools.db.read(servers.missed, before, tools.settings.batch)
    if any(row.seen_at is None for row in rows):
        catch_up(tools, now)
        rows = tools.db.read(servers.missed, before, tools.settings.batch)
    for row in rows:
        shown = tools.cloud.servers.get(row.id)
        if shown is not None and not nova.is_gone(shown):
            tools.db.write(_see_page, tools, [shown], now)
        elif row.seen_at is None:
            tools.db.write(seeing.disown, tools, row, now)
        else:
            # Not before nova showed it last, whatever was told.
            at = max(row.missed_at, row.seen_at)
            tools.db.write(seeing.forget, tools, row, at, now)
