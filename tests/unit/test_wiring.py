# SPDX-License-Identifier: Apache-2.0
"""From the configuration to what the engine works with."""

import dataclasses
import datetime as dt
import decimal
import threading
from typing import Any

from patrii_billing.domain import bounds
from patrii_billing.domain import policy
from patrii_billing.domain import span
from patrii_billing.engine import settings as engine_settings
from patrii_billing import errors
from patrii_billing.mail import folder
from patrii_billing.mail import imap
from patrii_billing.store import migrate
from patrii_billing import wiring
from tests.unit.conf import base


class SettingsTest(base.ConfigTestCase):
    def refusal(self, text: str) -> str:
        error = self.assertRaises(
            errors.InvalidInput, wiring.check, self.load(text)
        )
        self.assertNotIn('\n', str(error))
        return str(error)

    def test_what_is_not_configured_is_as_the_engine_has_it(self) -> None:
        self.assertEqual(
            engine_settings.Settings(), wiring.settings(self.load())
        )

    def test_everything_the_engine_can_be_told_has_an_option(self) -> None:
        conf = self.load()
        options = {
            *conf.enforcement, *conf.engine, *conf.ceilometer,
            *conf.events, *conf.retention, *conf.billing, *conf.bridge,
            *conf.bounces, 'policy', 'limits', 'mail_lease', 'mail_per_minute',
        }  # fmt: skip

        wanted = {
            field.name for field in dataclasses.fields(wiring.settings(conf))
        }
        self.assertEqual(set(), wanted - options)

    def test_every_bound_of_a_bill_has_an_option(self) -> None:
        conf = self.load(
            '[billing]\nmax_lines = 2\nmax_lines_per_day = 3\n'
            'max_growth = 4\ngrowth_from = 5.50\n'
            'max_months_past = 6\nmax_months_ahead = 7'
        )

        self.assertEqual(
            bounds.Limits(2, 3, 4, decimal.Decimal('5.50'), 6, 7),
            wiring.settings(conf).limits,
        )

    def test_the_taxes_of_new_accounts_are_names_and_rates(self) -> None:
        conf = self.load('[billing]\ntaxes = VAT:20,Eco:0.5')

        self.assertEqual(
            [{'name': 'VAT', 'rate': '20'}, {'name': 'Eco', 'rate': '0.5'}],
            wiring.new_taxes(conf),
        )
        self.assertIn('[billing] taxes', self.refusal(
            '[billing]\ntaxes = VAT:much'
        ))  # fmt: skip

    def test_every_part_of_the_ladder_has_an_option(self) -> None:
        wanted = {field.name for field in dataclasses.fields(policy.Policy)}

        self.assertEqual(
            {'shelve_window', 'delete_window'},
            wanted - set(self.load().ladder),
        )

    def test_the_ladder_is_as_configured(self) -> None:
        read = wiring.settings(
            self.load('[ladder]\nshelve_grace = 10s\nreminders = -2s, -1s')
        ).policy

        self.assertEqual(span.Span(seconds=10), read.shelve_grace)
        self.assertEqual(
            (span.Span(seconds=-2), span.Span(seconds=-1)), read.reminders
        )

    def test_no_reminders_is_a_choice(self) -> None:
        read = wiring.settings(self.load('[ladder]\nreminders ='))

        self.assertEqual((), read.policy.reminders)

    def test_windows_share_the_holidays(self) -> None:
        read = wiring.settings(
            self.load("""
[enforcement]
shelve_hours = 09:00-17:00
delete_weekdays = tue
holidays = 2026-12-25
""")
        ).policy

        self.assertEqual(9 * 60, read.shelve_window.opens)
        self.assertEqual(frozenset({1}), read.delete_window.weekdays)
        christmas = frozenset({dt.date(2026, 12, 25)})
        self.assertEqual(christmas, read.shelve_window.holidays)
        self.assertEqual(christmas, read.delete_window.holidays)

    def test_silence_of_no_length_is_not_watched(self) -> None:
        read = wiring.settings(self.load('[enforcement]\nsilence = 0s'))

        self.assertIsNone(read.silence)

    def test_a_span_that_is_none_is_named(self) -> None:
        said = self.refusal('[ladder]\nshelve_grace = two days')

        self.assertIn('[ladder] shelve_grace', said)
        self.assertIn('two days', said)

    def test_a_span_of_the_engine_that_is_none_is_named(self) -> None:
        for section, option in (
            ('engine', 'interval'),
            ('engine', 'retry'),
            ('enforcement', 'safe_gap'),
        ):
            said = self.refusal(f'[{section}]\n{option} = -1s')
            self.assertIn(f'[{section}] {option}', said)

    def test_a_ladder_that_leaves_no_time_to_pay_is_refused(self) -> None:
        for option in ('shelve_grace', 'deletion_warning'):
            said = self.refusal(f'[ladder]\n{option} = 0h')
            self.assertIn(f'[ladder] {option}', said)

    def test_a_clock_of_any_gap_may_be_believed(self) -> None:
        read = wiring.settings(self.load('[enforcement]\nclock_gap = 0s'))

        self.assertIsNone(read.clock_gap)

    def test_hours_and_holidays_that_are_none_are_named(self) -> None:
        self.assertIn(
            '[enforcement] delete_hours',
            self.refusal('[enforcement]\ndelete_hours = 17:00-09:00'),
        )
        self.assertIn(
            '[enforcement] holidays',
            self.refusal('[enforcement]\nholidays = Christmas'),
        )

    def test_a_lease_outlives_a_call_to_nova(self) -> None:
        self.assertIn(
            '[engine] lease',
            self.refusal('[engine]\nlease = 20s\n[nova]\ntimeout = 20'),
        )

    def test_the_books_are_compared_more_often_than_is_asked_for(self) -> None:
        self.assertIn(
            '[enforcement] sweep_age',
            self.refusal('[enforcement]\nsweep_age = 10m'),
        )

    def test_a_database_that_is_none_is_named(self) -> None:
        self.assertIn(
            '[database] connection',
            self.refusal('[database]\nconnection = oracle://books'),
        )

    def test_a_driver_that_is_not_installed_is_named(self) -> None:
        said = self.refusal('[database]\nconnection = mysql+nothing://books')

        self.assertIn('[database] connection', said)
        self.assertIn('nothing', said)

    def test_a_broker_that_is_none_is_named(self) -> None:
        self.assertIn(
            '[DEFAULT] transport_url',
            self.refusal('[DEFAULT]\ntransport_url = carrier-pigeon://me'),
        )

    def test_no_topic_is_named(self) -> None:
        self.assertIn(
            '[listener] topics', self.refusal('[listener]\ntopics =')
        )

    def test_a_time_zone_and_a_currency_that_are_none_are_named(self) -> None:
        self.assertIn(
            '[billing] timezone',
            self.refusal('[billing]\ntimezone = Mars/Olympus'),
        )
        self.assertIn(
            '[billing] currency', self.refusal('[billing]\ncurrency = XYZ')
        )

    def test_an_account_without_its_plugin_is_named(self) -> None:
        self.assertIn('[nova]', self.refusal('[nova]\nauth_type ='))


