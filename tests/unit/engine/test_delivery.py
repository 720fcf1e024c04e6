# SPDX-License-Identifier: Apache-2.0
"""What becomes of a notice, whatever the mail server does."""

from collections.abc import Callable
import contextlib
import dataclasses
import datetime as dt
from typing import Any

from oslotest import base
import sqlalchemy as sa

from patrii_billing.domain import mail as mails
from patrii_billing.engine import notify
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.sim import clock as clocks
from patrii_billing.store import accounts
from patrii_billing.store import attempts
from patrii_billing.store import due
from patrii_billing.store import notices
from patrii_billing.store import schema
from patrii_billing.store import undeliverable
from patrii_billing.store import watch
from tests import books
from tests.unit import stories

ACME, OTHER = 'billing@acme.example', 'other@acme.example'
MINUTE = dt.timedelta(minutes=1)


class Server:
    """Answers each mail as it is told, else takes it."""

    operators = ('ops@cloud.example',)
    operators_locale = 'en'

    def __init__(self) -> None:
        self.answers: list[Exception | mails.Handover | type] = []
        self.always: Exception | None = None
        self.offered: list[mails.Mail] = []
        self.takes: Callable[[], None] = lambda: None

    def compose(self, content: mails.NoticeContent) -> mails.Mail:
        return mails.Mail(
            to=content.recipients, subject=content.template, text='',
            message_id=content.message_id,
        )  # fmt: skip

    def kept(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def send(self, mail: mails.Mail) -> mails.Handover:
        self.offered.append(mail)
        self.takes()
        answer: Any = self.always
        if answer is None and self.answers:
            answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer or mails.Handover('250 ok')


class Killed(BaseException):
    """As by kill -9: nobody catches it."""


class Nobody:
    """Keystone, with nobody in it or away."""

    fault: Exception | None = None

    def contacts(self, project: str) -> list[str]:
        if self.fault is not None:
            raise self.fault
        return []


class DeliveryTestCase(books.BooksTestCase):
    pace: dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.sub = self.db.write(books.subscription)
        self.clock = clocks.Clock(books.NOW)
        self.server, self.keystone = Server(), Nobody()
        cloud: Any = type('Cloud', (), {'projects': self.keystone})()
        self.tools = toolbox.Tools(
            db=self.db, cloud=cloud, voice=self.server, clock=self.clock,
            settings=settings.Settings(dry_run=False, **self.pace),
        )  # fmt: skip

    def ask(self, template: str, key: str = '') -> sa.Row[Any]:
        key = key or template

        def work(conn: sa.Connection) -> sa.Row[Any]:
            named: dict[str, Any] = {}
            if template != 'operator':
                named = {'account_id': self.account(conn).id}
            if template in ('grace', 'last_warning', 'reminder'):
                named['subscription_id'] = self.sub
                conn.execute(
                    schema.subscriptions.update().values(awaits=key)
                )
            context = {'name': 'alarm', 'why': 'x'}
            notices.ask(
                conn, key, template, self.clock.now(), context=context, **named
            )
            return notices.by_key(conn, key)

        return self.db.write(work)

    def account(self, conn: sa.Connection) -> sa.Row[Any]:
        return conn.execute(schema.accounts.select()).one()

    def run_(self) -> int:
        return notify.run(self.tools, self.clock.now())

    def wait(self, span: dt.timedelta) -> None:
        self.clock.move_to(self.clock.now() + span)

    def notice(self, key: str) -> sa.Row[Any]:
        return self.db.read(notices.by_key, key)

    def history(self, key: str) -> list[str]:
        rows = self.db.read(attempts.of, self.notice(key).id)
        return [row.result for row in rows]

    def told(self, key: str) -> list[str]:
        rows = self.db.read(
            lambda conn: conn.execute(
                schema.timeline.select()
                .where(schema.timeline.c.what == 'notice')
                .order_by(schema.timeline.c.id)
            ).all()
        )
        return [
            row.detail['result'] for row in rows if row.detail['key'] == key
        ]

    def alarms(self) -> list[str]:
        rows = self.db.read(
            lambda conn: conn.execute(
                schema.timeline.select().where(
                    schema.timeline.c.what == 'alarm'
                )
            ).all()
        )
        return [row.name for row in rows]


class HistoryTest(DeliveryTestCase):
    def test_each_attempt_is_kept_with_its_answer(self) -> None:
        self.server.answers = [errors.MailDeferred('451 greylisted')] * 2
        self.ask('invoice')
        for _ in range(3):
            self.run_()
            self.wait(5 * MINUTE)

        row = self.notice('invoice')
        self.assertEqual(('accepted', 3), (row.state, row.attempts))
        self.assertEqual(
            [
                (1, 'deferred', '451 greylisted', [ACME]),
                (2, 'deferred', '451 greylisted', [ACME]),
                (3, 'accepted', '250 ok', [ACME]),
            ],
            [
                (one.number, one.result, one.answer, one.recipients)
                for one in self.db.read(attempts.of, row.id)
            ],
        )

    def test_the_timeline_tells_of_a_delay_once_and_of_its_end(self) -> None:
        self.server.answers = [errors.MailDeferred('451 not now')] * 30
        self.ask('invoice')
        for _ in range(31):
            self.run_()
            self.wait(dt.timedelta(hours=1))

        self.assertEqual(['deferred', 'accepted'], self.told('invoice'))
        self.assertEqual(31, len(self.history('invoice')))

    def test_what_no_ladder_waits_for_is_given_up_in_the_end(self) -> None:
        self.server.always = errors.MailDeferred('451 not now')
        self.ask('invoice')
        self.ask('grace')
        for _ in range(80):
            self.run_()
            self.wait(dt.timedelta(hours=1))

        self.assertEqual('refused', self.notice('invoice').state)
        self.assertEqual(
            'given up: 451 not now', self.notice('invoice').answer
        )
        self.assertEqual('pending', self.notice('grace').state)
        self.assertIn('delivery_late', self.alarms())


class ContactsTest(DeliveryTestCase):
    def contacts(self, *addresses: str) -> None:
        self.db.write(
            lambda conn: accounts.change(
                conn, self.account(conn).id, contacts=list(addresses)
            )
        )

    def marked(self) -> dict[str, str]:
        def work(conn: sa.Connection) -> dict[str, str]:
            found = undeliverable.of(conn, self.account(conn).id)
            return {key: row.answer for key, row in found.items()}

        return self.db.read(work)

    def test_one_whom_the_server_does_not_know_gets_no_more(self) -> None:
        self.contacts(ACME, OTHER)
        self.server.answers = [
            mails.Handover('250 ok', {OTHER: '550 5.1.1 who?'}, (OTHER,))
        ]
        self.ask('invoice')
        self.run_()
        self.ask('grace')
        self.run_()

        self.assertEqual({OTHER: '550 5.1.1 who?'}, self.marked())
        offered = {one.subject: one.to for one in self.server.offered}
        self.assertEqual((ACME, OTHER), offered['invoice'])
        self.assertEqual((ACME,), offered['grace'])
        (attempt,) = self.db.read(attempts.of, self.notice('invoice').id)
        self.assertEqual([ACME], attempt.recipients)
        self.assertEqual([ACME], self.notice('invoice').recipients)
        self.assertEqual(['delivery_failed'], self.alarms())

    def test_where_none_is_left_the_notice_is_refused_unsent(self) -> None:
        refusal = errors.MailRefused('550 who?', {ACME: '550 who?'})
        self.server.answers = [refusal]
        self.ask('grace')
        self.run_()
        offered = len(self.server.offered)
        self.ask('last_warning')
        self.run_()

        row = self.notice('last_warning')
        self.assertEqual('refused', row.state)
        self.assertIsNone(row.accepted_at)
        self.assertIn(f'{ACME}: 550 who?', row.answer)
        self.assertEqual(
            {'operator'},
            {one.subject for one in self.server.offered[offered:]},
        )
        self.assertEqual(['delivery_failed'] * 2, self.alarms())

    def test_a_refusal_of_the_mail_marks_nobody(self) -> None:
        self.server.answers = [errors.MailRefused('554 spam')]
        self.ask('grace')
        self.run_()

        self.assertEqual({}, self.marked())
        self.assertEqual('refused', self.notice('grace').state)

    def test_while_nobody_can_be_asked_for_users_it_waits(self) -> None:
        self.contacts()
        self.keystone.fault = errors.CloudUnavailable('keystone is away')
        self.ask('grace')
        self.run_()

        self.assertEqual('pending', self.notice('grace').state)
        self.assertEqual(['deferred'], self.history('grace'))
        self.keystone.fault = None
        self.wait(5 * MINUTE)
        self.run_()
        self.assertEqual('there is no address', self.notice('grace').answer)


class UnknownTest(DeliveryTestCase):
    def test_what_must_arrive_is_sent_again_as_the_same_mail(self) -> None:
        self.server.answers = [errors.MailUnknown('no answer')]
        self.ask('last_warning')
        self.run_()
        self.assertIsNone(self.notice('last_warning').accepted_at)
        self.wait(5 * MINUTE)
        self.run_()

        first, again = (
            one
            for one in self.server.offered
            if one.subject == 'last_warning'
        )
        self.assertEqual(first.message_id, again.message_id)
        self.assertEqual(['unknown', 'accepted'], self.history('last_warning'))
        self.assertIn('delivery_unknown', self.alarms())

    def test_its_reader_is_spared_a_copy_each_hour(self) -> None:
        self.server.always = errors.MailUnknown('no answer')
        self.ask('grace')
        for _ in range(4 * 24 * 2):
            self.run_()
            self.wait(dt.timedelta(minutes=30))

        self.assertLessEqual(len(self.history('grace')), 7)
        self.assertEqual('pending', self.notice('grace').state)

    def test_the_day_that_each_copy_names_is_kept(self) -> None:
        self.ask('last_warning')
        self.server.always = errors.MailUnknown('no answer')
        for _ in range(2):
            self.run_()
            self.wait(dt.timedelta(hours=2))

        named = self.notice('last_warning').names
        last = self.clock.now() - dt.timedelta(hours=2)
        self.assertEqual(last + dt.timedelta(days=7), named)

    def test_all_else_is_left_and_the_timeline_says_so(self) -> None:
        self.server.answers = [errors.MailUnknown('no answer')]
        self.ask('payment_received')
        self.run_()
        self.wait(dt.timedelta(days=1))
        self.run_()

        self.assertEqual(1, len(self.server.offered))
        self.assertEqual('unknown', self.notice('payment_received').state)
        self.assertEqual(['unknown'], self.told('payment_received'))

    def killed(self, template: str) -> None:
        """The worker dies while the mail server thinks it over."""
        self.ask(template)
        self.server.answers = [Killed()]  # type: ignore[list-item]
        self.assertRaises(Killed, self.run_)
        self.assertEqual(['begun'], self.history(template))
        self.wait(8 * MINUTE)
        self.run_()

    def test_a_receipt_of_a_dead_worker_is_never_sent_twice(self) -> None:
        self.killed('payment_received')

        self.assertEqual(1, len(self.server.offered))
        row = self.notice('payment_received')
        self.assertEqual(('unknown', 1), (row.state, row.attempts))
        self.assertEqual(['unknown'], self.history('payment_received'))
        self.assertEqual(['unknown'], self.told('payment_received'))

    def test_a_grace_notice_of_a_dead_worker_is_sent_again(self) -> None:
        self.killed('grace')

        first, again = self.server.offered
        self.assertEqual(first.message_id, again.message_id)
        row = self.notice('grace')
        self.assertEqual(('accepted', 2), (row.state, row.attempts))
        self.assertEqual(['unknown', 'accepted'], self.history('grace'))

    def test_an_error_of_ours_after_the_mail_sends_no_receipt_twice(
        self,
    ) -> None:
        self.ask('payment_received')
        self.server.answers = [ValueError('a bug')]
        self.run_()
        self.wait(5 * MINUTE)
        self.run_()

        self.assertEqual(1, len(self.server.offered))
        self.assertEqual('unknown', self.notice('payment_received').state)


class AwayTest(DeliveryTestCase):
    def crowd(self, count: int) -> None:
        for n in range(count):
            self.ask('payment_received', f'receipt:{n}')
        self.ask('last_warning')

    def test_one_mail_tries_for_all(self) -> None:
        self.crowd(50)
        self.server.always = errors.MailAway('connection refused')
        self.run_()

        self.assertEqual(1, len(self.server.offered))
        self.assertEqual('last_warning', self.server.offered[0].subject)
        self.assertEqual(0, self.run_())
        # Six hours at a try each five minutes, and some more at first.
        for _ in range(6 * 60 * 6):
            self.run_()
            self.wait(dt.timedelta(seconds=10))
        self.assertLess(len(self.server.offered), 110)
        self.assertIn('mail_away', self.alarms())

    def test_nobody_looks_for_work_while_all_wait(self) -> None:
        self.crowd(1)
        self.server.always = errors.MailAway('connection refused')
        self.run_()

        self.assertGreater(self.db.read(due.instants)['notify'], books.NOW)

    def test_when_it_is_back_all_go_the_weightiest_first(self) -> None:
        self.crowd(20)
        self.server.always = errors.MailAway('connection refused')
        self.run_()
        self.server.always = None
        self.wait(5 * MINUTE)
        while self.run_():
            pass

        sent = [one.subject for one in self.server.offered[1:]]
        self.assertEqual(['last_warning', *['payment_received'] * 20], sent)
        self.assertIsNone(self.db.read(watch.get).mail_away_since)

    def test_a_mail_that_asks_nothing_of_it_does_not_hold_up_the_next(
        self,
    ) -> None:
        self.crowd(1)
        self.server.always = errors.MailAway('connection refused')
        self.run_()
        self.server.always = None
        self.db.write(
            lambda conn: conn.execute(
                schema.subscriptions.update().values(awaits=None)
            )
        )
        self.wait(2 * MINUTE)
        while self.run_():
            pass

        self.assertEqual('cancelled', self.notice('last_warning').state)
        self.assertEqual('accepted', self.notice('receipt:0').state)


class PaceTest(DeliveryTestCase):
    pace = {'mail_per_minute': 5}

    def test_no_minute_sees_more_than_it_may(self) -> None:
        for n in range(17):
            self.ask('invoice', f'invoice:{n}')
        for _ in range(5 * 60):
            self.run_()
            self.wait(dt.timedelta(seconds=1))

        begun = sorted(
            one.at
            for n in range(17)
            for one in self.db.read(
                attempts.of, self.notice(f'invoice:{n}').id
            )
        )
        self.assertEqual(17, len(begun))
        for first, sixth in zip(begun, begun[5:], strict=False):
            self.assertGreaterEqual(sixth - first, MINUTE)
        self.assertLess(begun[-1] - begun[0], 4 * MINUTE)

    def test_alarms_and_warnings_go_before_receipts(self) -> None:
        for template in (
            'payment_received', 'invoice', 'reminder', 'shelved', 'grace',
            'last_warning', 'operator',
        ):  # fmt: skip
            self.ask(template)
        self.db.write(
            lambda conn: conn.execute(
                schema.notices.update()
                .where(schema.notices.c.template.in_(('reminder', 'grace')))
                .values(subscription_id=None, template='restored')
            )
        )
        while self.run_() or self.clock.now() < books.NOW + 2 * MINUTE:
            self.wait(dt.timedelta(seconds=30))

        self.assertEqual(
            [
                'operator', 'last_warning', 'restored', 'shelved', 'restored',
                'invoice', 'payment_received',
            ],
            [one.subject for one in self.server.offered],
        )  # fmt: skip

    def test_what_has_waited_a_day_waits_for_no_alarm(self) -> None:
        self.ask('payment_received')
        self.wait(dt.timedelta(days=1))
        for n in range(6):
            self.ask('operator', f'operator:{n}')
        self.run_()

        self.assertEqual('payment_received', self.server.offered[0].subject)

    def test_what_comes_in_waits_for_no_slow_server(self) -> None:
        for n in range(9):
            self.ask('payment_received', f'receipt:{n}')
        self.server.takes = lambda: self.wait(dt.timedelta(seconds=20))
        self.run_()
        self.ask('operator')
        self.run_()

        subjects = [mail.subject for mail in self.server.offered]
        self.assertEqual(2, subjects.index('operator'))
        self.assertGreater(len(subjects), 3)

    def test_after_a_long_silence_the_urgent_still_goes_first(self) -> None:
        self.ask('payment_received')
        self.ask('last_warning')
        self.wait(dt.timedelta(days=3))
        self.run_()

        self.assertEqual('last_warning', self.server.offered[0].subject)

    def test_nobody_looks_for_work_in_a_minute_that_is_full(self) -> None:
        for n in range(6):
            self.ask('invoice', f'invoice:{n}')
        self.run_()
        self.run_()

        self.assertEqual(
            books.NOW + MINUTE, self.db.read(due.instants)['notify']
        )


class WarningStatesTest(base.BaseTestCase):
    """Whatever the warning's row says, short of accepted and old enough."""

    def warned(self) -> stories.Story:
        """On the day of the deletion, an hour before it."""
        return stories.Story(stories.text()).play('02-07 23:00:00')

    def spoiled(
        self, story: stories.Story, **values: Any
    ) -> stories.Story:
        """Change the warning's row behind everybody's back."""
        notice = schema.notices
        warning = notice.c.template == 'last_warning'
        story.db.write(
            lambda conn: conn.execute(
                notice.update().where(warning).values(**values)
            )
        )
        return story

    def test_an_accepted_one_is_what_a_deletion_rests_on(self) -> None:
        self.assertEqual('gone', self.warned().play().shows())

    def test_nothing_is_deleted_in_any_other_state(self) -> None:
        story = self.warned()
        back = story.remember()
        at = stories.instant('02-06 00:00:02')
        for spoilt in (
            {'state': 'pending', 'accepted_at': None, 'settled_at': None},
            *(
                {'state': state, 'accepted_at': None}
                for state in ('unknown', 'refused', 'suppressed', 'cancelled')
            ),
            # Accepted, it says: but when?
            {'accepted_at': None},
            {'accepted_at': at + dt.timedelta(days=2)},
            # About another server, another customer.
            {'servers': ['6b1f9c1e-0000-4000-8000-000000000000']},
            {'servers': []},
            {'subscription_id': None},
            # A day that is still to come.
            {'names': stories.instant('02-28')},
        ):
            self.spoiled(story, **spoilt).play()
            self.assertNotIn('delete', story.moves(), spoilt)
            back()

    def test_no_instant_of_acceptance_counts_in_another_state(self) -> None:
        story = self.warned()
        back = story.remember()
        for state in ('pending', 'unknown', 'refused', 'suppressed'):
            self.spoiled(story, state=state).play()
            self.assertNotIn('delete', story.moves(), state)
            back()

    def test_attempts_without_an_acceptance_are_no_warning(self) -> None:
        story = self.spoiled(
            self.warned(), state='unknown', accepted_at=None
        )
        (row,) = story.rows(schema.notices, template='last_warning')
        for result in ('begun', 'deferred', 'unknown', 'accepted'):
            story.db.write(
                attempts.record, row.id, row.created_at, result, '250', [ACME]
            )
        self.assertNotIn('delete', story.play().moves())

    def test_a_copy_moves_no_deletion_forward(self) -> None:
        story = self.spoiled(
            self.warned(), state='unknown', accepted_at=None
        )
        (row,) = story.rows(schema.notices, template='last_warning')
        values = dict(row._mapping)
        del values['id']
        values |= {
            'key': f'again:1:{row.key}',
            'repeats': row.id,
            'state': 'accepted',
            'accepted_at': row.created_at,
        }
        story.db.write(
            lambda conn: conn.execute(schema.notices.insert().values(**values))
        )
        self.assertNotIn('delete', story.play().moves())


class BackoffTest(base.BaseTestCase):
    def test_what_was_put_off_together_comes_back_apart(self) -> None:
        pace = settings.Settings()
        waits = {pace.mail_backoff(3, f'key:{n}') for n in range(100)}

        self.assertGreater(len(waits), 90)
        self.assertLessEqual(max(waits), dt.timedelta(minutes=8))
        self.assertGreaterEqual(min(waits), dt.timedelta(minutes=6))

    def test_it_grows_to_its_longest_and_no_more(self) -> None:
        pace = dataclasses.replace(
            settings.Settings(), mail_retry_max=dt.timedelta(hours=1)
        )
        self.assertLessEqual(
            pace.mail_backoff(1000, 'x'), dt.timedelta(hours=1)
        )
