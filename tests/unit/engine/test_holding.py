# SPDX-License-Identifier: Apache-2.0
"""A hold stops the ladder, and gives back the span that was left."""

from oslotest import base

from patrii_billing.domain import lifecycle
from patrii_billing.engine import holds
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit import stories


def held(kind: str, since: str, until: str, events: str = '') -> str:
    return f"""
        at: {since}, hold: acme-1, type: {kind}, until: {until}
        {events}
        """


class HoldTest(base.BaseTestCase):
    def test_every_kind_gives_back_what_was_left_in_each_status(
        self,
    ) -> None:
        for kind, since, until, expected in (
            (
                'promise', '01-31T12:00:00', '02-02T12:00:00',
                [
                    '01-31 12:00:00 status held',
                    '02-02 12:00:00 status active',
                    '02-03 00:00:00 status grace',
                ],
            ),
            *(
                (
                    kind, '02-02T00:00:00', '02-04T00:00:00',
                    [
                        '02-01 00:00:00 status grace',
                        '02-02 00:00:00 status held',
                        '02-04 00:00:00 status grace',
                        '02-05 00:00:02 status shelved',
                    ],
                )
                for kind in ('promise', 'pause', 'abuse')
            ),
            (
                'pause', '02-04T00:00:00', '02-07T00:00:00',
                [
                    '02-01 00:00:00 status grace',
                    '02-03 00:00:02 status shelved',
                    '02-09 00:00:02 status pending_deletion',
                ],
            ),
            (
                'abuse', '02-07T00:00:00', '02-10T00:00:00',
                [
                    '02-01 00:00:00 status grace',
                    '02-03 00:00:02 status shelved',
                    '02-06 00:00:02 status pending_deletion',
                    '02-11 00:00:13 status deleted',
                ],
            ),
        ):  # fmt: skip
            story = stories.told(
                held(kind, since, until), until='2026-02-11T12:00:00Z'
            )

            self.assertEqual(
                expected, story.told('status')[: len(expected)],
                f'{kind} {since}',
            )  # fmt: skip

    def test_a_hold_in_the_middle_of_shelving_stops_it(self) -> None:
        story = stories.told(
            held('promise', '02-03T00:00:01', '02-05T00:00:00')
            + 'from: 02-03T00:00:00, to: 02-03T01:00:00, nova: 500'
        )

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-03 00:00:01 status held',
                '02-05 00:00:00 status grace',
                '02-05 00:00:02 status shelved',
            ],
            story.told('status')[:4],
        )
        self.assertEqual(['lock', 'shelve'], story.moves()[:2])

    def test_a_shelve_under_way_when_a_hold_comes_is_not_done_twice(
        self,
    ) -> None:
        story = stories.told(
            held('promise', '02-03T00:00:01', '02-05T00:00:00'),
            until='2026-02-06T00:00:00Z',
        )

        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_a_hold_while_nova_deletes_stops_what_is_not_sent(self) -> None:
        story = stories.told(
            held('promise', '02-08T00:30:00', '02-10T00:00:00')
            + 'from: 02-08T00:00:00, to: 02-08T01:00:00, nova: 500',
            until='2026-02-11T00:00:00Z',
        )

        self.assertEqual(
            '02-10 00:00:11 status deleted', story.told('status')[-1]
        )

    def test_a_hold_released_before_its_time_gives_back_as_well(
        self,
    ) -> None:
        story = stories.told(
            held(
                'promise', '02-02T00:00:00', '02-20T00:00:00',
                'at: 02-04T00:00:00, release: acme-1, type: promise',
            ),
            until='2026-02-06T00:00:00Z',
        )  # fmt: skip

        self.assertEqual(
            '02-05 00:00:02 status shelved', story.told('status')[-1]
        )

    def test_a_span_that_begins_during_a_hold_is_given_back_whole(
        self,
    ) -> None:
        story = stories.told(
            held('promise', '02-01T06:00:00', '02-05T00:00:00')
            + 'from: 01-31T23:00:00, to: 02-01T12:00:00, down: mail'
        )

        (shelved,) = story.told('status', name='shelved')
        self.assertEqual('02-07 00:00:02', shelved[:14])

    def test_a_promise_that_is_kept_ends(self) -> None:
        story = stories.told(
            held(
                'promise', '02-02T00:00:00', '02-20T00:00:00',
                'at: 02-04T00:00:00, pay: acme',
            )
        )  # fmt: skip

        self.assertEqual(['grace', 'held', 'active'], story.statuses())
        (hold,) = story.rows(schema.holds)
        self.assertEqual(stories.instant('02-04'), hold.ended_at)

    def test_a_pause_outlasts_a_payment(self) -> None:
        story = stories.told(
            held(
                'pause', '02-02T00:00:00', '02-06T00:00:00',
                'at: 02-04T00:00:00, pay: acme',
            )
        )  # fmt: skip

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-02 00:00:00 status held',
                '02-06 00:00:00 status active',
            ],
            story.told('status'),
        )

    def test_a_day_given_as_the_end_begins_where_the_customer_lives(
        self,
    ) -> None:
        story = stories.told(
            'at: 01-30T06:00:00, hold: acme-1, type: pause, until: 2026-02-05',
            timezone='Europe/Paris',
        )

        self.assertEqual(
            '02-04 23:00:00 status active', story.told('status')[1]
        )

    def test_an_abuse_hold_keeps_shelved_what_is_paid(self) -> None:
        story = stories.told(
            held(
                'abuse', '02-04T00:00:00', '02-07T00:00:00',
                'at: 02-05T00:00:00, pay: acme',
            )
        )  # fmt: skip

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-03 00:00:02 status shelved',
                '02-07 00:00:03 status active',
            ],
            story.told('status'),
        )

    def test_an_abuse_hold_without_end_keeps_it_until_it_is_released(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(
                """
                at: 02-04T00:00:00, hold: acme-1, type: abuse
                at: 02-05T00:00:00, pay: acme
                at: 02-20T00:00:00, release: acme-1, type: abuse
                """,
                until='2026-02-21T00:00:00Z',
            )
        )

        story.play('02-20')
        self.assertEqual('shelved', story.sub().billing_status)
        self.assertEqual(['lock', 'shelve'], story.moves())

        story.play()
        self.assertEqual('active', story.sub().billing_status)
        self.assertEqual('active', story.shows())

    def test_an_abuse_hold_in_grace_shows_held_after_payment(self) -> None:
        story = stories.told(
            held(
                'abuse', '02-02T00:00:00', '02-07T00:00:00',
                'at: 02-04T00:00:00, pay: acme',
            )
        )  # fmt: skip

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-02 00:00:00 status held',
                '02-07 00:00:00 status active',
            ],
            story.told('status'),
        )

    def test_abuse_found_while_restoring_lets_the_restore_end(self) -> None:
        story = stories.told(
            held(
                'abuse', '02-04T00:00:01', '02-07T00:00:00',
                'at: 02-04T00:00:00, pay: acme',
            )
        )  # fmt: skip

        self.assertEqual('active', story.shows())
        self.assertEqual(
            ['grace', 'shelved', 'active', 'held', 'active'], story.statuses()
        )

    def test_a_new_debt_during_an_abuse_hold_is_waited_for(self) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, hold: acme-1, type: abuse
            at: 02-05T00:00:00, pay: acme, amount: "5.00"
            at: 02-06T00:00:00, pay: acme
            at: 02-07T00:00:00, charge_back: acme
            at: 02-20T00:00:00, release: acme-1, type: abuse
            """,
            until='2026-02-21T00:00:00Z',
        )

        self.assertEqual(['grace', 'shelved'], story.statuses())
        self.assertEqual(['lock', 'shelve'], story.moves())

    def test_what_is_charged_back_under_an_abuse_hold_is_told_of_anew(
        self,
    ) -> None:
        # Warned on 6 February, to be deleted on the 8th. The warning spoke
        # of a debt that was paid: another one has its own grace and warning.
        story = stories.told(
            """
            at: 02-07T00:00:00, hold: acme-1, type: abuse
            at: 02-07T06:00:00, pay: acme
            at: 02-07T12:00:00, charge_back: acme
            at: 02-07T18:00:00, release: acme-1, type: abuse
            """,
            until='2026-02-16T00:00:00Z',
        )

        self.assertEqual(
            [
                '02-06 00:00:02 status pending_deletion',
                '02-07 06:00:00 status shelved',
                '02-12 18:00:00 status pending_deletion',
                '02-14 18:00:11 status deleted',
            ],
            story.told('status')[2:],
        )
        for template, day in (
            ('grace', '02-07 18:00:00'),
            ('last_warning', '02-12 18:00:00'),
        ):
            mails = story.told('notice', name=template)
            self.assertEqual((2, day), (len(mails), mails[-1][:14]))

    def test_a_server_made_meanwhile_is_not_taken_without_grace(self) -> None:
        story = stories.told(
            """
            at: 02-04T00:00:00, hold: acme-1, type: abuse
            at: 02-05T00:00:00, pay: acme
            at: 02-06T00:00:00, charge_back: acme
            at: 02-07T00:00:00, release: acme-1, type: abuse
            at: 02-07T01:00:00, boot: late, project: acme-prod, flavor: s1
            """,
            until='2026-02-10T00:00:00Z',
        )

        self.assertEqual(
            '02-09 00:00:02 action late shelve done', story.told('action')[-1]
        )

    def test_two_holds_at_a_time_end_with_the_later(self) -> None:
        story = stories.told(
            held('promise', '02-02T00:00:00', '02-04T00:00:00')
            + held('abuse', '02-03T00:00:00', '02-06T00:00:00'),
            until='2026-02-08T00:00:00Z',
        )

        self.assertEqual(
            [
                '02-01 00:00:00 status grace',
                '02-02 00:00:00 status held',
                '02-06 00:00:00 status grace',
                '02-07 00:00:02 status shelved',
            ],
            story.told('status'),
        )

    def test_what_makes_no_sense_is_refused(self) -> None:
        story = stories.Story(stories.text()).play('01-31')
        now = stories.instant('01-31')
        promise, pause = lifecycle.HoldType.PROMISE, lifecycle.HoldType.PAUSE

        def place(kind: lifecycle.HoldType, until: str | None) -> None:
            story.db.write(
                holds.place, story.world.tools, story.sub().id, kind,
                stories.instant(until) if until else None, '', 'a', now,
            )  # fmt: skip

        self.assertRaises(errors.InvalidInput, place, promise, '01-31')
        self.assertRaises(errors.InvalidInput, place, promise, None)
        place(pause, None)
        self.assertRaises(errors.Conflict, place, pause, '02-05')
        self.assertRaises(
            errors.NotFound, story.db.write, holds.release,
            story.world.tools, story.sub().id, promise, 'a', now,
        )  # fmt: skip


class PausedTimeTest(base.BaseTestCase):
    # Paid, so that the ladder is not in the way; the next period begins on
    # 1 March and would be invoiced on 27 February.
    PAID = 'at: 01-30T00:00:00, pay: acme, amount: "100.00"\n'

    def bills(self, events: str, **given: str) -> list[str]:
        story = stories.told(
            self.PAID + events, until='2026-04-15T00:00:00Z', **given
        )
        return [one.rsplit(' ', 1)[0] for one in story.invoices()]

    def test_a_promise_does_not_stop_invoices(self) -> None:
        self.assertEqual(
            [
                '02-01 to 03-01: 10.00',
                '03-01 to 04-01: 10.00',
                '04-01 to 05-01: 10.00',
            ],
            self.bills(held('promise', '02-20T00:00:00', '03-20T00:00:00')),
        )

    # Of February 9 of 28 days are given back, of March 21 of 31 are billed.

    def test_paused_time_is_left_out_when_the_pause_runs_out(self) -> None:
        self.assertEqual(
            [
                '02-01 to 03-01: 10.00',
                '03-11 to 04-01: 3.56',
                '04-01 to 05-01: 10.00',
            ],
            self.bills(held('pause', '02-20T00:00:00', '03-11T00:00:00')),
        )

    def test_paused_time_is_left_out_when_the_pause_is_released(
        self,
    ) -> None:
        for until in (', until: 2026-06-01', ''):
            self.assertEqual(
                [
                    '02-01 to 03-01: 10.00',
                    '03-11 to 04-01: 3.56',
                    '04-01 to 05-01: 10.00',
                ],
                self.bills(
                    f"""
                    at: 02-20T00:00:00, hold: acme-1, type: pause{until}
                    at: 03-11T00:00:00, release: acme-1, type: pause
                    """
                ),
            )

    def test_a_pause_within_a_billed_period_is_credited_on_the_next(
        self,
    ) -> None:
        self.assertEqual(
            ['02-01 to 03-01: 10.00', '03-01 to 04-01: 8.21'],
            self.bills(held('pause', '02-05T00:00:00', '02-10T00:00:00'))[:2],
        )

    def test_policy_may_bill_a_pause(self) -> None:
        self.assertEqual(
            [
                '02-01 to 03-01: 10.00',
                '03-01 to 04-01: 10.00',
                '04-01 to 05-01: 10.00',
            ],
            self.bills(
                held('pause', '02-20T00:00:00', '03-11T00:00:00'),
                policy='pause_billed: true',
            ),
        )

    def test_every_day_is_billed_or_has_its_reason(self) -> None:
        story = stories.told(
            self.PAID + held('pause', '02-20T00:00:00', '03-11T00:00:00'),
            until='2026-03-15T00:00:00Z',
        )

        self.assertEqual(
            [
                ('02-01', '02-20', None),
                ('02-20', '03-01', 'paused'),
                ('03-01', '03-11', 'paused'),
                ('03-11', '04-01', None),
            ],
            [
                (f'{r.starts:%m-%d}', f'{r.ends:%m-%d}', r.unbilled_why)
                for r in story.rows(schema.spans)
            ],
        )
