# SPDX-License-Identifier: Apache-2.0
"""The customer of the imagination is told what a real one would be."""

import dataclasses
import datetime as dt

from oslotest import base

from patrii_billing.domain import mail
from patrii_billing.domain import money
from patrii_billing.domain import samples

NOW = dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
NOTHING = money.Money(0, 'EUR')
ASKED = ('invoice_number', 'invoice_total', 'invoice_owed', 'due_at')
# What is told, beside a sum and what is due in all; by template.
TOLD = {
    'invoice': ('soonest', *ASKED, 'attachments'),
    'reminder': ('soonest', *ASKED, 'attachments', 'context'),
    'grace': ('servers', 'names', *ASKED, 'attachments'),
    'shelved': ('servers', 'names', 'soonest', *ASKED),
    'last_warning': ('servers', 'names', *ASKED),
    'deleted': ('servers', 'names', *ASKED),
    'deletion_requested': ('servers', 'names'),
    'restored': ('servers',),
    'payment_received': (),
    'payment_failed': ('context',),
    'credit_note': ('attachments', 'context'),
    'quota_changed': ('names', 'context'),
    'quota_refused': ('context',),
    'hold_begun': ('names', 'context'),
    'hold_ended': ('names', 'context'),
    'contract_ending': ('names',),
    'contract_kept': (),
    'operator': ('context',),
}
FIELDS = ('servers', 'names', 'soonest', *ASKED, 'attachments', 'context')
OWING = {
    'invoice', 'reminder', 'grace', 'shelved', 'last_warning', 'deleted',
    'payment_failed', 'hold_begun', 'hold_ended',
}  # fmt: skip


def usual(template: str) -> mail.NoticeContent:
    return samples.cases(template, NOW)[samples.USUAL]


def told(content: mail.NoticeContent) -> tuple[str, ...]:
    return tuple(
        name
        for name in FIELDS
        if getattr(content, name) not in ('', None, (), {}, NOTHING)
    )


class UsualTest(base.BaseTestCase):
    def test_each_notice_tells_what_its_occasion_does(self) -> None:
        self.assertEqual(set(mail.TEMPLATES), set(TOLD))
        for template, wanted in TOLD.items():
            self.assertEqual(wanted, told(usual(template)), template)

    def test_who_owes_is_told_how_much_and_who_does_not_that_it_is_nothing(
        self,
    ) -> None:
        for template in TOLD.keys() - {'operator'}:
            due = usual(template).amount_due
            owes = template in OWING
            self.assertEqual(owes, due != NOTHING, template)
            self.assertEqual('142.80 EUR' if owes else '0.00 EUR', str(due))
        self.assertIsNone(usual('operator').amount_due)

    def test_an_operator_is_told_of_no_money_and_no_servers(self) -> None:
        whole = samples.everything('operator', NOW)
        self.assertEqual(
            mail.NoticeContent(
                'operator', whole.account, whole.recipients,
                whole.message_id, zone=whole.zone, ids=whole.ids,
                subscription=whole.subscription, context=whole.context,
                references=whole.references,
            ),
            usual('operator'),
        )  # fmt: skip

    def test_without_an_occasion_there_is_nothing_more_to_say(self) -> None:
        self.assertEqual({}, usual('contract_kept').context)

    def test_an_invoice_is_due_ahead_and_in_the_ladder_behind(self) -> None:
        for template, due in (
            ('invoice', NOW + WEEK),
            ('reminder', NOW + WEEK),
            ('grace', NOW - WEEK),
            ('last_warning', NOW - WEEK),
        ):
            self.assertEqual(due, usual(template).due_at)

    def test_the_next_step_is_a_week_away_and_the_one_after_it_two(
        self,
    ) -> None:
        content = usual('shelved')
        self.assertEqual(
            (NOW + WEEK, NOW + 2 * WEEK), (content.names, content.soonest)
        )

    def test_it_is_told_in_the_language_that_is_asked_for(self) -> None:
        for template in mail.TEMPLATES:
            for one in (
                *samples.cases(template, NOW, 'fr').values(),
                *samples.extremes(template, NOW, 'fr'),
            ):
                self.assertEqual(
                    (template, 'fr', (samples.READER,)),
                    (one.template, one.locale, one.recipients),
                )
            self.assertEqual('en', usual(template).locale)
            self.assertEqual(
                'en', samples.everything(template, NOW).locale
            )
            self.assertEqual(
                {'en'},
                {one.locale for one in samples.extremes(template, NOW)},
            )


