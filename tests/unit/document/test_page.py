# SPDX-License-Identifier: Apache-2.0
"""What an invoice says on its page, and what it never says."""

import dataclasses
import datetime as dt
import html
import pathlib
import re
from typing import Any

import fixtures
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.document import brand as brands
from patrii_billing.document import page
from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing import errors
from tests.unit.document import samples
from tests.unit.mail import samples as mail_samples

_State = lifecycle.InvoiceState
_Kind = lifecycle.PaymentKind
LATER = samples.ISSUED + dt.timedelta(days=3)


def words_of(text: str) -> str:
    """What a reader sees of a page, in one line with plain blanks."""
    body = text[text.index('<body>') :]
    plain = html.unescape(re.sub(r'<[^>]*>', ' ', body))
    return ' '.join(plain.split())


def said(
    invoice: document.Invoice | None = None,
    locale: str = '',
    brand: brands.Brand = samples.BRAND,
) -> str:
    return words_of(page.html(brand, invoice or samples.invoice(), locale))


class PageTestCase(base.BaseTestCase):
    def assertSays(self, page: str, *phrases: str) -> None:
        for phrase in phrases:
            self.assertIn(phrase, page)

    def assertSilent(self, page: str, *phrases: str) -> None:
        for phrase in phrases:
            self.assertNotIn(phrase, page)


