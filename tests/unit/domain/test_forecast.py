# SPDX-License-Identifier: Apache-2.0
"""What is foreseen, walked by the law alone, instant by instant."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import forecast
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
WEB, DB = standing.Covered('web'), standing.Covered('db')
FAR = DUE + 365 * DAY
WARNED = standing.Notice(NoticeState.ACCEPTED, DUE, DUE)
Row = tuple[Any, ...]


class Bills:
    """Given beforehand: when each is looked at, and what is asked then."""

    def __init__(
        self, *coming: tuple[dt.datetime, forecast.Bill | None]
    ) -> None:
        self._coming = list(coming)
        self.asked: list[tuple[Status, dt.datetime]] = []

    @property
    def next_at(self) -> dt.datetime | None:
        return self._coming[0][0] if self._coming else None

    def charge(self, status: Status, now: dt.datetime) -> forecast.Bill | None:
        self.asked.append((status, now))
        return self._coming.pop(0)[1]


def bill(
    due: dt.datetime, total: int | None = 1000, owed: int = 1000
) -> forecast.Bill:
    return forecast.Bill(total, owed, due, due - 7 * DAY)


def facts(
    status: Status = Status.ACTIVE,
    position: standing.Position = standing.Position(),
    **values: Any,
) -> standing.Standing:
    return standing.Standing(
        status, position, UTC, 'c', **{'covered': (WEB, DB), **values}
    )


def foreseen(
    given: standing.Standing,
    bills: Bills | None = None,
    *,
    policy: policies.Policy = POLICY,
    check_at: dt.datetime | None = None,
    now: dt.datetime = DUE - 10 * DAY,
    until: dt.datetime = FAR,
) -> list[Row]:
    """What comes, in hours after the due date of the first invoice."""

    def hours(at: dt.datetime | None) -> float | None:
        return None if at is None else (at - DUE) / HOUR

    return [
        (
            hours(one.at), str(one.kind), one.amount, one.servers,
            hours(one.names), one.not_before,
        )
        for one in forecast.foresee(
            given, policy, bills or Bills(), check_at, now, until
        )
    ]  # fmt: skip


class LadderTest(base.BaseTestCase):
    def test_who_never_pays_loses_his_servers_in_the_end(self) -> None:
        bills = Bills(
            (DUE - 7 * DAY, bill(DUE)),
            (DUE + 21 * DAY, bill(DUE + 28 * DAY, 2000, 1500)),
            (DUE + 50 * DAY, bill(DUE + 57 * DAY)),
        )
        policy = POLICY.reading({'freeze_quota': True})
        both = ('db', 'web')
        self.assertEqual(
            [
                (-168, 'invoice', 1000, (), None, False),
                (-72, 'reminder', 1000, (), None, False),
                (-24, 'reminder', 1000, (), None, True),
                (0, 'grace', 1000, ('web', 'db'), 48, True),
                (0, 'quota_change', 1000, (), None, True),
                (48, 'shelve', 1000, both, None, True),
                (504, 'invoice', 2000, (), None, False),
                (600, 'last_warning', 1000, ('web', 'db'), 768, True),
                (768, 'delete', 2500, both, None, True),
            ],
            foreseen(facts(), bills, policy=policy),
        )
        # The contract ends with the servers: nothing is billed any more.
        self.assertEqual(
            [
                (Status.ACTIVE, DUE - 7 * DAY),
                (Status.SHELVED, DUE + 21 * DAY),
            ],
            bills.asked,
        )

    def test_a_dry_run_asks_once_and_nothing_comes_of_it(self) -> None:
        self.assertEqual(
            [
                (-168, 'invoice', 1000, (), None, False),
                (-72, 'reminder', 1000, (), None, False),
                (-24, 'reminder', 1000, (), None, True),
                (0, 'grace', 1000, ('web', 'db'), 48, True),
                (48, 'shelve', 1000, ('db', 'web'), None, True),
            ],
            foreseen(
                facts(dry_run=True), Bills((DUE - 7 * DAY, bill(DUE)))
            ),
        )

    def test_a_balance_pays_and_an_unknown_total_is_not_made_up(self) -> None:
        bills = Bills(
            (DUE - 7 * DAY, bill(DUE, owed=0)),
            (DUE, None),
            (DUE + DAY, bill(DUE + 8 * DAY, None, 1)),
        )
        self.assertEqual(
            [
                (-168, 'invoice', 1000, (), None, False),
                (24, 'invoice', None, (), None, False),
                (120, 'reminder', 1, (), None, False),
            ],
            foreseen(facts(), bills, until=DUE + 7 * DAY),
        )

    def test_what_comes_at_the_end_of_the_time_is_beyond_it(self) -> None:
        bills = Bills((DUE - 7 * DAY, bill(DUE)))
        self.assertEqual([], foreseen(facts(), bills, until=DUE - 7 * DAY))

    def test_an_invoice_that_is_late_comes_now_and_what_follows_later(
        self,
    ) -> None:
        bills = Bills((DUE - 7 * DAY, bill(DUE)))
        self.assertEqual(
            [
                (-48, 'invoice', 1000, (), None, False),
                (48, 'reminder', 1000, (), None, False),
            ],
            foreseen(
                facts(), bills, now=DUE - 2 * DAY, until=DUE + 3 * DAY
            ),
        )

    def test_who_owes_nothing_has_nothing_to_expect(self) -> None:
        self.assertEqual([], foreseen(facts()))


    def test_a_span_of_one_day_is_waited_for(self) -> None:
        bills = Bills((DUE - 7 * DAY, bill(DUE)))
        policy = POLICY.reading({'shelve_grace': '24h'})
        *_, grace, shelve = foreseen(
            facts(), bills, policy=policy, until=DUE + 3 * DAY
        )
        self.assertEqual((0, 'grace'), grace[:2])
        self.assertEqual((24, 'shelve'), shelve[:2])

    def test_a_reminder_is_of_one_invoice_of_several(self) -> None:
        given = facts(
            Status.ACTIVE,
            standing.Position(Step.REMIND, invoice=1, due_at=DUE - 3 * DAY),
            invoices=(OWED,),
        )
        bills = Bills(
            (DUE - 5 * DAY, bill(DUE + 2 * DAY)),
            (DUE - 4 * DAY, bill(DUE + 3 * DAY)),
        )
        self.assertEqual(
            [
                (-120, 'invoice', 1000, (), None, False),
                (-96, 'invoice', 1000, (), None, False),
                (-72, 'reminder', 1000, (), None, False),
                (-24, 'reminder', 1000, (), None, True),
            ],
            foreseen(
                given, bills, check_at=DUE - 3 * DAY, now=DUE - 6 * DAY,
                until=DUE,
            ),
        )  # fmt: skip


class UnderWayTest(base.BaseTestCase):
    def held(self, *custodies: Custody | None) -> tuple[Any, ...]:
        return tuple(
            dataclasses.replace(one, custody=custody)
            for one, custody in zip((WEB, DB), custodies, strict=True)
        )

    def told(self, *servers: str, **values: Any) -> standing.Notice:
        return standing.Notice(
            NoticeState.PENDING, servers=frozenset(servers), **values
        )

    def suspended(self, step: Step, **values: Any) -> standing.Standing:
        notices = {'c:grace:0': WARNED, **values.pop('notices', {})}
        given = {
            name: values.pop(name)
            for name in ('due_at', 'awaits')
            if name in values
        }
        return facts(
            Status.SHELVED,
            standing.Position(step, invoice=1, case='c', **given),
            **{'invoices': (OWED,), 'notices': notices, **values},
        )

    def test_a_mail_on_its_way_is_taken_for_accepted_now(self) -> None:
        given = facts(
            Status.GRACE,
            standing.Position(
                Step.SHELVE, invoice=1, case='c', awaits='c:grace:0'
            ),
            invoices=(OWED,),
            notices={'c:grace:0': self.told('web', 'db')},
        )
        both = ('db', 'web')
        self.assertEqual(
            [
                (49, 'shelve', 1000, both, None, True),
                (601, 'last_warning', 1000, ('web', 'db'), 769, True),
                (769, 'delete', 1000, both, None, True),
            ],
            foreseen(given, now=DUE + HOUR),
        )

    def test_who_is_not_named_in_a_warning_on_its_way_is_warned_anew(
        self,
    ) -> None:
        key = 'c:last_warning:0'
        given = self.suspended(
            Step.DELETE, awaits=key,
            covered=self.held(Custody.SHELVED, Custody.SHELVED),
            notices={key: self.told('web', names=DUE + 9 * DAY)},
        )  # fmt: skip
        self.assertEqual(
            [
                (216, 'delete', 1000, ('web',), None, True),
                (216, 'last_warning', 1000, ('db',), 384, True),
                (384, 'delete', 1000, ('db',), None, True),
            ],
            foreseen(given, now=DUE + HOUR),
        )

    def test_who_has_paid_gets_back_what_we_hold(self) -> None:
        given = self.suspended(
            Step.WARN, due_at=DUE + DAY, invoices=(), quota_frozen=True,
            covered=self.held(Custody.SHELVED, Custody.EXEMPT),
        )  # fmt: skip
        self.assertEqual(
            [
                (0, 'quota_change', 0, (), None, False),
                (0, 'restore', 0, ('web',), None, True),
            ],
            foreseen(given, check_at=DUE, now=DUE),
        )

    def test_after_a_promise_the_ladder_goes_on(self) -> None:
        given = facts(
            Status.ACTIVE,
            standing.Position(Step.GRACE, invoice=1, due_at=DUE),
            invoices=(OWED,),
            holds=(
                standing.Hold(HoldType.PROMISE, DUE + 5 * DAY),
                standing.Hold(HoldType.PAUSE, DUE + 2 * DAY),
            ),
        )
        self.assertEqual(
            [
                (120, 'grace', 1000, ('web', 'db'), 168, False),
                (168, 'shelve', 1000, ('db', 'web'), None, True),
            ],
            foreseen(
                given, check_at=DUE - DAY, now=DUE, until=DUE + 9 * DAY
            ),
        )

    def test_a_promise_that_is_kept_has_ended(self) -> None:
        given = facts(
            Status.GRACE,
            standing.Position(
                Step.SHELVE, invoice=1, case='c', due_at=DUE + 2 * DAY
            ),
            holds=(standing.Hold(HoldType.PROMISE, DUE + 30 * DAY),),
        )
        bills = Bills((DUE + DAY, bill(DUE + 8 * DAY)))
        self.assertEqual(
            [
                (24, 'invoice', 1000, (), None, False),
                (120, 'reminder', 1000, (), None, False),
                (168, 'reminder', 1000, (), None, True),
                (192, 'grace', 1000, ('web', 'db'), 240, True),
            ],
            foreseen(
                given, bills, check_at=DUE, now=DUE, until=DUE + 9 * DAY
            ),
        )

    def test_what_is_left_to_the_operator_is_looked_at_in_vain(self) -> None:
        later = standing.OpenInvoice(
            2, DUE + 40 * DAY, 500, DUE + 33 * DAY
        )
        given = self.suspended(
            Step.WARN, due_at=DUE + DAY, invoices=(OWED, later),
            covered=self.held(Custody.STOPPED, Custody.EXEMPT),
        )  # fmt: skip
        bills = Bills((DUE + 60 * DAY, bill(DUE + 67 * DAY)))
        self.assertEqual(
            [(1440, 'invoice', 1000, (), None, False)],
            foreseen(given, bills, check_at=DUE + DAY, now=DUE),
        )

    def test_what_was_written_off_gives_nothing_back(self) -> None:
        key = 'c:last_warning:0'
        warned = standing.Notice(
            NoticeState.ACCEPTED, DUE, DUE, frozenset({'web'}), DUE + 7 * DAY
        )
        given = self.suspended(
            Step.DELETE, due_at=DUE + 7 * DAY, notices={key: warned},
            covered=self.held(Custody.SHELVED, Custody.STOPPED),
        )  # fmt: skip
        for write_off in (False, True):
            self.assertEqual(
                [(168, 'delete', 1000, ('web',), None, False)],
                foreseen(
                    given, check_at=DUE + 7 * DAY, now=DUE,
                    policy=POLICY.reading({'write_off': write_off}),
                ),
            )  # fmt: skip

    def test_a_period_without_an_invoice_holds_up_nothing(self) -> None:
        given = facts(
            Status.GRACE,
            standing.Position(
                Step.SHELVE, invoice=1, case='c', due_at=DUE + 2 * DAY
            ),
            invoices=(OWED,), notices={'c:grace:0': WARNED},
        )  # fmt: skip
        self.assertEqual(
            [(48, 'shelve', 1000, ('db', 'web'), None, False)],
            foreseen(
                given, Bills((DUE + DAY, None)), check_at=DUE + 2 * DAY,
                now=DUE, until=DUE + 9 * DAY,
            ),
        )  # fmt: skip

    def test_the_mail_of_an_invoice_on_its_way_is_taken_for_accepted(
        self,
    ) -> None:
        given = facts(
            Status.ACTIVE,
            standing.Position(Step.REMIND, invoice=1, awaits='invoice:1'),
            invoices=(OWED,), notices={'invoice:1': self.told()},
        )  # fmt: skip
        self.assertEqual(
            [
                (-72, 'reminder', 1000, (), None, True),
                (-24, 'reminder', 1000, (), None, True),
            ],
            foreseen(given, now=DUE - 7 * DAY, until=DUE),
        )

    def test_a_mail_that_was_answered_is_not_answered_again(self) -> None:
        answered = standing.Notice(
            NoticeState.ACCEPTED, DUE - 7 * DAY, DUE - 7 * DAY
        )
        for notices, wanted in (
            ({'invoice:1': answered}, [(-72, 1000, False), (-24, 1000, True)]),
            ({}, []),  # nor is one that nobody has written
        ):
            given = facts(
                Status.ACTIVE,
                standing.Position(Step.REMIND, invoice=1, awaits='invoice:1'),
                invoices=(OWED,), notices=notices,
            )  # fmt: skip
            self.assertEqual(
                wanted,
                [
                    (row[0], row[2], row[-1])
                    for row in foreseen(given, now=DUE - 6 * DAY, until=DUE)
                ],
            )

    def test_a_warning_of_a_dry_run_leads_nowhere(self) -> None:
        given = self.suspended(
            Step.WARN, due_at=DUE + DAY, dry_run=True,
            covered=self.held(Custody.SHELVED, Custody.SHELVED),
        )  # fmt: skip
        self.assertEqual(
            [(24, 'last_warning', 1000, ('web', 'db'), 192, False)],
            foreseen(given, check_at=DUE + DAY, now=DUE),
        )

    def test_a_dry_run_asks_once_for_each_thing_to_be_given_back(
        self,
    ) -> None:
        given = self.suspended(
            Step.WARN, due_at=DUE + DAY, invoices=(), quota_frozen=True,
            dry_run=True, covered=self.held(Custody.SHELVED, None),
        )  # fmt: skip
        self.assertEqual(
            [
                (0, 'quota_change', 0, (), None, False),
                (0, 'restore', 0, ('web',), None, True),
            ],
            foreseen(given, check_at=DUE, now=DUE),
        )

    def test_what_waits_for_nova_goes_on_at_once(self) -> None:
        given = facts(
            Status.GRACE,
            standing.Position(Step.WARN, invoice=1, case='c'),
            invoices=(OWED,), notices={'c:grace:0': WARNED},
            covered=self.held(Custody.TAKEN, Custody.SHELVED),
        )  # fmt: skip
        self.assertEqual(
            [(49, 'shelve', 1000, ('web',), None, False)],
            foreseen(
                given, now=DUE + 49 * HOUR, until=DUE + 5 * DAY
            ),
        )

    def test_what_waits_for_nobody_is_looked_at_when_the_engine_does(
        self,
    ) -> None:
        accepted = standing.Notice(
            NoticeState.ACCEPTED, DUE - 7 * DAY, DUE - 7 * DAY
        )
        given = facts(
            Status.ACTIVE, invoices=(OWED,), notices={'invoice:1': accepted}
        )
        for check_at, first in ((DUE - 5 * DAY, -72), (DUE - 2 * DAY, -48)):
            [reminder, *_] = foreseen(
                given, check_at=check_at, now=DUE - 7 * DAY, until=DUE
            )
            self.assertEqual((first, 'reminder'), reminder[:2])

    def test_under_an_abuse_hold_another_debt_changes_nothing(self) -> None:
        given = facts(
            Status.SHELVED, standing.Position(Step.GRACE, case='c'),
            covered=self.held(Custody.SHELVED, Custody.SHELVED),
            holds=(standing.Hold(HoldType.ABUSE),),
        )  # fmt: skip
        self.assertEqual(
            [(-168, 'invoice', 1000, (), None, False)],
            foreseen(given, Bills((DUE - 7 * DAY, bill(DUE)))),
        )
