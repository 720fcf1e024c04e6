# SPDX-License-Identifier: Apache-2.0
"""Every notice says what its reader needs, whatever the names hold."""

import dataclasses
import itertools
import pathlib
import re

import fixtures
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import mail as mails
from patrii_billing.domain import money
from patrii_billing import errors
from patrii_billing.mail import compose
from patrii_billing.mail import message
from tests.unit.mail import samples

SHELVED_ON = (
    'Thursday, February 5, 2026, 15:30'
    ' (Central European Standard Time, GMT+01:00)'
)


def words(text: str) -> str:
    """The text without its line ends."""
    return ' '.join(text.split())


def placeholders(path: pathlib.Path) -> set[str]:
    """What a template's expressions use, without its own words."""
    text = ' '.join(re.findall(r'\{[{%](.*?)[%}]\}', path.read_text()))
    asked = re.findall(r"get\('(\w+)'", text)
    used = re.findall(r'[\w.]+', re.sub(r"'[^']*'", '', text))
    return {*asked, *used} - {'if', 'elif', 'else', 'endif'}


class TestEveryTemplate(base.BaseTestCase):
    def test_is_there_in_each_language_with_its_three_parts(self) -> None:
        parts = {
            f'{template}.{part}.j2'
            for template in samples.TEMPLATES
            for part in ('subject', 'txt', 'html')
        }
        for language in samples.LANGUAGES:
            found = {
                path.name for path in (samples.FOLDER / language).iterdir()
            }
            self.assertEqual(
                {*parts, 'layout.html.j2', 'layout.txt.j2', '_alarms.j2'},
                found, language,
            )  # fmt: skip

    def test_tells_the_same_facts_in_each_language(self) -> None:
        english, *others = (
            {
                path.name: placeholders(path)
                for path in (samples.FOLDER / language).iterdir()
            }
            for language in samples.LANGUAGES
        )
        for other, name in itertools.product(others, english):
            self.assertEqual(english[name], other[name], name)

    def test_of_another_language_has_no_english_in_it(self) -> None:
        for template in samples.TEMPLATES:
            for notice in (samples.minimal, samples.full):
                mail = samples.written(notice(template, locale='fr'))
                self.assertIn('lang="fr"', mail.html)
                self.assertIn('dir="ltr"', mail.html)
                for part in (mail.subject, mail.text, mail.html):
                    for word in ('your', 'Your', 'Invoice', 'February'):
                        self.assertNotIn(f'{word} ', part, template)

    def test_is_written_with_the_least_there_can_be(self) -> None:
        bare = compose.Brand('Acme', 'acme.example')
        for template in samples.TEMPLATES:
            mail = compose.compose(bare, samples.minimal(template))
            self.assertNotIn('None', mail.subject + mail.text + mail.html)
            self.assertTrue(mail.subject)
            self.assertIn('Acme', mail.text)

    def test_is_well_formed_and_has_a_language(self) -> None:
        for template in samples.TEMPLATES:
            for notice in (samples.minimal, samples.full):
                mail = samples.written(notice(template))
                outline = samples.Outline(mail.html)
                self.assertEqual([], outline.open)
                self.assertEqual(
                    ('html', [('lang', 'en'), ('dir', 'ltr')]),
                    outline.elements[0],
                )

    def test_names_its_servers_by_name_and_id(self) -> None:
        for template in samples.TEMPLATES:
            mail = samples.written(samples.full(template))
            self.assertIn(f'- web ({samples.WEB})', mail.text)
            self.assertIn(f'- db ({samples.DB})', mail.text)
            self.assertIn(samples.WEB, mail.html)

    def test_for_customers_says_what_is_due_and_whom_to_ask(self) -> None:
        for template in set(samples.TEMPLATES) - {'operator'}:
            mail = samples.written(samples.full(template))
            for part in (mail.text, mail.html):
                self.assertIn('€12.50', part)
                self.assertIn('INV-000017', part)
                self.assertIn('https://acme.example/pay', part)
                self.assertIn('support@acme.example', part)

    def test_for_customers_asks_nothing_of_whoever_owes_nothing(self) -> None:
        for template in samples.TEMPLATES:
            mail = samples.written(
                samples.full(template, amount_due=money.Money(0, 'EUR'))
            )
            self.assertNotIn('https://acme.example/pay', mail.text)
            self.assertNotIn('https://acme.example/pay', mail.html)

    def test_has_lines_of_at_most_78_with_a_last_one(self) -> None:
        for template in samples.TEMPLATES:
            for notice in (samples.minimal, samples.full):
                text = samples.written(notice(template)).text
                self.assertEqual(
                    [], [li for li in text.split('\n') if len(li) > 78]
                )
                self.assertTrue(text.endswith('\n'))
                self.assertNotIn('\n\n\n', text)

    def test_has_every_sentence_in_text_and_in_html(self) -> None:
        for language, template in itertools.product(
            samples.LANGUAGES, samples.TEMPLATES
        ):
            text, html = (
                (
                    samples.FOLDER / f'{language}/{template}.{part}.j2'
                ).read_text()
                for part in ('txt', 'html')
            )
            for line in text.splitlines():
                sentence = words(line.split('{')[0].strip(' :'))
                if len(sentence) > 20 and ':  ' not in sentence:
                    self.assertIn(sentence[:60], words(html), template)

    def test_says_the_same_in_text_and_in_html(self) -> None:
        for language, template, notice in itertools.product(
            samples.LANGUAGES,
            samples.TEMPLATES,
            (samples.minimal, samples.full),
        ):
            mail = samples.written(notice(template, locale=language))
            page = words(samples.spoken(mail.html))
            for paragraph in mail.text.split('\n\n'):
                if not re.search('^- |:  |https:', paragraph, re.MULTILINE):
                    self.assertIn(words(paragraph).rstrip(' :'), page)


