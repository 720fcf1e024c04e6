# SPDX-License-Identifier: Apache-2.0
"""What has done its service is forgotten, and nothing else."""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.engine import retention
from patrii_billing.store import accounts
from patrii_billing.store import inbox
from patrii_billing.store import schema
from tests.unit.cmd import base

_NOW = base.NEW_YEAR
_DAY = dt.timedelta(days=1)


class PurgeTest(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.engine = self.tools()
        self.books = self.engine.db
        self.account = self.books.write(
            accounts.add, 'acme', _NOW, currency='EUR'
        )

    def hear(self, days_ago: int, state: str = inbox.DONE) -> None:
        """A notification came, and this became of it."""
        at = _NOW - days_ago * _DAY
        key = f'{days_ago} {state}'
        self.books.write(inbox.store, [inbox.Letter(key, 'x', '{}')], at)
        self.books.write(
            lambda conn: conn.execute(
                schema.inbox.update()
                .where(schema.inbox.c.message_id == key)
                .values(state=state)
            )
        )

    def mail(self, days_ago: int, settled: bool = True) -> None:
        at = _NOW - days_ago * _DAY
        self.books.write(
            lambda conn: conn.execute(
                schema.notices.insert().values(
                    key=f'{days_ago} {settled}', account_id=self.account,
                    template='grace', servers=[], context={},
                    state='accepted' if settled else 'pending', urgency=1,
                    next_at=None if settled else at, attempts=1,
                    message_id='<m>', recipients=['a@b.example'],
                    subject='Grace', body='Dear customer', created_at=at,
                    settled_at=at if settled else None,
                )
            )
        )  # fmt: skip

    def heard(self) -> list[str]:
        box = schema.inbox.c
        query = sa.select(box.message_id).order_by(box.id)
        return self.books.read(lambda conn: list(conn.scalars(query)))

    def mails(self) -> list[tuple[str, bool]]:
        """Each mail, and whether its text is still there."""
        sent = schema.notices.c
        query = sa.select(sent.key, sent.body).order_by(sent.id)
        rows = self.books.read(lambda conn: conn.execute(query).all())
        return [(row.key, row.body is not None) for row in rows]

    def test_notifications_that_were_read_go_after_a_month(self) -> None:
        for state in (inbox.DONE, inbox.IGNORED):
            self.hear(31, state)
            self.hear(29, state)

        said = self.manage('db', 'purge')

        self.assertIn(': 2', said)
        self.assertEqual(['29 done', '29 ignored'], self.heard())

    def test_what_nobody_has_read_stays_however_old(self) -> None:
        self.hear(400, inbox.NEW)
        self.hear(400, inbox.PARKED)

        self.manage('db', 'purge')

        self.assertEqual(['400 new', '400 parked'], self.heard())

    def test_the_text_of_a_mail_goes_and_that_it_was_sent_stays(self) -> None:
        self.mail(1096)
        self.mail(1094)
        self.mail(1100, settled=False)

        self.manage('db', 'purge')

        self.assertEqual(
            [('1096 True', False), ('1094 True', True), ('1100 False', True)],
            self.mails(),
        )
        row = self.books.read(
            lambda conn: conn.execute(schema.notices.select()).first()
        )
        assert row is not None
        self.assertEqual(
            ('accepted', ['a@b.example'], 'Grace'),
            (row.state, row.recipients, row.subject),
        )

    def test_a_rehearsal_counts_and_forgets_nothing(self) -> None:
        self.hear(31)
        self.mail(1096)

        said = self.manage('db', 'purge', '--dry-run')

        self.assertEqual(2, said.count(': 1'))
        self.assertIn('nothing was forgotten', said)
        self.assertEqual(['31 done'], self.heard())
        self.assertEqual([('1096 True', True)], self.mails())

    def test_an_operator_may_forget_sooner(self) -> None:
        self.hear(8)
        self.hear(6)

        self.manage('db', 'purge', '--older-than', '7d')

        self.assertEqual(['6 done'], self.heard())

    def test_what_is_no_span_is_refused(self) -> None:
        self.assertIn(
            '--older-than: ',
            self.refused('db', 'purge', '--older-than', 'soon'),
        )

    def test_many_go_batch_by_batch(self) -> None:
        letters = [inbox.Letter(f'm{n}', 'x', '{}') for n in range(2500)]
        self.books.write(inbox.store, letters, _NOW - 60 * _DAY)
        self.books.write(
            lambda conn: conn.execute(
                schema.inbox.update().values(state=inbox.DONE)
            )
        )

        gone = list(
            retention.forget(self.engine, 'messages', _NOW - 30 * _DAY)
        )

        self.assertEqual([1000, 1000, 500], gone)
        self.assertEqual([], self.heard())

    def test_what_is_too_young_is_not_even_looked_at(self) -> None:
        for days_ago in (60, 3, 2):
            letters = [
                inbox.Letter(f'{days_ago} {number}', 'x', '{}')
                for number in range(1000)
            ]
            self.books.write(inbox.store, letters, _NOW - days_ago * _DAY)
        self.books.write(
            lambda conn: conn.execute(
                schema.inbox.update().values(state=inbox.DONE)
            )
        )

        looked = list(
            retention.forget(self.engine, 'messages', _NOW - 30 * _DAY)
        )

        self.assertEqual([1000, 0], looked)

    def test_the_engine_forgets_by_itself_a_few_times_a_day(self) -> None:
        keeper = retention.Keeper(self.engine)
        self.hear(31)
        keeper.run()
        self.assertEqual([], self.heard())

        self.hear(32)
        keeper.run()
        self.assertEqual(['32 done'], self.heard())
        self.clock.move_to(_NOW + dt.timedelta(hours=6))
        keeper.run()
        self.assertEqual([], self.heard())

    def test_nothing_is_forgotten_by_a_clock_beyond_belief(self) -> None:
        engine = self.tools(clock_gap=dt.timedelta(days=7))
        self.books.write(
            lambda conn: conn.execute(schema.watch.update().values(
                ticked_at=_NOW - 60 * _DAY
            ))
        )  # fmt: skip
        self.hear(31)

        retention.Keeper(engine).run()

        self.assertEqual(['31 done'], self.heard())
