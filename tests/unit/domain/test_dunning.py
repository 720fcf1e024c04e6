# SPDX-License-Identifier: Apache-2.0
"""The law of the ladder, asked one decision at a time."""

import dataclasses
import datetime as dt

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import dunning
from patrii_billing.domain import intents
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import Custody
from patrii_billing.domain.lifecycle import HoldType
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Status
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import policy
from patrii_billing.domain import standing

PARIS = calendar.zone('Europe/Paris')
DUE = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
POLICY = policy.Policy()
OWED = standing.OpenInvoice(1, DUE, 1000, DUE - 7 * DAY)
COMING = standing.OpenInvoice(2, DUE + 28 * DAY, 1000, DUE + 21 * DAY)
START = standing.Standing(
    status=Status.ACTIVE,
    position=standing.Position(),
    zone=calendar.zone('UTC'),
    new_case='c',
    covered=(standing.Covered('web'),),
)


def accepted(at: dt.datetime, *servers: str) -> standing.Notice:
    return standing.Notice(NoticeState.ACCEPTED, at, at, frozenset(servers))


def decide(
    facts: standing.Standing, now: dt.datetime, policy: policy.Policy = POLICY
) -> dunning.Decision:
    return dunning.decide(facts, policy, now)


def given(**values: object) -> standing.Standing:
    return dataclasses.replace(START, **values)


def at(step: Step, **values: object) -> standing.Position:
    return standing.Position(
        step=step, **{'invoice': 1, 'case': 'c', **values}
    )


def names(decision: dunning.Decision) -> list[str]:
    """What is wanted, such as 'notify grace' or 'act shelve web'."""
    return [_name(one) for one in decision.intents]


def _name(intent: intents.Intent) -> str:
    match intent:
        case intents.SetStatus(status=status):
            return f'status {status}'
        case intents.Notify(template=template):
            return f'notify {template}'
        case intents.Alarm(name=name):
            return f'alarm {name}'
        case intents.Act(type=kind, server=server):
            return f'act {kind} {server or ""}'.strip()
        case intents.Cancel(types=types):
            return f'cancel {", ".join(sorted(types))}'
        case intents.EndHold(type=kind):
            return f'end {kind}'
    return type(intent).__name__


class FollowingTest(base.BaseTestCase):
    def test_who_owes_nothing_stands_nowhere(self) -> None:
        decision = decide(given(), DUE)

        self.assertEqual(START.position, decision.position)
        self.assertEqual((), decision.intents)
        self.assertIsNone(decision.check_at)

    def test_an_invoice_is_followed_once_its_mail_is_settled(self) -> None:
        now = DUE - 7 * DAY
        waiting = decide(given(invoices=(OWED,)), now)
        self.assertIsNone(waiting.position.due_at)
        self.assertEqual('invoice:1', waiting.position.awaits)

        settled = decide(
            given(
                invoices=(OWED,),
                position=waiting.position,
                notices={'invoice:1': accepted(now)},
            ),
            now,
        )
        self.assertEqual(DUE - 3 * DAY, settled.position.due_at)
        self.assertEqual(Step.REMIND, settled.position.step)

    def test_a_late_mail_carries_its_delay_through_the_ladder(self) -> None:
        late = DUE - 5 * DAY
        decision = decide(
            given(
                invoices=(OWED,),
                position=standing.Position(
                    Step.REMIND, invoice=1, awaits='invoice:1'
                ),
                notices={'invoice:1': accepted(late)},
            ),
            late,
        )
        self.assertEqual(DUE - DAY, decision.position.due_at)
        self.assertEqual(2 * 86400, decision.position.late)

        grace = decide(
            given(
                invoices=(OWED,),
                position=dataclasses.replace(
                    decision.position,
                    step=Step.GRACE,
                    reminder=2,
                    due_at=None,
                    awaits='r',
                ),
                notices={'r': accepted(DUE - DAY)},
            ),
            DUE - DAY,
        )
        self.assertEqual(DUE + 2 * DAY, grace.position.due_at)

    def test_a_mail_that_is_refused_is_told_and_the_ladder_goes_on(
        self,
    ) -> None:
        refused = standing.Notice(NoticeState.REFUSED, DUE)
        decision = decide(
            given(
                status=Status.GRACE,
                invoices=(OWED,),
                position=at(Step.SHELVE, awaits='c:grace:0'),
                notices={'c:grace:0': refused},
            ),
            DUE,
        )

        self.assertEqual(['alarm notice_refused'], names(decision))
        self.assertEqual(DUE + 48 * HOUR, decision.position.due_at)

    def test_a_span_of_days_ends_at_the_same_hour_of_the_customer(
        self,
    ) -> None:
        shelved = dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)
        decision = decide(
            given(
                status=Status.SHELVED,
                zone=PARIS,
                invoices=(OWED,),
                position=at(Step.WARN, awaits='c:shelved:0'),
                notices={'c:shelved:0': accepted(shelved)},
                covered=(standing.Covered('web', Custody.SHELVED),),
            ),
            shelved,
        )

        self.assertEqual(
            dt.datetime(2026, 4, 2, 10, tzinfo=dt.UTC),
            decision.position.due_at,
        )

    def test_the_ladder_follows_what_brings_the_debt_above_the_tolerance(
        self,
    ) -> None:
        fee = standing.OpenInvoice(7, DUE - 28 * DAY, 50, DUE)
        decision = decide(
            given(invoices=(fee, OWED)),
            DUE,
            POLICY.reading({'tolerance': 50}),
        )

        self.assertEqual(1, decision.position.invoice)


