# SPDX-License-Identifier: Apache-2.0
"""An invoice says what was held, discounted and taxed, whenever it learns."""

import collections
import datetime as dt
from decimal import Decimal
from fractions import Fraction
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import discount
from patrii_billing.domain import invoice
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import tax
from tests.unit.domain import test_proration as stories

MAY = stories.MAY
HALF = Fraction(1, 2)
VAT = tax.Rate('VAT', Decimal(20))
CREDIT = proration.LineKind.CREDIT

RATES = st.lists(
    st.sampled_from([Decimal(n) for n in ('20', '7.7', '0', '19.6')]),
    max_size=2,
).map(
    lambda rates: tuple(
        tax.Rate(f'rate {n}', rate) for n, rate in enumerate(rates)
    )
)
PERCENTS = st.lists(
    st.sampled_from([Decimal(n) for n in ('10', '33.3', '100', '0.5')]),
    max_size=2,
).map(lambda them: tuple(discount.Discount('some', each) for each in them))
TAXED = st.fixed_dictionaries(
    {
        'rates': RATES,
        'discounts': PERCENTS,
        'inclusive': st.booleans(),
        'rounding': st.sampled_from(tax.Rounding),
    }
)
PLAIN = {
    'rates': (),
    'discounts': (),
    'inclusive': False,
    'rounding': tax.Rounding.LINE,
}


class Books:
    """The issued invoices of one cycle."""

    def __init__(self, cycle=MAY, currency='EUR', taxed=None, **terms):
        self.cycle = cycle
        self.currency = currency
        self.taxed = PLAIN | (taxed or {})
        self.terms = terms
        self.posted = []

    def issue(self, changes, **terms):
        lines = proration.settle(
            self.cycle,
            changes,
            self.posted,
            self.currency,
            **(self.terms | terms),
        )
        said = invoice.compose(
            lines,
            posted=self.posted,
            cycles=(self.cycle,),
            zone=self.terms.get('zone', dt.UTC),
            **self.taxed,
        )
        self.post(said)
        return said

    def post(self, said):
        entries = []
        for item in said.items:
            key = f'line-{len(self.posted)}'
            entries.append(
                invoice.Posted(
                    key, item.line, item.discount, item.net, item.taxes
                )
            )
            self.posted.append(entries[-1])
        return entries

    def amount(self):
        return sum(each.line.amount for each in self.posted)

    def discount(self):
        return sum(each.discount for each in self.posted)

    def net(self):
        return sum(each.net for each in self.posted)

    def taxes(self):
        taken = collections.Counter()
        for each in self.posted:
            for one in each.taxes:
                taken[one.name] += one.amount
        return taken

    def total(self):
        return self.net() + sum(self.taxes().values())


def said(composed):
    return [
        (item.line.amount, item.discount, item.net)
        + tuple(each.amount for each in item.taxes)
        for item in composed.items
    ]


def posted(composed):
    return Books().post(composed)


def line(amount, resource='cores', start=MAY.start, corrects=None):
    kind = CREDIT if amount < 0 else proration.LineKind.CHARGE
    return proration.Line(
        kind, resource, start, MAY.end, Decimal(1), Decimal(10),
        money.WHOLE, amount, 'EUR', 'why', corrects,
    )  # fmt: skip


def composed(*lines, known=(), **taxed):
    taxed = PLAIN | {'rates': (VAT,)} | taxed
    return invoice.compose(lines, posted=known, **taxed)


