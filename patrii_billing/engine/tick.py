# SPDX-License-Identifier: Apache-2.0
"""One tick of the engine: a tuple of steps, each a function of the tools.

Every step finds what is due by an index, so a tick costs what is due and
not what exists.
"""

import datetime as dt

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine import act
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import notify
from patrii_billing.engine import purging
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)


def _purge(tools: toolbox.Tools, now: dt.datetime) -> int:
    return tools.db.write(purging.ask, now, tools.settings.batch)


STEPS = (charge.run, collect.run, act.run, notify.run, _purge)


def run(tools: toolbox.Tools) -> int:
    """Do what is due now; how much there was."""
    tools.db.write(_mind_the_gap, tools, tools.now())
    return sum(step(tools, tools.now()) for step in STEPS)


def _mind_the_gap(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> None:
    """Enter safe mode after a long sleep or when the clock steps back."""
    state = watch.get(conn)
    last = state.ticked_at
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
