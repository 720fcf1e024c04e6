# SPDX-License-Identifier: Apache-2.0
"""An owner's own wish to have a server deleted that our lock keeps from him.

The second ground of a delete: what he owes is of no account for it. Asked
with facts read in the transaction that commits the action.
"""

from dataclasses import dataclass
import datetime as dt

from patrii_billing.domain import guards
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain import standing

# What could not be done for so long he may not want any more.
STALE_AFTER = dt.timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Wish:
    """What he asked for, and whose the server is at this instant.

    `account` is the one he asked for, `owner` the one its project belongs
    to. `custody` is what became of the server in the case of his wish.
    """

    by: str
    at: dt.datetime
    account: int
    owner: int | None
    custody: Custody | None
    holds: tuple[standing.Hold, ...] = ()

    def is_stale(self, now: dt.datetime) -> bool:
        return now - self.at > STALE_AFTER


def refuse(wish: Wish, begun: bool, now: dt.datetime) -> guards.Refusal | None:
    """Why the server must not be deleted, or None where it may be.

    :param begun: it is committed, and a call may be on its way
    """
    why = _why_not(wish, begun, now)
    return guards.Refusal(why, final=True) if why else None


def _why_not(wish: Wish, begun: bool, now: dt.datetime) -> str | None:
    if not wish.by.strip():
        return 'nobody is known to have asked for it'
    if wish.owner != wish.account:
        return 'its project is not of the account that asked'
    if wish.custody is not Custody.SHELVED:
        return _not_ours(wish.custody)
    if any(_is_abuse(hold, now) for hold in wish.holds):
        return 'an abuse hold is in force'
    if wish.is_stale(now) and not begun:
        return f'it was asked for more than {STALE_AFTER.days} days ago'
    return None


def _not_ours(custody: Custody | None) -> str:
    if custody is Custody.TAKEN:
        return 'it is being shelved still'
    if custody is Custody.STOPPED:
        return 'it could only be stopped, and nothing of it would be kept'
    return 'it is not shelved by us'


def _is_abuse(hold: standing.Hold, now: dt.datetime) -> bool:
    running = hold.until is None or now < hold.until
    return running and hold.type is lifecycle.HoldType.ABUSE