class TestSteps(base.BaseTestCase):
    def says(self, template: str, *sentences: str) -> mails.Mail:
        mail = samples.written(samples.full(template))
        for sentence in sentences:
            self.assertIn(sentence, words(mail.text))
        return mail

    def test_an_invoice_says_before_when_to_pay(self) -> None:
        mail = self.says(
            'invoice', 'Please pay it before Sunday, February 1, 2026, 00:00'
        )
        self.assertEqual(
            'Invoice INV-000017: €12.00, to be paid before February 1, 2026',
            mail.subject,
        )

    def test_grace_names_the_hour_of_shelving(self) -> None:
        mail = self.says(
            'grace',
            f'we will shelve your servers on: {SHELVED_ON}',
            'Nothing is deleted at this step.',
            'Servers that will be shelved: - web',
        )
        self.assertEqual(
            'Payment overdue:'
            ' your servers will be shelved on Feb 5, 2026, 15:30',
            mail.subject,
        )
        self.assertIn(f'<strong>{SHELVED_ON}</strong>', mail.html)

    def test_the_last_warning_names_the_hour_of_deletion(self) -> None:
        mail = self.says(
            'last_warning',
            f'we will delete the servers below on: {SHELVED_ON}',
            'If you pay before, nothing is deleted',
        )
        self.assertEqual(
            'Last warning: your servers will be deleted on Feb 5, 2026, 15:30',
            mail.subject,
        )
        self.assertIn(f'<strong>{SHELVED_ON}</strong>', mail.html)

    def test_what_is_deleted_can_be_asked_for_until_an_hour(self) -> None:
        self.says('deleted', f'is still there until: {SHELVED_ON}')

    def test_a_payment_says_what_came_and_what_is_left(self) -> None:
        self.says(
            'payment_received',
            'your payment of €4.00',
            'Left to pay is €12.50',
        )
        paid = samples.full(
            'payment_received', amount_due=money.Money(0, 'EUR')
        )
        self.assertIn('Everything is paid.', samples.written(paid).text)

    def test_a_credit_note_names_its_invoice(self) -> None:
        mail = self.says(
            'credit_note',
            'We give you back €4.00 of invoice INV-000011',
        )
        self.assertIn('Credit note', mail.subject)

    def test_a_leaver_learns_his_last_day(self) -> None:
        self.says('contract_ending', f'ends on {SHELVED_ON}')
        self.says('contract_kept', 'its cancellation is withdrawn')

    def test_a_hold_says_what_kind_it_is(self) -> None:
        for kind, sentence in (
            (
                'promise',
                'We have noted that your payment will come by Thursday',
            ),
            ('pause', 'Your subscription is paused until Thursday'),
            ('abuse', 'A payment alone does not end this hold'),
            ('other', 'Your subscription is on hold until Thursday'),
        ):
            notice = samples.full('hold_begun', context={'type': kind})
            self.assertIn(sentence, words(samples.written(notice).text))

    def test_an_operator_learns_what_why_and_whose(self) -> None:
        mail = self.says(
            'operator',
            'Alarm: restore_stuck',
            'Why: no host has room for it',
            'Account: Jane',
            'Subscription: acme-1',
        )
        self.assertEqual(
            '[billing] A paid server does not come back: Jane, acme-1',
            mail.subject,
        )
        self.assertNotIn('Hello', mail.text)


