# SPDX-License-Identifier: Apache-2.0
"""The operator's commands, from the command line to the books."""

import datetime as dt
import json
import textwrap
from typing import Any

import yaml

from patrii_billing.domain import lifecycle
from patrii_billing.store import accounts
from patrii_billing.store import inbox
from patrii_billing.store import migrate
from patrii_billing.store import notices
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store import watch
from tests.unit.cmd import base
from tests.unit.intake import messages

_FEBRUARY = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
_SHELVED = dt.datetime(2026, 2, 4, tzinfo=dt.UTC)
_WARNED = dt.datetime(2026, 2, 28, tzinfo=dt.UTC)

PAYMENT = ('payment', 'record', '--account', 'acme', '--key', 'bank-1')


class NewDatabaseTest(base.CommandTestCase):
    def test_an_upgrade_says_what_it_does(self) -> None:
        said = self.manage('db', 'upgrade').splitlines()

        self.assertIn('Upgrading the database, which is at nothing', said[0])
        self.assertIn('Running upgrade', said[1])
        self.assertIn('The database is at', said[-1])
        self.assertIn('already', self.manage('db', 'upgrade'))

    def test_the_version_shows_where_it_is_and_where_it_could_be(
        self,
    ) -> None:
        [current, newest] = self.manage('db', 'version').splitlines()
        self.assertEqual('current: none', current)

        self.manage('db', 'upgrade')

        [current, _] = self.manage('db', 'version').splitlines()
        self.assertEqual(newest.split()[1], current.split()[1])

    def test_a_database_is_upgraded_in_two_steps_beside_old_workers(
        self,
    ) -> None:
        migrate.upgrade(self.url, '0003')
        self.assertIn('db expand', self.manage('db', 'version'))

        self.assertIn('db contract', self.manage('db', 'expand'))
        self.manage('subscription', 'list')

        self.assertNotIn('is left', self.manage('db', 'contract'))

    def test_a_command_on_an_old_database_names_the_remedy(self) -> None:
        self.assertIn(
            'run patrii-billing-manage db upgrade',
            self.refused('subscription', 'list'),
        )

    def test_a_wrong_address_is_one_line_that_names_the_option(
        self,
    ) -> None:
        for address, said in (
            ('mysql+pymysql://u:secret@127.0.0.1:1/b', "Can't connect"),
            (
                'postgresql+psycopg2://u:secret@127.0.0.1:1/b',
                'Connection refused',
            ),
            ('sqlite:////nowhere/at/all.db', 'unable to open'),
            ('oracle://u:secret@db/b', 'is none of'),
        ):
            with self.subTest(address):
                config = self.write(
                    'wrong.conf', f'[database]\nconnection = {address}\n'
                )
                line = self.refused('enforcement', config=config)
                self.assertEqual(
                    '[database] connection: ',
                    line[: len('[database] connection: ')],
                )
                self.assertIn(said, line)
                self.assertNotIn('secret', line)

    def test_a_wrong_option_is_one_line(self) -> None:
        config = self.write('wrong.conf', '[enforcement]\ndry_runn = true\n')

        self.assertIn(
            '[enforcement] dry_runn',
            self.refused('db', 'version', config=config),
        )

    def test_what_is_no_command_is_a_wrong_usage(self) -> None:
        for argv in (
            ['frob'],
            ['payment'],
            ['payment', 'record'],
            ['import'],
            ['hold', 'place', 'a', '--type', 'x', '--reason', 'y'],
        ):
            with self.subTest(argv):
                code, _, _ = self.run_it(*argv)
                self.assertEqual(2, code)


