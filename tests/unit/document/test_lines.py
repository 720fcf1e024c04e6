# SPDX-License-Identifier: Apache-2.0
"""Each line of an invoice explains itself."""

import datetime as dt
from decimal import Decimal
from typing import Any

from oslotest import base

from patrii_billing.document import lines
from patrii_billing.document import words
from patrii_billing.domain import calendar
from patrii_billing.domain import document
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from tests.unit.document import samples

ENGLISH = words.find('en')
FRENCH = words.find('fr')


def told(
    line: document.Line, spoken: words.Words = ENGLISH, currency: str = 'EUR'
) -> str:
    parts = lines.details(line, currency, samples.PARIS, spoken)
    shown = ' · '.join(parts)
    for blank in ('\u2009', '\u202f', '\xa0'):
        shown = shown.replace(blank, ' ')
    return shown.replace(' – ', '–')


class DetailsTest(base.BaseTestCase):
    def test_a_whole_cycle_is_its_days(self) -> None:
        self.assertEqual('May 1–31, 2026 · 31 days', told(samples.line()))
        self.assertEqual(
            '1–31 mai 2026 · 31 jours', told(samples.line(), FRENCH)
        )

    def test_a_part_of_a_cycle_says_which_and_how_much(self) -> None:
        line = samples.line(days=(20, 31))

        self.assertEqual('May 12–31, 2026 · 20 of 31 days', told(line))
        self.assertEqual(
            '12–31 mai 2026 · 20 sur 31 jours', told(line, FRENCH)
        )

    def test_a_single_day_is_one_day(self) -> None:
        line = samples.line(days=(1, 31))

        self.assertEqual('May 31, 2026 · 1 of 31 days', told(line))
        self.assertEqual('31 mai 2026 · 1 sur 31 jours', told(line, FRENCH))

    def test_seconds_are_told_in_the_longest_unit_that_fits(self) -> None:
        start = dt.datetime(2026, 5, 12, 12, tzinfo=dt.UTC)
        for seconds, whole, said in (
            (466 * 3600, 744 * 3600, '466 of 744 hours'),
            (90 * 60, 744 * 3600, '90 of 44,640 minutes'),
            (5, 744 * 3600, '5 of 2,678,400 seconds'),
            (3600, 3600, '1 hour'),
        ):
            with self.subTest(said):
                line = samples.line(
                    days=(seconds, whole),
                    starts_at=start,
                    ends_at=start + dt.timedelta(seconds=seconds),
                )
                self.assertTrue(told(line).endswith(f' · {said}'))
                self.assertIn('May 12, 2026 14:00:00–', told(line))
                self.assertIn('(Europe/Paris)', told(line))

    def test_what_has_no_time_speaks_of_none(self) -> None:
        line = samples.line(
            days=(1, 1), starts=None, ends=None, reason='50.00 EUR once'
        )

        self.assertEqual('once', told(line))

    def test_a_credit_says_what_for_and_where_it_was_billed(self) -> None:
        line = samples.line(
            days=(20, 31), amount=-645, net=-645, corrects='INV-000012',
            reason='10.00 EUR billed x 20/31 days not used',
        )  # fmt: skip

        self.assertEqual(
            'May 12–31, 2026 · 20 of 31 days · credit for time not used'
            ' · billed on INV-000012',
            told(line),
        )

    def test_money_given_back_is_told_in_money(self) -> None:
        line = samples.line(
            days=(500, 1200), starts=None, ends=None, amount=-417, net=-417,
            reason='5.00 EUR of 12.00 EUR given back: too slow',
        )  # fmt: skip

        self.assertEqual('€5.00 of €12.00 given back', told(line))

    def test_a_discount_is_told_with_what_it_is_taken_off(self) -> None:
        line = samples.line(discount=250)

        self.assertIn('discount €2.50 off €10.00', told(line))
        self.assertIn('remise de 2,50 € sur 10,00 €', told(line, FRENCH))

    def test_a_price_with_taxes_in_it_says_so(self) -> None:
        line = samples.line(net=833)

        self.assertIn('€10.00 with taxes', told(line))

    def test_a_reason_that_a_person_wrote_is_kept(self) -> None:
        line = samples.line(reason='moved by hand')

        self.assertIn('moved by hand', told(line))

    def test_a_known_reason_is_translated(self) -> None:
        line = samples.line(
            starts=None, ends=None, days=(1, 1),
            reason='owed before this service billed',
        )  # fmt: skip

        self.assertEqual(
            'dû avant que ce service n’établisse vos factures',
            told(line, FRENCH),
        )

    def test_what_the_law_writes_is_never_shown_in_its_english(self) -> None:
        """In French nothing is left of the reasons the law gives."""
        for line in law():
            with self.subTest(line.reason):
                shown = told(printed(line), FRENCH)
                for word in ('EUR', ' x ', 'days', 'billed', 'not used'):
                    self.assertNotIn(word, shown)

    def test_quantities_and_prices_show_all_their_digits(self) -> None:
        line = samples.line('egress', '0.0425', '1536.50', unit='GB')

        row = lines.row(line, 'EUR', samples.PARIS, ENGLISH)

        self.assertEqual('1,536.5\xa0GB', row.quantity)
        self.assertEqual('€0.0425', row.price)


def law() -> list[proration.Line]:
    """A month, and what three changes in it bring about."""
    month = calendar.Period(samples.MAY, samples.JUNE)
    two = pricing.Level(Decimal(2), Decimal('5.00'))
    first = proration.charge('cores', two, month, month, 'EUR')
    posted = [proration.Posted('1', first)]
    changes = [
        proration.Change(samples.MAY, 'cores', two),
        proration.Change(
            samples.MID_MAY, 'cores', pricing.Level(Decimal(3), Decimal(5))
        ),
    ]
    return [first, *proration.settle(month, changes, posted, 'EUR')]


def printed(line: proration.Line, **values: Any) -> document.Line:
    return document.Line(
        label=line.resource, quantity=line.quantity,
        unit_price=line.unit_price, ratio=money.Ratio(
            line.ratio.numerator, line.ratio.denominator
        ),
        amount=line.amount, net=line.amount, starts=line.start,
        ends=line.end, reason=line.reason, **values,
    )  # fmt: skip
