# SPDX-License-Identifier: Apache-2.0
"""The last question before a customer's server is touched.

Asked with facts read in the transaction that commits the action, so that a
payment recorded before it always wins.
"""

from dataclasses import dataclass
import datetime as dt
import zoneinfo

from patrii_billing.domain import dunning
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not now; `final` where the law will ask anew if it comes to it.

    `for_person` where nothing but a person's word will change it.
    """

    why: str
    final: bool = False
    for_person: bool = False


def refuse_shelve(
    facts: standing.Standing,
    policy: policies.Policy,
    server: str,
    now: dt.datetime,
) -> Refusal | None:
    """Why this server must not be shelved now, or None where it may be."""
    refusal = _refuse(facts, policy, server, now)
    if refusal:
        return refusal
    if facts.position.step not in (Step.WARN, Step.DELETE, Step.END):
        return Refusal('the time to shelve has not come', final=True)
    if dunning.only_rehearsed(facts):
        return Refusal('the customer was only warned in a dry run')
    return None


def refuse_delete(
    facts: standing.Standing,
    policy: policies.Policy,
    server: str,
    now: dt.datetime,
) -> Refusal | None:
    """Why this server must not be deleted now, or None where it may be."""
    refusal = _refuse(facts, policy, server, now)
    if refusal:
        return refusal
    if facts.status is not lifecycle.Status.PENDING_DELETION:
        return Refusal(f'the subscription is {facts.status}', final=True)
    if facts.position.step is not Step.END:
        return Refusal('the time to delete has not come', final=True)
    last = facts.last_warning()
    if last is None or not _in_time(last[1], facts, policy, server, now):
        return Refusal(
            'no accepted warning that is old enough names this server'
        )
    return None


def outside_window(
    policy: policies.Policy,
    kind: lifecycle.ActionType,
    zone: zoneinfo.ZoneInfo,
    now: dt.datetime,
) -> Refusal | None:
    """Why an action must not begin at this hour, or None where it may."""
    window = policy.shelve_window
    if kind is lifecycle.ActionType.DELETE:
        window = policy.delete_window
    opens = window.next_open(now, zone)
    if opens == now:
        return None
    return Refusal(f'not before {opens:%Y-%m-%d %H:%M} UTC')


def _refuse(
    facts: standing.Standing,
    policy: policies.Policy,
    server: str,
    now: dt.datetime,
) -> Refusal | None:
    if not facts.owes(policy.tolerance, now):
        return Refusal('nothing is past due', final=True)
    hold = facts.hold(now)
    if hold is not None:
        return Refusal(f'a {hold.type} hold is in force', final=True)
    if facts.in_transit_until and now < facts.in_transit_until:
        return Refusal('a payment is in transit')
    if facts.enforce_from and now < facts.enforce_from:
        return Refusal('enforcement has not begun for this customer')
    if facts.position.case is None:
        return Refusal('no case is open', final=True)
    if all(one.server != server for one in facts.covered):
        return Refusal(
            'the subscription does not cover this server', final=True
        )
    return None


def _in_time(
    notice: standing.Notice,
    facts: standing.Standing,
    policy: policies.Policy,
    server: str,
    now: dt.datetime,
) -> bool:
    accepted = notice.state is lifecycle.NoticeState.ACCEPTED
    if not accepted or notice.accepted_at is None:
        return False
    if server not in notice.servers:
        return False
    ripe = policy.deletion_warning.after(notice.accepted_at, facts.zone)
    return ripe <= now and (notice.names is None or notice.names <= now)