class ClimbingTest(base.BaseTestCase):
    def test_one_decision_takes_one_step(self) -> None:
        # However long it was away: grace first, with its whole span.
        decision = decide(
            given(
                invoices=(OWED,),
                position=standing.Position(
                    Step.GRACE, reminder=2, invoice=1, due_at=DUE
                ),
            ),
            DUE + 90 * DAY,
        )

        self.assertEqual(['notify grace', 'status grace'], names(decision))
        (notice, _) = decision.intents
        self.assertEqual(DUE + 92 * DAY, notice.names)
        self.assertEqual('c:grace:0', decision.position.awaits)

    def test_shelved_is_said_when_each_server_is_accounted_for(
        self,
    ) -> None:
        states = (
            Custody.SHELVED, Custody.STOPPED, Custody.EXEMPT, Custody.ABSENT,
        )  # fmt: skip
        covered = tuple(
            standing.Covered(f's{n}', state) for n, state in enumerate(states)
        )
        grace = given(
            status=Status.GRACE,
            invoices=(OWED,),
            position=at(Step.WARN),
            covered=covered,
            notices={'c:grace:0': accepted(DUE)},
        )

        self.assertEqual(
            ['status shelved', 'notify shelved'], names(decide(grace, DUE))
        )
        for state in (None, Custody.TAKEN):
            one_more = (*covered, standing.Covered('new', state))
            waiting = dataclasses.replace(grace, covered=one_more)
            self.assertEqual(['act shelve new'], names(decide(waiting, DUE)))

    def test_at_least_one_must_be_shelved_or_stopped(self) -> None:
        for states in ((), (Custody.EXEMPT,), (Custody.ABSENT,)):
            covered = tuple(standing.Covered('s', state) for state in states)
            decision = decide(
                given(
                    status=Status.GRACE,
                    invoices=(OWED,),
                    position=at(Step.WARN),
                    covered=covered,
                    notices={'c:grace:0': accepted(DUE)},
                ),
                DUE,
            )
            self.assertEqual(['alarm nothing_to_shelve'], names(decision))

    def test_the_warning_names_the_shelved_and_none_else(self) -> None:
        decision = decide(
            given(
                status=Status.SHELVED,
                invoices=(OWED,),
                position=at(Step.WARN, due_at=DUE),
                covered=(
                    standing.Covered('a', Custody.SHELVED),
                    standing.Covered('b', Custody.STOPPED),
                    standing.Covered('c', Custody.EXEMPT),
                ),
            ),
            DUE,
        )

        (notice,) = decision.intents
        self.assertEqual(('a',), notice.servers)

    def test_who_cannot_be_warned_is_not_warned_without_a_pause(self) -> None:
        at_once = POLICY.reading({'deletion_warning': '0d'})
        key = 'c:last_warning:0'
        facts = given(
            status=Status.SHELVED,
            invoices=(OWED,),
            position=at(Step.DELETE, awaits=key),
            notices={key: standing.Notice(NoticeState.REFUSED, DUE)},
            covered=(standing.Covered('a', Custody.SHELVED),),
        )

        for now, warnings in ((DUE + HOUR, 0), (DUE + DAY, 1)):
            wanted = names(decide(facts, now, at_once))
            self.assertEqual(warnings, wanted.count('notify last_warning'))

    def test_the_hour_that_a_mail_named_is_kept(self) -> None:
        told = accepted(DUE, 'web')
        key = 'c:grace:0'
        for named in (DUE, DUE + 3 * DAY):
            decision = decide(
                given(
                    status=Status.GRACE,
                    invoices=(OWED,),
                    position=at(Step.SHELVE, awaits=key),
                    notices={key: dataclasses.replace(told, names=named)},
                ),
                DUE + HOUR,
            )
            expected = max(named, DUE + 2 * DAY)
            self.assertEqual(expected, decision.position.due_at)

    def test_only_what_was_named_is_deleted(self) -> None:
        decision = decide(
            given(
                status=Status.PENDING_DELETION,
                invoices=(OWED,),
                position=at(Step.DELETE, due_at=DUE),
                notices={'c:last_warning:0': accepted(DUE - 7 * DAY, 'a')},
                covered=(
                    standing.Covered('a', Custody.SHELVED),
                    standing.Covered('late', Custody.SHELVED),
                    standing.Covered('off', Custody.STOPPED),
                ),
            ),
            DUE,
        )

        self.assertEqual(['act delete a'], names(decision))
        self.assertEqual(Step.END, decision.position.step)

    def test_a_quota_is_frozen_only_with_its_project(self) -> None:
        freezing = POLICY.reading({'freeze_quota': True})
        facts = given(
            invoices=(OWED,),
            position=standing.Position(
                Step.GRACE, reminder=2, invoice=1, due_at=DUE
            ),
        )

        self.assertIn('act quota_change', names(decide(facts, DUE, freezing)))
        self.assertNotIn(
            'act quota_change',
            names(
                decide(
                    dataclasses.replace(facts, whole_project=False),
                    DUE,
                    freezing,
                )
            ),
        )


