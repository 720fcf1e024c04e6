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
) -> list[Rung]:
    """The ladder of a contract.

    :param invoices: its open ones
    :param statuses: the timeline's entries of its status
    :param foreseen: what comes if nobody pays
    """
    place = _place(subscription, invoices)
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
                at = min((one['issued_at'] for one in invoices), default=None)
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


def _place(subscription: Mapping[str, Any], invoices: _Items) -> int:
    """The last step that was taken; -1 where nothing is open."""
    status = _PLACE.get(subscription['billing_status'])
    if status is not None:
        return status
    if not invoices:
        return -1
    # Before grace the step that comes tells how far it is.
    return 1 if subscription['next_step'] == 'grace' else 0
