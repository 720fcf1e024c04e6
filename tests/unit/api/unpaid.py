# SPDX-License-Identifier: Apache-2.0
"""What becomes of the customers of the door if nobody pays."""

import datetime as dt

from patrii_billing.engine import reconcile
from tests import doors

# Less than what makes the service mistrust its own sleep.
_STEP = dt.timedelta(hours=5)
_LONG = dt.timedelta(days=9, hours=12)
_MINUTE = dt.timedelta(minutes=1)


def shelve(door: doors.Door) -> None:
    """Let time pass until the servers are shelved, of acme and of rival."""
    for _ in range(_LONG // _STEP):
        door.advance(_STEP)
    reconcile.run(door.tools, door.tools.now())
    door.advance(_STEP)
    door.advance(_MINUTE)
    reconcile.catch_up(door.tools, door.tools.now())