class ComposeTest(base.BaseTestCase):
    def test_a_line_is_rounded_then_discounted_then_taxed(self):
        ten = discount.Discount('ten', Decimal(10))
        # 4.52, less 0.452, is 4.07; of that 0.814 is tax.
        self.assertEqual(
            [(452, 45, 407, 81)],
            said(composed(line(452), discounts=(ten,))),
        )

    def test_the_sums_are_those_of_the_lines(self):
        rates = (VAT, tax.Rate('city', Decimal(1)))
        whole = composed(line(1000), line(2000, 'web'), rates=rates)
        self.assertEqual(3000, whole.net)
        self.assertEqual(
            (
                tax.Sum('VAT', Decimal(20), 3000, 600),
                tax.Sum('city', Decimal(1), 3000, 30),
            ),
            whole.taxes,
        )
        self.assertEqual(3630, whole.total)

    def test_an_inclusive_line_is_split_after_its_discount(self):
        half = discount.Discount('half', Decimal(50))
        whole = composed(line(1200), discounts=(half,), inclusive=True)
        self.assertEqual([(1200, 600, 500, 100)], said(whole))
        self.assertEqual(600, whole.total)

    def test_each_line_is_taxed_at_the_rate_of_its_first_day(self):
        later = dt.date(2012, 5, 16)
        rates = (
            tax.Rate('VAT', Decimal(20), valid_until=later),
            tax.Rate('VAT', Decimal(21), valid_from=later),
        )
        whole = composed(line(1000), line(1000, start=later), rates=rates)
        self.assertEqual([200, 210], [one.amount for one in whole.taxes])

    def test_the_first_day_of_a_line_by_the_second_is_a_local_one(self):
        kiritimati = zoneinfo.ZoneInfo('Pacific/Kiritimati')
        start = calendar.start_of_day(dt.date(2026, 1, 1), kiritimati)
        end = start + dt.timedelta(hours=1)
        rates = (tax.Rate('VAT', Decimal(20), dt.date(2026, 1, 1)),)
        charge = proration.charge(
            'web',
            stories.level(1),
            calendar.Period(start, end),
            calendar.Period(start, end),
            'EUR',
        )
        for zone, taxed in ((kiritimati, [200]), (dt.UTC, [])):
            whole = invoice.compose(
                [charge], posted=(), zone=zone, **PLAIN | {'rates': rates}
            )
            self.assertEqual(taxed, [one.amount for one in whole.taxes])

    def test_taxes_are_rounded_by_line_or_over_all_lines(self):
        lines = line(103), line(103, 'web')  # each with 20.6 of VAT
        for rounding, taxes in (
            (tax.Rounding.LINE, [21, 21]),
            (tax.Rounding.TOTAL, [21, 20]),
        ):
            whole = composed(*lines, rounding=rounding)
            self.assertEqual(
                taxes, [item.taxes[0].amount for item in whole.items]
            )

    def test_a_percentage_and_an_amount_give_no_more_than_the_line(self):
        both = (
            discount.Discount('ten', Decimal(10)),
            discount.Discount('most', amount=950),
        )
        self.assertEqual(
            [(1000, 1000, 0, 0)], said(composed(line(1000), discounts=both))
        )

    def test_an_amount_is_given_once_for_the_whole_invoice(self):
        five = discount.Discount('five', amount=500)
        whole = composed(line(1000), line(3000, 'web'), discounts=(five,))
        self.assertEqual([125, 375], [one.discount for one in whole.items])
        little = composed(line(300), discounts=(five,))
        self.assertEqual(0, little.total)

    def test_an_invoice_of_nothing_is_nothing(self):
        whole = composed()
        self.assertEqual(((), 0, (), 0), (
            whole.items, whole.net, whole.taxes, whole.total
        ))  # fmt: skip


class CreditTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        ten = discount.Discount('ten', Decimal(10))
        self.known = posted(composed(line(1000), discounts=(ten,)))

    def test_it_carries_what_the_line_was_given_and_taxed(self):
        # What counts today has no part in it.
        credit = line(-500, corrects='line-0')
        for taxed in (
            {'rates': (), 'discounts': ()},
            {'inclusive': True, 'rounding': tax.Rounding.TOTAL},
        ):
            whole = composed(credit, known=self.known, **taxed)
            self.assertEqual([(-500, -50, -450, -90)], said(whole))
            self.assertEqual(-540, whole.total)

    def test_parts_of_a_line_give_back_the_whole_of_it(self):
        books, back = Books(), []
        books.posted += self.known
        for part in (-333, -333, -334):
            credit = line(part, corrects='line-0')
            whole = composed(credit, known=books.posted)
            books.post(whole)
            back += said(whole)
        self.assertEqual(
            [(-333, -33, -300, -60), (-333, -34, -299, -60)]
            + [(-334, -33, -301, -60)],
            back,
        )

    def test_several_credits_of_one_invoice_are_counted_one_by_one(self):
        parts = [line(part, corrects='line-0') for part in (-333, -333, -334)]
        whole = composed(*parts, known=self.known)
        self.assertEqual(-1080, whole.total)

    def test_an_inclusive_line_is_given_back_as_it_was_split(self):
        known = posted(composed(line(1000), inclusive=True))
        whole = composed(line(-1000, corrects='line-0'), known=known)
        self.assertEqual([(-1000, 0, -833, -167)], said(whole))

    def test_more_back_than_charged_is_a_sum_below_zero(self):
        whole = composed(
            line(-1000, corrects='line-0'), line(300), known=self.known
        )
        self.assertEqual(-1080 + 360, whole.total)

    def test_a_line_that_was_free_gives_nothing_back(self):
        known = posted(composed(line(0)))
        free = proration.Line(
            CREDIT, *('cores', MAY.start, MAY.end, Decimal(1), Decimal(0)),
            *(money.WHOLE, 0, 'EUR', 'why', 'line-0'),
        )  # fmt: skip
        self.assertEqual(0, composed(free, known=known).total)

    def test_what_is_not_posted_cannot_be_corrected(self):
        self.assertRaises(
            KeyError, composed, line(-1, corrects='line-7'), known=self.known
        )


class AmountTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        five = discount.Discount('five', amount=500)
        self.books = Books(taxed={'discounts': (five,)})

    def test_changes_within_a_cycle_do_not_give_it_anew(self):
        history = [stories.change(1, 1), stories.change(12, 2)]
        self.books.issue(history[:1])
        self.assertEqual(500, self.books.discount())
        self.books.issue(history)
        self.assertEqual(500, self.books.discount())

    def test_what_a_cancellation_gave_back_may_be_given_again(self):
        self.books.issue([stories.change(1, 1)])
        gone = [stories.change(1, 1), stories.change(12, 0)]
        self.books.issue(gone)
        self.assertEqual(500 - 323, self.books.discount())
        self.books.issue([*gone, stories.change(12, 1, resource='web')])
        self.assertEqual(500, self.books.discount())

    def test_beside_a_percentage_it_may_be_given_again_as_far_as_it_came_back(
        self,
    ):
        ten = discount.Discount('ten', Decimal(10))
        five = self.books.taxed['discounts']
        books = Books(taxed={'discounts': (ten, *five)})
        history = [stories.change(1, 1), stories.change(12, 0)]
        books.issue(history[:1])
        books.issue(history)
        again = books.issue([*history, stories.change(12, 1, resource='web')])
        [web] = again.items
        # A tenth of the line, and what the cancellation gave back of 5.00.
        tenth = money.rounded(web.line.amount, 10)
        self.assertEqual(tenth + 323, web.discount)

    def test_one_that_comes_later_is_given_whole(self):
        five = self.books.taxed['discounts']
        self.books.taxed['discounts'] = ()
        history = [stories.change(1, 1), stories.change(12, 1, resource='web')]
        self.books.issue(history[:1])
        self.books.taxed['discounts'] = five
        self.books.issue(history)
        self.assertEqual(500, self.books.discount())

    def test_each_cycle_has_its_own(self):
        days = [dt.date(2012, month, 1) for month in (4, 5, 6, 7)]
        instants = [calendar.start_of_day(day, dt.UTC) for day in days]
        for bounds in (days, instants):
            april, may, june = map(calendar.Period, bounds, bounds[1:])
            charges = [
                proration.charge('cores', stories.level(1), each, each, 'EUR')
                for each in (april, may, june)
            ]
            # What belongs to none of them, here April, is one group more.
            whole = invoice.compose(
                charges, posted=(), cycles=(may, june), **self.books.taxed
            )
            self.assertEqual(
                [500, 500, 500], [one.discount for one in whole.items]
            )

    @hypothesis.given(stories.histories(), st.integers(0, 2000), PERCENTS)
    def test_no_history_gives_more_of_it_than_it_says(
        self, story, minor, percents
    ):
        cycle, zone, facts = story
        given = discount.Discount('some', amount=minor)
        books = Books(cycle, zone=zone, taxed={'discounts': (given,)})
        both = Books(cycle, zone=zone, taxed={'discounts': (*percents, given)})
        for known in range(len(facts) + 1):
            books.issue(facts[:known])
            both.issue(facts[:known])
            self.assertLessEqual(books.discount(), minor)
            self.assertLessEqual(0, books.net())
        rate = 1
        for each in percents:
            rate *= 1 - Fraction(each.percent) / 100
        by_percent = (1 - rate) * both.amount()
        # Beside percentages it is known by what they would have given.
        self.assertLessEqual(
            both.discount() - by_percent,
            minor + len(both.posted) * (len(percents) + 1) * HALF,
        )