class PayingTest(base.BaseTestCase):
    def test_what_was_taken_is_given_back_before_the_case_ends(self) -> None:
        taken = given(
            status=Status.SHELVED,
            position=at(Step.WARN, due_at=DUE + DAY),
            quota_frozen=True,
            covered=(
                standing.Covered('a', Custody.SHELVED),
                standing.Covered('b', Custody.TAKEN),
                standing.Covered('c', Custody.EXEMPT),
            ),
        )
        decision = decide(taken, DUE)

        self.assertEqual(
            [
                'cancel delete, shelve',
                'act quota_change',
                'act restore a',
                'act restore b',
            ],
            names(decision),
        )
        self.assertEqual(Status.SHELVED, decision.status)
        self.assertEqual('c', decision.position.case)

        back = dataclasses.replace(
            taken,
            position=decision.position,
            quota_frozen=False,
            covered=(standing.Covered('a', Custody.RESTORED),),
        )
        self.assertEqual(
            ['cancel delete, shelve', 'status active', 'notify restored'],
            names(decide(back, DUE)),
        )

    def test_the_next_invoice_is_followed_at_once(self) -> None:
        decision = decide(
            given(
                status=Status.GRACE,
                invoices=(COMING,),
                position=at(Step.SHELVE, due_at=DUE + DAY),
            ),
            DUE,
        )

        self.assertEqual(Status.ACTIVE, decision.status)
        self.assertEqual(2, decision.position.invoice)
        self.assertIsNone(decision.position.case)

    def test_a_deleted_subscription_wants_nothing_but_the_rest_back(
        self,
    ) -> None:
        gone = given(
            status=Status.DELETED,
            invoices=(OWED,),
            position=at(Step.END),
            covered=(
                standing.Covered('a', Custody.DELETED),
                standing.Covered('b', Custody.STOPPED),
            ),
        )

        self.assertEqual([], names(decide(gone, DUE)))
        paid = dataclasses.replace(gone, invoices=())
        self.assertEqual(['act restore b'], names(decide(paid, DUE)))


