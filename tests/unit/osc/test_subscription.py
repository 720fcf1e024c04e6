# SPDX-License-Identifier: Apache-2.0
"""`openstack billing subscription`, `hold`, `quota` and `server`."""

import json
from typing import Any
from unittest import mock

from osc_lib import exceptions
from oslotest import base

from patrii_billing.osc import commands
from patrii_billing.osc.v1 import hold
from patrii_billing.osc.v1 import quota
from patrii_billing.osc.v1 import server
from patrii_billing.osc.v1 import subscription
from patrii_billing.osc import waiting
from patrii_billing.simulation import world as worlds
from patrii_billing.store import watch
from tests import doors
from tests.unit.api import unpaid
from tests.unit.osc import shell

WEB = worlds.server_id('acme-web')


class CommandTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()

    def run_it(
        self,
        command: type[commands.Command],
        *arguments: str,
        token: str = 'ADMIN',
    ) -> str:
        told = shell.run(self.door, command, *arguments, token=token)
        if '--long' not in arguments and '-f' not in arguments:
            for line in told.splitlines():
                self.assertLessEqual(len(line), 80, line)
        return told

    def item(
        self, command: type[commands.Command], *arguments: str, **how: Any
    ) -> Any:
        return json.loads(
            self.run_it(command, *arguments, '-f', 'json', **how)
        )

    def refused(
        self, command: type[commands.Command], *arguments: str, **how: Any
    ) -> str:
        return str(
            self.assertRaises(
                exceptions.CommandError,
                self.run_it, command, *arguments, **how,
            )
        )  # fmt: skip

    def shelve(self) -> None:
        """Nobody pays until the servers of acme are shelved."""
        unpaid.shelve(self.door)
        shown = self.item(subscription.ShowSubscription, 'acme-1')
        self.assertEqual('shelved', shown['Status'])


class SubscriptionTest(CommandTestCase):
    def test_all_are_listed_by_name(self) -> None:
        told = self.run_it(subscription.ListSubscription)

        self.assertIn('| acme-1  | acme    | active | remind', told)
        self.assertIn('28.00 EUR', told)

    def test_each_filter_narrows(self) -> None:
        for arguments, count in (
            (('--account', 'acme'), 1),
            (('--plan', 'vps'), 2),
            (('--project', 'rival-project'), 1),
            (('--status', 'shelved'), 0),
            (('--contract', 'live'), 2),
            (('--name', 'rival-1'), 1),
            (('--parked',), 0),
            (('--sort', 'due_at:desc', '--limit', '1'), 1),
        ):
            found = self.item(subscription.ListSubscription, *arguments)
            self.assertEqual(count, len(found), arguments)

    def test_machines_read_it_raw(self) -> None:
        (one,) = self.item(
            subscription.ListSubscription, '--name', 'acme-1', '--long'
        )

        self.assertEqual(
            ('28.00', 'EUR', 'live', 'acme-project'),
            (one['Owed'], one['Currency'], one['Contract'],
             one['Project ID']),
        )  # fmt: skip

    def test_one_is_entered_changed_and_shown(self) -> None:
        shown = self.item(
            subscription.CreateSubscription, 'acme-2', '--plan', 'vps',
            '--project', 'acme-project', '--start', '2026-11-22',
            '--no-enforce', '--policy', 'net=30d', '--enforce-from',
            '2026-12-01',
        )  # fmt: skip
        self.assertIs(False, shown['Enforces'])
        self.assertEqual({'net': '30d'}, shown['Policy'])
        self.assertEqual('2026-12-01T00:00:00Z', shown['Enforced From'])

        shown = self.item(
            subscription.SetSubscription, 'acme-2', '--anchor-day', '7',
            '--policy', 'undo=3d', '--name', 'acme-3',
        )  # fmt: skip
        self.assertEqual(7, shown['Anchor Day'])
        self.assertEqual({'net': '30d', 'undo': '3d'}, shown['Policy'])

        shown = self.item(
            subscription.UnsetSubscription, 'acme-3', '--policy', 'net',
            '--enforce-from',
        )  # fmt: skip
        self.assertEqual({'undo': '3d'}, shown['Policy'])
        self.assertIsNone(shown['Enforced From'])

    def test_a_change_says_something(self) -> None:
        for command in (
            subscription.SetSubscription,
            subscription.UnsetSubscription,
        ):
            self.assertIn('nothing is said', self.refused(command, 'acme-1'))

    def test_its_end_is_asked_about(self) -> None:
        self.assertIn(
            'End the subscription acme-1?',
            self.refused(subscription.CancelSubscription, 'acme-1'),
        )
        shown = self.item(
            subscription.CancelSubscription, 'acme-1', '--yes', '--on',
            '2026-12-01', '--reason', 'he moves',
        )  # fmt: skip
        self.assertEqual(
            ('ending', '2026-12-01'), (shown['Contract'], shown['Ends On'])
        )
        shown = self.item(subscription.KeepSubscription, 'acme-1')
        self.assertEqual('live', shown['Contract'])

    def test_a_dry_run_needs_no_yes(self) -> None:
        told = self.run_it(
            subscription.CancelSubscription, 'acme-1', '--dry-run'
        )
        self.assertEqual('', told.strip())

    def test_what_is_not_paid_is_not_restored(self) -> None:
        self.shelve()

        self.assertIn(
            'acme-1 is not paid: 28.00 EUR of INV-',
            self.refused(subscription.RestoreSubscription, 'acme-1'),
        )

    def test_nobody_finds_what_is_another_s(self) -> None:
        self.assertEqual(
            "no subscription is called 'rival-1'",
            self.refused(
                subscription.ShowSubscription, 'rival-1', token='ACME'
            ),
        )


