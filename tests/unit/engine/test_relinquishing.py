# SPDX-License-Identifier: Apache-2.0
"""An owner has what our lock keeps from him deleted."""

import ast
import dataclasses
import datetime as dt
import pathlib
from typing import Any

from oslotest import base

from patrii_billing.domain.lifecycle import HoldType
from patrii_billing import engine
from patrii_billing.engine import act
from patrii_billing.engine import holds
from patrii_billing.engine import permit
from patrii_billing.engine import relinquishing
from patrii_billing.engine import undo
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import books
from tests.unit import stories

OUT = 'shelved_offloaded, locked by admin'
WEB = worlds.server_id('web')
TWO = f'{stories.WEB}, {{name: db, flavor: s1, state: ACTIVE}}'
UNTIL = '2026-02-20T00:00:00Z'
_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)


class WishTestCase(base.BaseTestCase):
    """Acme has not paid: on 3 February its server is shelved."""

    def shelved(self, events: str = '', **given: Any) -> stories.Story:
        pace = given.pop('pace', {})
        long = stories.SHORT.replace('shelved_span: 3d', 'shelved_span: 23d')
        scenario = stories.text(
            events, **{'until': UNTIL, 'ladder': long, **given}
        )
        story = stories.Story(scenario, **pace).play('02-03 12:00:00')
        self.assertEqual(OUT, story.shows())
        return story

    def ask(self, story: stories.Story, name: str = 'web') -> int:
        return story.db.write(
            relinquishing.request, story.world.tools,
            worlds.server_id(name), story.world.clock.now(), 'jane',
            'not needed any more',
        )  # fmt: skip

    def refused(self, story: stories.Story, name: str = 'web') -> str:
        return str(self.assertRaises(errors.Conflict, self.ask, story, name))

    def withdraw(self, story: stories.Story) -> int:
        return story.db.write(
            relinquishing.withdraw, story.world.tools, WEB,
            story.world.clock.now(), 'jane',
        )  # fmt: skip

    def action(self, story: stories.Story, action_id: int) -> Any:
        return story.db.read(actions.get, action_id)

    def settings(self, story: stories.Story, **values: Any) -> None:
        tools = story.world.tools
        settings = dataclasses.replace(tools.settings, **values)
        story.world.tools = dataclasses.replace(tools, settings=settings)


class AskingTest(WishTestCase):
    def test_it_is_deleted_though_nobody_was_warned(self) -> None:
        story = self.shelved()
        asked = self.ask(story)
        story.play('02-03 13:00:00')

        self.assertEqual('gone', story.shows())
        row = self.action(story, asked)
        self.assertEqual(('done', 'done'), (row.state, row.result))
        self.assertEqual([], story.mails('last_warning'))

    def test_who_asked_is_on_the_timeline_and_the_customer_is_told(
        self,
    ) -> None:
        story = self.shelved()
        asked = self.ask(story)
        story.play('02-03 13:00:00')

        (entry,) = story.rows(schema.timeline, what='request')
        self.assertEqual(
            ('delete', 'jane', WEB, 'not needed any more'),
            (entry.name, entry.by, entry.server, entry.why),
        )
        self.assertEqual({'action': asked, 'ground': 'owner'}, entry.detail)
        self.assertEqual(1, len(story.mails('deletion_requested')))
        (told,) = story.rows(schema.notices, template='deletion_requested')
        undo = dt.timedelta(days=2)
        self.assertEqual(entry.at + undo, told.names)

    def test_asked_twice_it_is_one_request(self) -> None:
        story = self.shelved()

        self.assertEqual(self.ask(story), self.ask(story))

    def test_what_is_kept_of_it_can_be_had_for_the_undo_span(self) -> None:
        story = self.shelved()
        self.ask(story)
        story.play('02-04')
        (taken,) = story.rows(schema.custody)
        self.assertEqual('deleted', taken.state)
        self.assertEqual(
            stories.instant('02-05'), taken.undo_until.replace(
                hour=0, minute=0, second=0, microsecond=0
            ),
        )  # fmt: skip

        words = undo.delete(story.world.tools, WEB, 'ann')

        self.assertEqual([f'image-{WEB} given to acme-prod'], words)

    def test_after_the_undo_span_what_was_kept_is_purged(self) -> None:
        story = self.shelved()
        self.ask(story)
        story.play('02-07')

        self.assertEqual(set(), story.nova.protected)
        self.assertEqual({}, story.nova.images)

    def test_it_is_billed_up_to_the_day_of_its_delete(self) -> None:
        story = self.shelved(
            'at: 02-12T00:00:00, pay: acme', policy='changes: at_once'
        )
        story.play('02-08')
        self.ask(story)
        story.play()

        credits = [
            (line.starts, line.ends, line.net)
            for line in story.rows(schema.lines, kind='credit')
        ]
        self.assertEqual(
            [(dt.date(2026, 2, 8), dt.date(2026, 3, 1), -750)], credits
        )

    def test_the_ladder_still_bills_what_it_deletes_to_the_end(self) -> None:
        story = stories.told(until=UNTIL)

        self.assertEqual('gone', story.shows())
        self.assertEqual([], story.rows(schema.lines, kind='credit'))

    def test_the_others_stay_shelved_until_they_are_paid_for(self) -> None:
        story = self.shelved('at: 02-06T00:00:00, pay: acme', servers=TWO)
        self.ask(story)
        story.play('02-05')
        self.assertEqual(OUT, story.shows('db'))
        self.assertEqual('shelved', story.sub().billing_status)
        story.play()

        self.assertEqual('active', story.shows('db'))
        self.assertEqual('active', story.sub().billing_status)
        self.assertEqual('gone', story.shows())

    def test_where_all_are_gone_the_debt_stays_and_nothing_is_warned_of(
        self,
    ) -> None:
        story = self.shelved(ladder=stories.SHORT)
        self.ask(story)
        story.play()

        self.assertEqual('gone', story.shows())
        self.assertEqual([], story.mails('last_warning'))
        self.assertEqual(['left_to_operator'], story.alarms())
        # Two days of February, out of 28.
        invoice, _ = story.rows(schema.invoices)
        self.assertEqual(71, invoice.owed)

    def test_the_account_is_active_again_when_it_pays_what_is_left(
        self,
    ) -> None:
        story = self.shelved('at: 02-06T00:00:00, pay: acme')
        self.ask(story)
        story.play()

        self.assertEqual(['grace', 'shelved', 'active'], story.statuses())
        self.assertIsNone(story.case())


