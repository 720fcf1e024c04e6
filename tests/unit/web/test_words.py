# SPDX-License-Identifier: Apache-2.0
"""Every word of the pages is there in every language, and every code has one.

The words are read from the source as translators' tools do.
"""

import pathlib
import re

from babel.messages import catalog as catalogs
from babel.messages import extract
from babel.messages import pofile
from oslotest import base

from patrii_billing.domain import forecast
from patrii_billing.domain import lifecycle
from patrii_billing.domain import mail
from patrii_billing.domain import pricing
from patrii_billing.domain import server
from patrii_billing import web
from patrii_billing.web import codes

_FOLDER = pathlib.Path(web.__file__).parent
_FILES = [('**.py', 'python'), ('**.html', 'jinja2')]
_KEYWORDS = {**extract.DEFAULT_KEYWORDS, 'N_': None}
# %(name)s of templates, %s of the code.
_PLACE = re.compile(r'%\(\w+\)s|%s')


def used() -> set[str]:
    """The words that the pages are written in, singular."""
    found = extract.extract_from_dir(
        str(_FOLDER), _FILES, keywords=_KEYWORDS
    )
    return {
        words if isinstance(words, str) else words[0]
        for _, _, words, _, _ in found
    }


def languages() -> dict[str, catalogs.Catalog]:
    found = {}
    for path in sorted((_FOLDER / 'locale').glob('*.po')):
        with path.open('rb') as source:
            found[path.stem] = pofile.read_po(source, locale=path.stem)
    return found


def texts(words: str | tuple[str, ...] | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


class TranslationsTest(base.BaseTestCase):
    def test_every_word_is_translated_and_no_other(self) -> None:
        every = used()
        self.assertIn('Customers', every)
        self.assertIn('Record a payment', every)
        for name, catalog in languages().items():
            written = {
                texts(one.id)[0]
                for one in catalog
                if one.id and all(texts(one.string)) and not one.fuzzy
            }
            self.assertEqual(set(), every - written, name)
            self.assertEqual(set(), written - every, name)

    def test_french_is_there(self) -> None:
        self.assertIn('fr', languages())

    def test_what_is_filled_in_is_the_same(self) -> None:
        for name, catalog in languages().items():
            for one in catalog:
                wanted = set(_PLACE.findall(' '.join(texts(one.id))))
                for text in texts(one.string):
                    self.assertEqual(
                        wanted, set(_PLACE.findall(text)), (name, one.id)
                    )


class CodesTest(base.BaseTestCase):
    def test_every_code_that_people_meet_has_a_word(self) -> None:
        law = lifecycle
        for kind, values in {
            'status': law.Status,
            'step': [*forecast.Kind, *law.ActionType],
            'custody': law.Custody,
            'mail': mail.TEMPLATES,
            'hold': law.HoldType,
            'price': pricing.PriceKind,
            'vm': server.SHELVABLE | server.SHELVED | server.UNSETTLED
            | server.GONE,
            'state': [
                *law.ActionState, *law.NoticeState, *law.InvoiceState,
                *law.PaymentState, *law.Attempt,
            ],
        }.items():  # fmt: skip
            unknown = {str(one) for one in values} - set(codes.WORDS[kind])
            self.assertEqual(set(), unknown, kind)

    def test_a_code_that_is_new_is_shown_as_it_is(self) -> None:
        self.assertEqual('quite new', codes.word('quite_new', 'status'))
        self.assertEqual('odd', codes.name('payment', 'odd'))
