# SPDX-License-Identifier: Apache-2.0
"""`openstack billing action`, `notice`, `enforcement` and `timeline`."""

import datetime as dt
import io
import json
from typing import Any
from unittest import mock

from osc_lib import exceptions
from oslotest import base

from patrii_billing.osc.v1 import action
from patrii_billing.osc.v1 import enforcement
from patrii_billing.osc.v1 import notice
from patrii_billing.osc.v1 import timeline
from tests import doors
from tests.unit.osc import shell

_DAY = dt.timedelta(days=1)
_LONG = dt.timedelta(days=99)


class DeskTest(base.BaseTestCase):
    """Nobody has paid; three servers wait for a yes to be shelved."""

    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door(
            approval=('shelve',), safe_gap=_LONG, sweep_age=_LONG,
            retry_max=_DAY,
        )  # fmt: skip
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()
        for _ in range(11):
            self.door.advance(_DAY)

    def run_it(
        self, command: Any, *arguments: str, token: str = 'ADMIN'
    ) -> str:
        return shell.run(self.door, command, *arguments, token=token)

    def read(self, command: Any, *arguments: str) -> Any:
        return json.loads(self.run_it(command, *arguments, '-f', 'json'))

    def waiting(self, account: str = 'acme') -> list[str]:
        found = self.read(
            action.ListAction, '--waiting', 'approval', '--account', account
        )
        return [str(one['ID']) for one in found]

    def assertFits(self, told: str) -> None:  # noqa: N802 - as its kin
        self.assertLessEqual(max(map(len, told.splitlines())), 80)


class ActionTest(DeskTest):
    def test_what_waits_is_listed_for_people(self) -> None:
        told = self.run_it(action.ListAction, '--waiting', 'approval')

        self.assertIn('waits for approval', told)
        self.assertIn('acme-web', told)
        self.assertFits(told)

    def test_one_is_shown(self) -> None:
        (rival,) = self.waiting('rival')
        told = self.run_it(action.ShowAction, rival)

        self.assertIn('rival-web', told)
        self.assertFits(told)

    def test_those_on_a_server_are_found_by_its_name(self) -> None:
        (found,) = self.read(action.ListAction, '--server', 'rival-web')

        self.assertEqual('rival', found['Account'])
        error = self.assertRaises(
            exceptions.CommandError,
            self.run_it, action.ListAction, '--server', 'nowhere',
        )  # fmt: skip
        self.assertEqual('there is no server nowhere', str(error))

    def test_a_yes_is_asked_for_by_name(self) -> None:
        error = self.assertRaises(
            exceptions.CommandError,
            self.run_it, action.ApproveAction, *self.waiting(),
        )  # fmt: skip

        self.assertIn('shelve acme-web of acme', str(error))

    def test_a_yes_is_said_to_many(self) -> None:
        told = self.run_it(action.ApproveAction, '--yes', *self.waiting())

        self.assertIn('acme-db', told)
        self.assertNotIn('waits for approval', told)
        self.assertFits(told)
        self.assertEqual([], self.waiting())

    def test_a_rehearsed_yes_is_none(self) -> None:
        with mock.patch('sys.stderr', io.StringIO()) as said:
            self.run_it(action.ApproveAction, '--dry-run', *self.waiting())

        self.assertIn('action shelve approved', said.getvalue())
        self.assertEqual(2, len(self.waiting()))

    def test_support_says_no_yes(self) -> None:
        self.assertRaises(
            exceptions.CommandError,
            self.run_it, action.ApproveAction, '--yes', '1', token='SUPPORT',
        )  # fmt: skip

    def test_one_is_tried_now(self) -> None:
        (rival,) = self.waiting('rival')

        self.assertIn('pending', self.run_it(action.RetryAction, rival))

    def test_one_is_called_off_with_all_that_goes_with_it(self) -> None:
        one, other = self.waiting()
        day = f'{doors.START + 20 * _DAY:%Y-%m-%d}'
        told = self.run_it(
            action.CancelAction, one, '--reason', 'he pays', '--until', day
        )

        self.assertIn(f'| Cancelled Too | {other} ', told)
        self.assertIn(f'{day} 00:00', told)
        self.assertFits(told)

    def test_what_is_refused_is_told_in_a_line(self) -> None:
        (rival,) = self.waiting('rival')
        error = self.assertRaises(
            exceptions.CommandError,
            self.run_it, action.CancelAction, rival, '--reason', 'an error',
        )  # fmt: skip

        self.assertEqual('until: must say until when it is off', str(error))


