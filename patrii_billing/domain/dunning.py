# SPDX-License-Identifier: Apache-2.0
"""The ladder: from where a subscription stands to what is done next.

A step becomes due a span after the notice of the step before it was settled
(accepted by the mail server, or refused for good). So a daemon or a mail
server that was away moves deadlines later, and merges or skips nothing.
"""

from dataclasses import dataclass
from dataclasses import replace
import datetime as dt

from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing

# Whoever waits for somebody else is looked at again: a forgotten wake-up
# costs a day at most.
LOOK_AGAIN = dt.timedelta(days=1)
_SUSPENDED = (Status.SHELVED, Status.PENDING_DELETION)


@dataclass(frozen=True, slots=True)
class Decision:
    """The new place on the ladder, and what to do about it."""

    status: Status
    position: standing.Position
    intents: tuple[intents.Intent, ...]
    check_at: dt.datetime | None


def invoice_key(invoice: int) -> str:
    return f'invoice:{invoice}'


def decide(
    facts: standing.Standing, policy: policies.Policy, now: dt.datetime
) -> Decision:
    """The next thing to happen to a subscription, if its time has come."""
    ladder = _Ladder(facts, policy, now)
    if facts.status is Status.DELETED:
        ladder.give_back_the_rest()
    else:
        ladder.run()
    return ladder.decision()


def only_rehearsed(facts: standing.Standing) -> bool:
    """Whether every grace notice of the case was composed in a dry run."""
    prefix = f'{facts.position.case}:grace:'
    return all(
        notice.state is NoticeState.SUPPRESSED
        for key, notice in facts.notices.items()
        if key.startswith(prefix)
    )


