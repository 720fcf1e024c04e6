# SPDX-License-Identifier: Apache-2.0
"""A notice sent again tells what is so, and neither gains nor loses time."""

from typing import Any

from oslotest import base

from patrii_billing.domain import money
from patrii_billing.engine import evidence
from patrii_billing.engine import payments
from patrii_billing.engine import resending
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit import stories

BOUNCED = 'at: 02-04T00:00:00, bounce: acme'


class Desk(stories.Story):
    """A story in which a person has mails sent again."""

    def now(self) -> Any:
        return self.world.clock.now()

    def notice(self, template: str) -> Any:
        """The newest of a template."""
        return self.rows(schema.notices, template=template)[-1]

    def resend(self, template: str = 'last_warning') -> Any:
        return self.db.write(
            resending.resend, self.notice(template).id, 'ann', self.now()
        )

    def pay(self) -> None:
        self.db.write(
            payments.record, self.world.tools, self.sub().account_id,
            money.Money(1000, 'EUR'), 'transfer', self.now(),
        )  # fmt: skip

    def deleted(self) -> list[str]:
        return self.told('status', name='deleted')


def desk(day: str, events: str = '') -> Desk:
    story = Desk(stories.text(events, until='2026-02-20T00:00:00Z'))
    story.play(day)
    return story


