# SPDX-License-Identifier: Apache-2.0
"""What is written on the pages, and in which language."""

from collections.abc import Iterator
import datetime as dt
import pathlib
import re
from typing import Any

from babel.messages import extract
from babel.messages import pofile
from django.utils import timezone
from django.utils import translation
import horizon
import openstack_dashboard
from oslotest import base

from patrii_billing.domain import forecast
from patrii_billing.domain import lifecycle
from patrii_billing.domain import mail
from patrii_billing.domain import quota
from patrii_billing.domain import server
from patrii_billing.engine.bridging import standing as bridging
import patrii_billing.horizon
from patrii_billing.horizon import figures
from patrii_billing.horizon import standing
from patrii_billing.horizon import words

_OURS = pathlib.Path(patrii_billing.horizon.__path__[0])
_KEYWORDS = {'_': None, 'pgettext_lazy': ((1, 'c'), 2)}
_TRANS = re.compile(r"{% trans '([^']*)' %}")
_PLACE = re.compile(r'%\(\w+\)s')
Text = tuple[str | None, str]


def _catalogue(folder: pathlib.Path, language: str) -> dict[Text, str]:
    file = folder / 'locale' / language / 'LC_MESSAGES' / 'django.po'
    with file.open('rb') as opened:
        read = pofile.read_po(opened)
    return {
        (one.context, one.id): str(one.string)
        for one in read
        if one.id and isinstance(one.id, str)
    }


def _written() -> Iterator[Text]:
    """What pages and modules say, with its context."""
    for file in _OURS.rglob('*.py'):
        with file.open('rb') as opened:
            for _, said, _, context in extract.extract(
                'python', opened, _KEYWORDS
            ):
                yield context, said if isinstance(said, str) else said[-1]
    for file in _OURS.rglob('*.html'):
        for said in _TRANS.findall(file.read_text(encoding='utf-8')):
            yield None, said


class WordsTest(base.BaseTestCase):
    def test_there_is_a_word_for_whatever_the_api_may_answer(self):
        for known, meanings in (
            (lifecycle.Status, words.STATUS),
            (lifecycle.ActionType, words.STEP),
            (forecast.Kind, words.STEP),
            (lifecycle.ActionState, words.ACTION_STATE),
            (lifecycle.NoticeState, words.NOTICE_STATE),
            (lifecycle.PaymentKind, words.PAYMENT_KIND),
            (lifecycle.PaymentState, words.PAYMENT_STATE),
            (set(mail.TEMPLATES) - {'operator'}, words.NOTICE),
            (set(lifecycle.Custody) - {'restored'}, words.CUSTODY),
            (set(lifecycle.InvoiceState) - {'draft'}, words.INVOICE_STATE),
            (set(lifecycle.Step) - {'none'}, words.STEP),
            (
                server.SHELVABLE | server.SHELVED | server.UNSETTLED
                | server.GONE, words.VM,
            ),
            ({'ram_gib', *quota.KEYS} - {'ram'}, words.RESOURCE),
            (bridging.State, words.BRIDGE),
        ):
            self.assertEqual(set(), {str(one) for one in known} - {*meanings})

    def test_an_entry_of_the_timeline_is_told_in_words(self):
        with translation.override('fr'):
            said = [
                words.entry({'what': what, 'name': name})
                for what, name in (
                    ('notice', 'shelved'), ('fact', 'ServerCreated'),
                    ('payment', 'cheque 17'), ('quite', 'new'),
                )
            ]  # fmt: skip

        self.assertEqual(
            [
                'Courriel: Serveurs mis en réserve', 'Cloud: Serveur créé',
                'Paiement: cheque 17', 'quite: new',
            ],
            said,
        )  # fmt: skip

    def test_every_text_is_in_every_catalogue_and_nothing_else(self):
        for language in ('en', 'fr'):
            known = set(_catalogue(_OURS, language))
            self.assertEqual(set(_written()), known)

    def test_french_has_all_of_it_with_the_same_gaps(self):
        for (_, english), french in _catalogue(_OURS, 'fr').items():
            self.assertTrue(french, english)
            self.assertEqual(
                sorted(_PLACE.findall(english)), sorted(_PLACE.findall(french))
            )

    def test_no_word_of_ours_changes_what_horizon_itself_says(self):
        """Django has one catalogue for all, in which we come first."""
        ours = _catalogue(_OURS, 'fr')
        for package in (horizon, openstack_dashboard):
            folder = pathlib.Path(package.__path__[0])
            for text, french in _catalogue(folder, 'fr').items():
                if french and text in ours:
                    self.assertEqual(french, ours[text], text)


class FiguresTest(base.BaseTestCase):
    def test_money_is_written_as_the_reader_is_used_to(self):
        with translation.override('en'):
            self.assertEqual('1,234.50 EUR', figures.amount('1234.50', 'EUR'))
        with translation.override('fr'):
            self.assertEqual(
                '1 234,50 EUR', _plain(figures.amount('1234.50', 'EUR'))
            )

    def test_what_is_unknown_is_a_dash_and_no_zero(self):
        self.assertEqual('–', figures.amount(None, 'EUR'))
        self.assertEqual('–', figures.instant(None))
        self.assertEqual('–', figures.day(None))

    def test_an_instant_is_told_on_the_readers_own_clock(self):
        zone = dt.timezone(dt.timedelta(hours=2))
        with timezone.override(zone), translation.override('en'):
            told = figures.instant('2026-12-31T23:30:00Z')

        self.assertEqual('1 Jan. 2027, 01:30', told)


class StandingTest(base.BaseTestCase):
    def test_who_owes_is_told_what_comes_and_when(self):
        told = self.tell('grace', owed='5.00', next_step='shelve')

        self.assertEqual(
            [
                '5.00 EUR is overdue.',
                'If it is not paid, the servers are shelved on '
                '1 Feb. 2026, 00:00.',
            ],
            told,
        )

    def test_what_stands_still_is_not_threatened_with(self):
        told = self.tell('held', owed='5.00', next_step='shelve', held=True)

        self.assertEqual(
            ['The ladder stands still. 5.00 EUR is open.'], told
        )

    def test_who_has_paid_is_told_of_the_next_invoice_only(self):
        told = self.tell('active', next_invoice_at='2026-02-22T00:00:00Z')

        self.assertEqual(
            [
                'Everything is paid.',
                'The next invoice is written on 22 Feb. 2026, 00:00.',
            ],
            told,
        )

    def tell(self, status: str, **more: Any) -> list[str]:
        sub = {
            'billing_status': status,
            'status_since': '2026-01-01T00:00:00Z',
            'due_at': '2026-02-01T00:00:00Z',
            'owed': '0.00',
            'currency': 'EUR',
            'billed_until': '2026-03-01',
            'next_invoice_at': None,
            'next_step': None,
            'waits_for': None,
            'held': False,
            'ends_on': None,
            **more,
        }
        with translation.override('en'), timezone.override(dt.UTC):
            return list(standing.sentences(sub))


def _plain(text: str) -> str:
    """With spaces that a test can be written in."""
    return re.sub(r'\s', ' ', text)