class CasesTest(base.BaseTestCase):
    def test_each_notice_comes_in_the_ways_that_it_may(self) -> None:
        ways = {
            'invoice': ['settled', 'credit'],
            'restored': ['owing'],
            'payment_received': ['owing'],
            'credit_note': ['owing'],
            'deletion_requested': ['owing'],
            'quota_changed': ['credit'],
            'hold_begun': ['pause', 'abuse'],
            'hold_ended': ['pause', 'abuse'],
            'operator': ['several', *mail.ALARMS],
        }
        for template in mail.TEMPLATES:
            wanted = [samples.USUAL, *ways.get(template, [])]
            if template == 'operator':
                wanted.remove(samples.OCCASION['operator']['name'])
            self.assertEqual(wanted, list(samples.cases(template, NOW)))

    def test_a_settled_invoice_asks_for_nothing_and_names_no_step(
        self,
    ) -> None:
        found = samples.cases('invoice', NOW)
        settled = found['settled']
        self.assertEqual(
            (NOTHING, NOTHING, None),
            (settled.amount_due, settled.invoice_owed, settled.soonest),
        )
        self.assertEqual(NOW + WEEK, settled.due_at)
        credit = found['credit']
        self.assertEqual(
            ('-31.50 EUR', None), (str(credit.invoice_total), credit.due_at)
        )

    def test_who_owes_still_is_told_so(self) -> None:
        owing = samples.cases('restored', NOW)['owing']
        self.assertEqual('142.80 EUR', str(owing.amount_due))

    def test_a_change_may_give_money_back(self) -> None:
        found = samples.cases('quota_changed', NOW)
        self.assertEqual('42.80 EUR', str(found[samples.USUAL].amount))
        self.assertEqual('-31.50 EUR', str(found['credit'].amount))

    def test_each_hold_and_each_alarm_is_called_by_its_name(self) -> None:
        for hold in ('pause', 'abuse'):
            for template in ('hold_begun', 'hold_ended'):
                content = samples.cases(template, NOW)[hold]
                self.assertEqual({'type': hold}, content.context)
        alarms = samples.cases('operator', NOW)
        why = alarms[samples.USUAL].context['why']
        for name in alarms.keys() - {samples.USUAL, 'several'}:
            self.assertEqual(
                {'name': name, 'why': why}, alarms[name].context
            )

    def test_only_several_alarms_tell_of_others_also(self) -> None:
        found = samples.cases('operator', NOW)
        self.assertEqual((), found[samples.USUAL].also)
        self.assertEqual(2, len(found['several'].also))


class ExtremesTest(base.BaseTestCase):
    def test_they_reach_from_nothing_to_everything(self) -> None:
        for template in mail.TEMPLATES:
            bare, whole, settled, back, *_ = samples.extremes(template, NOW)
            self.assertEqual(
                mail.NoticeContent(
                    template, bare.account, (samples.READER,),
                    bare.message_id,
                ),
                bare,
            )  # fmt: skip
            self.assertEqual(samples.everything(template, NOW), whole)
            self.assertEqual(
                (NOTHING, NOTHING, None),
                (settled.amount_due, settled.invoice_owed, settled.soonest),
            )
            self.assertEqual(
                dataclasses.replace(
                    settled, amount=back.amount, invoice_total=back.amount
                ),
                back,
            )
            self.assertEqual('-31.50 EUR', str(back.amount))

    def test_everything_leaves_nothing_unsaid(self) -> None:
        whole = samples.everything('reminder', NOW)
        plain = {'plan'}  # whose words those of an operator are
        self.assertEqual(
            plain,
            {
                field.name
                for field in dataclasses.fields(whole)
                if not getattr(whole, field.name)
            },
        )
        self.assertEqual(
            (NOW + WEEK, NOW + WEEK, NOW + 2 * WEEK),
            (whole.due_at, whole.names, whole.soonest),
        )
        self.assertEqual('Europe/Paris', whole.zone.key)

    def test_holds_are_of_each_type_and_of_one_that_nobody_knows(
        self,
    ) -> None:
        for template in ('hold_begun', 'hold_ended'):
            bare, whole, _, _, *holds = samples.extremes(template, NOW)
            self.assertEqual(
                [
                    dataclasses.replace(one, context={'type': hold})
                    for hold in ('promise', 'pause', 'abuse', 'other')
                    for one in (whole, bare)
                ],
                holds,
            )

    def test_alarms_are_all_there_are(self) -> None:
        _, whole, _, _, *alarms = samples.extremes('operator', NOW)
        self.assertEqual(
            list(mail.ALARMS), [one.context['name'] for one in alarms]
        )
        for one in alarms:
            self.assertEqual(whole.context['why'], one.context['why'])
            self.assertEqual(
                whole, dataclasses.replace(one, context=whole.context)
            )

    def test_others_have_no_more_than_these(self) -> None:
        self.assertEqual(4, len(samples.extremes('grace', NOW)))
