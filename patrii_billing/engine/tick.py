# SPDX-License-Identifier: Apache-2.0
"""One tick of the engine: the steps that have something due.

One statement finds them by the indexes on their deadlines, so a tick costs
what is due and not what exists.
"""

from collections.abc import Collection
import datetime as dt

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine import act
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import correct
from patrii_billing.engine import impatience
from patrii_billing.engine import notify
from patrii_billing.engine import purging
from patrii_billing.engine import samples
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import due as work
from patrii_billing.store import requests
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)


def _purge(tools: toolbox.Tools, now: dt.datetime) -> int:
    return tools.db.write(purging.ask, now, tools.settings.batch)


def _forget(tools: toolbox.Tools, now: dt.datetime) -> int:
    return tools.db.write(requests.purge, now, tools.settings.batch)


# In the order of the day: what changed is corrected before it is judged, what
# is charged is judged, what is judged is done.
STEPS = {
    'correct': correct.run,
    'charge': charge.run,
    'collect': collect.run,
    'act': act.run,
    'notify': notify.run,
    'purge': _purge,
    'forget': _forget,
    'meter': samples.run,
}
# Steps that a worker takes side by side. A payer's restore must not wait for
# a mail server that hangs, nor for the invoices of all others.
SIDE_BY_SIDE = {
    'books': ('correct', 'charge', 'collect', 'purge', 'forget'),
    'cloud': ('act',),
    'mail': ('notify',),
    'usage': ('meter',),
}


def run(tools: toolbox.Tools, steps: Collection[str] = tuple(STEPS)) -> int:
    """Take the steps that have something due now; how much there was."""
    now = tools.now()
    due = tools.db.write(_look, tools, now)
    return sum(
        STEPS[name](tools, tools.now())
        for name in steps
        if name in due and due[name] <= now
    )


def _look(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> dict[str, dt.datetime]:
    last = watch.get(conn).ticked_at
    _mind_the_gap(conn, tools, last, now)
    due = work.instants(conn)
    # After a sleep all is late, and about to be done.
    if last is not None and now - last < tools.settings.clock_slack:
        impatience.watch(conn, now, due.get('act'))
    return due


def _mind_the_gap(
    conn: sa.Connection,
    tools: toolbox.Tools,
    last: dt.datetime | None,
    now: dt.datetime,
) -> None:
    """Enter safe mode after a long sleep or when the clock steps back."""
    why = None
    if last is not None and now - last > tools.settings.safe_gap:
        why = f'nothing ran from {last:%Y-%m-%d %H:%M} UTC on'
    elif last is not None and last - now > tools.settings.clock_slack:
        why = f'the clock stepped back from {last:%Y-%m-%d %H:%M} UTC'
    if why and watch.enter_safe_mode(conn, why):
        LOG.error(
            'Safe mode: %s. Restores only until an operator resumes', why
        )
        tell.operator(conn, now, 'safe_mode', f'safe_mode:{now}', why)
    # Often enough to notice a gap, seldom enough to cost nothing.
    if last is None or why or now - last > tools.settings.clock_slack / 4:
        watch.change(conn, ticked_at=now)