# Any facts at all, possible or not.
INSTANTS = st.integers(-40 * 24, 40 * 24).map(lambda n: DUE + n * HOUR)
NOTICES = st.builds(
    standing.Notice,
    st.sampled_from(NoticeState),
    st.none() | INSTANTS,
    st.none() | INSTANTS,
    st.frozensets(st.sampled_from('ab')),
    st.none() | INSTANTS,
)
INVOICES = st.lists(
    st.builds(
        standing.OpenInvoice,
        st.integers(1, 3),
        INSTANTS,
        st.integers(1, 2000),
        INSTANTS,
    ),
    max_size=3,
    unique_by=lambda one: one.id,
).map(lambda some: tuple(sorted(some, key=lambda one: one.due_at)))
STANDINGS = st.builds(
    standing.Standing,
    status=st.sampled_from(Status),
    position=st.builds(
        standing.Position,
        step=st.sampled_from(Step),
        reminder=st.integers(0, 2),
        invoice=st.none() | st.integers(1, 3),
        due_at=st.none() | INSTANTS,
        awaits=st.none()
        | st.sampled_from(['c:grace:0', 'c:last_warning:0', 'invoice:1']),
        case=st.none() | st.just('c'),
        frozen=st.none() | st.floats(0, 1e6),
    ),
    zone=st.sampled_from([PARIS, calendar.zone('UTC')]),
    new_case=st.just('c'),
    invoices=INVOICES,
    notices=st.dictionaries(
        st.sampled_from(['c:grace:0', 'c:last_warning:0', 'invoice:1']),
        NOTICES,
    ),
    covered=st.lists(
        st.builds(
            standing.Covered,
            st.sampled_from('abc'),
            st.none() | st.sampled_from(Custody),
        ),
        unique_by=lambda one: one.server,
        max_size=3,
    ).map(tuple),
    holds=st.lists(
        st.builds(
            standing.Hold, st.sampled_from(HoldType), st.none() | INSTANTS
        ),
        max_size=2,
    ).map(tuple),
    in_transit_until=st.none() | INSTANTS,
    enforce_from=st.none() | INSTANTS,
    dry_run=st.booleans(),
    quota_frozen=st.booleans(),
)
POLICIES = st.sampled_from(
    [
        POLICY,
        POLICY.reading(
            {
                'tolerance': 500,
                'reminders': [],
                'delete_window': {'hours': '09:00-10:00'},
                'freeze_quota': True,
            }
        ),
    ]
)


class AnyFactsTest(base.BaseTestCase):
    @hypothesis.given(STANDINGS, POLICIES, INSTANTS)
    def test_nothing_is_taken_where_nothing_is_owed_or_a_hold_runs(
        self,
        facts: standing.Standing,
        spans: policy.Policy,
        now: dt.datetime,
    ) -> None:
        decision = decide(facts, now, spans)

        taken = [
            one
            for one in decision.intents
            if isinstance(one, intents.Act)
            and one.type in (ActionType.SHELVE, ActionType.DELETE)
        ]
        if taken:
            self.assertTrue(facts.owes(spans.tolerance, now))
            self.assertIsNone(facts.hold(now))
        for one in taken:
            if one.type is ActionType.DELETE:
                _, warning = facts.last_warning()
                self.assertIsNotNone(warning.accepted_at)
                self.assertIn(one.server, warning.servers)

    @hypothesis.given(STANDINGS, POLICIES, INSTANTS)
    def test_what_is_not_done_is_looked_at_again(
        self,
        facts: standing.Standing,
        spans: policy.Policy,
        now: dt.datetime,
    ) -> None:
        decision = decide(facts, now, spans)

        if decision.status not in (Status.ACTIVE, Status.DELETED):
            self.assertIsNotNone(decision.check_at)
        if decision.check_at is not None:
            self.assertGreaterEqual(decision.check_at, now)

    @hypothesis.given(STANDINGS, POLICIES, INSTANTS)
    def test_the_law_comes_to_rest(
        self,
        facts: standing.Standing,
        spans: policy.Policy,
        now: dt.datetime,
    ) -> None:
        """Asked again at once, with what it decided, it has an end."""
        for _ in range(12):
            decision = decide(facts, now, spans)
            if decision.check_at is None or decision.check_at > now:
                return
            facts = dataclasses.replace(
                facts, status=decision.status, position=decision.position
            )
        self.fail(f'no rest: {decision}')
