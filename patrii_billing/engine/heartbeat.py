# SPDX-License-Identifier: Apache-2.0
"""The instant of the last tick in the books, and what it says of the clock.

Each worker's clock is held against it, so that a clock that is wrong does no
harm, and a service that slept or was put back wakes with care.
"""

import datetime as dt

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import switches
from patrii_billing.engine import tell
from patrii_billing.store import actions
from patrii_billing.store import notices
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)

# No action waits for so long, and no mail to the operator; one that seems to
# was put off by a clock that was wrong.
_TOO_LONG = dt.timedelta(days=1)
# What these books lack was numbered and mailed.
IF_RESTORED = (
    'if a backup was put back, `patrii-billing-manage series skip-to` comes '
    'first'
)


def beat(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> bool:
    """Whether the clock may be believed; else nothing but restores is done.

    Enters safe mode after a long sleep or when the clock steps back. A gap
    beyond belief is not written down: it is over when the clock is right
    again, or when an operator says that it is.
    """
    last = watch.get(conn).ticked_at
    gap = dt.timedelta() if last is None else now - last
    why = None
    if is_beyond_belief(settings, last, now):
        why = (
            f'the clock says that nothing ran from {last:%Y-%m-%d %H:%M} '
            f'to {now:%Y-%m-%d %H:%M} UTC: nothing is invoiced or mailed; '
            f'{IF_RESTORED}'
        )
    elif gap > settings.safe_gap:
        why = f'nothing ran from {last:%Y-%m-%d %H:%M} UTC on; {IF_RESTORED}'
    elif -gap > settings.clock_slack:
        why = f'the clock stepped back from {last:%Y-%m-%d %H:%M} UTC'
    if why and watch.enter_safe_mode(conn, why):
        LOG.error(
            'Safe mode: %s. Restores only until an operator resumes', why
        )
        tell.operator(conn, now, 'safe_mode', f'safe_mode:{now}', why)
    if is_beyond_belief(settings, last, now):
        return False
    # Often enough to notice a gap, seldom enough to cost nothing.
    if last is None or why or gap > settings.clock_slack / 4:
        watch.change(conn, ticked_at=now)
        _bring_back(conn, now, now + _TOO_LONG)
        # Whoever judged them: another host may have other bounds.
        switches.mind_arrears(conn, settings, now)
    return True


def _bring_back(
    conn: sa.Connection, now: dt.datetime, beyond: dt.datetime
) -> None:
    actions.bring_back(conn, now, beyond)
    notices.bring_back(conn, now, beyond)
    opens_at = watch.get(conn).mail_opens_at
    if opens_at is not None and opens_at > beyond:
        watch.change(conn, mail_opens_at=now)


def believed(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> bool:
    """Whether the clock may be believed, for who only asks."""
    return not is_beyond_belief(settings, watch.get(conn).ticked_at, now)


def is_beyond_belief(
    settings: engine_settings.Settings,
    last: dt.datetime | None,
    now: dt.datetime,
) -> bool:
    most = settings.clock_gap
    return last is not None and most is not None and now - last > most