class ContentTest(PageTestCase):
    def test_it_names_seller_customer_number_and_days(self) -> None:
        self.assertSays(
            said(),
            'Invoice INV-000017', 'Nuage Durable SAS', '12 rue des Forges',
            'France', 'Tax ID FR40303265045', 'Acme Industries GmbH',
            'Germany', 'Tax ID DE123456789', 'Issued April 24, 2026',
            'Subscription acme-prod',
        )  # fmt: skip

    def test_a_due_instant_is_the_day_where_the_customer_is(self) -> None:
        self.assertSays(said(), 'Due May 1, 2026')

    def test_sums_add_up_line_by_line_and_rate_by_rate(self) -> None:
        rows = (
            samples.line(price='24.90', days=(20, 31)),
            samples.line('Support', '99.00', rate='5.5'),
        )
        self.assertSays(
            said(samples.invoice(*rows)),
            '€24.90 VAT 20% €16.06', '€99.00 VAT 5.5% €99.00',
            'Total without taxes €115.06', 'VAT 20% on €16.06 €3.21',
            'VAT 5.5% on €99.00 €5.45', 'Total €123.72',
            'Amount due €123.72',
        )  # fmt: skip

    def test_one_rate_for_all_lines_needs_no_column(self) -> None:
        self.assertSilent(said(), 'Unit price Tax')

    def test_without_taxes_nobody_speaks_of_them(self) -> None:
        shown = said(samples.invoice(samples.line(rate=None)))

        self.assertSays(shown, 'Unit price Amount', 'Total €10.00')
        self.assertSilent(shown, 'without taxes', 'VAT', 'Net amount')

    def test_what_was_paid_is_taken_off_and_named(self) -> None:
        payments = (
            document.Payment(samples.ISSUED, 200, _Kind.CREDIT, 'INV-000012'),
            document.Payment(LATER, 500, reference='SEPA 4711'),
            document.Payment(LATER, 1, _Kind.FEE),
        )
        self.assertSays(
            said(samples.invoice(payments=payments)),
            'Credit used on April 24, 2026, INV-000012 -€2.00',
            'Paid on April 27, 2026, SEPA 4711 -€5.00',
            'Bank fees let go on April 27, 2026 -€0.01',
            'Amount due €4.99', 'Please pay €4.99 before May 1, 2026.',
        )  # fmt: skip

    def test_how_to_pay_is_told_while_something_is_due(self) -> None:
        self.assertSays(
            said(),
            'Reference RF74 INV0 0001 7',
            'IBAN FR76 3000 6000 0112 3456 7890 189', 'BIC AGRIFRPP',
            'https://nuage.example/pay',
        )  # fmt: skip

    def test_without_an_account_nobody_is_named_as_its_holder(self) -> None:
        bank = brands.Bank('Nuage Durable SAS')
        shown = said(brand=dataclasses.replace(samples.BRAND, bank=bank))

        self.assertSays(shown, 'Reference RF74 INV0 0001 7')
        self.assertSilent(shown, 'Account holder')

    def test_a_paid_invoice_asks_for_nothing(self) -> None:
        paid = samples.invoice(
            payments=(document.Payment(LATER, 1200),), state=_State.PAID
        )
        shown = said(paid)

        self.assertSays(shown, 'Paid in full', 'Amount due €0.00')
        self.assertSilent(shown, 'How to pay', 'IBAN', '/pay')

    def test_a_void_or_written_off_invoice_says_so_and_asks_nothing(
        self,
    ) -> None:
        for state, phrase in (
            (_State.VOID, 'This invoice is void.'),
            (_State.UNCOLLECTIBLE, 'This invoice was written off.'),
        ):
            with self.subTest(state):
                shown = said(samples.invoice(state=state, owed=1200))
                self.assertSays(shown, phrase, 'Amount due €0.00')
                self.assertSilent(shown, 'How to pay')

    def test_a_sum_below_zero_is_kept_for_the_customer(self) -> None:
        row = samples.line(amount=-1000, net=-1000, rate=None)
        shown = said(samples.invoice(row, state=_State.PAID))

        self.assertSays(shown, 'Total -€10.00', 'Kept for you as credit')

    def test_a_credit_note_says_what_it_credits_and_why(self) -> None:
        row = samples.line(amount=-1000, net=-1000, rate='20')
        row = dataclasses.replace(row, taxes=(samples.vat(-1000),))
        note = samples.invoice(
            row, kind=document.Kind.CREDIT_NOTE, number='CN-000003',
            corrects='INV-000017', why='the wrong plan', owed=0,
            state=_State.PAID,
        )  # fmt: skip
        shown = said(note)

        self.assertSays(
            shown, 'Credit note CN-000003', 'Credits invoice INV-000017',
            'Reason the wrong plan', 'Credited to you €12.00',
            'Total credited -€12.00',
        )  # fmt: skip
        self.assertSilent(shown, 'Due', 'Amount due', 'How to pay')

    def test_older_invoices_are_shown_and_not_counted(self) -> None:
        carried = (
            document.Carried('INV-000015', 300, samples.DUE),
            document.Carried('INV-000016', 400),
        )
        shown = said(samples.invoice(carried=carried))

        self.assertSays(
            shown, 'Total €12.00', 'Amount due €12.00',
            'They are not part of the total above.',
            'INV-000015 due May 1, 2026 €3.00', 'INV-000016 €4.00',
            'Sum of older invoices €7.00',
            'All that was open on April 24, 2026, with this invoice €19.00',
        )  # fmt: skip

    def test_what_was_open_is_as_of_the_issue_whatever_is_paid_since(
        self,
    ) -> None:
        carried = (document.Carried('INV-000015', 300),)
        payments = (
            document.Payment(samples.ISSUED, 200, _Kind.CREDIT),
            document.Payment(LATER, 1000),
        )
        self.assertSays(
            said(samples.invoice(carried=carried, payments=payments)),
            'with this invoice €13.00',
        )

    def test_currencies_have_the_digits_they_have(self) -> None:
        for currency, minor, shown in (
            ('JPY', 12345, '¥12,345'),
            ('KWD', 12345678, 'KWD 12,345.678'),
            ('CLF', 123456789, 'CLF 12,345.6789'),
        ):
            with self.subTest(currency):
                row = samples.line(rate=None, amount=minor, net=minor)
                invoice = samples.invoice(row, currency=currency)
                self.assertSays(
                    said(invoice), f'Total {shown}'
                )

    def test_the_same_invoice_is_the_same_page_always(self) -> None:
        self.assertEqual(
            page.html(samples.BRAND, samples.invoice()),
            page.html(samples.BRAND, samples.invoice()),
        )

    @hypothesis.given(
        st.lists(
            st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 31)),
            min_size=1, max_size=8,
        )
    )  # fmt: skip
    def test_the_amounts_of_the_column_are_the_lines_net_sums(
        self, sums: list[tuple[int, int]]
    ) -> None:
        rows = tuple(
            samples.line(amount=net, net=net, days=(days, 31), rate=None)
            for net, days in sums
        )
        text = page.html(samples.BRAND, samples.invoice(*rows))
        column = re.findall(r'class="num amount"[^>]*>([^<]*)<', text)

        self.assertEqual(
            [net for net, _ in sums],
            [
                money.parse(
                    re.sub('[€,]', '', cell), 'EUR'
                ).minor for cell in column
            ],
        )  # fmt: skip


class LocaleTest(PageTestCase):
    def test_it_speaks_the_customers_language(self) -> None:
        self.assertSays(
            said(samples.invoice(locale='fr_FR')),
            'Facture INV-000017', 'Échéance 1 mai 2026', 'Total HT 10,00 €',
            'Allemagne', '1–31 mai 2026 · 31 jours',
        )  # fmt: skip

    def test_another_language_can_be_asked_for(self) -> None:
        self.assertSays(said(locale='fr'), 'Facture INV-000017')
        self.assertSays(
            said(samples.invoice(locale='fr'), 'en'), 'Invoice INV-000017'
        )

    def test_a_language_nobody_wrote_is_english_with_english_days(
        self,
    ) -> None:
        for locale in ('sv', 'xx', '', 'not a locale'):
            self.assertSays(
                said(samples.invoice(locale=locale)),
                'Issued April 24, 2026', '€12.00',
            )  # fmt: skip


