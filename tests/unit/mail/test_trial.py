# SPDX-License-Identifier: Apache-2.0
"""An operator's broken template is found before the first mail."""

import pathlib

import fixtures
from oslotest import base

from patrii_billing import errors
from patrii_billing.mail import compose
from patrii_billing.mail import trial


class TestTemplatesOfOnesOwn(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.use_new_folder()

    def use_new_folder(self) -> None:
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')

    def check(self) -> None:
        trial.check(
            compose.Brand('Acme', 'acme.example', templates=str(self.folder))
        )

    def refusal(self) -> str:
        refused = self.assertRaises(errors.InvalidInput, self.check)
        self.assertEqual('[mail] templates', refused.where)
        return str(refused)

    def test_are_not_asked_for(self) -> None:
        trial.check(compose.Brand('Acme', 'acme.example'))
        self.check()

    def test_are_taken_when_all_of_them_can_be_written(self) -> None:
        self.put('en/grace.subject.j2', 'Hurry, {{ account }}')
        self.put('en/_signature.txt.j2', 'Yours')
        self.put('plans/gold/fr/grace.txt.j2', 'Or')
        self.put('.git/config', 'whatever')
        self.put('README.rst', 'whatever')
        for part in ('subject', 'txt', 'html'):
            self.put(f'de/invoice.{part}.j2', 'Rechnung {{ invoice }}')
        self.check()

    def test_that_are_broken_are_named_with_the_line(self) -> None:
        for name in (
            'en/grace.txt.j2',
            'fr/invoice.html.j2',
            'fr_CA/operator.subject.j2',
            'plans/gold/en/hold_begun.html.j2',
        ):
            self.use_new_folder()
            if name.startswith('fr_CA'):
                for part in ('txt', 'html'):
                    self.put(f'fr_CA/operator.{part}.j2', 'alarme')
            self.put(name, 'well\n{{ nobody_gave_this }}\n')
            self.assertIn(f'{self.folder}/{name}:2: ', self.refusal())

    def test_that_break_only_where_little_is_known_are_found(self) -> None:
        self.put('en/grace.txt.j2', 'Pay by {{ names.full }}')
        self.assertIn('grace.txt.j2:1: ', self.refusal())

    def test_that_break_for_one_kind_of_hold_are_found(self) -> None:
        self.put(
            'en/hold_begun.txt.j2',
            "{% if context.get('type') == 'abuse' %}{{ oops }}{% endif %}",
        )
        self.assertIn('hold_begun.txt.j2:1: ', self.refusal())

    def test_that_all_mails_share_are_tried_too(self) -> None:
        self.put('layout.css', 'p { color: {{ colours.oops }}; }')
        self.assertIn(f'{self.folder}/layout.css:1: ', self.refusal())

    def test_need_all_parts_in_a_new_language(self) -> None:
        self.put('de/grace.html.j2', 'Mahnung')
        self.assertIn('de/grace.subject.j2 is missing', self.refusal())

    def test_that_nobody_would_read_are_refused(self) -> None:
        for name in ('en/grase.txt.j2', 'en/grace.text.j2', 'french/x.txt.j2'):
            self.use_new_folder()
            self.put(name, 'Hurry')
            self.assertIn(str(self.folder), self.refusal())