class RefusedTest(WishTestCase):
    def test_a_server_nobody_knows(self) -> None:
        story = self.shelved()

        self.assertRaises(errors.NotFound, self.ask, story, 'other')

    def test_a_server_that_we_did_not_lock_is_his_to_delete(self) -> None:
        story = stories.Story(stories.text(until=UNTIL)).play('02-02')

        self.assertIn('is not locked by us', self.refused(story))

    def test_one_that_is_given_back_already(self) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        story.play('02-05')

        self.assertIn('is not locked by us', self.refused(story))

    def test_one_that_is_about_to_be_given_back(self) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        story.nova.down = 'away'
        story.play('02-04 00:00:01')

        self.assertIn('is being given back', self.refused(story))

    def test_one_that_could_only_be_stopped(self) -> None:
        story = stories.Story(stories.text(until=UNTIL))
        story.nova.unshelvable.add(WEB)
        story.play('02-04')

        self.assertIn('could only be stopped', self.refused(story))

    def test_one_that_is_gone(self) -> None:
        story = self.shelved()
        self.ask(story)
        story.play('02-05')

        self.assertIn('is gone already', self.refused(story))

    def test_one_that_the_ladder_is_deleting(self) -> None:
        story = self.shelved(
            ladder=stories.SHORT,
            policy='delete_window: {hours: 09:00-17:00}',
        )
        story.play('02-08 09:00:00')
        story.nova.down = 'away'
        story.play('02-08 09:00:02')

        self.assertIn('to be deleted already', self.refused(story))

    def test_an_abuse_hold_keeps_it(self) -> None:
        story = self.shelved()
        self.hold(story, HoldType.ABUSE)

        self.assertIn('abuse hold', self.refused(story))

    def test_a_promise_does_not(self) -> None:
        story = self.shelved()
        self.hold(story, HoldType.PROMISE)
        self.ask(story)
        story.play('02-04')

        self.assertEqual('gone', story.shows())

    def hold(self, story: stories.Story, kind: HoldType) -> None:
        now = story.world.clock.now()
        story.db.write(
            holds.place, story.world.tools, story.sub().id, kind,
            now + 5 * _DAY, '', 'ann', now,
        )  # fmt: skip


