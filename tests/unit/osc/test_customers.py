# SPDX-License-Identifier: Apache-2.0
"""`openstack billing account` and `project`, for people and for machines."""

import csv
import io
import json
from typing import Any

from osc_lib import exceptions
from oslotest import base

from patrii_billing.osc import commands
from patrii_billing.osc.v1 import account
from patrii_billing.osc.v1 import project
from patrii_billing.store import accounts
from patrii_billing.store import notices
from patrii_billing.store import undeliverable
from tests import doors
from tests.unit.osc import shell


class CommandTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)

    def run_(
        self, command: type[commands.Command], *arguments: str, **how: str
    ) -> str:
        return shell.run(self.door, command, *arguments, **how)

    def read(self, command: type[commands.Command], *arguments: str) -> Any:
        return json.loads(self.run_(command, *arguments, '-f', 'json'))

    def refused(
        self,
        command: type[commands.Command],
        *arguments: str,
        **how: str,
    ) -> str:
        error = self.assertRaises(
            exceptions.CommandError, self.run_, command, *arguments, **how
        )
        return str(error)


class AccountCommandTest(CommandTestCase):
    def test_who_owes_is_found_by_how_he_is_called(self) -> None:
        self.door.let_in()

        [found] = self.read(
            account.ListAccount, '--search', 'ACM', '--plan', 'vps',
            '--owing', '--sort', 'owed:desc', '--long',
        )  # fmt: skip

        self.assertEqual('acme', found['Name'])
        self.assertEqual(1, found['Subscriptions'])
        self.assertEqual(
            [],
            self.read(account.ListAccount, '--search', 'ac',
                      '--overdue-days', '0'),
        )  # fmt: skip

    def test_an_account_is_entered_and_shown_as_it_is_said(self) -> None:
        said = self.read(
            account.CreateAccount, 'shop', '--currency', 'EUR',
            '--external-ref', 'C-1', '--contact', 'a@shop.example',
            '--contact', 'b@shop.example', '--timezone', 'Europe/Paris',
            '--policy', 'shelve_grace=72h', '--policy', 'tolerance=100',
            '--policy', 'reminders=-3d,-1d', '--policy', 'freeze_quota=true',
            '--address-name', 'Shop', '--address-line', '1 Main Street',
            '--country', 'FR', '--tax', 'name=VAT,rate=20',
            '--discount', 'name=friend,amount=5,valid_until=2027-01-01',
        )  # fmt: skip

        self.assertEqual(
            {
                'shelve_grace': '72h', 'tolerance': 100,
                'reminders': ['-3d', '-1d'], 'freeze_quota': True,
            },
            said['Policy'],
        )  # fmt: skip
        self.assertEqual(['a@shop.example', 'b@shop.example'],
                         said['Contacts'])  # fmt: skip
        self.assertEqual('0.00', said['Owed'])
        self.assertEqual('5.00', said['Discounts'][0]['amount'])
        table = self.run_(account.ShowAccount, 'shop')
        self.assertIn('| VAT: 20 %', table)
        self.assertIn('| lines: 1 Main Street', table)
        self.assertIn('| reminders: -3d, -1d', table)
        self.assertNotIn('tax_id', table)
        self.assertIn('| friend: 5.00 EUR until 2027-01-01', table)
        self.assertIn('| 0.00 EUR', table)

    def test_a_list_fits_a_terminal(self) -> None:
        self.door.let_in()

        table = self.run_(account.ListAccount)

        self.assertIn('| acme  |', table)
        self.assertIn('| active |', table)
        self.assertLessEqual(max(map(len, table.splitlines())), 80)
        long = self.read(account.ListAccount, '--long', '--name', 'acme')
        self.assertEqual('UTC', long[0]['Time Zone'])

    def test_a_spreadsheet_is_told_no_none_and_no_python(self) -> None:
        self.door.let_in()
        told = self.run_(account.ListAccount, '--long', '-f', 'csv')

        (acme, *_) = csv.DictReader(io.StringIO(told))
        self.assertEqual('', acme['External Ref'])
        self.assertEqual('["billing@acme.example"]', acme['Contacts'])

    def test_an_address_that_does_not_work_is_shown_with_its_answer(
        self,
    ) -> None:
        self.door.let_in()
        db, now = self.door.tools.db, self.door.tools.now()
        acme = db.read(accounts.by_name, 'acme').id
        db.write(notices.ask, 'one', 'grace', now, account_id=acme)
        notice = db.read(notices.by_key, 'one').id
        db.write(
            undeliverable.mark, acme, 'dead@acme.example',
            '550 5.1.1 ' + 'no such mailbox ' * 9, notice, now,
        )  # fmt: skip

        table = self.run_(account.ShowAccount, 'acme')

        self.assertIn(f'dead@acme.example since {now:%Y-%m-%d}: 550', table)
        self.assertTrue(
            all(len(line) <= 80 for line in table.splitlines()), table
        )

    def test_a_list_is_narrowed(self) -> None:
        self.door.let_in()

        for options, names in (
            (('--project', 'acme-project'), ['acme']),
            (('--status', 'shelved'), []),
            (('--status', 'active', '--limit', '1'), ['acme']),
            (('--parked',), []),
            (('--undeliverable',), []),
        ):
            found = self.read(account.ListAccount, *options)
            self.assertEqual(names, [each['Name'] for each in found])

    def test_what_is_set_is_unset_again(self) -> None:
        self.run_(account.CreateAccount, 'shop', '--tax', 'name=VAT,rate=20')

        said = self.read(
            account.SetAccount, 'shop', '--name', 'store', '--locale', 'de',
            '--policy', 'undo=3d', '--policy', 'tolerance=5',
            '--external-ref', 'C-1',
        )  # fmt: skip
        self.assertEqual(
            ('store', 'de', 'C-1', {'undo': '3d', 'tolerance': 5}),
            (said['Name'], said['Locale'], said['External Ref'],
             said['Policy']),
        )  # fmt: skip

        said = self.read(
            account.UnsetAccount, 'store', '--policy', 'undo', '--taxes',
            '--external-ref',
        )  # fmt: skip
        self.assertEqual(
            ({'tolerance': 5}, [], None),
            (said['Policy'], said['Taxes'], said['External Ref']),
        )

    def test_a_change_of_nothing_is_refused(self) -> None:
        self.run_(account.CreateAccount, 'shop')

        self.assertEqual(
            'nothing is said that is to change',
            self.refused(account.SetAccount, 'shop'),
        )

    def test_a_mistake_is_told_in_the_words_of_the_service(self) -> None:
        self.assertIn(
            'timezone: ',
            self.refused(account.CreateAccount, 'shop', '--timezone', 'Mars'),
        )
        self.assertEqual(
            "no account is called 'nobody'",
            self.refused(account.ShowAccount, 'nobody'),
        )

    def test_one_that_is_deleted_is_gone(self) -> None:
        self.run_(account.CreateAccount, 'shop')

        self.assertIn(
            'Say --yes to do it', self.refused(account.DeleteAccount, 'shop')
        )
        self.run_(account.DeleteAccount, 'shop', '--dry-run')
        self.run_(account.DeleteAccount, 'shop', '--yes')

        self.assertEqual([], self.read(account.ListAccount))

    def test_what_cannot_be_deleted_keeps_no_other(self) -> None:
        self.door.let_in()
        self.run_(account.CreateAccount, 'shop')

        told = self.refused(account.DeleteAccount, 'acme', 'shop', '--yes')

        self.assertIn('acme: acme has projects and subscriptions', told)
        self.assertEqual(
            ['acme', 'rival'],
            [each['Name'] for each in self.read(account.ListAccount)],
        )

    def test_who_is_not_parked_is_billed_as_ever(self) -> None:
        self.door.let_in()

        self.assertEqual(
            'acme is not parked',
            self.refused(account.BillAccount, 'acme', '--reason', 'seen'),
        )

    def test_all_that_is_held_of_a_customer_is_written_down(self) -> None:
        self.run_(account.CreateAccount, 'Zo\u00eb', '--locale', 'fr')
        write = self.door.tools.db.write
        write(accounts.change, 1, external_ref='\x9b2J')

        told = self.run_(account.ExportAccount, 'Zo\u00eb')

        self.assertIn('"Zo\u00eb"', told)
        [row] = json.loads(told)['accounts']
        self.assertEqual('fr', row['locale'])
        # Nothing of his tells a terminal what to do.
        self.assertEqual('\ufffd2J', row['external_ref'])

    def test_who_has_left_is_forgotten_when_one_agrees(self) -> None:
        self.run_(account.CreateAccount, 'shop')
        words = ('shop', '--reason', 'letter 17')
        self.assertIn(
            'Erase shop for good? Say --yes to do it',
            self.refused(account.EraseAccount, *words),
        )
        self.run_(account.EraseAccount, *words, '--dry-run')
        self.assertEqual('shop', self.read(account.ListAccount)[0]['Name'])

        told = self.read(account.EraseAccount, *words, '--yes')

        self.assertEqual(
            {'ID': 1, 'Name': 'erased-1', 'Documents Kept': 0}, told
        )

    def test_a_customer_sees_himself_only(self) -> None:
        self.door.let_in()

        table = self.run_(account.ListAccount, token='ACME')

        self.assertIn('acme', table)
        self.assertNotIn('rival', table)


class ProjectCommandTest(CommandTestCase):
    def test_a_project_is_given_and_taken(self) -> None:
        self.run_(account.CreateAccount, 'shop')

        given = self.read(
            project.CreateProject, 'acme-project', '--account', 'shop'
        )
        self.assertEqual('shop', given['Account'])
        listed = self.read(project.ListProject, '--account', 'shop', '--long')
        self.assertEqual(['acme-project'], [each['ID'] for each in listed])

        self.run_(project.DeleteProject, 'acme-project', '--yes')
        self.assertIn(
            'there is no project acme-project',
            self.refused(project.ShowProject, 'acme-project'),
        )

    def test_what_keystone_has_not_is_refused(self) -> None:
        self.run_(account.CreateAccount, 'shop')

        self.assertEqual(
            "name: keystone has no project 'nowhere'",
            self.refused(
                project.CreateProject, 'nowhere', '--account', 'shop'
            ),
        )
