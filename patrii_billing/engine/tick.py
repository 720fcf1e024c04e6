# SPDX-License-Identifier: Apache-2.0
"""One tick of the engine: the steps that have something due.

One statement finds them by the indexes on their deadlines, so a tick costs
what is due and not what exists.
"""

from collections.abc import Callable
from collections.abc import Collection
import datetime as dt
import functools

import sqlalchemy as sa

from patrii_billing.engine import act
from patrii_billing.engine import charge
from patrii_billing.engine import collect
from patrii_billing.engine import correct
from patrii_billing.engine import heartbeat
from patrii_billing.engine import impatience
from patrii_billing.engine import notify
from patrii_billing.engine import purging
from patrii_billing.engine import samples
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import actions
from patrii_billing.store import due as work
from patrii_billing.store import requests
from patrii_billing.store import watch


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

# Done even by a clock that is not to be believed: who has paid waits for it,
# and the operator must hear of it. Customers are then mailed nothing.
_WHATEVER_THE_TIME = ('act', 'notify')


def run(tools: toolbox.Tools, steps: Collection[str] = tuple(STEPS)) -> int:
    """Take the steps that have something due now; how much there was."""
    now = tools.now()
    due = tools.db.write(_look, tools, now)
    return sum(
        STEPS[name](tools, tools.now())
        for name in steps
        if name in due and due[name] <= now
    )


def side_by_side(tools: toolbox.Tools) -> dict[str, Callable[[], int]]:
    """What a worker does in a thread of its own each, by name."""
    steps = {
        name: functools.partial(run, tools, steps)
        for name, steps in SIDE_BY_SIDE.items()
    }
    return {**steps, 'cloud': functools.partial(act_if_asked, tools)}


def act_if_asked(tools: toolbox.Tools) -> int:
    """Do what is asked of the cloud; a glance at an index where nothing is.

    For one who looks often, since a payer waits for it.
    """
    if not tools.db.read(actions.is_any_due, tools.now()):
        return 0
    return run(tools, SIDE_BY_SIDE['cloud'])


def _look(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> dict[str, dt.datetime]:
    last = watch.get(conn).ticked_at
    believed = heartbeat.beat(conn, tools.settings, now)
    due = work.instants(conn)
    if not believed:
        return {name: due[name] for name in _WHATEVER_THE_TIME if name in due}
    # After a sleep all is late, and about to be done.
    if last is not None and now - last < tools.settings.clock_slack:
        impatience.watch(conn, now, due.get('act'))
    return due