class ToolsTest(base.ConfigTestCase):
    def test_mails_go_the_way_that_is_configured(self) -> None:
        conf = self.load(f'[mail]\ndriver = folder\nfolder = {self.folder}')

        voice = wiring.voice(conf)

        self.assertIsInstance(voice.mailer, folder.FolderMailer)

    def test_work_is_done_in_threads_and_waited_for(self) -> None:
        tools = wiring.tools(self.load('[engine]\nact_threads = 4'))
        together = threading.Barrier(4)
        done: list[Any] = []

        def work(row: Any) -> None:
            together.wait(20)
            done.append(row)

        tools.each(work, [1, 2, 3, 4])

        self.assertEqual([1, 2, 3, 4], sorted(done))

    def test_what_one_thread_raises_is_raised(self) -> None:
        tools = wiring.tools(self.load())

        def work(row: Any) -> None:
            raise errors.Conflict(str(row))

        self.assertRaises(errors.Conflict, tools.each, work, [1])

    def test_steps_can_ask_whether_their_worker_is_told_to_stop(self) -> None:
        stop = threading.Event()
        tools = wiring.tools(self.load(), stop)

        self.assertFalse(tools.stopping())
        stop.set()
        self.assertTrue(tools.stopping())


class BooksTest(base.ConfigTestCase):
    def test_an_empty_database_is_to_be_upgraded_first(self) -> None:
        conf = self.conf()

        error = self.assertRaises(
            errors.SchemaTooOld, wiring.check_schema, conf
        )

        self.assertIn('db upgrade', str(error))

    def test_an_upgraded_database_will_do(self) -> None:
        conf = self.conf()
        migrate.upgrade(conf.database.connection)

        wiring.check_schema(conf)

    def test_the_first_line_of_the_log_tells_no_password(self) -> None:
        conf = self.load("""
[DEFAULT]
transport_url = rabbit://nova:secret1@broker.example:5672/
[database]
connection = mysql+pymysql://billing:secret2@db.example/books?charset=utf8mb4
[enforcement]
dry_run = false
""")

        said = wiring.described(conf)

        self.assertNotIn('secret', said)
        for word in (
            'ENFORCING', 'db.example/books', 'broker.example:5672',
            'patrii_notifications', 'nova',
        ):  # fmt: skip
            self.assertIn(word, said)

    def conf(self) -> Any:
        return self.load(
            f'[database]\nconnection = sqlite:///{self.folder}/books.db'
        )


