# SPDX-License-Identifier: Apache-2.0
"""The steps of the ladder, from the first reminder to the last server."""

from dataclasses import replace

from patrii_billing.domain import deadlines
from patrii_billing.domain import draft
from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import standing


def invoice_key(invoice: int) -> str:
    """The key of the notice that an invoice was issued."""
    return f'invoice:{invoice}'


class Steps(deadlines.Deadlines):
    """What each step does once its time has come."""

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
        steps = len(self.policy.reminders)
        self._notify('reminder', key, number=f'{place + 1}', of=f'{steps}')
        last = place + 1 >= steps
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
        shelve_at = deadlines.shelving(self.policy, self.now, self.facts.zone)
        servers = tuple(one.server for one in self.facts.covered)
        self._notify('grace', key, servers, shelve_at)
        freezes = self.policy.freeze_quota and self.facts.whole_project
        if freezes and not self.facts.quota_frozen:
            self._do(intents.Act(ActionType.QUOTA_CHANGE, freeze=True))
        if self.status not in draft.SUSPENDED:
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
        delete_at = deadlines.deletion(self.policy, self.now, self.facts.zone)
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
        gone = self._with(Custody.DELETED)
        if not gone:
            self._leave_to_operator()
            return
        undo_until = self.policy.undo.after(self.now, self.facts.zone)
        self._set(Status.DELETED, 'every server that was warned about is gone')
        self._notify(
            'deleted', f'{self.position.case}:deleted', gone, undo_until
        )
        self._do(intents.EndContract('deleted for non-payment'))
        if self.policy.write_off:
            self._do(intents.WriteOff('deleted for non-payment'))
        if any(
            one.custody in (Custody.STOPPED, Custody.EXEMPT) for one in covered
        ):
            self._leave_to_operator()