class HistoryTest(base.BaseTestCase):
    @hypothesis.given(stories.histories(), TAXED, stories.CURRENCIES)
    def test_billed_less_credited_is_what_was_held_discounted_and_taxed(
        self, story, taxed, currency
    ):
        cycle, zone, facts = story
        books = Books(cycle, currency, taxed, zone=zone)
        for known in range(len(facts) + 1):
            books.issue(facts[:known])
        lines = len(books.posted)
        exact = Fraction(0)
        for resource in {fact.resource for fact in facts}:
            for day in stories.days_of(cycle):
                held = stories.held_on(
                    day, resource, facts, zone, stories.HIGHEST
                )
                exact += Fraction(held.cost) / cycle.length
        exact *= 10 ** money.digits(currency)
        # Half a minor unit per line, and for each thing that is rounded.
        self.assertLessEqual(abs(books.amount() - exact), lines * HALF)
        rate = Fraction(1)
        for each in taxed['discounts']:
            rate *= 1 - Fraction(each.percent) / 100
        steps = len(taxed['discounts'])
        off = (1 - rate) * exact
        self.assertLessEqual(
            abs(books.discount() - off), lines * HALF * (steps + 1)
        )
        base_of = Fraction(100)
        if taxed['inclusive']:
            base_of += sum(Fraction(each.rate) for each in taxed['rates'])
        taken = books.taxes()
        for each in taxed['rates']:
            due = (exact - off) * Fraction(each.rate) / base_of
            allowed = steps + 2 + len(taxed['rates'])
            self.assertLessEqual(
                abs(taken[each.name] - due), lines * HALF * allowed
            )

    @hypothesis.given(stories.histories(), TAXED, stories.CURRENCIES)
    def test_what_was_never_held_costs_nothing_to_the_last_minor_unit(
        self, story, taxed, currency
    ):
        cycle, zone, facts = story
        five = discount.Discount('five', amount=500)
        taxed = taxed | {'discounts': (*taxed['discounts'], five)}
        books = Books(cycle, currency, taxed, zone=zone)
        for known in range(len(facts) + 1):
            books.issue(facts[:known])
        books.issue(facts, billed=())
        self.assertEqual((0, 0, 0, 0), (
            books.amount(), books.discount(), books.net(), books.total()
        ))  # fmt: skip
        self.assertEqual(set(), {*books.taxes().values()} - {0})

    @hypothesis.given(
        stories.histories(), TAXED, stories.CURRENCIES, st.randoms()
    )
    def test_in_whatever_order_it_is_told_the_net_is_the_same(
        self, story, taxed, currency, random
    ):
        cycle, zone, facts = story
        in_order = Books(cycle, currency, taxed, zone=zone)
        shuffled = Books(cycle, currency, taxed, zone=zone)
        told = facts * 2
        random.shuffle(told)
        for known in range(len(facts) + 1):
            in_order.issue(facts[:known])
        for known in range(0, len(told) + 1, 3):
            shuffled.issue(told[:known])
        shuffled.issue(told)
        lines = len(in_order.posted) + len(shuffled.posted)
        rounded = 1 + len(taxed['discounts']) + len(taxed['rates'])
        self.assertLessEqual(
            abs(in_order.net() - shuffled.net()), lines * HALF * rounded
        )
        self.assertEqual((), shuffled.issue(facts).items)

    @hypothesis.given(stories.histories(), TAXED, stories.CURRENCIES)
    def test_no_line_gives_back_more_than_it_said(
        self, story, taxed, currency
    ):
        cycle, zone, facts = story
        books = Books(cycle, currency, taxed, zone=zone)
        for known in range(len(facts) + 1):
            books.issue(facts[:known])
        left = {}
        for entry in books.posted:
            said = [entry.line.amount, entry.discount]
            said += [one.amount for one in entry.taxes]
            if entry.line.kind is CREDIT:
                self.assertTrue(all(each <= 0 for each in said))
                left[entry.line.corrects] = [
                    rest + each
                    for rest, each in zip(
                        left[entry.line.corrects], said, strict=True
                    )
                ]
            else:
                left[entry.key] = said
        for rest in left.values():
            self.assertTrue(all(each >= 0 for each in rest))