class _Ladder:
    """One decision in the making."""

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

    def decision(self) -> Decision:
        return Decision(
            self.status,
            self.position,
            tuple(self.intents),
            self._check_at(),
        )

    def run(self) -> None:
        overdue = self.facts.overdue(self.policy.tolerance, self.now)
        # A case that has begun to be undone is undone to the end, even if
        # the payment is charged back meanwhile: that is a debt of its own.
        undoing = self.position.step is Step.NONE
        if self.position.case and (undoing or not overdue):
            self._release(undoing)
            if self.position.case:
                return
        if overdue:
            self._follow_overdue(overdue)
        else:
            self._follow(self._upcoming())
        self._settle()
        if self.hold is not None:
            self._freeze(self.hold)
            return
        self._thaw()
        if overdue:
            self._unmake_dry_run()
            if self._due():
                self._climb()
            self._conclude()
        elif self._due() and self.position.step is Step.REMIND:
            self._remind()

    # What a payment, or the lack of debt, does.

    def give_back_the_rest(self) -> None:
        """What could only be stopped was not deleted, and is paid for."""
        if not self.facts.owes(self.policy.tolerance, self.now):
            for one in self.facts.in_custody():
                self._do(intents.Act(ActionType.RESTORE, one.server))

    def _release(self, undoing: bool) -> None:
        """Undo the ladder; the case ends when the undoing is done."""
        self._do(intents.Cancel(lifecycle.ENFORCEMENT, 'nothing is past due'))
        in_custody = self.facts.in_custody()
        taken = bool(in_custody) or self.facts.quota_frozen
        abuse = self.hold and self.hold.type is lifecycle.HoldType.ABUSE
        if taken and abuse and not undoing:
            if self.status is Status.GRACE:
                self._set(Status.HELD, 'abuse hold')
            return
        if self.facts.quota_frozen:
            self._do(intents.Act(ActionType.QUOTA_CHANGE))
        for one in in_custody:
            self._do(intents.Act(ActionType.RESTORE, one.server))
        if taken:
            self.position = replace(
                self.position, step=Step.NONE, due_at=None, awaits=None,
                frozen=None,
            )  # fmt: skip
            return
        self._close()

    def _close(self) -> None:
        """Nothing is owed, and nothing is in our hands any more."""
        if self.hold and self.hold.type is lifecycle.HoldType.PROMISE:
            self._do(intents.EndHold(self.hold.type, 'paid'))
            self.hold = None
        back, old = self.status in _SUSPENDED, self.position
        self.position = standing.Position()
        if self.hold is None or back:
            self._set(Status.ACTIVE, 'nothing is past due')
        if back:
            self._notify('restored', f'{old.case}:restored:{old.round}')

    def _upcoming(self) -> standing.OpenInvoice | None:
        return next(
            (one for one in self.facts.invoices if one.due_at > self.now),
            None,
        )

    def _follow(self, invoice: standing.OpenInvoice | None) -> None:
        """Stand before the first reminder of an invoice."""
        if invoice is None:
            self.position = standing.Position()
        elif self.position.invoice != invoice.id:
            self.position = standing.Position(
                step=Step.REMIND if self.policy.reminders else Step.GRACE,
                invoice=invoice.id,
                awaits=invoice_key(invoice.id),
            )

    def _follow_overdue(self, oldest: standing.OpenInvoice) -> None:
        """Restart the span where an older debt was paid and this is left."""
        if self.position.invoice == oldest.id:
            return
        if self.position.case is None:
            self._follow(oldest)
            return
        self._do(intents.Cancel(lifecycle.ENFORCEMENT, 'the oldest was paid'))
        step, due_at = Step.GRACE, self.now
        if self.status in _SUSPENDED:
            step = Step.WARN
        if self.status is Status.SHELVED:
            due_at = self.policy.shelved_span.after(self.now, self.facts.zone)
        self._stand(step, due_at, invoice=oldest.id)

    # Deadlines.

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
            if span.after(settled, zone) <= self.now:
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

    # Steps.

    def _climb(self) -> None:
        match self.position.step:
            case Step.REMIND:
                self._remind()
            case Step.GRACE:
                self._grace()
            case Step.SHELVE:
                self._shelve()
            case Step.WARN:
                self._warn()
            case Step.DELETE:
                self._delete()

    def _remind(self) -> None:
        place = self.position.reminder
        key = f'{invoice_key(self.position.invoice or 0)}:reminder:{place}'
        self._notify('reminder', key)
        last = place + 1 >= len(self.policy.reminders)
        self.position = replace(
            self.position,
            step=Step.GRACE if last else Step.REMIND,
            reminder=place + 1,
            due_at=None,
            awaits=key,
        )

    def _grace(self) -> None:
        case = self.position.case or self.facts.new_case
        key = f'{case}:grace:{self.position.round}'
        shelve_at = self.policy.shelve_window.next_open(
            self.policy.shelve_grace.after(self.now, self.facts.zone),
            self.facts.zone,
        )
        servers = tuple(one.server for one in self.facts.covered)
        self._notify('grace', key, servers, shelve_at)
        freezes = self.policy.freeze_quota and self.facts.whole_project
        if freezes and not self.facts.quota_frozen:
            self._do(intents.Act(ActionType.QUOTA_CHANGE, freeze=True))
        self._set(Status.GRACE, 'unpaid on the due date')
        self.position = replace(
            self.position, step=Step.SHELVE, case=case, due_at=None,
            awaits=key,
        )  # fmt: skip

    def _shelve(self) -> None:
        """Have every covered server shelved; `_conclude` sees it done."""
        self.position = replace(self.position, step=Step.WARN, due_at=None)

    def _conclude(self) -> None:
        """Shelve what is not yet, and say so once Nova confirmed it all."""
        position = self.position
        shelving = (
            position.step in (Step.WARN, Step.DELETE, Step.END)
            and position.case is not None
        )
        if not shelving:
            return
        covered = self.facts.covered
        for one in covered:
            if one.custody in (None, Custody.TAKEN, Custody.RESTORED):
                self._do(intents.Act(ActionType.SHELVE, one.server))
        if position.step is Step.END:
            self._deleted(covered)
        elif self.status is Status.GRACE:
            self._shelved(covered)
        elif (position.step, position.due_at, position.awaits) == (
            Step.WARN, None, None,
        ):  # fmt: skip
            self._shelved_later()

    def _shelved(self, covered: tuple[standing.Covered, ...]) -> None:
        if any(one.custody not in lifecycle.CONCLUDED for one in covered):
            return
        out = [
            one.server
            for one in covered
            if one.custody in (Custody.SHELVED, Custody.STOPPED)
        ]
        case = self.position.case
        if not out:
            self._alarm(
                'nothing_to_shelve', f'{case}:nothing_to_shelve',
                'unpaid, and no server that could be shelved',
            )  # fmt: skip
            return
        key = f'{case}:shelved:{self.position.round}'
        self._set(Status.SHELVED, 'every server is shelved')
        self._notify('shelved', key, tuple(out))
        self.position = replace(self.position, awaits=key)

    def _shelved_later(self) -> None:
        """There was nothing to delete, and now there is."""
        if self._shelved_servers():
            span = self.policy.shelved_span
            self._stand(Step.WARN, span.after(self.now, self.facts.zone))

    def _warn(self) -> None:
        servers = self._shelved_servers()
        if not servers:
            self._leave_to_operator()
            return
        key = f'{self.position.case}:last_warning:{self.position.round}'
        delete_at = self.policy.delete_window.next_open(
            self.policy.deletion_warning.after(self.now, self.facts.zone),
            self.facts.zone,
        )
        self._notify('last_warning', key, servers, delete_at)
        self.position = replace(
            self.position, step=Step.DELETE, due_at=None, awaits=key
        )

    def _delete(self) -> None:
        named = self._warned_servers()
        if named.isdisjoint(self._shelved_servers()):
            self._stand(Step.WARN, self.now)
            return
        # `_conclude` asks for each one named.
        self.position = replace(self.position, step=Step.END, due_at=None)

    def _deleted(self, covered: tuple[standing.Covered, ...]) -> None:
        """Ended once nothing that may be deleted is left."""
        left = self._shelved_servers()
        named = self._warned_servers()
        doomed = [server for server in left if server in named]
        for server in doomed:
            self._do(intents.Act(ActionType.DELETE, server))
        if doomed or any(
            one.custody in (None, Custody.TAKEN) for one in covered
        ):
            return
        if left:  # made later than the warning: warned about anew
            self._stand(Step.WARN, self.now)
            return
        gone = [
            one.server for one in covered if one.custody is Custody.DELETED
        ]
        if not gone:
            self._leave_to_operator()
            return
        undo_until = self.policy.undo.after(self.now, self.facts.zone)
        self._set(Status.DELETED, 'every server that was warned about is gone')
        self._notify(
            'deleted', f'{self.position.case}:deleted', tuple(gone), undo_until
        )
        self._do(intents.EndContract('deleted for non-payment'))
        if any(
            one.custody in (Custody.STOPPED, Custody.EXEMPT) for one in covered
        ):
            self._leave_to_operator()

    # Small words.

    def _shelved_servers(self) -> tuple[str, ...]:
        return tuple(
            one.server
            for one in self.facts.covered
            if one.custody is Custody.SHELVED
        )

    def _warned_servers(self) -> frozenset[str]:
        last = self.facts.last_warning()
        if last is None or last[1].accepted_at is None:
            return frozenset()
        return last[1].servers

    def _unmake_dry_run(self) -> None:
        """Nobody is shelved who was only warned in a dry run."""
        position = self.position
        if self.facts.dry_run or self.status is not Status.GRACE:
            return
        if position.step is not Step.GRACE and only_rehearsed(self.facts):
            self._do(
                intents.Cancel(lifecycle.ENFORCEMENT, 'not warned before')
            )
            self._stand(Step.GRACE, self.now)

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
    ) -> None:
        self._do(intents.Notify(template, key, servers, names))

    def _alarm(self, name: str, key: str, why: str) -> None:
        self._do(intents.Alarm(name, f'{key}:{name}', why))

    def _do(self, intent: intents.Intent) -> None:
        self.intents.append(intent)

    def _check_at(self) -> dt.datetime | None:
        moments = [self.position.due_at, self.facts.in_transit_until]
        moments += [hold.until for hold in self.facts.holds]
        ahead = [one for one in moments if one is not None and one > self.now]
        if self.position.due_at is not None:
            ahead.append(max(self.position.due_at, self.now))
        waits = self.status is not Status.DELETED and (
            self.status is not Status.ACTIVE
            or self.position.step is not Step.NONE
        )
        if waits and not ahead:
            return self.now + LOOK_AGAIN
        return min(ahead, default=None)