class TestHostileNames(base.BaseTestCase):
    def test_never_become_markup(self) -> None:
        for template in samples.TEMPLATES:
            tame = samples.Outline(
                samples.written(samples.hostile(template, 'tame')).html
            )
            for text in samples.HOSTILE[:-1]:
                mail = samples.written(samples.hostile(template, text))
                self.assertEqual(
                    tame.elements, samples.Outline(mail.html).elements
                )
                self.assertNotIn('49', mail.subject)

    def test_never_leave_their_line(self) -> None:
        for template in samples.TEMPLATES:
            for text in samples.HOSTILE:
                mail = samples.written(samples.hostile(template, text))
                self.assertEqual(1, len(mail.subject.splitlines()))
                self.assertLessEqual(len(mail.subject), 200)
                for line in mail.text.splitlines():
                    self.assertFalse(line.startswith('Bcc'), line)
                    self.assertLess(len(line), 1100)

    @hypothesis.given(
        st.sampled_from(samples.TEMPLATES), st.text(st.characters())
    )
    def test_never_make_a_header(self, template: str, text: str) -> None:
        mail = samples.written(samples.hostile(template, text))
        sample = samples.written(samples.full(template))
        date = samples.full().due_at
        assert date is not None
        self.assertEqual(
            self.headers(message.written(sample, samples.LETTERHEAD, date)),
            self.headers(message.written(mail, samples.LETTERHEAD, date)),
        )

    def headers(self, data: bytes) -> list[bytes]:
        head = data.split(b'\r\n\r\n')[0]
        self.assertNotIn(b'\n', head.replace(b'\r\n', b''))
        return [
            line.split(b':')[0]
            for line in head.split(b'\r\n')
            if not line.startswith(b' ')
        ]


class TestRecipients(base.BaseTestCase):
    def test_without_a_usable_address_are_left_out(self) -> None:
        mail = samples.written(
            samples.minimal(
                recipients=(
                    'a@b.example',
                    'nobody',
                    'c@d.example',
                    'a@b.example',
                )
            )
        )
        self.assertEqual(('a@b.example', 'c@d.example'), mail.to)

    def test_none_of_whom_can_be_reached_are_a_refusal(self) -> None:
        for recipients in ((), ('nobody', 'a@b\r\nX: y')):
            self.assertRaises(
                errors.MailRefused,
                samples.written,
                samples.minimal(recipients=recipients),
            )


class TestIds(base.BaseTestCase):
    def test_are_the_same_at_every_attempt(self) -> None:
        first, second = (samples.written(samples.full()) for _ in range(2))
        self.assertEqual('<0123abcd@mail.acme.example>', first.message_id)
        self.assertEqual('<account-7@mail.acme.example>', first.references)
        self.assertEqual(first, second)


class TestBrand(base.BaseTestCase):
    def test_names_the_option_that_is_wrong(self) -> None:
        for option, values in (
            ('message_domain', {'domain': 'not a domain'}),
            ('support', {'domain': 'a.example', 'support': 'somebody'}),
            ('templates', {'domain': 'a.example', 'templates': '/nowhere'}),
        ):
            refused = self.assertRaises(
                errors.InvalidInput, compose.Brand, 'Acme', **values
            )
            self.assertEqual(f'[mail] {option}', refused.where)


