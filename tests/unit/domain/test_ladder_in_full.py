# SPDX-License-Identifier: Apache-2.0
"""Each turn of the ladder in full: the new place, and every intent of it.

What is not asserted here of a turn may not come of it.
"""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import dunning
from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import HoldType
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing

UTC = calendar.zone('UTC')
DUE = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
POLICY = policies.Policy()
OWED = standing.OpenInvoice(1, DUE, 1000, DUE - 7 * DAY)
NEXT = standing.OpenInvoice(2, DUE + 28 * DAY, 1000, DUE + 21 * DAY)
COVERED = standing.Covered
HOLD = standing.Hold


def told(
    at: dt.datetime,
    *servers: str,
    state: NoticeState = NoticeState.ACCEPTED,
    names: dt.datetime | None = None,
) -> standing.Notice:
    accepted = at if state is NoticeState.ACCEPTED else None
    return standing.Notice(state, at, accepted, frozenset(servers), names)


def at(step: Step, **values: Any) -> standing.Position:
    return standing.Position(
        step=step, **{'invoice': 1, 'case': 'c', **values}
    )


def facts(
    status: Status, position: standing.Position, **values: Any
) -> standing.Standing:
    """He was told of grace, unless it is said otherwise."""
    values['notices'] = {'c:grace:0': GRACE, **values.get('notices', {})}
    return standing.Standing(
        status=status,
        position=position,
        new_case='new',
        **{
            'zone': UTC,
            'invoices': (OWED,),
            'covered': (COVERED('web'),),
            **values,
        },
    )


def withdrawn(why: str) -> intents.Cancel:
    return intents.Cancel(lifecycle.ENFORCEMENT, why)


GRACE = told(DUE)


class InFull(base.BaseTestCase):
    def turns(
        self,
        given: standing.Standing,
        now: dt.datetime,
        *wanted: intents.Intent,
        status: Status,
        position: standing.Position,
        check_at: dt.datetime | None,
        policy: policies.Policy = POLICY,
    ) -> None:
        found = dunning.decide(given, policy, now)

        self.assertEqual(list(wanted), list(found.intents))
        self.assertEqual(position, found.position)
        self.assertEqual(
            (status, check_at), (found.status, found.check_at)
        )  # fmt: skip