class HostileTest(PageTestCase):
    def strange(self, text: str, **values: Any) -> document.Invoice:
        party = document.Party(text, (text, text), 'DE', text)
        row = samples.line(text, unit=text, reason=text, corrects=text)
        return samples.invoice(
            row, customer=party, subscription=text, reference=text, why=text,
            payments=(document.Payment(LATER, 1, reference=text),),
            carried=(document.Carried(text, 1),), **values,
        )  # fmt: skip

    def test_no_name_changes_the_page_around_it(self) -> None:
        plain = page.html(samples.BRAND, self.strange('plain'))
        outline = mail_samples.Outline(without_style(plain)).elements
        for text in mail_samples.HOSTILE:
            with self.subTest(text[:20]):
                if not text:
                    continue
                shown = without_style(
                    page.html(samples.BRAND, self.strange(text))
                )
                self.assertEqual(
                    outline, mail_samples.Outline(shown).elements
                )

    def test_no_name_of_the_seller_ends_the_style_sheet(self) -> None:
        for text in ('</style><script>', '"; } body { display: none', '\\'):
            seller = dataclasses.replace(samples.SELLER, name=text)
            brand = dataclasses.replace(
                samples.BRAND, seller=seller, footer=text
            )
            shown = page.html(brand, samples.invoice())
            sheet = shown[shown.index('<style>') + 7 : shown.index('</style>')]
            self.assertNotIn('<', sheet)
            self.assertEqual(sheet.count('{'), sheet.count('}'))
            self.assertNotIn('script>', sheet)
            self.assertNotIn('display: none; }', sheet.split('@page')[1])

    def test_a_page_asks_nobody_for_anything(self) -> None:
        shown = page.html(samples.BRAND, samples.invoice())

        self.assertEqual([], re.findall(r'(?:src|url\()\s*=?\s*"?http', shown))
        self.assertNotIn('<script', shown)
        self.assertNotIn('<link', shown)


class OwnFilesTest(PageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.brand = dataclasses.replace(
            samples.BRAND, templates=str(self.folder)
        )

    def put(self, name: str, content: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding='utf-8')

    def test_a_file_of_words_adds_a_language(self) -> None:
        english = pathlib.Path(page.__file__).parent / 'templates/words'
        self.put(
            'words/de.toml',
            (english / 'en.toml')
            .read_text(encoding='utf-8')
            .replace('"Invoice"', '"Rechnung"'),
        )
        self.assertSays(
            said(samples.invoice(locale='de_AT'), brand=self.brand),
            'Rechnung INV-000017', '24. April 2026',
        )  # fmt: skip

    def test_a_template_of_ones_own_replaces_the_packaged_one(self) -> None:
        self.put('invoice.html.j2', '<body>{{ heading }}</body>')

        self.assertEqual('Invoice INV-000017', said(brand=self.brand))

    def test_what_is_broken_is_named(self) -> None:
        for name, content, phrase in (
            ('invoice.html.j2', '{{ nobody }}', 'nobody'),
            ('invoice.html.j2', '{% if %}', 'invoice.html.j2'),
            ('words/en.toml', '[title]\ninvoice = "I"', 'title.numbered'),
            ('words/en.toml', 'this is no toml', 'en.toml'),
            (
                'words/en.toml',
                '[title]\ninvoice = "I"\nnumbered = "{nobody}"',
                'nobody',
            ),
        ):
            with self.subTest(content):
                page._environment.cache_clear()
                page.wordings._read.cache_clear()
                for old in self.folder.rglob('*.*'):
                    old.unlink()
                self.put(name, content)
                error = self.assertRaises(
                    errors.DocumentNotWritten,
                    page.html, self.brand, samples.invoice(),
                )  # fmt: skip
                self.assertIn(phrase, str(error))

    def test_a_logo_becomes_part_of_the_page(self) -> None:
        self.put('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
        brand = dataclasses.replace(
            samples.BRAND, logo=str(self.folder / 'logo.svg')
        )

        shown = page.html(brand, samples.invoice())

        self.assertIn('<img src="data:image/svg+xml;base64,', shown)


def without_style(page: str) -> str:
    """The page less its style sheet, whose strings may differ."""
    return re.sub(r'<style>.*</style>', '', page, flags=re.S)