class CustomerTestCase(base.CommandTestCase):
    """acme has imported a contract that is paid until February."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.db = self.tools().db

    def account(self) -> Any:
        return self.db.read(accounts.by_name, 'acme')

    def status(self) -> lifecycle.Status:
        row = self.db.read(subscriptions.by_name, 'acme-1')
        return lifecycle.Status(row.billing_status)

    def last_told(self) -> Any:
        with self.db.engine.connect() as conn:
            return conn.execute(
                schema.timeline.select().order_by(schema.timeline.c.id.desc())
            ).first()


class ImportTest(CustomerTestCase):
    def test_it_says_what_it_did_in_a_table(self) -> None:
        path = self.write('new.yaml', base.CUSTOMER.replace(
            'billing@acme', 'boss@acme'
        ))  # fmt: skip

        rehearsed = self.manage('import', '--dry-run', path)
        said = self.manage('import', path)

        self.assertIn('left     subscription  acme-1', rehearsed)
        self.assertIn('Dry run: nothing was written.', rehearsed)
        self.assertEqual(
            [
                'DONE     KIND     NAME  WHAT',
                'changed  account  acme  contacts',
                '',
                '0 added, 1 changed, 3 left.',
            ],
            said.splitlines(),
        )

    def test_every_mistake_has_a_line_of_its_own(self) -> None:
        path = self.write(
            'new.yaml',
            """\
            accounts:
              - {name: acme, currency: USD}
              - {name: bulk, colour: red}
        """,
        )

        code, out, err = self.run_it('import', path)

        self.assertEqual((1, ''), (code, out))
        self.assertEqual(
            [
                f'{path}:2: accounts[0].currency: cannot change from EUR by '
                'an import',
                f'{path}:3: accounts[1].colour: unknown key',
            ],
            [line.partition('error: ')[2] for line in err.splitlines()],
        )

    def test_a_file_that_is_not_there_is_named(self) -> None:
        self.assertEqual(
            'none.yaml: No such file or directory',
            self.refused('import', 'none.yaml'),
        )

    def test_defaults_come_from_the_configuration(self) -> None:
        self.config = self.write(
            'billing.conf',
            f"""
            [database]
            connection = {self.url}
            [billing]
            currency = USD
            timezone = Asia/Tokyo
        """,
        )

        self.load('accounts: [{name: bulk}]')

        row = self.db.read(accounts.by_name, 'bulk')
        self.assertEqual(('USD', 'Asia/Tokyo'), (row.currency, row.timezone))

    def test_what_is_discovered_can_be_imported(self) -> None:
        self.assertIn('All 1 projects', self.manage('import', '--discover'))
        for project in ('norway-id', 'second-id'):
            self.projects.projects[project] = base.cloud.KeystoneProject(
                project, 'no'
            )

        found = self.manage('import', '--discover')
        self.load(found)

        names = [one['name'] for one in yaml.safe_load(found)['accounts']]
        self.assertEqual(['no-norway-i', 'no-second-i'], names)
        self.assertIn('All 3 projects', self.manage('import', '--discover'))


class PaymentTest(CustomerTestCase):
    def test_a_payment_restores_what_was_shelved(self) -> None:
        self.run_until(_SHELVED)
        self.assertEqual(lifecycle.Status.SHELVED, self.status())

        said = self.manage(*PAYMENT, '--amount', '12.00', '--currency', 'EUR')

        self.assertEqual(
            [
                '12.00 EUR of acme: received.',
                'Open invoices: 0.00 EUR.',
                'Kept as balance: 2.00 EUR.',
            ],
            said.splitlines(),
        )
        self.run_until(_SHELVED + dt.timedelta(hours=4))
        self.assertEqual(lifecycle.Status.ACTIVE, self.status())

    def test_the_same_key_is_the_same_payment(self) -> None:
        first = self.manage(*PAYMENT, '--amount', '5.00')
        self.assertEqual(first, self.manage(*PAYMENT, '--amount', '5.00'))

        self.assertIn(
            'was used for another payment',
            self.refused(*PAYMENT, '--amount', '6.00'),
        )

    def test_what_is_no_amount_of_the_account_is_refused(self) -> None:
        for argv in (
            ['--amount', '1e2'],
            ['--amount', '1.001'],
            ['--amount', '-1.00'],
            ['--amount', '1.00', '--currency', 'USD'],
        ):
            with self.subTest(argv):
                self.refused(*PAYMENT, *argv)

        self.assertIn('no account is called', self.refused(
            'payment', 'record', '--account', 'nobody', '--key', 'a',
            '--amount', '1.00',
        ))  # fmt: skip

    def test_it_tells_who_took_it_back(self) -> None:
        self.manage(*PAYMENT, '--amount', '5.00', '--pending')
        said = self.manage('payment', 'fail', '--key', 'bank-1')
        self.assertIn('5.00 EUR of acme: failed.', said)

        self.manage(*PAYMENT[:-1], 'bank-2', '--amount', '5.00')
        said = self.manage('payment', 'charge-back', '--key', 'bank-2')
        self.assertIn('5.00 EUR of acme: charged_back.', said)

        self.assertTrue(self.last_told().by.startswith('cli:'))
        self.assertIn(
            'no payment has the key',
            self.refused('payment', 'fail', '--key', 'bank-3'),
        )


class HoldTest(CustomerTestCase):
    def test_a_promise_lasts_until_its_day_begins_at_the_customers(
        self,
    ) -> None:
        self.run_until(_FEBRUARY)

        said = self.manage(
            'hold', 'place', 'acme-1', '--type', 'promise', '--until',
            '2026-02-10', '--reason', 'he called',
        )  # fmt: skip

        self.assertIn('until 2026-02-09T23:00:00Z', said)
        self.assertEqual(lifecycle.Status.HELD, self.status())
        self.manage('hold', 'release', 'acme-1', '--type', 'promise')
        self.assertEqual(lifecycle.Status.GRACE, self.status())

    def test_what_makes_no_sense_is_refused(self) -> None:
        place = ('hold', 'place', 'acme-1', '--type', 'promise', '--reason',
                 'he called')  # fmt: skip

        self.assertIn('needs a date', self.refused(*place))
        self.assertIn(
            'in the future', self.refused(*place, '--until', '2025-12-31')
        )
        self.assertIn('no pause hold is in force', self.refused(
            'hold', 'release', 'acme-1', '--type', 'pause'
        ))  # fmt: skip


class SwitchTest(CustomerTestCase):
    def test_a_stop_holds_until_an_operator_resumes(self) -> None:
        self.run_until(_FEBRUARY)
        self.manage('stop', '--reason', 'the bank is late')
        self.run_until(_SHELVED)
        self.assertEqual(lifecycle.Status.GRACE, self.status())
        self.assertIn('stopped  ', self.manage('enforcement'))

        said = self.manage('resume', '--yes')

        self.assertIn('Ended: stopped: the bank is late', said)
        self.assertTrue(self.last_told().by.startswith('cli:'))
        self.run_until(_SHELVED + dt.timedelta(hours=4))
        self.assertEqual(lifecycle.Status.SHELVED, self.status())

    def test_the_first_reason_of_a_stop_stays(self) -> None:
        self.manage('stop', '--reason', 'one')

        said = self.manage('stop', '--reason', 'two')

        self.assertIn('was stopped already: one', said)
        self.assertEqual('one', self.db.read(watch.get).stopped_why)

    def test_nobody_resumes_without_saying_so(self) -> None:
        self.db.write(watch.enter_safe_mode, 'a long sleep')

        self.assertIn('say --yes to end this: safe mode: a long sleep',
                      self.refused('resume'))  # fmt: skip
        self.assertIsNotNone(self.db.read(watch.get).safe_why)

        self.manage('resume', '--yes')
        self.assertIsNone(self.db.read(watch.get).safe_why)
        self.assertIn('Nothing is stopped', self.manage('resume', '--yes'))

    def test_enforcement_shows_its_mode_and_what_was_heard(self) -> None:
        self.run_until(_FEBRUARY)

        shown = dict(
            line.split('  ', 1)
            for line in self.manage('enforcement').splitlines()
        )

        self.assertIn('dry run', shown['mode'])
        self.assertEqual('never', shown['last notification'].strip())
        self.assertIn('2026-02-01T', shown['last sweep of nova'])
        self.assertEqual(
            '0 of 10', shown['delete actions within 30 days'].strip()
        )


class UndoTest(CustomerTestCase):
    def test_a_deleted_server_is_given_back(self) -> None:
        self.run_until(_WARNED + dt.timedelta(days=8))
        self.assertEqual(lifecycle.Status.DELETED, self.status())

        said = self.manage('undo-delete', 'web-id')

        self.assertEqual('image-web-id given to acme-prod-id\n', said)

    def test_what_was_not_deleted_cannot_be_given_back(self) -> None:
        self.assertIn(
            'no server web-id was deleted by this service',
            self.refused('undo-delete', 'web-id'),
        )


class NoticeTest(CustomerTestCase):
    """All mailboxes are dead when the last warning is due."""

    def setUp(self) -> None:
        super().setUp()
        self.run_until(_SHELVED)
        # The account's, and that of the user keystone knows in its project.
        self.mailbox.dead |= {
            'billing@acme.example', 'owner@acme-prod-id.example',
        }  # fmt: skip
        self.run_until(_WARNED)
        sub = self.db.read(subscriptions.by_name, 'acme-1')
        self.key = f'{sub.case_id}:last_warning:0'

    def test_a_letter_counts_as_the_mail_would(self) -> None:
        self.assertEqual(lifecycle.Status.SHELVED, self.status())

        said = self.manage(
            'notice', 'record', self.key, '--date', '2026-02-27',
            '--evidence', 'registered letter 17',
        )  # fmt: skip

        self.assertIn('accepted at 2026-02-27T23:00:00Z', said)
        self.assertEqual(lifecycle.Status.PENDING_DELETION, self.status())
        given = dt.datetime(2026, 2, 27, 23, tzinfo=dt.UTC)
        self.run_until(given + dt.timedelta(days=7, hours=-1))
        self.assertIn('web-id', self.nova.guests)
        self.run_until(given + dt.timedelta(days=8))
        self.assertNotIn('web-id', self.nova.guests)
        self.assertIn('registered letter 17', self.manage('timeline', 'acme'))

    def test_without_a_letter_the_server_stays(self) -> None:
        self.run_until(_WARNED + dt.timedelta(days=30))

        self.assertIn('web-id', self.nova.guests)

    def test_a_date_that_cannot_be_is_refused(self) -> None:
        record = ('notice', 'record', self.key, '--evidence', 'letter')

        for date, said in (
            ('2026-03-02', 'in the future'),
            ('2026-02-28T12:00:00Z', 'in the future'),
            ('2026-02-20', 'before the notice was written'),
        ):
            with self.subTest(date):
                self.assertIn(said, self.refused(*record, '--date', date))
        self.assertEqual(
            lifecycle.NoticeState.REFUSED,
            self.db.read(notices.by_key, self.key).state,
        )

    def test_what_was_accepted_stays_as_it_is(self) -> None:
        self.assertIn('is accepted', self.refused(
            'notice', 'record', 'invoice:1', '--date', '2026-02-20',
            '--evidence', 'letter',
        ))  # fmt: skip
        self.assertIn('no notice has the key', self.refused(
            'notice', 'record', 'nothing', '--date', '2026-02-20',
            '--evidence', 'letter',
        ))  # fmt: skip


class LookingTest(CustomerTestCase):
    def test_a_list_has_a_line_for_each_subscription(self) -> None:
        self.run_until(_FEBRUARY)

        [header, line] = self.manage('subscription', 'list').splitlines()

        self.assertEqual(
            ['NAME', 'ACCOUNT', 'STATUS', 'NEXT', 'DUE', 'OWED'],
            header.split(),
        )
        self.assertRegex(
            line,
            r'^acme-1  acme     grace   shelve  2026-02-02T\S+  10.00 EUR$',
        )
        for other in (['--status', 'deleted'], ['--account', 'bulk']):
            said = self.manage('subscription', 'list', *other)
            self.assertEqual('There is none.\n', said)

    def test_one_subscription_shows_where_it_stands(self) -> None:
        self.run_until(_SHELVED)

        said = self.manage('subscription', 'show', 'acme-1')

        for part in (
            'status        shelved since 2026-02-0',
            'next step     warn at 2026-02-2',
            'open invoice  INV-000001, 10.00 EUR, due 2026-01-31T23:00:00Z',
            'web-id  web   s1      shelved_offloaded  shelved',
        ):
            self.assertIn(part, said)
        self.assertIn('no subscription is called', self.refused(
            'subscription', 'show', 'acme-9'
        ))  # fmt: skip

    def test_a_timeline_tells_what_why_and_by_whom(self) -> None:
        self.run_until(_FEBRUARY)
        self.manage(*PAYMENT, '--amount', '10.00', '--reference', 'thanks')

        said = self.manage('timeline', 'acme')

        self.assertIn('invoice INV-000001 10.00 EUR open (acme-1)', said)
        self.assertIn('payment thanks 10.00 EUR received', said)
        self.assertIn('unpaid on the due date', said)
        self.assertRegex(said, r'\n {22}by cli:\w')
        self.assertLessEqual(max(map(len, said.splitlines())), 80)
        last = self.manage('timeline', 'acme', '--last', '1').splitlines()
        self.assertRegex(last[0], '^2026-02-01T')

    def test_no_text_of_a_customer_moves_the_terminal(self) -> None:
        self.manage(*PAYMENT, '--amount', '1.00', '--reference', 'a\x1b[2Jb')

        self.assertNotIn('\x1b', self.manage('timeline', 'acme'))


class InboxTest(CustomerTestCase):
    def setUp(self) -> None:
        super().setUp()
        message = {
            'event_type': 'compute.odd', 'metadata': {'message_id': 'm-1'},
        }  # fmt: skip
        letter = messages.letter(message)
        self.db.write(inbox.store, [letter], base.NEW_YEAR)
        [row] = self.db.write(
            inbox.claim, base.NEW_YEAR, dt.timedelta(minutes=1), 10
        )
        self.db.write(inbox.settle, row, inbox.PARKED, 'payload: not a map')

    def test_what_is_parked_is_listed_and_read_again(self) -> None:
        said = self.manage('inbox', 'parked')
        self.assertIn('compute.odd  payload: not a map', said)

        said = self.manage('inbox', 'replay', '1')

        self.assertEqual('To be read again: 1.\n', said)
        self.assertEqual(
            'Nothing is parked.\n', self.manage('inbox', 'parked')
        )

    def test_what_is_not_parked_is_not_read_again(self) -> None:
        self.assertIn('1 of 2 are parked', self.refused(
            'inbox', 'replay', '1', '7'
        ))  # fmt: skip


class WithoutBooksTest(base.CommandTestCase):
    """What needs no configuration, no database and no network."""

    def setUp(self) -> None:
        super().setUp()
        self.config = str(self.folder / 'none.conf')

    def test_each_line_is_answered_whatever_it_says(self) -> None:
        asked = {
            'op': 'cycle', 'currency': 'USD', 'unit_price': '10.00',
            'quantity': '1', 'cycle': 'month', 'anchor_day': 15,
            'timezone': 'UTC', 'start': '2011-01-01', 'end': '2011-02-27',
            'until': '2011-03-01',
        }  # fmt: skip
        stdin = json.dumps(asked).encode() + b'\n\n\xff\xfe\n[]\n'

        said = self.manage('quote', stdin=stdin).splitlines()

        answers = [json.loads(line) for line in said]
        self.assertEqual('18.81', answers[0]['total'])
        self.assertEqual(3, len([one for one in answers if 'error' in one]))

    def test_a_notification_is_explained(self) -> None:
        said = self.manage('explain-notification', stdin=b'{}\nno\n')

        [parked, wrong] = [json.loads(line) for line in said.splitlines()]
        self.assertIn('parked', parked)
        self.assertIn('error', wrong)

    def test_a_scenario_is_simulated(self) -> None:
        path = self.write('scenario.yaml', _SCENARIO)

        lines = self.manage(
            'simulate', '--scenario', path, '--format', 'json'
        ).splitlines()
        table = self.manage('simulate', '--scenario', path).splitlines()

        first = json.loads(lines[0])
        self.assertEqual(
            ['at', 'kind', 'account', 'subscription', 'server', 'name',
             'amount', 'result'],
            list(first),
        )  # fmt: skip
        self.assertEqual(len(lines) + 1, len(table))
        self.assertLessEqual(max(map(len, table)), 80)

    def test_a_mistake_in_a_scenario_names_its_line(self) -> None:
        text = textwrap.dedent(_SCENARIO).lstrip() + 'evnts: []\n'
        path = self.write('scenario.yaml', text)

        self.assertIn(
            f'{path}:{text.count(chr(10))}: evnts',
            self.refused('simulate', '--scenario', path),
        )


_SCENARIO = """
    start: 2026-01-01T00:00:00Z
    until: 2026-03-30T00:00:00Z
    plans:
      - {name: vps, currency: EUR, cycle: month,
         prices: [{kind: flavor, resource: s1, unit_price: "10.00"}]}
    accounts:
      - name: acme
        projects:
          - {name: acme-prod, servers: [{name: web, flavor: s1}]}
        subscriptions:
          - {name: acme-1, plan: vps, project: acme-prod,
             start: 2026-01-01, paid_until: 2026-02-01}
"""
