# SPDX-License-Identifier: Apache-2.0
"""Times, money and names as customers read them."""

import datetime as dt
from decimal import Decimal
import re
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import money
from patrii_billing import wording

PARIS = zoneinfo.ZoneInfo('Europe/Paris')
NEW_YORK = zoneinfo.ZoneInfo('America/New_York')
UTC = zoneinfo.ZoneInfo('UTC')


def in_words(
    instant: dt.datetime, zone: zoneinfo.ZoneInfo, locale: str = 'en'
) -> wording.Moment:
    return wording.moment(instant, zone, wording.locale(locale))


class TestMoment(base.BaseTestCase):
    def test_names_day_hour_zone_and_offset(self) -> None:
        self.assertEqual(
            'Thursday, February 5, 2026, 15:30'
            ' (Central European Standard Time, GMT+01:00)',
            in_words(
                dt.datetime(2026, 2, 5, 14, 30, tzinfo=dt.UTC), PARIS
            ).full,
        )

    def test_tells_summer_from_winter(self) -> None:
        self.assertIn(
            '16:30 (Central European Summer Time, GMT+02:00)',
            in_words(
                dt.datetime(2026, 7, 5, 14, 30, tzinfo=dt.UTC), PARIS
            ).full,
        )

    def test_tells_the_two_hours_apart_when_the_clock_goes_back(self) -> None:
        first = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)
        second = first + dt.timedelta(hours=1)
        self.assertIn(
            '01:30 (Eastern Daylight Time, GMT-04:00)',
            in_words(first, NEW_YORK).full,
        )
        self.assertIn(
            '01:30 (Eastern Standard Time, GMT-05:00)',
            in_words(second, NEW_YORK).full,
        )

    def test_on_the_first_has_its_ordinal_in_french(self) -> None:
        first = dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC)
        moment = in_words(first, PARIS, 'fr')
        self.assertIn('dimanche 1er février 2026', moment.full)
        self.assertEqual('1er février 2026', moment.day)
        later = in_words(first + dt.timedelta(days=10), PARIS, 'fr')
        self.assertEqual('11 février 2026', later.day)

    def test_at_midnight_is_the_beginning_of_its_day(self) -> None:
        moment = in_words(dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC), PARIS)
        self.assertIn('Sunday, February 1, 2026, 00:00', moment.full)
        self.assertEqual('Feb 1, 2026, 00:00', moment.short)
        self.assertEqual('February 1, 2026', moment.day)

    def test_is_in_the_customers_language(self) -> None:
        noon = dt.datetime(2026, 2, 5, 11, tzinfo=dt.UTC)
        self.assertEqual(
            'jeudi 5 février 2026, 12:00'
            ' (heure normale d’Europe centrale, UTC+01:00)',
            in_words(noon, PARIS, 'fr-FR').full,
        )

    def test_of_a_zone_without_a_name_gives_the_offset_once(self) -> None:
        zone = zoneinfo.ZoneInfo('Etc/GMT+5')
        noon = dt.datetime(2026, 2, 5, 12, tzinfo=dt.UTC)
        self.assertTrue(
            in_words(noon, zone).full.endswith('07:00 (GMT-05:00)')
        )

    @hypothesis.given(
        st.datetimes(
            dt.datetime(2000, 1, 1),
            dt.datetime(2100, 1, 1),
            timezones=st.just(dt.UTC),
        ),
        st.sampled_from([PARIS, NEW_YORK, UTC]),
    )
    def test_shows_the_very_minute_of_the_zone(
        self, instant: dt.datetime, zone: zoneinfo.ZoneInfo
    ) -> None:
        full = in_words(instant, zone).full
        shown = re.fullmatch(r'(.+\d) \((.+, )?GMT([+-]\d\d:\d\d)?\)', full)
        self.assertIsNotNone(shown, full)
        read = dt.datetime.strptime(
            f'{shown[1]} {shown[3] or "+00:00"}', '%A, %B %d, %Y, %H:%M %z'
        )
        self.assertEqual(instant.replace(second=0, microsecond=0), read)