@st.composite
def cut_cycles(draw):
    """A cycle by the day or by the second, in parts that leave no gap.

    Anchors are 28 to 31 and 29 February, the zones from -12 to +14.
    """
    zone = draw(stories.ZONES)
    day = draw(st.integers(28, 31))
    name = draw(st.sampled_from(['month', 'quarter', 'year', 'days:30']))
    start = draw(
        st.dates(dt.date(2023, 12, 1), dt.date(2029, 1, 1))
        | st.just(dt.date(2024, 2, 29))
    )
    by_second = draw(st.booleans())
    if by_second:
        start = calendar.start_of_day(start, zone)
    cycle = calendar.anchored(
        calendar.Cycle.parse(name), day, start, zone if by_second else None
    ).cycle_of(start)
    step = calendar.Unit.of(start).step
    cuts = draw(st.lists(st.integers(1, max(cycle.length - 1, 1)), max_size=6))
    bounds = sorted(
        {cycle.start, cycle.end}
        | {cycle.start + cut * step for cut in cuts if cut < cycle.length}
    )
    parts = [calendar.Period(*both) for both in zip(bounds, bounds[1:])]
    return cycle, parts


class PartitionTest(base.BaseTestCase):
    @hypothesis.given(cut_cycles(), stories.CURRENCIES, stories.LEVELS)
    def test_parts_charged_alone_are_within_half_a_minor_unit_each(
        self, cut, currency, level
    ):
        cycle, parts = cut
        charge = proration.charge
        whole = charge('web', level, cycle, cycle, currency).amount
        split = [
            charge('web', level, part, cycle, currency).amount
            for part in parts
        ]
        exact = Fraction(level.cost) * 10 ** money.digits(currency)
        self.assertLessEqual(abs(sum(split) - exact), len(parts) * HALF)
        self.assertLessEqual(abs(whole - exact), HALF)

    @hypothesis.given(cut_cycles(), st.integers(0, 10**7))
    def test_parts_of_one_amount_add_up_to_it(self, cut, amount):
        cycle, parts = cut
        lengths = [part.length for part in parts]
        self.assertEqual(cycle.length, sum(lengths))
        self.assertEqual(amount, sum(money.split(amount, lengths)))

    @hypothesis.given(
        cut_cycles(),
        TAXED,
        stories.CURRENCIES,
        stories.LEVELS.filter(lambda level: level.quantity),
        st.randoms(),
    )
    def test_a_line_given_back_in_any_parts_is_given_back_whole(
        self, cut, taxed, currency, level, random
    ):
        cycle, parts = cut
        books = Books(cycle, currency, taxed)
        fact = proration.Change(cycle.start, 'web', level)
        books.issue([fact])
        standing = list(parts)
        while standing:
            standing.remove(random.choice(standing))
            books.issue([fact], billed=tuple(standing))
        self.assertEqual((0, 0, 0), (
            books.amount(), books.discount(), books.total()
        ))  # fmt: skip

    def test_a_birthday_on_29_february_is_kept(self):
        start = dt.date(2024, 2, 29)
        year = calendar.anchored(calendar.Cycle.parse('year'), 29, start)
        level = pricing.Level(Decimal(1), Decimal('366.00'))
        lines = list(
            proration.cycle_lines(
                year, 'web', level, 'EUR', start, dt.date(2028, 2, 29)
            )
        )
        self.assertEqual(
            ['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28']
            + ['2028-02-29'],
            [str(line.start) for line in lines],
        )
        self.assertEqual({36600}, {line.amount for line in lines})
