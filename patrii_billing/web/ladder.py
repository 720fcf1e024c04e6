# SPDX-License-Identifier: Apache-2.0
"""Where a contract stands on the ladder: what was, what is, what comes."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_Items = Sequence[Mapping[str, Any]]
# The steps with the status that each leads to, in their order.
_STEPS = {
    'invoice': None,
    'reminder': None,
    'grace': 'grace',
    'shelve': 'shelved',
    'last_warning': 'pending_deletion',
    'delete': 'deleted',
}
# The last step that was taken before that which comes.
_BEFORE = {
    step: place
    for place, step in enumerate(
        ('remind', 'grace', 'shelve', 'warn', 'delete')
    )
}
_PLACE = {
    status: place for place, status in enumerate(_STEPS.values()) if status
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A step: `when` it was (past, here) or is to come, at its earliest.

    `at` is an instant as the API writes it; None where it is not known.
    """

    step: str
    when: str  # past, here, next or coming
    at: str | None
    not_before: bool = False
    amount: str | None = None


def rungs(
    subscription: Mapping[str, Any],
    invoices: _Items,
    statuses: _Items,
    foreseen: _Items,
    reminders: _Items = (),
) -> list[Rung]:
    """The ladder of a contract.

    :param invoices: its open ones
    :param statuses: the timeline's entries of its status
    :param foreseen: what comes if nobody pays
    :param reminders: the mails to it of that kind
    """
    place = _place(subscription, invoices)
    issued = min((one['issued_at'] for one in invoices), default=None)
    entered = {
        one['name']: one['at']
        for one in sorted(statuses, key=lambda one: str(one['at']))
    }
    coming: dict[str, Mapping[str, Any]] = {}
    for one in foreseen:
        coming.setdefault(one['kind'], one)
    found = []
    following = True
    for number, (step, status) in enumerate(_STEPS.items()):
        if number <= place:
            at = entered.get(status) if status else None
            if step == 'invoice':
                at = issued
            if step == 'reminder':
                at = _newest(reminders, issued)
            when = 'here' if number == place else 'past'
            found.append(Rung(step, when, at))
            continue
        ahead = coming.get(step)
        at = ahead['at'] if ahead else None
        when = 'next' if following and at else 'coming'
        following = following and not at
        found.append(
            Rung(
                step, when, at,
                bool(ahead and ahead['not_before']),
                ahead['amount'] if ahead else None,
            )
        )  # fmt: skip
    return found


def _newest(reminders: _Items, since: str | None) -> str | None:
    """When the last one went out since then."""
    found = [one['created_at'] for one in reminders]
    return max((at for at in found if since and at >= since), default=None)


def _place(subscription: Mapping[str, Any], invoices: _Items) -> int:
    """The last step that was taken; -1 where nothing is open."""
    status = _PLACE.get(subscription['billing_status'])
    if status is not None:
        return status
    if not invoices:
        return -1
    # What it is held from, or not come to yet, tells how far it is.
    return _BEFORE.get(subscription['next_step'], 0)
