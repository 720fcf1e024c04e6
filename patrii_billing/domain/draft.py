# SPDX-License-Identifier: Apache-2.0
"""A decision in the making: where a subscription stands, and what follows."""

from dataclasses import replace
import datetime as dt

from patrii_billing.domain import intents
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing

# Whoever waits for somebody else is looked at again: a forgotten wake-up
# costs a day at most.
LOOK_AGAIN = dt.timedelta(days=1)
SUSPENDED = (Status.SHELVED, Status.PENDING_DELETION)


class Draft:
    """The facts, and the place and the intents that come of them."""

    def __init__(
        self,
        facts: standing.Standing,
        policy: policies.Policy,
        now: dt.datetime,
    ) -> None:
        self.facts = facts
        self.policy = policy
        self.now = now
        self.status = facts.status
        self.position = facts.position
        self.intents: list[intents.Intent] = []
        self.hold = facts.hold(now)

    def _with(self, custody: Custody) -> tuple[str, ...]:
        """The servers of which this became."""
        return tuple(
            one.server for one in self.facts.covered if one.custody is custody
        )

    def _shelved_servers(self) -> tuple[str, ...]:
        return self._with(Custody.SHELVED)

    def _warned_servers(self) -> frozenset[str]:
        last = self.facts.last_warning()
        if last is None or last[1].accepted_at is None:
            return frozenset()
        return last[1].servers

    def _stand(
        self,
        step: Step,
        due_at: dt.datetime,
        invoice: int | None = None,
    ) -> None:
        """Stand before a step again; its notices get a new round."""
        self.position = replace(
            self.position,
            step=step,
            due_at=due_at,
            awaits=None,
            invoice=invoice or self.position.invoice,
            round=self.position.round + 1,
        )

    def _leave_to_operator(self) -> None:
        self.position = replace(self.position, due_at=None)
        self._alarm(
            'left_to_operator', f'{self.position.case}:left_to_operator',
            'servers are left that the ladder may not delete',
        )  # fmt: skip

    def _set(self, status: Status, why: str) -> None:
        if status is not self.status:
            self.status = status
            self._do(intents.SetStatus(status, why))

    def _notify(
        self,
        template: str,
        key: str,
        servers: tuple[str, ...] = (),
        names: dt.datetime | None = None,
        **context: str,
    ) -> None:
        self._do(intents.Notify(template, key, servers, names, context))

    def _alarm(self, name: str, key: str, why: str) -> None:
        self._do(intents.Alarm(name, f'{key}:{name}', why))

    def _do(self, intent: intents.Intent) -> None:
        self.intents.append(intent)

    def _check_at(self) -> dt.datetime | None:
        moments = [self.position.due_at, self.facts.in_transit_until]
        moments += [hold.until for hold in self.facts.holds]
        ahead = [one for one in moments if one is not None and one > self.now]
        # A step that is due and was not taken waits for something else: to
        # ask again at once would have no end.
        moved = self.position != self.facts.position
        if self.position.due_at is not None and moved:
            ahead.append(max(self.position.due_at, self.now))
        waits = self.status is not Status.DELETED and (
            self.status is not Status.ACTIVE
            or self.position.step is not Step.NONE
        )
        if waits and not ahead:
            return self.now + LOOK_AGAIN
        return min(ahead, default=None)
