# SPDX-License-Identifier: Apache-2.0
"""When the next step of the ladder is due, and what moves that later."""

from dataclasses import replace
import datetime as dt
import zoneinfo

from patrii_billing.domain import draft
from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing


def shelving(
    policy: policies.Policy, told: dt.datetime, zone: zoneinfo.ZoneInfo
) -> dt.datetime:
    """When servers are shelved, if grace is told of at an instant."""
    return policy.shelve_window.next_open(
        policy.shelve_grace.after(told, zone), zone
    )


def deletion(
    policy: policies.Policy, warned: dt.datetime, zone: zoneinfo.ZoneInfo
) -> dt.datetime:
    """When they are deleted, if the last warning is accepted at an instant."""
    return policy.delete_window.next_open(
        policy.deletion_warning.after(warned, zone), zone
    )


class Deadlines(draft.Draft):
    """A step is due a span after the notice of the one before was settled."""

    def _settle(self) -> None:
        """Give the next step its deadline once its notice is settled."""
        self._mind_the_bounce()
        awaits = self.position.awaits
        if awaits is None:
            return
        notice = self.facts.notices.get(awaits)
        if notice is None or notice.settled_at is None:
            return
        if self.position.step is Step.DELETE:
            self._warned(notice, notice.settled_at)
            return
        if notice.state is NoticeState.REFUSED:
            self._alarm('notice_refused', awaits, f'{awaits} was refused')
        due_at = self._deadline(notice.settled_at)
        if self.position.step is Step.SHELVE and notice.names is not None:
            # An hour that a mail named which may have arrived is kept.
            due_at = max(due_at, notice.names)
        self.position = replace(self.position, due_at=due_at, awaits=None)

    def _deadline(self, settled: dt.datetime) -> dt.datetime:
        zone, policy = self.facts.zone, self.policy
        match self.position.step:
            case Step.SHELVE:
                return self._allowed(policy.shelve_grace.after(settled, zone))
            case Step.WARN:
                return policy.shelved_span.after(settled, zone)
        before, nominal = self._nominal()
        late = max(self.position.late, (settled - before).total_seconds())
        self.position = replace(self.position, late=late)
        return self._allowed(nominal + dt.timedelta(seconds=late))

    def _allowed(self, at: dt.datetime) -> dt.datetime:
        """The step's first instant from then on at which it may come."""
        match self.position.step:
            case Step.GRACE if self.facts.enforce_from:
                return max(at, self.facts.enforce_from)
            case Step.SHELVE:
                return self.policy.shelve_window.next_open(at, self.facts.zone)
            case Step.DELETE:
                return self.policy.delete_window.next_open(at, self.facts.zone)
        return at

    def _nominal(self) -> tuple[dt.datetime, dt.datetime]:
        """When the last notice and the next step were meant to be."""
        invoice = next(
            one
            for one in self.facts.invoices
            if one.id == self.position.invoice
        )
        marks = [
            invoice.announce_at,
            *(
                each.after(invoice.due_at, self.facts.zone)
                for each in self.policy.reminders
            ),
            invoice.due_at,
        ]
        place = min(self.position.reminder, len(marks) - 2)
        if self.position.step is Step.GRACE:
            place = len(marks) - 2
        # An invoice due sooner than a reminder's span has its reminder at
        # once; a mark is never before the one it follows.
        for n in range(1, len(marks)):
            marks[n] = max(marks[n], marks[n - 1])
        return marks[place], marks[place + 1]

    def _warned(self, notice: standing.Notice, settled: dt.datetime) -> None:
        """The last warning counts from its acceptance, or not at all."""
        zone, span = self.facts.zone, self.policy.deletion_warning
        if notice.state is NoticeState.SUPPRESSED:
            if not self.facts.dry_run:
                self._stand(Step.WARN, self.now)
            return
        if notice.accepted_at is None:
            self._alarm(
                'warning_not_accepted', str(self.position.awaits),
                'the last warning was not accepted: nothing is deleted',
            )  # fmt: skip
            # Once a day at most, however short the span.
            again = settled + draft.LOOK_AGAIN
            if max(span.after(settled, zone), again) <= self.now:
                self._stand(Step.WARN, self.now)  # perhaps he is back
            return
        due_at = span.after(notice.accepted_at, zone)
        if notice.names is not None:
            due_at = max(due_at, notice.names)
        self.position = replace(
            self.position, due_at=self._allowed(due_at), awaits=None
        )
        self._set(Status.PENDING_DELETION, 'the last warning was accepted')

    def _mind_the_bounce(self) -> None:
        """A warning that came back was never given; see it settled anew."""
        last = self.facts.last_warning()
        rests_on_it = self.position.step in (Step.DELETE, Step.END)
        if last is None or not rests_on_it or last[1].accepted_at is not None:
            return
        if self.position.awaits is None:
            self._do(
                intents.Cancel(lifecycle.ENFORCEMENT, 'the warning came back')
            )
            self.position = replace(
                self.position, step=Step.DELETE, awaits=last[0], due_at=None,
                frozen=None,
            )  # fmt: skip
            if self.status is Status.PENDING_DELETION:
                self._set(Status.SHELVED, 'the last warning came back')

    def _due(self) -> bool:
        due_at = self.position.due_at
        if due_at is None or due_at > self.now:
            return False
        due_at = self._allowed(
            max(self.now, self.facts.in_transit_until or self.now)
        )
        if due_at > self.now:
            self.position = replace(self.position, due_at=due_at)
            return False
        return True

    # Holds.

    def _freeze(self, hold: standing.Hold) -> None:
        """Keep what is left of the span; show it where nothing was taken."""
        position = self.position
        acting = (position.due_at, position.awaits, position.frozen) == (
            None, None, None,
        )  # fmt: skip
        if acting and self.status in (Status.GRACE, Status.HELD):
            if position.step is Step.WARN:
                self._stand(Step.SHELVE, self.now)
        elif acting and position.step is Step.END:
            self._stand(Step.DELETE, self.now)
        if self.position.due_at is not None:
            left = (self.position.due_at - self.now).total_seconds()
            self.position = replace(
                self.position, frozen=max(0.0, left), due_at=None
            )
            self._do(intents.Cancel(lifecycle.ENFORCEMENT, 'held'))
        if self.status in (Status.ACTIVE, Status.GRACE):
            self._set(Status.HELD, f'{hold.type} hold')

    def _thaw(self) -> None:
        """Give back the rest of the span after the last hold ended."""
        frozen = self.position.frozen
        if frozen is not None:
            due_at = self._allowed(self.now + dt.timedelta(seconds=frozen))
            self.position = replace(self.position, due_at=due_at, frozen=None)
        if self.status is Status.HELD:
            below = Status.GRACE if self.position.case else Status.ACTIVE
            self._set(below, 'the hold ended')