class TestAmount(base.BaseTestCase):
    def amount(self, minor: int, currency: str, locale: str = 'en') -> str:
        return wording.amount(
            money.Money(minor, currency), wording.locale(locale)
        )

    def test_has_the_currency_in_the_customers_form(self) -> None:
        self.assertEqual('€1,234.50', self.amount(123450, 'EUR'))
        self.assertEqual('1.234,50\xa0€', self.amount(123450, 'EUR', 'de'))
        self.assertEqual('-$0.05', self.amount(-5, 'USD'))
        self.assertEqual('¥1,234', self.amount(1234, 'JPY'))

    def test_keeps_the_digits_that_daily_use_drops(self) -> None:
        self.assertEqual('IQD\xa01.234', self.amount(1234, 'IQD'))
        self.assertEqual('ALL\xa012.34', self.amount(1234, 'ALL'))
        self.assertEqual('CLF\xa00.0001', self.amount(1, 'CLF'))

    @hypothesis.given(
        st.integers(-(10**15), 10**15),
        st.sampled_from(sorted(money.DIGITS)),
        st.sampled_from(['en', 'fr', 'de', 'pt_BR', 'en_IN', 'sv', 'ja']),
    )
    def test_never_loses_a_minor_unit(
        self, minor: int, currency: str, locale: str
    ) -> None:
        digits = re.sub(r'\D', '', self.amount(minor, currency, locale))
        self.assertEqual(abs(minor), int(digits))


class TestNumbers(base.BaseTestCase):
    def test_a_price_shows_each_of_its_digits(self) -> None:
        for price, currency, locale, shown in (
            ('0.0425', 'EUR', 'en', '€0.0425'),
            ('10', 'EUR', 'fr', '10,00\xa0€'),
            ('10.5000', 'EUR', 'en', '€10.50'),
            ('1000', 'JPY', 'en', '¥1,000'),
            ('0.001', 'JPY', 'en', '¥0.001'),
            ('1.5', 'KWD', 'en', 'KWD\xa01.500'),
        ):
            with self.subTest(price, currency=currency):
                said = wording.price(
                    Decimal(price), currency, wording.locale(locale)
                )
                self.assertEqual(shown, said)

    @hypothesis.given(st.decimals(-(10**9), 10**9, places=6))
    def test_a_quantity_is_neither_rounded_nor_padded(
        self, quantity: Decimal
    ) -> None:
        shown = wording.number(quantity, wording.locale('en'))

        self.assertEqual(quantity, Decimal(shown.replace(',', '')))
        self.assertNotRegex(shown, r'\.(.*0)?$')


class TestNames(base.BaseTestCase):
    def test_of_several_lines_become_one(self) -> None:
        self.assertEqual('a b c d', wording.name('a\r\nb\x00\u2028c\t d '))

    def test_keep_together_what_french_sets_before_a_colon(self) -> None:
        self.assertEqual('a\xa0: b', wording.one_line('\xa0a\xa0: \t b\xa0'))

    def test_cannot_turn_around_what_follows(self) -> None:
        self.assertEqual('abc', wording.name('\u202eabc\u2066'))

    def test_that_run_to_the_left_are_kept_apart(self) -> None:
        self.assertEqual('\u2068שלום\u2069', wording.name('שלום'))

    def test_keep_their_joined_emoji(self) -> None:
        self.assertEqual('🧑\u200d🚀', wording.name('🧑\u200d🚀'))

    def test_that_are_too_long_end_in_an_ellipsis(self) -> None:
        self.assertEqual(f'{"x" * 254}…', wording.name('x' * 1000))

    @hypothesis.given(st.text(st.characters()))
    def test_can_always_be_encoded_on_one_line(self, text: str) -> None:
        words = wording.name(text)
        self.assertEqual([words] if words else [], words.splitlines())
        words.encode('utf-8')


class TestParagraphs(base.BaseTestCase):
    def test_are_at_most_78_wide_and_keep_their_indent(self) -> None:
        text = wording.paragraphs(
            '- ' + 'word ' * 30 + '\n\n\n\n  ' + 'word ' * 30
        )
        lines = text.splitlines()
        self.assertTrue(all(len(line) <= 78 for line in lines))
        self.assertEqual(1, lines.count(''))
        self.assertTrue(
            all(line.startswith('  ') for line in lines[1:] if line)
        )

    def test_leave_links_whole(self) -> None:
        link = f'https://acme.example/{"a-" * 60}'
        self.assertIn(link, wording.paragraphs(f'You can pay here: {link}'))


class TestLocale(base.BaseTestCase):
    def test_that_nobody_knows_is_english(self) -> None:
        for name in ('', 'xx', 'C', '../../etc', 'en/../fr', '\x00'):
            self.assertEqual('en', str(wording.locale(name)))

    def test_is_known_by_either_way_of_writing(self) -> None:
        self.assertEqual('fr_CA', str(wording.locale('fr-CA')))
        self.assertEqual('fr_CA', str(wording.locale('fr_CA')))