class GuardTest(WishTestCase):
    """What is asked anew before the call."""

    def test_an_abuse_hold_that_comes_between_calls_it_off(self) -> None:
        story = self.shelved()
        asked = self.ask(story)
        now = story.world.clock.now()
        story.db.write(
            holds.place, story.world.tools, story.sub().id, HoldType.ABUSE,
            None, 'stolen cards', 'ann', now,
        )  # fmt: skip
        story.play('02-04')

        self.assertEqual(OUT, story.shows())
        row = self.action(story, asked)
        self.assertEqual('cancelled', row.state)
        self.assertIn('abuse hold', row.why)

    def test_a_project_that_has_moved_is_not_his_to_empty(self) -> None:
        story = self.shelved()
        asked = self.ask(story)
        other = story.db.write(books.account, name='zenith')
        story.db.write(accounts.change_project, 'acme-prod', account_id=other)
        story.play('02-04')

        self.assertEqual(OUT, story.shows())
        self.assertIn('not of the account', self.action(story, asked).why)

    def test_one_whose_lock_is_another_case_is_left_and_told(self) -> None:
        story = self.shelved()
        asked = self.ask(story)
        story.lock('web', 'admin', 'patrii-billing:other unpaid')
        story.play('02-04')

        self.assertEqual(OUT, story.shows())
        self.assertEqual('its lock is not ours', self.action(story, asked).why)
        self.assertIn('delete_refused', story.alarms())

    def test_an_operator_s_lock_ends_the_wish_and_not_the_ladder(
        self,
    ) -> None:
        story = self.shelved()
        asked = self.ask(story)
        story.lock('web', 'admin', 'evidence')
        story.play('02-04')

        self.assertEqual('cancelled', self.action(story, asked).state)
        self.assertEqual(OUT, story.shows())
        self.assertEqual('shelved', story.sub().billing_status)

    def test_another_server_under_the_same_id_is_left(self) -> None:
        for values in (
            {'created_at': stories.instant('01-02')},
            {'project': 'zenith-prod'},
            {'host': 'host', 'host_status': 'DOWN'},
            {'task_state': 'unshelving'},
            {'vm_state': 'active'},
        ):
            story = self.shelved()
            self.ask(story)
            story.nova.set(WEB, **values)
            story.play('02-03 20:00:00')

            self.assertNotIn('delete', story.moves(), values)

    def test_what_nova_refuses_for_days_is_called_off(self) -> None:
        story = self.shelved()
        asked = self.ask(story)
        story.nova.set(WEB, host='host', host_status='DOWN')
        story.play('02-08')

        row = self.action(story, asked)
        self.assertEqual('cancelled', row.state)
        self.assertEqual('its host is DOWN', row.why)
        story.nova.set(WEB, host_status='UP')
        story.play()
        self.assertEqual(OUT, story.shows())


class SwitchTest(WishTestCase):
    """It goes by the switches and the caps of every delete."""

    def test_in_a_dry_run_nothing_is_deleted(self) -> None:
        story = self.shelved()
        self.settings(story, dry_run=True)
        self.ask(story)
        story.play('02-05')

        self.assertEqual(OUT, story.shows())
        self.assertIn(
            '02-03 12:00:00 action web delete dry_run', story.told('action')
        )

    def test_the_kill_switch_and_safe_mode_stop_it_until_they_end(
        self,
    ) -> None:
        for switch in ('stopped_why', 'safe_why'):
            story = self.shelved()
            story.db.write(watch.change, **{switch: 'a wrong import'})
            self.ask(story)
            story.play('02-04')
            self.assertEqual(OUT, story.shows())

            story.db.write(watch.resume, story.world.clock.now())
            story.play('02-05')
            self.assertEqual('gone', story.shows())

    def test_it_is_counted_by_the_caps_and_waits_at_them(self) -> None:
        story = self.shelved(servers=TWO, pace={'max_deletes_per_hour': 1})
        self.ask(story)
        self.ask(story, 'db')
        story.play('02-03 12:30:00')
        there = [story.shows('web'), story.shows('db')]
        self.assertEqual(['gone', OUT], sorted(there))
        self.assertIn('cap_reached', story.alarms())

        story.play('02-03 15:00:00')
        self.assertEqual('gone', story.shows('db'))

    def test_a_customer_at_a_cap_does_not_stop_all_enforcement(
        self,
    ) -> None:
        story = self.shelved(servers=TWO, pace={'max_deletes_per_hour': 1})
        self.ask(story)
        self.ask(story, 'db')
        story.play('02-03 12:30:00')

        self.assertIsNone(story.rows(schema.watch)[0].stopped_why)

    def test_a_customer_who_uses_up_a_cap_stops_nobody_else(self) -> None:
        story = self.shelved(
            servers=TWO, until='2026-03-10T00:00:00Z',
            pace={'min_delete_cap': 1, 'max_delete_share': 0},
        )  # fmt: skip
        self.ask(story)
        story.play('03-05')

        self.assertEqual(
            ['gone', 'gone'], [story.shows('web'), story.shows('db')]
        )  # fmt: skip
        self.assertIsNone(story.rows(schema.watch)[0].stopped_why)

    def test_what_was_kept_for_him_goes_at_his_own_pace(self) -> None:
        story = self.shelved(servers=TWO, pace={'max_deletes_per_hour': 1})
        self.ask(story)
        story.play('02-20')

        purges = story.rows(schema.actions, type='purge')
        self.assertEqual(['owner'], [row.ground for row in purges])

    def test_a_month_at_the_cap_is_longer_than_he_waits(self) -> None:
        story = self.shelved(
            servers=TWO, pace={'min_delete_cap': 1, 'max_delete_share': 0}
        )
        self.ask(story)
        second = self.ask(story, 'db')
        story.play('02-08')

        there = [story.shows('web'), story.shows('db')]
        self.assertEqual(['gone', OUT], sorted(there))
        self.assertIn('3 days ago', self.action(story, second).why)

    def test_it_waits_for_a_person_where_deletes_do(self) -> None:
        story = self.shelved()
        self.settings(story, approval=('delete',))
        asked = self.ask(story)
        story.play('02-04')
        self.assertEqual(OUT, story.shows())

        now = story.world.clock.now()
        story.db.write(actions.approve, asked, 'ann', now)
        story.play('02-05')
        self.assertEqual('gone', story.shows())