class TestTemplatesOfOnesOwn(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.use_new_folder()

    def use_new_folder(self) -> None:
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.brand = compose.Brand(
            'Acme', 'acme.example', templates=str(self.folder)
        )

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def write(self, template: str, locale: str = 'en') -> mails.Mail:
        return compose.compose(
            self.brand, samples.full(template, locale=locale)
        )

    def test_replace_one_part_and_leave_the_others(self) -> None:
        self.put('en/grace.subject.j2', 'Hurry, {{ account }}')
        mail = self.write('grace')
        self.assertEqual('Hurry, Jane', mail.subject)
        self.assertIn('we will shelve your servers', mail.text)

    def test_add_a_language_with_its_dates_and_money(self) -> None:
        self.put('fr/grace.subject.j2', 'Retard : {{ owed }}')
        self.put('fr/grace.txt.j2', 'Le {{ names.full }}')
        self.put(
            'fr/grace.html.j2', '<p lang={{ language }}>{{ account }}</p>'
        )
        mail = self.write('grace', 'fr_FR')
        self.assertEqual('Retard : 12,50\xa0€', mail.subject)
        self.assertIn('jeudi 5 février 2026, 15:30', mail.text)
        self.assertEqual('<p lang=fr-FR>Jane</p>', mail.html)

    def test_of_a_country_go_before_those_of_the_language(self) -> None:
        for folder in ('fr', 'fr_CA'):
            for part in ('subject', 'txt', 'html'):
                self.put(f'{folder}/grace.{part}.j2', folder)
        self.assertEqual('fr_CA', self.write('grace', 'fr-CA').subject)
        self.assertEqual('fr', self.write('grace', 'fr_FR').subject)

    def test_that_are_missing_are_english_throughout(self) -> None:
        mail = self.write('grace', 'de_DE')
        self.assertIn('Thursday, February 5, 2026', words(mail.text))
        self.assertIn('€12.50', mail.text)
        self.assertIn('lang="en"', mail.html)

    def test_are_escaped_in_html(self) -> None:
        self.put('en/grace.html.j2', '{{ account }}')
        mail = compose.compose(
            self.brand, samples.full('grace', account='<b>&')
        )
        self.assertEqual('&lt;b&gt;&amp;', mail.html)

    def test_that_are_broken_are_passed_over_and_named(self) -> None:
        packaged = self.write('grace')
        self.assertEqual('', packaged.fault)
        for broken, part in itertools.product(
            (
                '{{ nobody_gave_this }}',
                '{{ context.nor_this }}',
                '{% if %}',
                "{% extends 'en/nowhere.j2' %}",
                "{{ 1 + 'a' }}",
            ),
            ('subject', 'txt', 'html'),
        ):
            self.use_new_folder()
            self.put(f'en/grace.{part}.j2', f'\n{broken}')
            mail = self.write('grace')
            self.assertIn(f'{self.folder}/en/grace.{part}.j2:2', mail.fault)
            self.assertEqual(packaged, dataclasses.replace(mail, fault=''))

    def test_of_a_plan_go_before_those_of_all(self) -> None:
        self.put('en/grace.subject.j2', 'all')
        self.put('plans/gold/en/grace.subject.j2', 'gold')
        self.put(
            'plans/gold/en/layout.txt.j2', '{% block body %}{% endblock %}'
        )
        gold = samples.full('grace', plan='gold')
        self.assertEqual('gold', compose.compose(self.brand, gold).subject)
        self.assertNotIn('Hello', compose.compose(self.brand, gold).text)
        for plan in ('', 'silver', '..', '.', '../..', '/', 'gold/en', '\0'):
            mail = compose.compose(
                self.brand, samples.full('grace', plan=plan)
            )
            self.assertEqual('all', mail.subject)
            self.assertIn('Hello', mail.text)

    def test_that_nobody_wrote_are_named(self) -> None:
        for template in ('birthday', '../../secrets', ''):
            self.assertRaises(errors.MailNotWritten, self.write, template)