class UpTest(InFull):
    """From an invoice to the last server."""

    def test_before_its_reminders_an_invoice_waits_for_its_mail(self) -> None:
        now = DUE - 7 * DAY
        self.turns(
            facts(Status.ACTIVE, standing.Position()), now,
            status=Status.ACTIVE,
            position=at(Step.REMIND, case=None, awaits='invoice:1'),
            check_at=now + DAY,
        )  # fmt: skip

    def test_without_reminders_grace_is_next(self) -> None:
        now = DUE - 7 * DAY
        self.turns(
            facts(Status.ACTIVE, standing.Position()), now,
            status=Status.ACTIVE,
            position=at(Step.GRACE, case=None, awaits='invoice:1'),
            check_at=now + DAY,
            policy=POLICY.reading({'reminders': []}),
        )  # fmt: skip

    def test_an_invoice_due_this_instant_is_overdue_and_not_upcoming(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.ACTIVE, standing.Position(), invoices=(OWED, NEXT)
            ),
            DUE,
            status=Status.ACTIVE,
            position=at(Step.REMIND, case=None, awaits='invoice:1'),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_a_debt_within_the_tolerance_lets_the_next_one_be_followed(
        self,
    ) -> None:
        small = dataclasses.replace(OWED, owed=5)
        self.turns(
            facts(
                Status.ACTIVE, standing.Position(), invoices=(small, NEXT)
            ),
            DUE,
            status=Status.ACTIVE,
            position=at(
                Step.REMIND, invoice=2, case=None, awaits='invoice:2'
            ),
            check_at=DUE + DAY,
            policy=POLICY.reading({'tolerance': 5}),
        )  # fmt: skip

    def test_each_reminder_says_which_of_how_many_it_is(self) -> None:
        for place, step in ((0, Step.REMIND), (1, Step.GRACE)):
            now = DUE - (3, 1)[place] * DAY
            key = f'invoice:1:reminder:{place}'
            self.turns(
                facts(
                    Status.ACTIVE,
                    at(Step.REMIND, case=None, reminder=place, due_at=now),
                ),
                now,
                intents.Notify(
                    'reminder', key,
                    context={'number': f'{place + 1}', 'of': '2'},
                ),
                status=Status.ACTIVE,
                position=at(
                    step, case=None, reminder=place + 1, awaits=key
                ),
                check_at=now + DAY,
            )  # fmt: skip

    def test_grace_names_the_servers_and_the_hour(self) -> None:
        servers = (COVERED('db'), COVERED('web'))
        self.turns(
            facts(
                Status.ACTIVE,
                at(Step.GRACE, case=None, reminder=2, due_at=DUE),
                covered=servers,
            ),
            DUE,
            intents.Notify(
                'grace', 'new:grace:0', ('db', 'web'), DUE + 48 * HOUR
            ),
            intents.SetStatus(Status.GRACE, 'unpaid on the due date'),
            status=Status.GRACE,
            position=at(
                Step.SHELVE, case='new', reminder=2, awaits='new:grace:0'
            ),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_grace_freezes_a_quota_that_is_wholly_his_once(self) -> None:
        freezing = POLICY.reading({'freeze_quota': True})
        for whole, frozen in (
            (True, False), (True, True), (False, False)
        ):  # fmt: skip
            acts = (
                [intents.Act(ActionType.QUOTA_CHANGE, freeze=True)]
                if whole and not frozen
                else []
            )
            self.turns(
                facts(
                    Status.ACTIVE, at(Step.GRACE, case=None, due_at=DUE),
                    whole_project=whole, quota_frozen=frozen,
                ),
                DUE,
                intents.Notify(
                    'grace', 'new:grace:0', ('web',), DUE + 48 * HOUR
                ),
                *acts,
                intents.SetStatus(Status.GRACE, 'unpaid on the due date'),
                status=Status.GRACE,
                position=at(Step.SHELVE, case='new', awaits='new:grace:0'),
                check_at=DUE + DAY,
                policy=freezing,
            )  # fmt: skip

    def test_told_of_again_grace_is_of_the_same_case_and_a_new_round(
        self,
    ) -> None:
        self.turns(
            facts(Status.GRACE, at(Step.GRACE, round=3, due_at=DUE)), DUE,
            intents.Notify(
                'grace', 'c:grace:3', ('web',), DUE + 48 * HOUR
            ),
            status=Status.GRACE,
            position=at(Step.SHELVE, round=3, awaits='c:grace:3'),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_shelving_asks_for_each_server_that_is_not_concluded(
        self,
    ) -> None:
        covered = tuple(
            COVERED(str(custody), custody) for custody in Custody
        )  # fmt: skip
        self.turns(
            facts(
                Status.GRACE, at(Step.SHELVE, due_at=DUE),
                covered=(COVERED('new'), *covered),
            ),
            DUE,
            intents.Act(ActionType.SHELVE, 'new'),
            intents.Act(ActionType.SHELVE, 'taken'),
            intents.Act(ActionType.SHELVE, 'restored'),
            status=Status.GRACE,
            position=at(Step.WARN),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_shelved_is_told_of_what_is_off_once_all_is_concluded(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.GRACE, at(Step.WARN, round=1),
                covered=(
                    COVERED('a', Custody.SHELVED),
                    COVERED('b', Custody.STOPPED),
                    COVERED('c', Custody.EXEMPT),
                    COVERED('d', Custody.ABSENT),
                ),
            ),
            DUE,
            intents.SetStatus(Status.SHELVED, 'every server is shelved'),
            intents.Notify('shelved', 'c:shelved:1', ('a', 'b')),
            status=Status.SHELVED,
            position=at(Step.WARN, round=1, awaits='c:shelved:1'),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_where_nothing_could_be_shelved_the_operator_is_told(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.GRACE, at(Step.WARN),
                covered=(COVERED('a', Custody.EXEMPT),),
            ),
            DUE,
            intents.Alarm(
                'nothing_to_shelve',
                'c:nothing_to_shelve:nothing_to_shelve',
                'unpaid, and no server that could be shelved',
            ),
            status=Status.GRACE,
            position=at(Step.WARN),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_the_shelved_span_counts_from_the_mail_of_it(self) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.WARN, awaits='k'),
                notices={'k': told(DUE)},
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE + HOUR,
            status=Status.SHELVED,
            position=at(Step.WARN, due_at=DUE + 23 * DAY),
            check_at=DUE + 23 * DAY,
        )  # fmt: skip

    def test_what_is_shelved_later_is_warned_about_a_whole_span_later(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.WARN, round=2),
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            status=Status.SHELVED,
            position=at(Step.WARN, round=3, due_at=DUE + 23 * DAY),
            check_at=DUE + 23 * DAY,
        )  # fmt: skip

    def test_the_last_warning_names_what_is_shelved_and_the_day(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.WARN, round=1, due_at=DUE),
                covered=(
                    COVERED('a', Custody.SHELVED),
                    COVERED('b', Custody.STOPPED),
                ),
            ),
            DUE,
            intents.Notify(
                'last_warning', 'c:last_warning:1', ('a',), DUE + 7 * DAY
            ),
            status=Status.SHELVED,
            position=at(
                Step.DELETE, round=1, awaits='c:last_warning:1'
            ),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_what_can_only_be_stopped_is_left_to_the_operator(self) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.WARN, round=1, due_at=DUE),
                covered=(COVERED('b', Custody.STOPPED),),
            ),
            DUE,
            intents.Alarm(
                'left_to_operator', 'c:left_to_operator:left_to_operator',
                'servers are left that the ladder may not delete',
            ),
            status=Status.SHELVED,
            position=at(Step.WARN, round=1),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_deletion_is_pending_from_when_the_warning_was_accepted(
        self,
    ) -> None:
        for named, due_at in (
            (None, DUE + 7 * DAY),
            (DUE + 6 * DAY, DUE + 7 * DAY),
            (DUE + 9 * DAY, DUE + 9 * DAY),
        ):
            self.turns(
                facts(
                    Status.SHELVED,
                    at(Step.DELETE, awaits='c:last_warning:0'),
                    notices={
                        'c:last_warning:0': told(DUE, 'a', names=named)
                    },
                    covered=(COVERED('a', Custody.SHELVED),),
                ),
                DUE + HOUR,
                intents.SetStatus(
                    Status.PENDING_DELETION, 'the last warning was accepted'
                ),
                status=Status.PENDING_DELETION,
                position=at(Step.DELETE, due_at=due_at),
                check_at=due_at,
            )  # fmt: skip

    def test_on_its_day_each_server_that_was_named_goes(self) -> None:
        self.turns(
            facts(
                Status.PENDING_DELETION,
                at(Step.DELETE, due_at=DUE),
                notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a', 'x')},
                covered=(
                    COVERED('a', Custody.SHELVED),
                    COVERED('b', Custody.SHELVED),
                    COVERED('x', Custody.STOPPED),
                ),
            ),
            DUE,
            intents.Act(ActionType.DELETE, 'a'),
            status=Status.PENDING_DELETION,
            position=at(Step.END),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_if_none_that_was_named_is_there_it_is_warned_anew(self) -> None:
        self.turns(
            facts(
                Status.PENDING_DELETION,
                at(Step.DELETE, round=1, due_at=DUE),
                notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a')},
                covered=(COVERED('b', Custody.SHELVED),),
            ),
            DUE,
            status=Status.PENDING_DELETION,
            position=at(Step.WARN, round=2, due_at=DUE),
            check_at=DUE,
        )  # fmt: skip

    def test_what_was_made_later_than_the_warning_is_warned_about_anew(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.PENDING_DELETION, at(Step.END, round=1),
                notices={'c:last_warning:1': told(DUE - 7 * DAY, 'a')},
                covered=(
                    COVERED('a', Custody.DELETED),
                    COVERED('b', Custody.SHELVED),
                ),
            ),
            DUE,
            status=Status.PENDING_DELETION,
            position=at(Step.WARN, round=2, due_at=DUE),
            check_at=DUE,
        )  # fmt: skip

    def test_it_ends_when_the_last_that_was_named_is_gone(self) -> None:
        for write_off in (False, True):
            wanted: list[intents.Intent] = [
                intents.SetStatus(
                    Status.DELETED,
                    'every server that was warned about is gone',
                ),
                intents.Notify(
                    'deleted', 'c:deleted', ('a',), DUE + 14 * DAY
                ),
                intents.EndContract('deleted for non-payment'),
            ]
            if write_off:
                wanted.append(intents.WriteOff('deleted for non-payment'))
            self.turns(
                facts(
                    Status.PENDING_DELETION, at(Step.END),
                    notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a')},
                    covered=(
                        COVERED('a', Custody.DELETED),
                        COVERED('b', Custody.ABSENT),
                    ),
                ),
                DUE,
                *wanted,
                status=Status.DELETED,
                position=at(Step.END),
                check_at=None,
                policy=POLICY.reading({'write_off': write_off}),
            )  # fmt: skip

    def test_what_is_left_stopped_at_the_end_is_the_operators(self) -> None:
        left = intents.Alarm(
            'left_to_operator', 'c:left_to_operator:left_to_operator',
            'servers are left that the ladder may not delete',
        )  # fmt: skip
        for custody in (Custody.STOPPED, Custody.EXEMPT):
            self.turns(
                facts(
                    Status.PENDING_DELETION, at(Step.END),
                    notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a')},
                    covered=(
                        COVERED('a', Custody.DELETED),
                        COVERED('b', custody),
                    ),
                ),
                DUE,
                intents.SetStatus(
                    Status.DELETED,
                    'every server that was warned about is gone',
                ),
                intents.Notify(
                    'deleted', 'c:deleted', ('a',), DUE + 14 * DAY
                ),
                intents.EndContract('deleted for non-payment'),
                left,
                status=Status.DELETED,
                position=at(Step.END),
                check_at=None,
            )  # fmt: skip

    def test_where_the_owner_was_quicker_nothing_was_deleted(self) -> None:
        self.turns(
            facts(
                Status.PENDING_DELETION, at(Step.END),
                notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a')},
                covered=(COVERED('a', Custody.ABSENT),),
            ),
            DUE,
            intents.Alarm(
                'left_to_operator', 'c:left_to_operator:left_to_operator',
                'servers are left that the ladder may not delete',
            ),
            status=Status.PENDING_DELETION,
            position=at(Step.END),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_what_is_under_way_is_waited_for(self) -> None:
        for custody, acts in (
            (Custody.TAKEN, [intents.Act(ActionType.SHELVE, 'b')]),
            (None, [intents.Act(ActionType.SHELVE, 'b')]),
        ):
            self.turns(
                facts(
                    Status.PENDING_DELETION, at(Step.END),
                    notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a')},
                    covered=(
                        COVERED('a', Custody.DELETED), COVERED('b', custody),
                    ),
                ),
                DUE,
                *acts,
                status=Status.PENDING_DELETION,
                position=at(Step.END),
                check_at=DUE + DAY,
            )  # fmt: skip

    def test_a_warning_that_came_back_takes_the_deletion_back(self) -> None:
        bounced = told(DUE, 'a', state=NoticeState.REFUSED)
        for step in (Step.DELETE, Step.END):
            self.turns(
                facts(
                    Status.PENDING_DELETION,
                    at(step, due_at=DUE + 7 * DAY),
                    notices={'c:last_warning:0': bounced},
                    covered=(COVERED('a', Custody.SHELVED),),
                ),
                DUE + HOUR,
                withdrawn('the warning came back'),
                intents.SetStatus(
                    Status.SHELVED, 'the last warning came back'
                ),
                intents.Alarm(
                    'warning_not_accepted',
                    'c:last_warning:0:warning_not_accepted',
                    'the last warning was not accepted: nothing is deleted',
                ),
                status=Status.SHELVED,
                position=at(Step.DELETE, awaits='c:last_warning:0'),
                check_at=DUE + HOUR + DAY,
            )  # fmt: skip

    def test_an_hour_that_has_not_come_moves_the_step_later(self) -> None:
        office = POLICY.reading(
            {'delete_window': {'hours': '09:00-17:00'}}
        )  # fmt: skip
        self.turns(
            facts(
                Status.PENDING_DELETION, at(Step.DELETE, due_at=DUE),
                notices={'c:last_warning:0': told(DUE - 7 * DAY, 'a')},
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            status=Status.PENDING_DELETION,
            position=at(Step.DELETE, due_at=DUE + 9 * HOUR),
            check_at=DUE + 9 * HOUR,
            policy=office,
        )  # fmt: skip


class DownTest(InFull):
    """What a payment undoes, and how."""

    def paid(
        self, status: Status, position: standing.Position, **values: Any
    ) -> standing.Standing:
        return facts(status, position, **{'invoices': (), **values})

    def test_a_payment_in_grace_withdraws_what_was_asked_and_ends_it(
        self,
    ) -> None:
        self.turns(
            self.paid(Status.GRACE, at(Step.SHELVE, due_at=DUE + DAY)), DUE,
            withdrawn('nothing is past due'),
            intents.SetStatus(Status.ACTIVE, 'nothing is past due'),
            status=Status.ACTIVE,
            position=standing.Position(),
            check_at=None,
        )  # fmt: skip

    def test_what_was_taken_is_given_back_before_anything_else(
        self,
    ) -> None:
        self.turns(
            self.paid(
                Status.SHELVED,
                at(
                    Step.WARN, due_at=DUE + DAY, awaits='k', frozen=3.0,
                    round=2,
                ),
                covered=(
                    COVERED('a', Custody.SHELVED),
                    COVERED('b', Custody.STOPPED),
                    COVERED('c', Custody.TAKEN),
                    COVERED('d', Custody.EXEMPT),
                ),
            ),
            DUE,
            withdrawn('nothing is past due'),
            intents.Act(ActionType.RESTORE, 'a'),
            intents.Act(ActionType.RESTORE, 'b'),
            intents.Act(ActionType.RESTORE, 'c'),
            status=Status.SHELVED,
            position=at(Step.NONE, round=2),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_a_frozen_quota_is_given_back_also_where_no_server_was_taken(
        self,
    ) -> None:
        self.turns(
            self.paid(
                Status.GRACE, at(Step.SHELVE, due_at=DUE + DAY),
                quota_frozen=True,
            ),
            DUE,
            withdrawn('nothing is past due'),
            intents.Act(ActionType.QUOTA_CHANGE),
            status=Status.GRACE,
            position=at(Step.NONE),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_back_he_is_told_of_each_server_that_came_back(self) -> None:
        for status in (Status.SHELVED, Status.PENDING_DELETION):
            self.turns(
                self.paid(
                    status, at(Step.NONE, round=2),
                    covered=(
                        COVERED('a', Custody.RESTORED),
                        COVERED('b', Custody.ABSENT),
                    ),
                ),
                DUE,
                withdrawn('nothing is past due'),
                intents.SetStatus(Status.ACTIVE, 'nothing is past due'),
                intents.Notify('restored', 'c:restored:2', ('a',)),
                status=Status.ACTIVE,
                position=standing.Position(),
                check_at=None,
            )  # fmt: skip

    def test_he_is_told_of_what_was_deleted_before_his_money_came(
        self,
    ) -> None:
        # Of `c`, which he had asked for himself, he knows.
        gone = tuple(COVERED(name, Custody.DELETED) for name in 'bc')
        for covered, restored in (
            (gone, []),
            (
                (COVERED('a', Custody.RESTORED), *gone),
                [intents.Notify('restored', 'c:restored:0', ('a',))],
            ),
        ):
            self.turns(
                self.paid(
                    Status.PENDING_DELETION, at(Step.NONE), covered=covered,
                    notices={
                        'c:last_warning:0': told(DUE, 'a', 'b'),
                        'c:last_warning:1': told(DUE, 'late'),
                    },
                ),
                DUE,
                withdrawn('nothing is past due'),
                intents.SetStatus(Status.ACTIVE, 'nothing is past due'),
                *restored,
                intents.Notify(
                    'deleted', 'c:deleted', ('b',), DUE + 14 * DAY
                ),
                status=Status.ACTIVE,
                position=standing.Position(),
                check_at=None,
            )  # fmt: skip

    def test_what_is_kept_is_kept_until_the_same_local_time(self) -> None:
        # Meanwhile the clocks go forward where he is.
        now = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
        found = dunning.decide(
            self.paid(
                Status.PENDING_DELETION, at(Step.NONE),
                zone=calendar.zone('Europe/Paris'),
                covered=(COVERED('b', Custody.DELETED),),
                notices={'c:last_warning:0': told(DUE, 'b')},
            ),
            POLICY, now,
        )  # fmt: skip
        self.assertEqual(
            intents.Notify(
                'deleted', 'c:deleted', ('b',), now + 14 * DAY - HOUR
            ),
            found.intents[-1],
        )

    def test_what_is_being_undone_is_undone_also_if_he_owes_again(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.NONE),
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            withdrawn('nothing is past due'),
            intents.Act(ActionType.RESTORE, 'a'),
            status=Status.SHELVED,
            position=at(Step.NONE),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_a_promise_that_was_kept_is_over(self) -> None:
        self.turns(
            self.paid(
                Status.HELD, at(Step.SHELVE, frozen=60.0),
                holds=(HOLD(HoldType.PROMISE, DUE + DAY),),
            ),
            DUE,
            withdrawn('nothing is past due'),
            intents.EndHold(HoldType.PROMISE, 'paid'),
            intents.SetStatus(Status.ACTIVE, 'nothing is past due'),
            status=Status.ACTIVE,
            position=standing.Position(),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_a_pause_is_not_ended_by_a_payment(self) -> None:
        self.turns(
            self.paid(
                Status.HELD, at(Step.SHELVE, frozen=60.0),
                holds=(HOLD(HoldType.PAUSE, DUE + DAY),),
            ),
            DUE,
            withdrawn('nothing is past due'),
            status=Status.HELD,
            position=standing.Position(),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_under_an_abuse_hold_no_payment_gives_a_server_back(
        self,
    ) -> None:
        # And of what was told of the debt nothing counts any more.
        for status, step, wanted in (
            (Status.SHELVED, Step.WARN, []),
            (
                Status.PENDING_DELETION, Step.DELETE,
                [(Status.SHELVED, 'paid for, under an abuse hold')],
            ),
            (
                Status.PENDING_DELETION, Step.END,
                [(Status.SHELVED, 'paid for, under an abuse hold')],
            ),
            (Status.GRACE, Step.WARN, [(Status.HELD, 'abuse hold')]),
        ):  # fmt: skip
            self.turns(
                self.paid(
                    status,
                    at(
                        step, frozen=60.0, due_at=DUE + 3 * DAY,
                        awaits='c:last_warning:0',
                    ),
                    covered=(COVERED('a', Custody.SHELVED),),
                    holds=(HOLD(HoldType.ABUSE),),
                ),
                DUE,
                withdrawn('nothing is past due'),
                *(intents.SetStatus(*each) for each in wanted),
                status=wanted[0][0] if wanted else status,
                position=at(Step.GRACE, invoice=None),
                check_at=DUE + DAY,
            )  # fmt: skip

    def test_what_is_charged_back_under_an_abuse_hold_begins_with_grace(
        self,
    ) -> None:
        charged_back = standing.OpenInvoice(1, DUE, 1000, DUE - 7 * DAY)
        shelved = (COVERED('a', Custody.SHELVED),)
        for status in (Status.SHELVED, Status.HELD):
            given = facts(
                status, at(Step.GRACE, invoice=None),
                invoices=(charged_back,), covered=shelved,
            )  # fmt: skip
            self.turns(
                dataclasses.replace(given, holds=(HOLD(HoldType.ABUSE),)),
                DUE,
                withdrawn('the oldest was paid'),
                withdrawn('held'),
                status=status,
                position=at(Step.GRACE, round=1, frozen=0.0),
                check_at=DUE + DAY,
            )
            told_anew = intents.Notify(
                'grace', 'c:grace:1', ('a',), DUE + 48 * HOUR
            )
            freed = [intents.SetStatus(Status.GRACE, 'the hold ended')]
            self.turns(
                given,
                DUE,
                withdrawn('the oldest was paid'),
                *(freed if status is Status.HELD else ()),
                told_anew,
                status=Status.GRACE if status is Status.HELD else status,
                position=at(Step.SHELVE, round=1, awaits='c:grace:1'),
                check_at=DUE + DAY,
            )

    def test_shelved_already_he_is_warned_a_whole_span_after_grace(
        self,
    ) -> None:
        now = DUE + 48 * HOUR
        self.turns(
            facts(
                Status.SHELVED, at(Step.SHELVE, round=1, due_at=now),
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            now,
            status=Status.SHELVED,
            position=at(Step.WARN, round=2, due_at=now + 23 * DAY),
            check_at=now + 23 * DAY,
        )  # fmt: skip

    def test_what_was_being_given_back_goes_on_under_an_abuse_hold(
        self,
    ) -> None:
        self.turns(
            self.paid(
                Status.SHELVED, at(Step.NONE),
                covered=(COVERED('a', Custody.SHELVED),),
                holds=(HOLD(HoldType.ABUSE),),
            ),
            DUE,
            withdrawn('nothing is past due'),
            intents.Act(ActionType.RESTORE, 'a'),
            status=Status.SHELVED,
            position=at(Step.NONE),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_another_hold_keeps_nothing_that_is_paid_for(self) -> None:
        self.turns(
            self.paid(
                Status.SHELVED, at(Step.WARN),
                covered=(COVERED('a', Custody.SHELVED),),
                holds=(HOLD(HoldType.PAUSE),),
            ),
            DUE,
            withdrawn('nothing is past due'),
            intents.Act(ActionType.RESTORE, 'a'),
            status=Status.SHELVED,
            position=at(Step.NONE),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_the_oldest_paid_and_another_past_due_restarts_the_span(
        self,
    ) -> None:
        later = standing.OpenInvoice(2, DUE, 1000, DUE - 7 * DAY)
        now = DUE + HOUR
        for status, step, due_at in (
            (Status.GRACE, Step.GRACE, now),
            (Status.SHELVED, Step.WARN, now + 23 * DAY),
        ):
            wanted: list[intents.Intent] = [
                withdrawn('the oldest was paid')
            ]
            position = at(step, invoice=2, round=2, due_at=due_at)
            check_at = due_at
            if status is Status.GRACE:
                wanted.append(
                    intents.Notify(
                        'grace', 'c:grace:2', ('a',), now + 48 * HOUR
                    )
                )
                position = at(
                    Step.SHELVE, invoice=2, round=2, awaits='c:grace:2'
                )
                check_at = now + DAY
            self.turns(
                facts(
                    status,
                    at(Step.DELETE, round=1, due_at=now + DAY),
                    invoices=(later,),
                    covered=(COVERED('a', Custody.SHELVED),),
                ),
                now,
                *wanted,
                status=status,
                position=position,
                check_at=check_at,
            )  # fmt: skip

    def test_who_was_to_be_deleted_for_the_oldest_is_warned_anew(
        self,
    ) -> None:
        later = standing.OpenInvoice(2, DUE, 1000, DUE - 7 * DAY)
        self.turns(
            facts(
                Status.PENDING_DELETION,
                at(Step.DELETE, round=1, due_at=DUE + DAY),
                invoices=(later,),
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            withdrawn('the oldest was paid'),
            intents.Notify(
                'last_warning', 'c:last_warning:2', ('a',), DUE + 7 * DAY
            ),
            status=Status.PENDING_DELETION,
            position=at(
                Step.DELETE, invoice=2, round=2, awaits='c:last_warning:2'
            ),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_who_was_only_warned_in_a_dry_run_is_told_of_grace_first(
        self,
    ) -> None:
        rehearsed = told(DUE, 'web', state=NoticeState.SUPPRESSED)
        now = DUE + 48 * HOUR
        self.turns(
            facts(
                Status.GRACE, at(Step.SHELVE, due_at=now),
                notices={'c:grace:0': rehearsed},
            ),
            now,
            withdrawn('not warned before'),
            intents.Notify(
                'grace', 'c:grace:1', ('web',), now + 48 * HOUR
            ),
            status=Status.GRACE,
            position=at(Step.SHELVE, round=1, awaits='c:grace:1'),
            check_at=now + DAY,
        )  # fmt: skip

    def test_once_deleted_what_could_only_be_stopped_comes_back_paid(
        self,
    ) -> None:
        covered = (
            COVERED('a', Custody.DELETED),
            COVERED('b', Custody.STOPPED),
        )
        for owed, written_off, acts in (
            ((), False, [intents.Act(ActionType.RESTORE, 'b')]),
            ((), True, []),
            ((OWED,), False, []),
        ):
            self.turns(
                facts(
                    Status.DELETED, at(Step.END), invoices=owed,
                    written_off=written_off, covered=covered,
                ),
                DUE,
                *acts,
                status=Status.DELETED,
                position=at(Step.END),
                check_at=None,
            )  # fmt: skip

    def test_once_deleted_his_frozen_quota_comes_back_paid(self) -> None:
        self.turns(
            facts(
                Status.DELETED, at(Step.END), invoices=(), quota_frozen=True,
                covered=(COVERED('a', Custody.DELETED),),
            ),
            DUE,
            intents.Act(ActionType.QUOTA_CHANGE),
            status=Status.DELETED,
            position=at(Step.END),
            check_at=None,
        )  # fmt: skip


class HoldingTest(InFull):
    """What a hold freezes, and gives back at its end."""

    def test_the_rest_of_the_span_is_kept(self) -> None:
        hold = (HOLD(HoldType.PROMISE, DUE + 5 * DAY),)
        self.turns(
            facts(
                Status.GRACE, at(Step.SHELVE, due_at=DUE + HOUR), holds=hold
            ),
            DUE,
            withdrawn('held'),
            intents.SetStatus(Status.HELD, 'promise hold'),
            status=Status.HELD,
            position=at(Step.SHELVE, frozen=3600.0),
            check_at=DUE + 5 * DAY,
        )  # fmt: skip

    def test_of_a_span_that_is_over_nothing_is_left(self) -> None:
        self.turns(
            facts(
                Status.GRACE, at(Step.SHELVE, due_at=DUE - HOUR),
                holds=(HOLD(HoldType.PROMISE, DUE + DAY),),
            ),
            DUE,
            withdrawn('held'),
            intents.SetStatus(Status.HELD, 'promise hold'),
            status=Status.HELD,
            position=at(Step.SHELVE, frozen=0.0),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_shelving_that_was_begun_is_begun_anew_after_it(self) -> None:
        for status, step, back in (
            (Status.GRACE, Step.WARN, Step.SHELVE),
            (Status.PENDING_DELETION, Step.END, Step.DELETE),
        ):
            wanted: list[intents.Intent] = [withdrawn('held')]
            shown = status
            if status is Status.GRACE:
                wanted.append(intents.SetStatus(Status.HELD, 'pause hold'))
                shown = Status.HELD
            self.turns(
                facts(
                    status, at(step),
                    notices={'c:last_warning:0': told(DUE - 7 * DAY, 'web')},
                    holds=(HOLD(HoldType.PAUSE),),
                ),
                DUE,
                *wanted,
                status=shown,
                position=at(back, round=1, frozen=0.0),
                check_at=DUE + DAY,
            )  # fmt: skip

    def test_a_hold_on_whoever_is_shelved_does_not_show(self) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.WARN, due_at=DUE + DAY),
                covered=(COVERED('web', Custody.SHELVED),),
                holds=(HOLD(HoldType.PROMISE),),
            ),
            DUE,
            withdrawn('held'),
            status=Status.SHELVED,
            position=at(Step.WARN, frozen=86400.0),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_at_its_end_the_rest_of_the_span_is_given_back(self) -> None:
        self.turns(
            facts(Status.HELD, at(Step.SHELVE, frozen=3600.0)), DUE,
            intents.SetStatus(Status.GRACE, 'the hold ended'),
            status=Status.GRACE,
            position=at(Step.SHELVE, due_at=DUE + HOUR),
            check_at=DUE + HOUR,
        )  # fmt: skip

    def test_before_any_case_its_end_leaves_an_active_customer(self) -> None:
        self.turns(
            facts(
                Status.HELD,
                at(Step.REMIND, case=None, frozen=3600.0),
            ),
            DUE - 4 * DAY,
            intents.SetStatus(Status.ACTIVE, 'the hold ended'),
            status=Status.ACTIVE,
            position=at(
                Step.REMIND, case=None, due_at=DUE - 4 * DAY + HOUR
            ),
            check_at=DUE - 4 * DAY + HOUR,
        )  # fmt: skip

    def test_money_in_transit_moves_the_step_to_its_end(self) -> None:
        until = DUE + 3 * DAY
        self.turns(
            facts(
                Status.GRACE, at(Step.SHELVE, due_at=DUE),
                in_transit_until=until,
            ),
            DUE,
            status=Status.GRACE,
            position=at(Step.SHELVE, due_at=until),
            check_at=until,
        )  # fmt: skip

    def test_grace_does_not_begin_before_enforcement_does(self) -> None:
        begins = DUE + 9 * DAY
        self.turns(
            facts(
                Status.ACTIVE, at(Step.GRACE, case=None, due_at=DUE),
                enforce_from=begins,
            ),
            DUE,
            status=Status.ACTIVE,
            position=at(Step.GRACE, case=None, due_at=begins),
            check_at=begins,
        )  # fmt: skip

    def test_a_refused_mail_is_told_of_and_the_span_counts_from_it(
        self,
    ) -> None:
        for key, step, status in (
            ('c:grace:0', Step.SHELVE, Status.GRACE),
        ):
            self.turns(
                facts(
                    status, at(step, awaits=key),
                    notices={key: told(DUE, state=NoticeState.REFUSED)},
                ),
                DUE + HOUR,
                intents.Alarm(
                    'notice_refused', f'{key}:notice_refused',
                    f'{key} was refused',
                ),
                status=status,
                position=at(step, due_at=DUE + 48 * HOUR),
                check_at=DUE + 48 * HOUR,
            )  # fmt: skip

    def test_an_hour_that_a_mail_named_is_kept_if_it_is_later(self) -> None:
        for named, due_at in (
            (DUE + 47 * HOUR, DUE + 48 * HOUR),
            (DUE + 50 * HOUR, DUE + 50 * HOUR),
        ):
            self.turns(
                facts(
                    Status.GRACE, at(Step.SHELVE, awaits='c:grace:0'),
                    notices={'c:grace:0': told(DUE, names=named)},
                ),
                DUE + HOUR,
                status=Status.GRACE,
                position=at(Step.SHELVE, due_at=due_at),
                check_at=due_at,
            )  # fmt: skip

    def test_a_warning_only_composed_in_a_dry_run_is_given_anew(
        self,
    ) -> None:
        key = 'c:last_warning:0'
        rehearsed = told(DUE, 'a', state=NoticeState.SUPPRESSED)
        given = facts(
            Status.SHELVED, at(Step.DELETE, awaits=key),
            notices={key: rehearsed},
            covered=(COVERED('a', Custody.SHELVED),),
        )  # fmt: skip
        self.turns(
            dataclasses.replace(given, dry_run=True), DUE,
            status=Status.SHELVED,
            position=given.position,
            check_at=DUE + DAY,
        )  # fmt: skip
        self.turns(
            given, DUE,
            intents.Notify(
                'last_warning', 'c:last_warning:1', ('a',), DUE + 7 * DAY
            ),
            status=Status.SHELVED,
            position=at(
                Step.DELETE, round=1, awaits='c:last_warning:1'
            ),
            check_at=DUE + DAY,
        )  # fmt: skip


class OddTest(InFull):
    """Turns that seldom come, and must come right."""

    def test_a_reminder_that_is_late_is_still_sent(self) -> None:
        self.turns(
            facts(Status.ACTIVE, at(Step.REMIND, case=None, due_at=DUE)),
            DUE,
            intents.Notify(
                'reminder', 'invoice:1:reminder:0',
                context={'number': '1', 'of': '2'},
            ),
            status=Status.ACTIVE,
            position=at(
                Step.REMIND, case=None, reminder=1,
                awaits='invoice:1:reminder:0',
            ),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_grace_never_comes_before_the_due_date(self) -> None:
        now = DUE - DAY
        self.turns(
            facts(Status.ACTIVE, at(Step.GRACE, case=None, due_at=now)), now,
            status=Status.ACTIVE,
            position=at(Step.GRACE, case=None, due_at=now),
            check_at=now + DAY,
        )  # fmt: skip

    def test_fewer_reminders_than_were_sent_lead_to_the_due_date(
        self,
    ) -> None:
        now = DUE - DAY
        for sent in (2, 5):
            self.turns(
                facts(
                    Status.ACTIVE,
                    at(Step.REMIND, case=None, reminder=sent, awaits='k'),
                    notices={'k': told(now)},
                ),
                now,
                status=Status.ACTIVE,
                position=at(
                    Step.REMIND, case=None, reminder=sent, due_at=DUE
                ),
                check_at=DUE,
            )  # fmt: skip

    def test_an_invoice_that_is_announced_late_is_not_reminded_of_before(
        self,
    ) -> None:
        now = DUE - 2 * DAY
        late = dataclasses.replace(OWED, announce_at=now)
        self.turns(
            facts(
                Status.ACTIVE,
                at(Step.REMIND, case=None, awaits='invoice:1'),
                invoices=(late,), notices={'invoice:1': told(now)},
            ),
            now - HOUR,
            status=Status.ACTIVE,
            position=at(Step.REMIND, case=None, due_at=now),
            check_at=now,
        )  # fmt: skip

    def test_without_any_warning_one_is_given_and_nothing_deleted(
        self,
    ) -> None:
        self.turns(
            facts(
                Status.SHELVED, at(Step.DELETE, due_at=DUE),
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            status=Status.SHELVED,
            position=at(Step.WARN, round=1, due_at=DUE),
            check_at=DUE,
        )  # fmt: skip

    def test_what_was_waited_for_of_an_older_debt_is_waited_for_no_more(
        self,
    ) -> None:
        later = standing.OpenInvoice(2, DUE, 1000, DUE - 7 * DAY)
        self.turns(
            facts(
                Status.SHELVED, at(Step.WARN, awaits='c:shelved:0'),
                invoices=(later,),
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            withdrawn('the oldest was paid'),
            status=Status.SHELVED,
            position=at(
                Step.WARN, invoice=2, round=1, due_at=DUE + 23 * DAY
            ),
            check_at=DUE + 23 * DAY,
        )  # fmt: skip

    def test_what_a_hold_has_frozen_stays_frozen(self) -> None:
        self.turns(
            facts(
                Status.PENDING_DELETION, at(Step.END, frozen=60.0),
                notices={'c:last_warning:0': told(DUE - 7 * DAY, 'web')},
                holds=(HOLD(HoldType.PROMISE),),
            ),
            DUE,
            status=Status.PENDING_DELETION,
            position=at(Step.END, frozen=60.0),
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_small_debts_add_up_to_one_that_is_dunned(self) -> None:
        one, two = (
            dataclasses.replace(OWED, id=n, owed=3) for n in (1, 2)
        )  # fmt: skip
        self.turns(
            facts(Status.ACTIVE, standing.Position(), invoices=(one, two)),
            DUE,
            status=Status.ACTIVE,
            position=at(
                Step.REMIND, invoice=2, case=None, awaits='invoice:2'
            ),
            check_at=DUE + DAY,
            policy=POLICY.reading({'tolerance': 5}),
        )  # fmt: skip

    def test_of_several_holds_abuse_is_the_one_that_shows(self) -> None:
        promise = HOLD(HoldType.PROMISE, DUE + 5 * DAY)
        for holds in (
            (promise, HOLD(HoldType.ABUSE)), (HOLD(HoldType.ABUSE), promise)
        ):  # fmt: skip
            self.turns(
                facts(
                    Status.GRACE, at(Step.SHELVE, awaits='k'), holds=holds
                ),
                DUE,
                intents.SetStatus(Status.HELD, 'abuse hold'),
                status=Status.HELD,
                position=at(Step.SHELVE, awaits='k'),
                check_at=DUE + 5 * DAY,
            )  # fmt: skip

    def test_it_is_looked_at_when_the_first_of_what_it_waits_for_ends(
        self,
    ) -> None:
        waits = at(Step.SHELVE, awaits='k')
        for transit, check_at in (
            (DUE + DAY / 2, DUE + DAY / 2),
            (DUE + 9 * DAY, DUE + 5 * DAY),
        ):
            self.turns(
                facts(
                    Status.HELD, waits, in_transit_until=transit,
                    holds=(HOLD(HoldType.PROMISE, DUE + 5 * DAY),),
                ),
                DUE,
                status=Status.HELD,
                position=waits,
                check_at=check_at,
            )  # fmt: skip
        self.turns(
            facts(Status.GRACE, waits, in_transit_until=DUE), DUE,
            status=Status.GRACE,
            position=waits,
            check_at=DUE + DAY,
        )  # fmt: skip

    def test_a_warning_that_came_back_under_a_hold_has_no_rest_to_give(
        self,
    ) -> None:
        key = 'c:last_warning:0'
        self.turns(
            facts(
                Status.SHELVED, at(Step.DELETE, frozen=60.0),
                notices={key: told(DUE, 'a', state=NoticeState.REFUSED)},
                covered=(COVERED('a', Custody.SHELVED),),
            ),
            DUE,
            withdrawn('the warning came back'),
            intents.Alarm(
                'warning_not_accepted', f'{key}:warning_not_accepted',
                'the last warning was not accepted: nothing is deleted',
            ),
            status=Status.SHELVED,
            position=at(Step.DELETE, awaits=key),
            check_at=DUE + DAY,
        )  # fmt: skip


class ZoneTest(InFull):
    """Days are days of the customer, also where his clocks change."""

    # Noon in Paris, two days before the clocks go ahead.
    NOON = dt.datetime(2026, 3, 27, 11, tzinfo=dt.UTC)
    LATER = dt.datetime(2026, 3, 30, 10, tzinfo=dt.UTC)
    OPENS = LATER + HOUR / 2
    DAYS = POLICY.reading(
        {
            'shelve_grace': '3d',
            'shelved_span': '3d',
            'deletion_warning': '3d',
            'undo': '3d',
            'reminders': ['-3d'],
        }
    )
    OFFICE = DAYS.reading(
        {
            'shelve_window': {'hours': '12:30-17:00'},
            'delete_window': {'hours': '12:30-17:00'},
        }
    )

    def paris(
        self, status: Status, position: standing.Position, **values: Any
    ) -> standing.Standing:
        due = standing.OpenInvoice(1, self.NOON, 1000, self.NOON - 7 * DAY)
        return facts(
            status, position,
            **{
                'zone': calendar.zone('Europe/Paris'),
                'invoices': (due,),
                'covered': (COVERED('a', Custody.SHELVED),),
                **values,
            },
        )  # fmt: skip

    def test_grace_names_the_hour_of_his_office_hours(self) -> None:
        for policy, hour in ((self.DAYS, self.LATER), (
            self.OFFICE, self.OPENS
        )):  # fmt: skip
            self.turns(
                self.paris(Status.GRACE, at(Step.GRACE, due_at=self.NOON)),
                self.NOON,
                intents.Notify('grace', 'c:grace:0', ('a',), hour),
                status=Status.GRACE,
                position=at(Step.SHELVE, awaits='c:grace:0'),
                check_at=self.NOON + DAY,
                policy=policy,
            )  # fmt: skip

    def test_grace_ends_at_the_same_hour_of_his_day(self) -> None:
        for policy, hour in ((self.DAYS, self.LATER), (
            self.OFFICE, self.OPENS
        )):  # fmt: skip
            self.turns(
                self.paris(
                    Status.GRACE, at(Step.SHELVE, awaits='k'),
                    notices={'k': told(self.NOON)},
                ),
                self.NOON,
                status=Status.GRACE,
                position=at(Step.SHELVE, due_at=hour),
                check_at=hour,
                policy=policy,
            )  # fmt: skip

    def test_a_step_that_is_due_waits_for_his_office_hours(self) -> None:
        for step, status in (
            (Step.SHELVE, Status.GRACE),
            (Step.DELETE, Status.PENDING_DELETION),
        ):
            self.turns(
                self.paris(
                    status, at(step, due_at=self.LATER),
                    notices={'c:last_warning:0': told(self.NOON, 'a')},
                ),
                self.LATER,
                status=status,
                position=at(step, due_at=self.OPENS),
                check_at=self.OPENS,
                policy=self.OFFICE,
            )  # fmt: skip

    def test_the_last_warning_names_an_hour_of_his_day(self) -> None:
        for policy, hour in ((self.DAYS, self.LATER), (
            self.OFFICE, self.OPENS
        )):  # fmt: skip
            self.turns(
                self.paris(Status.SHELVED, at(Step.WARN, due_at=self.NOON)),
                self.NOON,
                intents.Notify(
                    'last_warning', 'c:last_warning:0', ('a',), hour
                ),
                status=Status.SHELVED,
                position=at(Step.DELETE, awaits='c:last_warning:0'),
                check_at=self.NOON + DAY,
                policy=policy,
            )  # fmt: skip

    def test_a_warning_is_as_old_as_his_days_are(self) -> None:
        key = 'c:last_warning:0'
        self.turns(
            self.paris(
                Status.SHELVED, at(Step.DELETE, awaits=key),
                notices={key: told(self.NOON, 'a')},
            ),
            self.NOON,
            intents.SetStatus(
                Status.PENDING_DELETION, 'the last warning was accepted'
            ),
            status=Status.PENDING_DELETION,
            position=at(Step.DELETE, due_at=self.LATER),
            check_at=self.LATER,
            policy=self.DAYS,
        )  # fmt: skip
        refused = told(self.NOON, 'a', state=NoticeState.REFUSED)
        self.turns(
            self.paris(
                Status.SHELVED, at(Step.DELETE, awaits=key),
                notices={key: refused},
            ),
            self.LATER,
            intents.Alarm(
                'warning_not_accepted', f'{key}:warning_not_accepted',
                'the last warning was not accepted: nothing is deleted',
            ),
            intents.Notify(
                'last_warning', 'c:last_warning:1', ('a',),
                self.LATER + 3 * DAY,
            ),
            status=Status.SHELVED,
            position=at(Step.DELETE, round=1, awaits='c:last_warning:1'),
            check_at=self.LATER + DAY,
            policy=self.DAYS,
        )  # fmt: skip

    def test_what_is_shelved_stays_so_for_days_of_his(self) -> None:
        self.turns(
            self.paris(Status.SHELVED, at(Step.WARN)), self.NOON,
            status=Status.SHELVED,
            position=at(Step.WARN, round=1, due_at=self.LATER),
            check_at=self.LATER,
            policy=self.DAYS,
        )  # fmt: skip
        self.turns(
            self.paris(
                Status.SHELVED, at(Step.WARN, awaits='k'),
                notices={'k': told(self.NOON)},
            ),
            self.NOON,
            status=Status.SHELVED,
            position=at(Step.WARN, due_at=self.LATER),
            check_at=self.LATER,
            policy=self.DAYS,
        )  # fmt: skip
        self.turns(
            self.paris(Status.SHELVED, at(Step.WARN, invoice=7)), self.NOON,
            withdrawn('the oldest was paid'),
            status=Status.SHELVED,
            position=at(Step.WARN, round=1, due_at=self.LATER),
            check_at=self.LATER,
            policy=self.DAYS,
        )  # fmt: skip

    def test_what_was_deleted_is_kept_for_days_of_his(self) -> None:
        self.turns(
            self.paris(
                Status.PENDING_DELETION, at(Step.END),
                notices={'c:last_warning:0': told(self.NOON - 9 * DAY, 'a')},
                covered=(COVERED('a', Custody.DELETED),),
            ),
            self.NOON,
            intents.SetStatus(
                Status.DELETED, 'every server that was warned about is gone'
            ),
            intents.Notify('deleted', 'c:deleted', ('a',), self.LATER),
            intents.EndContract('deleted for non-payment'),
            status=Status.DELETED,
            position=at(Step.END),
            check_at=None,
            policy=self.DAYS,
        )  # fmt: skip

    def test_a_reminder_comes_days_of_his_before_the_due_date(self) -> None:
        due = standing.OpenInvoice(
            1, self.LATER, 1000, self.NOON - 7 * DAY
        )  # fmt: skip
        self.turns(
            self.paris(
                Status.ACTIVE,
                at(Step.REMIND, case=None, awaits='invoice:1'),
                invoices=(due,),
                notices={'invoice:1': told(self.NOON - 7 * DAY)},
            ),
            self.NOON - 7 * DAY,
            status=Status.ACTIVE,
            position=at(Step.REMIND, case=None, due_at=self.NOON),
            check_at=self.NOON,
            policy=self.DAYS,
        )  # fmt: skip