class PaymentTest(WishTestCase):
    def test_a_payment_in_between_changes_nothing(self) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme', servers=TWO)
        story.db.write(watch.change, stopped_why='looking')
        self.ask(story)
        story.play('02-04 12:00:00')
        # The other is given back meanwhile.
        self.assertEqual('active', story.shows('db'))
        self.assertEqual(OUT, story.shows())
        story.db.write(watch.resume, story.world.clock.now())
        story.play('02-05')

        self.assertEqual('gone', story.shows())
        self.assertEqual('active', story.sub().billing_status)
        self.assertNotIn('unshelve', story.moves())
        self.assertEqual(
            ['deleted'],
            [row.state for row in story.rows(schema.custody, server=WEB)],
        )

    def test_a_wish_withdrawn_after_the_payment_gives_it_back(self) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        story.db.write(watch.change, stopped_why='looking')
        self.ask(story)
        story.play('02-04 12:00:00')
        self.assertEqual(OUT, story.shows())
        self.withdraw(story)
        story.db.write(watch.resume, story.world.clock.now())
        story.play('02-04 12:01:00')

        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)

    def test_a_wish_that_grew_stale_gives_it_back_if_it_is_paid(
        self,
    ) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        story.db.write(watch.change, stopped_why='looking')
        self.ask(story)
        story.play('02-10')

        self.assertEqual('active', story.shows())

    def test_seed_3000273_an_operator_s_lock_keeps_no_payer_from_his_own(
        self,
    ) -> None:
        """The wish was committed, and its worker died before the call."""
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        asked = self.committed(story)
        story.lock('web', 'admin', 'evidence')
        story.play('02-04 01:00:00')

        self.assertEqual('cancelled', self.action(story, asked).state)
        self.assertEqual('active, locked by admin', story.shows())
        self.assertEqual('active', story.sub().billing_status)
        self.assertNotIn('delete', story.moves())

    def test_a_wish_that_was_committed_and_cannot_be_grows_stale_too(
        self,
    ) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        asked = self.committed(story)
        story.nova.set(WEB, host='host', host_status='DOWN')
        story.play('02-10')

        self.assertEqual('cancelled', self.action(story, asked).state)
        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)

    def test_seed_6001783_what_an_operator_unshelved_a_payer_has_back(
        self,
    ) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        asked = self.committed(story)
        story.nova.set(WEB, vm_state='active')
        story.play('02-04 01:00:00')

        self.assertEqual('cancelled', self.action(story, asked).state)
        self.assertEqual('active', story.shows())
        self.assertEqual('active', story.sub().billing_status)
        self.assertIn('delete_refused', story.alarms())

    def test_while_a_delete_is_under_way_no_lock_ends_the_wish(self) -> None:
        story = self.shelved('at: 02-04T00:00:00, pay: acme')
        asked = self.committed(story)
        story.lock('web', 'admin', 'evidence')
        story.nova.set(WEB, task_state='deleting')
        story.play('02-10')

        self.assertEqual('pending', self.action(story, asked).state)
        self.assertNotIn('unshelve', story.moves())

    def committed(self, story: stories.Story) -> int:
        """A worker commits his wish, and dies."""
        asked = self.ask(story)
        now, tools = story.world.clock.now(), story.world.tools
        (held,) = story.db.write(actions.claim, now, tools.settings.lease, 10)
        story.db.write(permit.destructive, tools, held, now)
        self.assertIsNotNone(self.action(story, asked).committed_at)
        story.world.clock.move_to(now + tools.settings.lease + _SECOND)
        return asked


