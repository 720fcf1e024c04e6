# SPDX-License-Identifier: Apache-2.0
"""The ladder: from where a subscription stands to what is done next.

A step becomes due a span after the notice of the step before it was settled
(accepted by the mail server, or refused for good). So a daemon or a mail
server that was away moves deadlines later, and merges or skips nothing.
"""

from dataclasses import dataclass
from dataclasses import replace
import datetime as dt

from patrii_billing.domain import draft
from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing
from patrii_billing.domain import steps


@dataclass(frozen=True, slots=True)
class Decision:
    """The new place on the ladder, and what to do about it."""

    status: Status
    position: standing.Position
    intents: tuple[intents.Intent, ...]
    check_at: dt.datetime | None


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


class _Ladder(steps.Steps):
    """One decision, from what is owed to what is done about it."""

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
        owes = self.facts.owes(self.policy.tolerance, self.now)
        if not owes and not self.facts.written_off:
            if self.facts.quota_frozen:
                self._do(intents.Act(ActionType.QUOTA_CHANGE))
            for one in self.facts.in_custody():
                self._do(intents.Act(ActionType.RESTORE, one.server))

    def _release(self, undoing: bool) -> None:
        """Undo the ladder; the case ends when the undoing is done."""
        self._do(intents.Cancel(lifecycle.ENFORCEMENT, 'nothing is past due'))
        in_custody = self.facts.in_custody()
        taken = bool(in_custody) or self.facts.quota_frozen
        abuse = self.hold and self.hold.type is lifecycle.HoldType.ABUSE
        if taken and abuse and not undoing:
            self._keep_what_is_paid_for()
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

    def _keep_what_is_paid_for(self) -> None:
        """Nothing is given back, and what was told of the debt has ended.

        Another debt, or this one charged back, has a ladder of its own.
        """
        if self.status is Status.GRACE:
            self._set(Status.HELD, 'abuse hold')
        elif self.status is Status.PENDING_DELETION:
            self._set(Status.SHELVED, 'paid for, under an abuse hold')
        self.position = replace(
            self.position, step=Step.GRACE, invoice=None, due_at=None,
            awaits=None, frozen=None,
        )  # fmt: skip

    def _close(self) -> None:
        """Nothing is owed, and nothing is in our hands any more."""
        if self.hold and self.hold.type is lifecycle.HoldType.PROMISE:
            self._do(intents.EndHold(self.hold.type, 'paid'))
            self.hold = None
        back, old = self.status in draft.SUSPENDED, self.position
        self.position = standing.Position()
        if self.hold is None or back:
            self._set(Status.ACTIVE, 'nothing is past due')
        if back:
            self._tell_what_is_back(old)

    def _tell_what_is_back(self, old: standing.Position) -> None:
        """And of what was on its way out of Nova when the payment came.

        What its owner has given up himself he knows of.
        """
        restored = self._with(lifecycle.Custody.RESTORED)
        deleted = self._with(lifecycle.Custody.DELETED)
        if restored or not deleted:
            self._notify(
                'restored', f'{old.case}:restored:{old.round}', restored
            )
        # A later warning names what was made later, and not what is gone.
        named = {
            server
            for key, notice in self.facts.notices.items()
            if key.startswith(f'{old.case}:last_warning:')
            for server in notice.servers
        }
        warned = tuple(server for server in deleted if server in named)
        if warned:
            undo_until = self.policy.undo.after(self.now, self.facts.zone)
            self._notify('deleted', f'{old.case}:deleted', warned, undo_until)

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
                awaits=steps.invoice_key(invoice.id),
            )

    def _follow_overdue(self, oldest: standing.OpenInvoice) -> None:
        """Restart the span where an older debt was paid and this is left.

        Where nothing was left meanwhile, it begins with grace.
        """
        if self.position.invoice == oldest.id:
            return
        if self.position.case is None:
            self._follow(oldest)
            return
        self._do(intents.Cancel(lifecycle.ENFORCEMENT, 'the oldest was paid'))
        step, due_at = Step.GRACE, self.now
        is_left = self.position.invoice is not None
        if is_left and self.status in draft.SUSPENDED:
            step = Step.WARN
        if is_left and self.status is Status.SHELVED:
            due_at = self.policy.shelved_span.after(self.now, self.facts.zone)
        self._stand(step, due_at, invoice=oldest.id)

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
