# SPDX-License-Identifier: Apache-2.0
"""The packaged languages say the same things."""

import re
import tomllib
from typing import Any

from oslotest import base

from patrii_billing.document import words

_FOLDER = words.PACKAGED / 'words'
_LANGUAGES = sorted(path.stem for path in _FOLDER.glob('*.toml'))


def phrases(language: str) -> dict[str, Any]:
    text = (_FOLDER / f'{language}.toml').read_text(encoding='utf-8')
    return {
        f'{table}.{key}': phrase
        for table, entries in tomllib.loads(text).items()
        for key, phrase in entries.items()
    }


def blanks(phrase: Any) -> set[str]:
    forms = phrase.values() if isinstance(phrase, dict) else [phrase]
    return {blank for form in forms for blank in re.findall(r'{\w+}', form)}


class LanguagesTest(base.BaseTestCase):
    def test_there_are_english_and_french(self) -> None:
        self.assertEqual(['en', 'fr'], _LANGUAGES)

    def test_every_language_has_every_phrase(self) -> None:
        english = phrases('en')
        for language in _LANGUAGES:
            self.assertEqual(english.keys(), phrases(language).keys())

    def test_every_phrase_keeps_what_stands_in_braces(self) -> None:
        english = phrases('en')
        for language in _LANGUAGES:
            for key, phrase in phrases(language).items():
                self.assertEqual(blanks(english[key]), blanks(phrase), key)

    def test_a_choice_by_number_has_the_form_for_all_others(self) -> None:
        for language in _LANGUAGES:
            for key, phrase in phrases(language).items():
                if isinstance(phrase, dict):
                    self.assertIn('other', phrase, key)
