# SPDX-License-Identifier: Apache-2.0
"""A person says yes to an action, has it tried now, or calls it off."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import interventions
from patrii_billing.engine import payments
from patrii_billing.engine import quota
from patrii_billing.engine import switches
from patrii_billing.engine import undo
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import stories

OUT = 'shelved_offloaded, locked by admin'
WEB = worlds.server_id('web')
ONE = stories.WEB
TWO = f'{ONE}, {{name: db, flavor: s1}}'
# What waits for a person is looked at seldom, for the sake of these tests.
_SELDOM = {'retry_max': dt.timedelta(hours=6)}


class Desk(stories.Story):
    """A story in which a person looks at the actions."""

    def now(self) -> dt.datetime:
        return self.world.clock.now()

    def action(self, kind: str, server: str = 'web') -> Any:
        """The newest action of a type on a server."""
        match = {'type': kind}
        if kind != 'quota_change':
            match['server'] = worlds.server_id(server)
        return self.rows(schema.actions, **match)[-1]

    def approve(self, *ids: int) -> Any:
        return self.db.write(
            interventions.approve, self.world.tools, ids, 'ann', self.now()
        )

    def retry(self, action_id: int) -> Any:
        return self.db.write(
            interventions.retry, action_id, 'ann', self.now()
        )  # fmt: skip

    def cancel(self, action_id: int, until: str | None = None) -> Any:
        return self.db.write(
            interventions.cancel, self.world.tools, action_id, 'he called us',
            stories.instant(until) if until else None, 'ann', self.now(),
        )  # fmt: skip

    def pay(self) -> None:
        self.db.write(
            payments.record, self.world.tools, self.sub().account_id,
            money.Money(1000, 'EUR'), 'transfer', self.now(),
        )  # fmt: skip

    def ask_quota(self) -> int:
        return self.db.write(
            quota.request, self.sub().id, {'cores': 12}, self.now()
        )

    def entries(self, result: str) -> list[Any]:
        return [
            row
            for row in self.rows(schema.timeline, what='action')
            if row.detail.get('result') == result
        ]


def asked(
    day: str, *approval: str, events: str = '', servers: str = ONE, **pace: Any
) -> Desk:
    """A story on some day, in a house that asks before it acts."""
    text = stories.text(events, servers=servers, until='2026-02-20T00:00:00Z')
    desk = Desk(text, **{**_SELDOM, 'approval': approval, **pace})
    desk.play(day)
    return desk


class ApproveTest(base.BaseTestCase):
    def test_what_needs_no_yes_does_not_wait_for_it(self) -> None:
        desk = asked('02-03 00:01', 'delete')

        self.assertEqual(OUT, desk.shows())

    def test_a_shelve_waits_until_a_person_says_yes(self) -> None:
        desk = asked('02-05', 'shelve')
        waiting = desk.action('shelve')
        self.assertEqual('active', desk.shows())
        self.assertEqual('waits for approval', waiting.why)
        self.assertEqual('grace', desk.sub().billing_status)

        (said,) = desk.approve(waiting.id)
        desk.play('02-05 00:01')

        self.assertEqual(('ann', stories.instant('02-05')), _yes(said))
        self.assertEqual(OUT, desk.shows())
        self.assertEqual('shelved', desk.sub().billing_status)
        (entry,) = desk.entries('approved')
        self.assertEqual(('ann', WEB), (entry.by, entry.server))

    def test_a_delete_waits_as_long_as_nobody_says_yes(self) -> None:
        desk = asked('02-19', 'delete')
        self.assertEqual(OUT, desk.shows())

        desk.approve(desk.action('delete').id)
        desk.play('02-19 00:01')

        self.assertEqual('gone', desk.shows())

    def test_what_was_kept_waits_for_its_purge(self) -> None:
        desk = asked('02-15', 'purge')
        self.assertIn(f'image-{WEB}', desk.nova.images)

        desk.approve(desk.action('purge').id)
        desk.play('02-15 00:01')

        self.assertNotIn(f'image-{WEB}', desk.nova.images)

    def test_the_operator_is_told_once_a_day_of_all_that_wait(self) -> None:
        desk = asked('02-05 12:00', 'shelve', servers=TWO)

        alarms = desk.rows(schema.timeline, what='alarm')

        self.assertEqual(
            [('approval_awaited', day) for day in (3, 4, 5)],
            [(row.name, row.at.day) for row in alarms],
        )
        self.assertIn('2 shelve', alarms[0].why)

    def test_many_are_approved_at_once_or_none(self) -> None:
        desk = asked('02-05', 'shelve', servers=TWO)
        web, db = desk.action('shelve'), desk.action('shelve', 'db')

        self.assertRaises(errors.NotFound, desk.approve, web.id, db.id, 999)
        self.assertIsNone(desk.action('shelve').approved_by)

        self.assertEqual(2, len(desk.approve(web.id, db.id)))
        desk.play('02-05 00:01')
        self.assertEqual((OUT, OUT), (desk.shows(), desk.shows('db')))

    def test_a_second_yes_changes_nothing(self) -> None:
        desk = asked('02-05', 'shelve')
        action = desk.action('shelve').id
        desk.approve(action)
        (again,) = desk.approve(action)

        self.assertEqual(stories.instant('02-05'), again.approved_at)
        self.assertEqual(1, len(desk.entries('approved')))

    def test_what_is_finished_or_needs_no_yes_is_refused(self) -> None:
        desk = asked('02-03 00:01', 'shelve')
        restores = desk.action('shelve').id
        desk.pay()

        for message, action in (
            (f'action {restores} is cancelled', restores),
            ('needs no approval: it is a restore',
             desk.action('restore').id),
        ):  # fmt: skip
            error = self.assertRaises(errors.Conflict, desk.approve, action)
            self.assertIn(message, str(error))

    def test_a_yes_does_not_outlive_what_it_was_said_to(self) -> None:
        # He promises to pay, and does not: that is a new question.
        desk = asked(
            '02-10', 'delete',
            events='at: 02-08T06:00:00, hold: acme-1, type: promise, '
            'until: 02-09T00:00:00',
        )  # fmt: skip
        first, second = desk.rows(schema.actions, type='delete')

        self.assertEqual('cancelled', first.state)
        self.assertEqual(
            ('pending', 'waits for approval'), (second.state, second.why)
        )

    def test_a_payment_wins_over_a_yes(self) -> None:
        desk = asked('02-09', 'delete')
        desk.approve(desk.action('delete').id)
        desk.pay()
        desk.play('02-10')

        self.assertEqual('active', desk.shows())
        self.assertNotIn('delete', desk.moves())

    def test_a_yes_weakens_no_switch(self) -> None:
        desk = asked('02-09', 'delete')
        desk.db.write(switches.stop, 'a drill', 'ann', desk.now())

        desk.approve(desk.action('delete').id)
        desk.play('02-10')

        self.assertEqual(
            'enforcement is stopped: a drill', desk.action('delete').why
        )
        self.assertEqual(OUT, desk.shows())

    def test_a_yes_weakens_no_cap(self) -> None:
        desk = asked('02-09', 'delete', max_deletes_per_hour=0)

        desk.approve(desk.action('delete').id)
        desk.play('02-10')

        (state,) = desk.rows(schema.watch)
        self.assertEqual(
            '0 delete actions within an hour', state.stopped_why
        )
        self.assertEqual(OUT, desk.shows())

    def test_what_waits_for_a_yes_trips_no_cap(self) -> None:
        desk = asked(
            '02-04', 'shelve', servers=TWO, max_shelves_per_hour=1
        )  # fmt: skip

        (state,) = desk.rows(schema.watch)
        self.assertIsNone(state.stopped_why)


class RetryTest(base.BaseTestCase):
    def test_a_restore_that_backs_off_is_tried_now(self) -> None:
        desk = asked(
            '02-05',
            events="""
                at: 02-04T00:00:00, pay: acme, amount: "10.00"
                from: 02-04T00:00:00, to: 02-04T23:59:59, nova: 500
                """,
            retry_max=dt.timedelta(minutes=30),
        )
        before = desk.action('restore')
        self.assertGreater(before.attempts, 3)
        self.assertGreater(before.next_at, desk.now())

        after = desk.retry(before.id)

        self.assertEqual((desk.now(), 0), (after.next_at, after.attempts))
        desk.play('02-05 00:00:10')
        self.assertEqual('active', desk.shows())
        (entry,) = desk.entries('retried')
        self.assertEqual('ann', entry.by)

    def test_what_it_waits_for_in_nova_is_not_forgotten(self) -> None:
        desk = asked(
            '02-04 00:00:01',
            events='at: 02-04T00:00:00, pay: acme, amount: "10.00"',
        )
        sent = desk.action('restore')
        self.assertEqual('unshelving', sent.why)

        self.assertEqual('unshelving', desk.retry(sent.id).why)

    def test_a_finished_one_is_not_tried_again(self) -> None:
        desk = asked('02-04')
        done = desk.action('shelve').id

        error = self.assertRaises(errors.Conflict, desk.retry, done)

        self.assertEqual(f'action {done} is done', str(error))
        self.assertRaises(errors.NotFound, desk.retry, 999)


class CancelTest(base.BaseTestCase):
    def test_a_shelve_that_is_called_off_stays_off_until_the_day(
        self,
    ) -> None:
        desk = asked('02-04', 'shelve')

        (off,) = desk.cancel(desk.action('shelve').id, '02-10')

        self.assertEqual(('cancelled', 'he called us'), (off.state, off.why))
        self.assertEqual('held', desk.sub().billing_status)
        (hold,) = desk.rows(schema.holds)
        self.assertEqual(
            ('promise', stories.instant('02-10'), 'ann'),
            (hold.type, hold.until, hold.by),
        )
        desk.play('02-09 23:59')
        self.assertEqual(1, len(desk.rows(schema.actions, type='shelve')))
        desk.play('02-10 00:01')
        self.assertEqual(2, len(desk.rows(schema.actions, type='shelve')))

    def test_all_that_is_asked_for_of_the_subscription_goes_with_it(
        self,
    ) -> None:
        desk = asked('02-04', 'shelve', servers=TWO)
        web, db = desk.action('shelve'), desk.action('shelve', 'db')

        off = desk.cancel(db.id, '02-10')

        self.assertEqual([db.id, web.id], [row.id for row in off])
        entries = desk.entries('cancelled')
        self.assertEqual(
            [('he called us', 'ann')] * 2,
            [(row.why, row.by) for row in entries],
        )

    def test_a_delete_that_is_called_off_deletes_nothing(self) -> None:
        desk = asked('02-09', 'delete')

        desk.cancel(desk.action('delete').id, '02-19')
        desk.play('02-18')

        self.assertEqual(OUT, desk.shows())
        self.assertEqual(1, len(desk.rows(schema.actions, type='delete')))

    def test_a_worker_that_holds_it_finds_its_claim_lost(self) -> None:
        desk = asked('02-02 23:59:59')
        calls: list[str] = []

        def called_off(server: str) -> Any:
            if not calls:
                calls.append(server)
                desk.cancel(desk.action('shelve').id, '02-10')
            return seen(server)

        seen = desk.nova.get
        desk.nova.get = called_off  # type: ignore[method-assign]
        desk.play('02-03 00:10')

        self.assertEqual([WEB], calls)
        self.assertEqual([], desk.moves())

    def test_without_a_day_to_come_nothing_is_called_off(self) -> None:
        desk = asked('02-04', 'shelve')
        action = desk.action('shelve').id

        for until in (None, '02-03', '02-04'):
            error = self.assertRaises(
                errors.InvalidInput, desk.cancel, action, until
            )
            self.assertEqual('until', error.where)
        self.assertEqual('pending', desk.action('shelve').state)

    def test_a_reason_must_be_given(self) -> None:
        desk = asked('02-04', 'shelve')

        error = self.assertRaises(
            errors.InvalidInput,
            desk.db.write, interventions.cancel, desk.world.tools,
            desk.action('shelve').id, ' ', None, 'ann', desk.now(),
        )  # fmt: skip

        self.assertEqual('reason', error.where)

    def test_a_restore_is_never_called_off(self) -> None:
        desk = asked(
            '02-04 12:00',
            events="""
                at: 02-04T00:00:00, pay: acme, amount: "10.00"
                from: 02-04T00:00:00, to: 02-05T00:00:00, nova: 500
                """,
        )

        error = self.assertRaises(
            errors.Conflict, desk.cancel, desk.action('restore').id, '02-10'
        )

        self.assertIn('a restore is not called off', str(error))

    def test_what_has_begun_is_seen_through(self) -> None:
        desk = asked('02-03 00:00:01')
        shelve = desk.action('shelve')
        self.assertIsNotNone(shelve.committed_at)

        self.assertRaises(errors.Conflict, desk.cancel, shelve.id, '02-10')

    def test_a_purge_that_is_called_off_keeps_what_was_kept(self) -> None:
        desk = asked('02-12', 'purge')

        desk.cancel(desk.action('purge').id, '02-15')
        desk.play('02-14 23:59')
        self.assertEqual(1, len(desk.rows(schema.actions, type='purge')))
        self.assertIn(f'image-{WEB}', desk.nova.images)

        desk.play('02-15 00:01')
        self.assertEqual('pending', desk.action('purge').state)

    def test_what_waits_to_be_purged_can_be_given_back(self) -> None:
        desk = asked('02-12', 'purge')

        undo.delete(desk.world.tools, WEB, 'ann')
        desk.play('02-15')

        self.assertEqual('cancelled', desk.action('purge').state)
        self.assertIn(f'image-{WEB}', desk.nova.images)

    def test_what_is_being_purged_cannot_be_given_back(self) -> None:
        desk = asked('02-12', 'purge')
        desk.db.write(_begin, desk.action('purge').id, desk.now())

        self.assertRaises(
            errors.Conflict, undo.delete, desk.world.tools, WEB, 'ann'
        )

    def test_a_quota_change_is_called_off_and_the_customer_told(
        self,
    ) -> None:
        desk = asked(
            '01-30 01:00',
            events='from: 01-30T00:30:00, to: 01-30T02:30:00, nova: 500',
        )
        action = desk.ask_quota()
        desk.play('01-30 02:00')

        (off,) = desk.cancel(action)
        desk.play('01-30 03:00')

        self.assertEqual('cancelled', off.state)
        self.assertEqual(8, desk.world.quotas.quotas['acme-prod']['cores'])
        self.assertEqual(1, len(desk.mails('quota_refused')))

    def test_a_quota_change_needs_no_day(self) -> None:
        desk = asked('01-30 01:00')
        action = desk.ask_quota()

        error = self.assertRaises(
            errors.InvalidInput, desk.cancel, action, '02-10'
        )

        self.assertEqual('until', error.where)


def _yes(row: Any) -> tuple[str, dt.datetime]:
    return row.approved_by, row.approved_at


def _begin(conn: Any, action_id: int, now: dt.datetime) -> None:
    table = schema.actions
    conn.execute(
        table.update().where(table.c.id == action_id).values(committed_at=now)
    )