class NoticeTest(DeskTest):
    def test_what_he_was_told_is_listed(self) -> None:
        told = self.run_it(notice.ListNotice, '--account', 'acme')

        self.assertIn('| grace ', told)
        self.assertIn('accepted', told)
        self.assertFits(told)

    def test_one_is_shown_with_its_words(self) -> None:
        told = self.run_it(notice.ShowNotice, self._grace())

        self.assertIn('billing@acme.example', told)
        self.assertFits(told)

    def test_one_is_read_before_it_is_sent(self) -> None:
        told = self.run_it(
            notice.PreviewNotice, 'payment_received', '--account', 'acme'
        )

        self.assertIn('| Invented   | amount', told)
        self.assertFits(told)

    def test_a_sample_is_of_nobody(self) -> None:
        told = self.read(notice.PreviewNotice, 'grace', '--locale', 'fr')

        self.assertEqual(['everything'], told['Invented'])
        self.assertIn('HTML', told)

    def test_a_test_goes_to_an_address(self) -> None:
        told = self.run_it(
            notice.TestNotice, '--to', 'ops@acme.example', '--notice', 'grace'
        )

        self.assertIn('| Result     | accepted', told)
        self.assertIn('[test] grace', told)
        self.assertFits(told)

    def test_the_invoice_is_sent_again(self) -> None:
        (first,) = self.read(
            notice.ListNotice, '--account', 'acme', '--template', 'invoice'
        )

        told = self.read(notice.ResendNotice, str(first['ID']))

        self.assertEqual(first['ID'], told['Copy Of'])

    def test_what_was_accepted_needs_no_letter(self) -> None:
        error = self.assertRaises(
            exceptions.CommandError,
            self.run_it, notice.RecordNotice, self._grace(),
            '--date', f'{doors.START + 9 * _DAY:%Y-%m-%d}',
            '--evidence', 'a letter',
        )  # fmt: skip

        self.assertIn('is accepted', str(error))

    def _grace(self) -> str:
        (found,) = self.read(
            notice.ListNotice, '--account', 'acme', '--template', 'grace'
        )
        return str(found['ID'])


class EnforcementTest(DeskTest):
    def test_it_is_shown_on_a_terminal(self) -> None:
        told = self.run_it(enforcement.ShowEnforcement)

        self.assertIn('shelve: 3, 3 for approval', told)
        self.assertIn('shelve actions within an hour: 0 of 50', told)
        self.assertFits(told)

    def test_support_stops_it_and_an_admin_goes_on(self) -> None:
        told = self.run_it(
            enforcement.StopEnforcement, '--reason', 'a drill', token='SUPPORT'
        )
        self.assertIn('| Stopped           | a drill', told)
        error = self.assertRaises(
            exceptions.CommandError, self.run_it, enforcement.ResumeEnforcement
        )
        self.assertIn('Stopped: a drill. Go on with', str(error))

        told = self.run_it(enforcement.ResumeEnforcement, '--yes')
        self.assertIn('stopped: a drill', told)


class TimelineTest(DeskTest):
    def test_it_reads_on_a_terminal(self) -> None:
        told = self.run_it(timeline.ListTimeline, '--account', 'acme')

        self.assertIn('status grace (acme, acme-1)', told)
        self.assertIn('  was: active', told)
        self.assertFits(told)

    def test_the_last_ones_come_in_the_order_of_time(self) -> None:
        last = self.ids()
        self.assertEqual(sorted(last), last)
        newest = self.ids('--limit', '3', '--newest-first')
        self.assertEqual(last[:-4:-1], newest)
        first = self.ids('--limit', '3', '--from-beginning')
        self.assertEqual([1, 2, 3], first)

    def test_it_is_narrowed(self) -> None:
        web = doors.worlds.server_id('acme-web')

        self.assertEqual(1, len(self.ids('--server', web, '--what', 'action')))
        self.assertEqual(
            self.ids('--server', web), self.ids('--server', 'acme-web')
        )
        since = f'{doors.START + 10 * _DAY:%Y-%m-%d}'
        late = self.ids('--since', since)
        self.assertLess(0, len(late))
        self.assertLess(len(late), len(self.ids()))
        self.assertEqual([], self.ids('--until', '2001-01-01T00:00:00Z'))

    def test_machines_read_it_raw(self) -> None:
        (told,) = self.read(
            timeline.ListTimeline, '--account', 'acme', '--what', 'status',
            '--limit', '1',
        )  # fmt: skip

        self.assertEqual('grace', told['Name'])
        self.assertEqual({'was': 'active'}, told['Detail'])
        self.assertEqual('Z', told['At'][-1])

    def ids(self, *arguments: str) -> list[int]:
        found = self.read(timeline.ListTimeline, *arguments)
        return [one['ID'] for one in found]