class WithdrawnTest(WishTestCase):
    def test_what_is_withdrawn_is_not_deleted(self) -> None:
        story = self.shelved()
        asked = self.ask(story)
        self.assertEqual(asked, self.withdraw(story))
        story.play('02-10')

        self.assertEqual(OUT, story.shows())
        self.assertEqual('cancelled', self.action(story, asked).state)
        (entry,) = story.rows(schema.timeline, what='withdrawn')
        self.assertEqual(('jane', asked), (entry.by, entry.detail['action']))

    def test_it_is_not_deleted_by_a_worker_who_holds_it_already(
        self,
    ) -> None:
        story = self.shelved()
        asked = self.ask(story)
        now = story.world.clock.now()
        tools = story.world.tools
        (held,) = [
            row
            for row in story.db.write(
                actions.claim, now, tools.settings.lease, 10
            )
            if row.id == asked
        ]
        self.withdraw(story)

        self.assertRaises(
            errors.LeaseLost,
            story.db.write, permit.destructive, tools, held, now,
        )  # fmt: skip
        act._advance(tools, held)
        self.assertEqual(OUT, story.shows())

    def test_once_committed_it_is_too_late(self) -> None:
        story = self.shelved()
        self.ask(story)
        now = story.world.clock.now()
        tools = story.world.tools
        (held,) = story.db.write(actions.claim, now, tools.settings.lease, 10)
        story.db.write(permit.destructive, tools, held, now)

        self.assertRaises(errors.Conflict, self.withdraw, story)

    def test_the_ladder_s_own_is_not_his_to_withdraw(self) -> None:
        story = self.shelved(ladder=stories.SHORT).play('02-07 12:00:00')
        story.db.write(watch.change, stopped_why='looking')
        story.play('02-09')

        self.assertRaises(errors.NotFound, self.withdraw, story)

    def test_withdrawn_it_can_be_asked_for_again(self) -> None:
        story = self.shelved()
        first = self.ask(story)
        self.withdraw(story)
        second = self.ask(story)
        story.play('02-04')

        self.assertNotEqual(first, second)
        self.assertEqual('gone', story.shows())

    def test_the_ladder_deletes_in_its_own_time_what_was_withdrawn(
        self,
    ) -> None:
        story = self.shelved(ladder=stories.SHORT)
        self.ask(story)
        self.withdraw(story)
        story.play()

        self.assertEqual('deleted', story.sub().billing_status)


class CrashTest(WishTestCase):
    def test_a_worker_that_dies_after_the_commit_is_followed_by_another(
        self,
    ) -> None:
        story = self.shelved()
        self.ask(story)
        now, tools = story.world.clock.now(), story.world.tools
        (held,) = story.db.write(actions.claim, now, tools.settings.lease, 10)
        story.db.write(permit.destructive, tools, held, now)
        story.world.clock.move_to(now + tools.settings.lease + _SECOND)
        story.play('02-04')

        self.assertEqual('gone', story.shows())
        self.assertEqual(1, story.moves().count('delete'))

    def test_a_server_that_vanished_by_itself_was_not_deleted_by_us(
        self,
    ) -> None:
        story = self.shelved()
        asked = self.ask(story)
        guest = story.nova.guests.pop(WEB)
        story.nova.gone[WEB] = guest
        story.nova.gone[WEB].shown = dataclasses.replace(
            guest.shown, vm_state='deleted', deleted_at=story.world.clock.now()
        )
        story.play('02-04')

        self.assertEqual('absent', self.action(story, asked).result)


class HouseTest(base.BaseTestCase):
    def test_one_function_in_the_house_may_delete_a_server(self) -> None:
        room = pathlib.Path(engine.__file__).parents[1]
        calls = [
            f'{path.relative_to(room)}'
            for path in sorted(room.rglob('*.py'))
            for node in ast.walk(ast.parse(path.read_text('utf-8')))
            if isinstance(node, ast.Attribute)
            and node.attr == 'delete'
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == 'servers'
            and path.parent.name != 'cloud'
        ]

        self.assertEqual(['engine/deleting.py'], calls)