class ResendTest(base.BaseTestCase):
    def test_a_copy_of_an_accepted_warning_moves_nothing(self) -> None:
        story = desk('02-07')
        first = story.notice('last_warning')

        copy = story.resend()
        story.play()

        self.assertEqual(first.id, copy.repeats)
        self.assertEqual(['02-08 00:00:13 status deleted'], story.deleted())
        same = story.rows(schema.notices, id=first.id)[0]
        self.assertEqual(
            (first.accepted_at, first.names), (same.accepted_at, same.names)
        )

    def test_a_copy_names_the_day_that_is_in_force(self) -> None:
        story = desk('02-07')
        story.resend()
        story.play('02-07 00:01')

        warnings = story.mails('last_warning')

        self.assertEqual(2, len(warnings))
        self.assertEqual(warnings[0], warnings[1])

    def test_a_copy_that_is_refused_takes_nothing_back(self) -> None:
        story = desk('02-07')
        story.world.mailbox.dead.update(
            address for mail in story.world.mailbox.sent for address in mail.to
        )
        story.resend()
        story.play()

        self.assertEqual('refused', story.notice('last_warning').state)
        self.assertEqual(['02-08 00:00:13 status deleted'], story.deleted())

    def test_a_warning_that_nobody_accepted_counts_from_its_copy(
        self,
    ) -> None:
        story = desk('02-07', BOUNCED)
        first = story.notice('last_warning')
        self.assertEqual('refused', first.state)
        story.revive()

        story.resend()
        story.play()

        self.assertEqual(
            [
                '02-07 00:00:00 status pending_deletion',
                '02-09 00:00:11 status deleted',
            ],
            story.told('status')[-2:],
        )
        (proven,) = story.rows(schema.notices, id=first.id)
        self.assertEqual(stories.instant('02-07'), proven.accepted_at)
        self.assertIn('accepted as notice', proven.answer)

    def test_it_counts_once_however_often_it_is_sent(self) -> None:
        story = desk('02-07', BOUNCED)
        story.revive()
        story.resend()
        story.play('02-08 12:00')
        story.resend()
        story.play()

        self.assertEqual(
            ['02-09 00:00:11 status deleted'], story.deleted()
        )

    def test_each_copy_has_a_key_and_a_message_of_its_own(self) -> None:
        story = desk('02-06 12:00')
        first = story.notice('last_warning')
        one = story.resend()
        story.play('02-07')
        two = story.resend()  # of the copy, which is of the first

        self.assertEqual(
            [f'again:1:{first.key}', f'again:2:{first.key}'],
            [one.key, two.key],
        )
        self.assertEqual(first.id, two.repeats)
        messages = {first.message_id, one.message_id, two.message_id}
        self.assertEqual(3, len(messages))

    def test_it_goes_to_the_addresses_of_today(self) -> None:
        story = desk('02-07', BOUNCED)
        story.db.write(
            lambda conn: conn.execute(
                schema.accounts.update().values(contacts=['new@acme.example'])
            )
        )

        story.resend()
        story.play('02-07 00:01')

        copy = story.notice('last_warning')
        self.assertEqual(
            (['new@acme.example'], 'accepted'), (copy.recipients, copy.state)
        )

    def test_the_grace_notice_names_the_hour_of_shelving_in_force(
        self,
    ) -> None:
        story = desk('02-02')
        self.assertEqual(
            stories.instant('02-03'), story.sub().due_at
        )  # fmt: skip

        story.resend('grace')
        story.play('02-02 00:01')

        self.assertEqual(
            stories.instant('02-03'), story.notice('grace').names
        )  # fmt: skip
        self.assertEqual(
            ['02-03 00:00:02 status shelved'],
            story.play('02-04').told('status', name='shelved'),
        )

    def test_who_paid_meanwhile_is_not_warned_again(self) -> None:
        story = desk('02-07')
        story.resend()
        story.pay()
        story.play('02-08')

        self.assertEqual('cancelled', story.notice('last_warning').state)
        self.assertEqual(1, len(story.mails('last_warning')))

    def test_what_is_not_so_any_more_is_not_sent_again(self) -> None:
        story = desk('02-07')

        for template in ('grace', 'reminder'):
            error = self.assertRaises(
                errors.Conflict, story.resend, template
            )
            self.assertIn('the ladder has gone on', str(error))

    def test_what_is_on_its_way_is_not_sent_twice(self) -> None:
        story = desk(
            '02-06 12:00', 'from: 02-06T00:00:00, to: 02-07T00:00:00, '
            'down: mail',
        )  # fmt: skip
        error = self.assertRaises(errors.Conflict, story.resend)
        self.assertIn('is pending', str(error))

        story.play('02-07 06:00')
        story.resend()
        error = self.assertRaises(errors.Conflict, story.resend)
        self.assertIn('is', str(error))

    def test_an_invoice_is_sent_again_to_who_asks_for_it(self) -> None:
        story = desk('01-31')
        story.resend('invoice')
        story.play('01-31 00:01')

        self.assertEqual(2, len(story.mails('invoice')))
        (entry,) = [
            row
            for row in story.rows(schema.timeline, what='notice')
            if row.by == 'ann'
        ]
        self.assertEqual('again', entry.detail['result'])

    def test_an_alarm_is_sent_again_to_the_operator(self) -> None:
        story = desk('02-07', BOUNCED)
        story.resend('operator')
        story.play('02-07 00:01')

        alarms = story.rows(schema.notices, template='operator')
        self.assertEqual('accepted', alarms[-1].state)

    def test_a_letter_is_recorded_of_the_first_and_not_of_a_copy(
        self,
    ) -> None:
        story = desk('02-07', BOUNCED)
        copy = story.resend()

        self.assertRaises(
            errors.Conflict,
            story.db.write, evidence.record, story.world.tools, copy.key,
            story.now(), 'a letter', 'ann', story.now(),
        )  # fmt: skip

    def test_what_comes_back_is_the_warning_whichever_mail_it_was(
        self,
    ) -> None:
        story = desk('02-06 12:00', 'at: 02-07T00:00:00, bounce: acme')
        story.resend()
        story.play()

        self.assertEqual([], story.deleted())

    def test_a_notice_that_is_not_there_is_not_found(self) -> None:
        story = desk('01-31')

        self.assertRaises(
            errors.NotFound,
            story.db.write, resending.resend, 999, 'ann', story.now(),
        )  # fmt: skip