class CeilometerTest(base.ConfigTestCase):
    """Whose samples are believed is said before any is heard."""

    def check(self, text: str) -> None:
        wiring.check(self.load(f'[ceilometer]\nenabled = true\n{text}'))

    def test_without_a_secret_it_does_not_start(self) -> None:
        for text in ('', 'secret =', 'secret = change this for valid signing'):
            error = self.assertRaises(errors.InvalidInput, self.check, text)

            self.assertEqual('[ceilometer] secret', error.where)

    def test_a_secret_of_ones_own_is_enough(self) -> None:
        self.check('secret = of our own')

    def test_who_wants_forgery_says_so(self) -> None:
        self.check('allow_forgery = true')

    def test_where_it_is_off_no_secret_is_needed(self) -> None:
        wiring.check(self.load())


class BouncesTest(base.ConfigTestCase):
    """A mailbox is read where one is configured, and only there."""

    def test_without_a_mailbox_nothing_waits_for_it(self) -> None:
        conf = self.load()

        self.assertIsNone(wiring.returns(conf))
        self.assertIsNone(wiring.settings(conf).unread_after)

    def test_a_maildir_is_read_by_the_engine(self) -> None:
        conf = self.load('[bounces]\ndriver = maildir\nunread_after = 2h')

        self.assertIn('bounces', wiring.engine(conf, threading.Event()))
        self.assertEqual(
            dt.timedelta(hours=2), wiring.settings(conf).unread_after
        )

    def test_so_is_a_mailbox_on_another_host(self) -> None:
        conf = self.load('[bounces]\ndriver = imap')

        self.assertIsInstance(wiring.returns(conf), imap.ImapMailbox)

    def test_a_span_that_is_none_is_blamed(self) -> None:
        conf = self.load('[bounces]\ndriver = maildir\nevery = often')

        error = self.assertRaises(errors.InvalidInput, wiring.check, conf)
        self.assertIn('[bounces] every', str(error))