class HoldTest(CommandTestCase):
    def test_a_hold_is_placed_prolonged_and_released(self) -> None:
        shown = self.item(
            hold.CreateHold, 'acme-1', '--type', 'promise', '--until',
            '2026-12-24', '--reason', 'he will pay',
        )  # fmt: skip
        self.assertEqual('2026-12-24T00:00:00Z', shown['Until'])
        shown = self.item(
            hold.SetHold, 'acme-1', 'promise', '--until',
            '2026-12-31T12:00:00Z',
        )  # fmt: skip
        self.assertEqual('2026-12-31T12:00:00Z', shown['Until'])
        self.assertIn(
            '| promise | True',
            self.run_it(hold.ListHold, 'acme-1', '--in-force'),
        )
        shown = self.item(
            hold.ReleaseHold, 'acme-1', str(shown['ID']), '--reason', 'paid'
        )
        self.assertIs(False, shown['In Force'])
        self.assertEqual([], self.item(hold.ListHold, 'acme-1', '--in-force'))
        self.assertEqual(1, len(self.item(hold.ListHold, 'acme-1')))

    def test_a_hold_that_is_not_there_is_named(self) -> None:
        self.assertEqual(
            "acme-1 has no hold 'pause'",
            self.refused(hold.ShowHold, 'acme-1', 'pause'),
        )


class QuotaTest(CommandTestCase):
    def test_it_is_shown_as_nova_and_the_books_have_it(self) -> None:
        for called in ('acme-project', 'acme-1'):
            told = self.run_it(quota.ShowQuota, called, token='ACME_READER')

            self.assertIn('| cores    | 2      | 8       | 8', told)
            self.assertIn('| ram_gib  | 1      | 16      | ', told)

    def test_a_change_tells_what_it_costs_and_asks(self) -> None:
        told = self.refused(
            quota.SetQuota, 'acme-project', 'cores=12', token='ACME'
        )

        self.assertIn('cores 8 -> cores 12, for 4.00 EUR?', told)

    def test_a_rehearsal_shows_it_and_changes_nothing(self) -> None:
        shown = self.item(
            quota.SetQuota, 'acme-project', 'cores=12', '--dry-run'
        )

        self.assertEqual('4.00', shown['Total'])
        self.assertEqual(2, len(shown['Lines']))
        self.assertEqual(
            8, self.door.world.quotas.quotas['acme-project']['cores']
        )

    def test_it_waits_until_nova_has_it(self) -> None:
        shown = self.item(
            quota.SetQuota, 'acme-project', 'cores=12', 'ram_gib=8', '--yes',
            '--wait', '5', token='SUPPORT',
        )  # fmt: skip

        self.assertEqual({'cores': '12', 'ram_gib': '8'}, shown['Then'])
        self.assertEqual(
            12, self.door.world.quotas.quotas['acme-project']['cores']
        )

    def test_what_makes_no_sense_is_refused_in_a_line(self) -> None:
        for word, reason in (
            ('cores', "'cores' is not KEY=NUMBER"),
            ('floors=3', 'quota.floors: is not known here'),
            ('cores=0', 'in use'),
        ):
            self.assertIn(
                reason, self.refused(quota.SetQuota, 'acme-1', word, '--yes')
            )
        self.assertEqual(
            "no project and no subscription is called 'nobody'",
            self.refused(quota.ShowQuota, 'nobody'),
        )


class ServerTest(CommandTestCase):
    def test_they_are_listed_with_what_we_did(self) -> None:
        self.shelve()
        told = self.run_it(server.ListServer, '--account', 'acme')

        self.assertIn(f'| {WEB} | acme-web | shelved | shelved', told)
        for arguments, count in (
            (('--custody', 'shelved'), 3),
            (('--project', 'rival-project'), 1),
            (('--name', 'acme-db'), 1),
            (('--deleted',), 0),
        ):
            found = self.item(server.ListServer, *arguments, '--long')
            self.assertEqual(count, len(found), arguments)

    def test_an_owner_has_his_deleted_and_waits(self) -> None:
        self.shelve()
        self.assertIn(
            f'Delete the server acme-web ({WEB})?',
            self.refused(server.DeleteServer, 'acme-web', token='ACME'),
        )
        with mock.patch.object(waiting.time, 'sleep'):
            shown = self.item(
                server.DeleteServer, WEB, '--yes', '--wait', '30',
                token='ACME',
            )  # fmt: skip

        self.assertEqual('deleted', shown['Custody'])
        self.assertIsNotNone(shown['Kept Until'])

    def test_he_thinks_better_of_it(self) -> None:
        self.shelve()
        self.door.tools.db.write(watch.change, stopped_why='looking')
        shown = self.item(
            server.DeleteServer, 'acme-web', '--yes', token='ACME'
        )
        self.assertEqual('owner', shown['Deletion'])
        shown = self.item(server.KeepServer, 'acme-web', token='ACME')

        self.assertIsNone(shown['Deletion'])

    def test_the_operator_does_not_ask_for_it(self) -> None:
        self.shelve()

        self.assertIn(
            'billing:server:delete',
            self.refused(server.DeleteServer, 'acme-web', '--yes'),
        )


class WaitTest(base.BaseTestCase):
    def test_what_takes_too_long_is_told(self) -> None:
        with mock.patch.object(waiting.time, 'sleep'):
            error = self.assertRaises(
                exceptions.CommandError, waiting.until, dict, bool, 0
            )

        self.assertIn('not done within 0 s', str(error))
