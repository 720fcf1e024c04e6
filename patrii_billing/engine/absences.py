# SPDX-License-Identifier: Apache-2.0
"""Whether nova is to be believed that servers are gone.

One that vanished is gone. Where a great part of the fleet vanishes at once,
it is rather our account that lost its role, or another cloud that answers.
"""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import switches
from patrii_billing.engine import tell
from patrii_billing.store import servers
from patrii_billing.store import watch


def excess(
    conn: sa.Connection, settings: engine_settings.Settings
) -> int:
    """How many are missing where it is more than may be gone; else 0.

    What was missing when an operator last resumed he has agreed to.
    """
    since = watch.get(conn).counted_from or switches.EVER
    missing = servers.count_missed(conn, since)
    share = servers.count(conn) * settings.max_missing_share // 100
    return missing if missing > max(settings.min_missing_cap, share) else 0


def credible(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> bool:
    """Whether so few are missing that they may be gone; else safe mode."""
    missing = excess(conn, settings)
    if missing == 0:
        return True
    why = f'{missing} servers are missing in nova at once'
    if watch.enter_safe_mode(conn, why):
        tell.operator(conn, now, 'servers_missing', f'missing:{now}', why)
    return False
