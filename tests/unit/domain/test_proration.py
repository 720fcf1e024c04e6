# SPDX-License-Identifier: Apache-2.0
"""Whatever is learned, and whenever, the books say what was held."""

import collections
import dataclasses
import datetime as dt
from decimal import Decimal
from fractions import Fraction
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration

HIGHEST, LAST = proration.SameDay.HIGHEST, proration.SameDay.LAST
MAY = calendar.Period(dt.date(2012, 5, 1), dt.date(2012, 6, 1))
ONE_DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)

CURRENCIES = st.sampled_from(['JPY', 'EUR', 'KWD', 'CLF'])
CYCLES = st.builds(
    lambda start, months, day: calendar.anchored(
        calendar.Cycle(months=months), day, start
    ).cycle_of(start),
    st.dates(dt.date(2023, 12, 1), dt.date(2029, 1, 1)),
    st.sampled_from([1, 1, 1, 3]),
    st.integers(28, 31),
)
ZONES = st.sampled_from(
    [
        zoneinfo.ZoneInfo(name)
        for name in (
            'Etc/GMT+12 America/Sao_Paulo UTC Europe/Paris Pacific/Kiritimati'
        ).split()
    ]
)
LEVELS = st.builds(
    pricing.Level,
    st.sampled_from([Decimal(n) for n in ('0', '1', '2', '8', '0.5')]),
    st.sampled_from([Decimal(n) for n in ('9.99', '10', '0.001', '249.95')]),
)


@st.composite
def histories(draw):
    """A cycle and facts around it, some of them on the same days."""
    cycle, zone = draw(CYCLES), draw(ZONES)
    start = calendar.start_of_day(cycle.start, zone)
    some_days = st.lists(st.integers(-2, cycle.length), min_size=1, max_size=4)
    facts = draw(
        st.lists(
            st.tuples(
                st.sampled_from(draw(some_days)),
                st.integers(0, 23),
                st.sampled_from(['cores', 'web']),
                LEVELS,
            ),
            max_size=9,
            unique_by=lambda fact: fact[:3],
        )
    )
    return (
        cycle,
        zone,
        [
            proration.Change(start + dt.timedelta(days, 3600 * hour), *what)
            for days, hour, *what in facts
        ],
    )


def level(quantity, unit_price='10.00'):
    return pricing.Level(Decimal(quantity), Decimal(unit_price))


def change(day, quantity, unit_price='10.00', resource='cores', hour=None):
    at = dt.date(2012, 5, day)
    if hour is not None:
        at = dt.datetime(2012, 5, day, hour, tzinfo=dt.UTC)
    return proration.Change(at, resource, level(quantity, unit_price))


def said(lines):
    """Lines as (kind, first day, day after the last, minor units)."""
    return [
        (line.kind.value, line.start.day, line.end.day, line.amount)
        for line in lines
    ]


class Books:
    """The issued lines of one cycle."""

    def __init__(self, cycle=MAY, currency='EUR', **terms):
        self.cycle = cycle
        self.currency = currency
        self.terms = terms
        self.posted = []

    def settle(self, changes, **terms):
        return proration.settle(
            self.cycle,
            changes,
            self.posted,
            self.currency,
            **(self.terms | terms),
        )

    def issue(self, changes, **terms):
        lines = self.settle(changes, **terms)
        for line in lines:
            key = f'line-{len(self.posted)}'
            self.posted.append(proration.Posted(key, line))
        return lines

    def charges(self):
        """Each charge with the credits on it."""
        credits = collections.defaultdict(list)
        for entry in self.posted:
            credits[entry.line.corrects].append(entry.line)
        return [
            (entry.line, credits[entry.key])
            for entry in self.posted
            if entry.line.kind is proration.LineKind.CHARGE
        ]

    def net(self):
        return sum(entry.line.amount for entry in self.posted)

    def standing(self, resource, day):
        """The levels that the books say for a day, credits taken off."""
        return [
            pricing.Level(charge.quantity, charge.unit_price)
            for charge, credits in self.charges()
            if charge.resource == resource
            and charge.start <= day < charge.end
            and not any(line.start <= day < line.end for line in credits)
        ]


def held_on(day, resource, changes, zone, same_day):
    """The level of one day, worked out by looking at nothing but that day."""
    before, today = pricing.NOTHING, []
    for fact in sorted(changes, key=lambda fact: fact.at):
        if fact.resource == resource:
            on = calendar.local_day(fact.at, zone)
            if on < day:
                before = fact.level
            elif on == day:
                today.append(fact.level)
    if not today:
        return before
    if same_day is HIGHEST:
        return max(today[::-1], key=lambda level: level.cost)
    if not before.quantity and not today[-1].quantity:
        return next((held for held in today[::-1] if held.quantity), today[-1])
    return today[-1]


def days_of(period):
    return [period.start + n * ONE_DAY for n in range(period.length)]


class ChargeTest(base.BaseTestCase):
    def lines(self, start, end, until, day=15, cycle='month'):
        anchor = calendar.anchored(calendar.Cycle.parse(cycle), day, start)
        return list(
            proration.cycle_lines(
                anchor, 'flat', level(1), 'USD', start, until, end
            )
        )

    def test_a_life_is_billed_by_stub_cycle_and_cut(self):
        lines = self.lines(
            dt.date(2011, 1, 1), dt.date(2011, 2, 27), dt.date(2011, 3, 1)
        )
        self.assertEqual(
            [('14/31', 452), ('31/31', 1000), ('12/28', 429)],
            [(str(line.ratio), line.amount) for line in lines],
        )

    def test_a_period_is_billed_in_advance_on_its_first_day(self):
        first, boundary = dt.date(2011, 1, 1), dt.date(2011, 1, 15)
        self.assertEqual(1, len(self.lines(first, None, first)))
        self.assertEqual(1, len(self.lines(first, None, boundary - ONE_DAY)))
        self.assertEqual(2, len(self.lines(first, None, boundary)))

    def test_a_life_that_ends_when_it_starts_costs_nothing(self):
        day = dt.date(2011, 1, 1)
        self.assertEqual([], self.lines(day, day, day))

    def test_a_line_explains_itself(self):
        day = dt.date(2011, 1, 1)
        self.assertEqual(
            ['10.00 USD x 1 x 14/31 days'],
            [line.reason for line in self.lines(day, None, day)],
        )

    def test_what_is_charged_once_is_of_its_day_or_its_second(self):
        day, instant = dt.date(2012, 5, 12), dt.datetime(2012, 5, 12, 9)
        for at, end in (
            (day, day + ONE_DAY), (instant, instant + dt.timedelta(0, 1)),
        ):  # fmt: skip
            line = proration.once('setup', level('2', '5.00'), at, 'EUR')
            self.assertEqual((at, end), (line.start, line.end))
            self.assertEqual(
                ('setup', 1000, 'EUR'),
                (line.resource, line.amount, line.currency),
            )
            self.assertEqual('5.00 EUR x 2 once', line.reason)

    def test_a_line_in_advance_says_what_it_is_for(self):
        anchor = calendar.anchored(calendar.Cycle(months=1), 1, MAY.start)
        (line,) = proration.cycle_lines(
            anchor, 'web', level('1'), 'EUR', MAY.start, MAY.start
        )
        self.assertEqual('web', line.resource)

    def test_a_stub_across_two_months_is_a_part_of_its_own_cycle(self):
        lines = self.lines(
            dt.date(2026, 1, 20), dt.date(2026, 3, 5), dt.date(2026, 3, 5), 31
        )
        self.assertEqual(
            ['11/31', '28/28', '5/31'], [str(line.ratio) for line in lines]
        )

    @hypothesis.given(
        st.dates(dt.date(2023, 12, 1), dt.date(2029, 1, 1)),
        st.integers(28, 31),
        st.sampled_from(['month', 'quarter', 'year', 'days:30']),
        st.integers(0, 800),
    )
    def test_a_life_is_billed_for_each_of_its_days_once(
        self, start, day, cycle, days
    ):
        end = start + days * ONE_DAY
        lines = self.lines(start, end, end, day, cycle)
        self.assertEqual(days, sum(line.ratio.numerator for line in lines))
        reached = start
        for line in lines:
            self.assertEqual(reached, line.start)
            reached = line.end
        self.assertEqual(end, reached)


class ChangeTest(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.books = Books()

    def test_an_upgrade_gives_back_the_rest_of_the_old_and_bills_the_new(self):
        self.books.issue([change(1, 1, '249.95')])
        lines = self.books.issue(
            [change(1, 1, '249.95'), change(12, 2, '249.95')]
        )
        self.assertEqual(
            [('credit', 12, 1, -16126), ('charge', 12, 1, 32252)], said(lines)
        )
        self.assertEqual('line-0', lines[0].corrects)
        self.assertEqual(
            ['249.95 EUR billed x 20/31 days not used']
            + ['249.95 EUR x 2 x 20/31 days'],
            [line.reason for line in lines],
        )

    def test_a_downgrade_is_the_same_the_other_way(self):
        self.books.issue([change(1, 2)])
        lines = self.books.issue([change(1, 2), change(12, 1)])
        self.assertEqual(
            [('credit', 12, 1, -1290), ('charge', 12, 1, 645)], said(lines)
        )

    def test_a_change_to_the_same_level_writes_nothing(self):
        self.books.issue([change(1, 2)])
        same = change(12, '2.0', '10.0')
        self.assertEqual((), self.books.settle([change(1, 2), same]))

    def test_the_second_upgrade_gives_back_only_what_the_first_billed(self):
        history = [change(1, 1), change(11, 2), change(21, 4)]
        for known in (1, 2, 3):
            lines = self.books.issue(history[:known])
        self.assertEqual(
            [('credit', 21, 1, -710), ('charge', 21, 1, 1419)], said(lines)
        )
        for charge, credits in self.books.charges():
            given_back = -sum(line.amount for line in credits)
            self.assertLessEqual(given_back, charge.amount)

    def test_what_is_known_before_it_is_billed_needs_no_credit(self):
        lines = self.books.issue([change(6, 1), change(16, 2), change(26, 0)])
        self.assertEqual(
            [('charge', 6, 16, 323), ('charge', 16, 26, 645)], said(lines)
        )

    def test_a_cut_life_gives_back_what_follows_it(self):
        self.books.issue([change(1, 1)])
        cut = calendar.Period(MAY.start, dt.date(2012, 5, 12))
        lines = self.books.issue([change(1, 1)], billed=[cut])
        self.assertEqual([('credit', 12, 1, -645)], said(lines))

    def test_a_pause_is_not_billed_and_what_follows_it_is(self):
        life = [
            calendar.Period(MAY.start, dt.date(2012, 5, 11)),
            calendar.Period(dt.date(2012, 5, 21), MAY.end),
        ]
        lines = self.books.issue([change(1, 1)], billed=life)
        self.assertEqual(
            [('charge', 1, 11, 323), ('charge', 21, 1, 355)], said(lines)
        )

    def test_a_fact_that_comes_late_splits_what_was_billed(self):
        first, last = change(1, 1), change(21, 1)
        self.books.issue([first])
        lines = self.books.issue([first, last, change(11, 3)])
        self.assertEqual(
            [('credit', 11, 21, -323), ('charge', 11, 21, 968)], said(lines)
        )

    def test_a_credit_is_at_most_what_goodwill_left_of_the_line(self):
        self.books.issue([change(1, 1)])
        for given, left in ((-900, 100), (-200, 0)):
            goodwill = proration.Line(
                proration.LineKind.CREDIT,
                *('cores', MAY.start, MAY.start, Decimal(1), Decimal(10)),
                *(money.Ratio(0, 31), given, 'EUR', 'goodwill', 'line-0'),
            )
            self.books.posted.append(proration.Posted('goodwill', goodwill))
            lines = self.books.settle([change(1, 1), change(12, 0)])
            self.assertEqual([('credit', 12, 1, -left)], said(lines))
            self.assertIn('to what earlier credits left', lines[0].reason)

    def test_a_credit_that_was_cut_says_both_of_its_reasons(self):
        books = Books()
        books.issue([change(1, 1)])
        [entry] = books.posted
        books.posted.append(
            proration.Posted(
                'goodwill',
                dataclasses.replace(
                    entry.line, kind=proration.LineKind.CREDIT,
                    end=entry.line.start, amount=-600, corrects=entry.key,
                ),
            )
        )  # fmt: skip
        (credit,) = books.settle([change(1, 1), change(16, 0)])
        self.assertEqual(
            '10.00 EUR billed x 16/31 days not used, '
            'to what earlier credits left of it',
            credit.reason,
        )

    def test_a_line_billed_twice_is_given_back_once(self):
        charge = self.books.issue([change(1, 1)])[0]
        self.books.posted.append(proration.Posted('twin', charge))
        lines = self.books.issue([change(1, 1)])
        self.assertEqual([('credit', 1, 1, -1000)], said(lines))
        self.assertEqual('twin', lines[0].corrects)

    def test_what_nothing_is_known_of_is_left_alone(self):
        self.books.issue([change(1, 1, resource='web')])
        self.assertEqual((), self.books.settle([]))

    def test_each_resource_keeps_its_own_lines(self):
        self.books.issue([change(1, 1), change(1, 1, resource='web')])
        lines = self.books.settle(
            [change(1, 1, resource='web'), change(12, 0, resource='web')]
        )
        self.assertEqual([('credit', 12, 1, -645)], said(lines))
        self.assertEqual('web', lines[0].resource)


class SameDayTest(base.BaseTestCase):
    def settled(self, same_day, *facts):
        return said(Books(same_day=same_day).settle(facts))

    def test_the_highest_of_a_day_counts_for_that_day_only(self):
        facts = [change(1, 5), change(12, 7, hour=8), change(12, 5, hour=9)]
        self.assertEqual(
            [('charge', 1, 12, 1774), ('charge', 12, 13, 226)]
            + [('charge', 13, 1, 3065)],
            self.settled(HIGHEST, *facts),
        )
        self.assertEqual(
            [('charge', 1, 1, 5000)], self.settled(LAST, *facts)
        )

    def test_what_a_change_ends_is_not_among_its_day(self):
        self.assertEqual(
            [('charge', 1, 12, 1774), ('charge', 12, 1, 1935)],
            self.settled(HIGHEST, change(1, 5), change(12, 3)),
        )

    def test_the_highest_is_what_costs_most(self):
        self.assertEqual(
            [('charge', 12, 13, 97), ('charge', 13, 1, 613)],
            self.settled(
                HIGHEST,
                change(12, 1, '30', hour=8),
                change(12, 2, '5', hour=9),
            ),
        )

    def test_of_levels_that_cost_the_same_the_last_counts(self):
        self.assertEqual(
            [('charge', 12, 1, 645)],
            self.settled(
                HIGHEST,
                change(12, 1, '10', hour=8),
                change(12, 2, '5', hour=9),
            ),
        )

    def test_two_facts_that_claim_one_instant_have_one_order(self):
        one, other = change(12, 2, hour=8), change(12, 1, hour=8)
        self.assertEqual(
            self.settled(LAST, one, other), self.settled(LAST, other, one)
        )

    def test_what_is_told_of_a_day_comes_before_all_within_it(self):
        day, midnight = change(12, 5), change(12, 3, hour=0)
        for told in ((day, midnight), (midnight, day)):
            self.assertEqual(
                [('charge', 12, 1, 1935)], self.settled(LAST, *told)
            )

    def test_a_server_that_came_and_went_within_one_second_has_gone(self):
        came, went = change(12, 1, hour=8), change(12, 0, hour=8)
        for same_day in proration.SameDay:
            for told in ((came, went), (went, came)):
                self.assertEqual(
                    [('charge', 12, 13, 32)], self.settled(same_day, *told)
                )

    def test_a_server_bills_at_least_its_first_day(self):
        brief = [change(12, 1, hour=8), change(12, 0, hour=9)]
        for same_day in proration.SameDay:
            self.assertEqual(
                [('charge', 12, 13, 32)], self.settled(same_day, *brief)
            )

    def test_on_its_last_day_a_server_is_not_billed_again(self):
        self.assertEqual(
            [('charge', 1, 12, 355)],
            self.settled(
                LAST,
                change(1, 1),
                change(12, 2, hour=8),
                change(12, 0, hour=9),
            ),
        )

    def test_changes_known_by_their_day_count_as_they_were_told(self):
        up, down = change(12, 2), change(12, 1)
        self.assertEqual(
            [('charge', 12, 1, 645)], self.settled(LAST, up, down)
        )
        self.assertEqual(
            [('charge', 12, 1, 1290)], self.settled(LAST, down, up)
        )


    def test_of_a_day_that_is_all_that_is_known_anything_is_later(self):
        kiritimati = zoneinfo.ZoneInfo('Pacific/Kiritimati')
        midnight = dt.datetime(2012, 5, 12, tzinfo=kiritimati)
        gone = pricing.Level(Decimal(0), Decimal(0))
        books = Books(same_day=LAST, zone=kiritimati)
        at_once = proration.Change(midnight, 'cores', gone)
        soon = proration.Change(midnight + HOUR, 'cores', gone)
        for facts in (
            [change(12, 1), at_once], [change(12, 1), soon],
            [soon, change(12, 1)],
        ):  # fmt: skip
            lines = books.settle(facts)
            self.assertEqual([('charge', 12, 13, 32)], said(lines))


class SecondTest(base.BaseTestCase):
    def test_a_plan_by_the_second_counts_elapsed_seconds(self):
        paris = zoneinfo.ZoneInfo('Europe/Paris')
        march = calendar.Period(
            calendar.start_of_day(dt.date(2026, 3, 1), paris),
            calendar.start_of_day(dt.date(2026, 4, 1), paris),
        )
        noon = dt.datetime(2026, 3, 29, 12, tzinfo=paris)
        books = Books(march)
        old = proration.Change(dt.date(2026, 1, 1), 'web', level(1))
        books.issue([old])
        lines = books.issue([old, proration.Change(noon, 'web', level(2))])
        self.assertEqual(
            [('216000/2674800', -81), ('216000/2674800', 162)],
            [(str(line.ratio), line.amount) for line in lines],
        )
        self.assertEqual(
            '10.00 EUR x 2 x 216000/2674800 seconds', lines[1].reason
        )
        self.assertEqual(noon, lines[1].start)
        self.assertEqual(dt.UTC, lines[1].start.tzinfo)


class FoldTest(base.BaseTestCase):
    @hypothesis.given(
        histories(), st.randoms(), st.sampled_from([HIGHEST, LAST])
    )
    def test_neither_order_nor_repetition_of_facts_matters(
        self, story, random, same_day
    ):
        cycle, zone, facts = story
        books = Books(cycle, zone=zone, same_day=same_day)
        books.issue(facts[: len(facts) // 2])
        told = facts * 2
        random.shuffle(told)
        self.assertEqual(books.settle(facts), books.settle(told))

    @hypothesis.given(
        histories(), CURRENCIES, st.sampled_from([HIGHEST, LAST])
    )
    def test_however_late_facts_come_the_books_say_what_was_held(
        self, story, currency, same_day
    ):
        cycle, zone, facts = story
        books = Books(cycle, currency, zone=zone, same_day=same_day)
        for known in range(len(facts) + 1):
            books.issue(facts[:known])
        self.assertEqual((), books.settle(facts))
        exact = Fraction(0)
        for resource in {fact.resource for fact in facts}:
            for day in days_of(cycle):
                held = held_on(day, resource, facts, zone, same_day)
                self.assertEqual(
                    [held] if held.quantity else [],
                    books.standing(resource, day),
                )
                exact += Fraction(held.cost) / cycle.length
        exact *= 10 ** money.digits(currency)
        self.assertLessEqual(
            abs(books.net() - exact), Fraction(len(books.posted), 2)
        )

    @hypothesis.given(histories(), CURRENCIES)
    def test_never_is_more_given_back_than_was_billed(self, story, currency):
        cycle, zone, facts = story
        books = Books(cycle, currency, zone=zone)
        for known in range(len(facts), 0, -1):
            books.issue(facts[known - 1 :])
        for charge, credits in books.charges():
            given_back = [-line.amount for line in credits]
            self.assertTrue(all(amount >= 0 for amount in given_back))
            self.assertLessEqual(sum(given_back), charge.amount)
        self.assertGreaterEqual(books.net(), 0)

    @hypothesis.given(
        CYCLES, CURRENCIES, LEVELS.filter(lambda it: it.quantity), st.data()
    )
    def test_a_line_given_back_in_any_parts_is_given_back_whole(
        self, cycle, currency, held, data
    ):
        books = Books(cycle, currency)
        fact = proration.Change(cycle.start, 'web', held)
        self.assertEqual(1, len(books.issue([fact])))
        left = days_of(cycle)
        while left:
            gone = data.draw(st.sets(st.sampled_from(left), min_size=1))
            left = [day for day in left if day not in gone]
            life = [calendar.Period(day, day + ONE_DAY) for day in left]
            books.issue([fact], billed=life)
        self.assertEqual(0, books.net())

    @hypothesis.given(histories(), st.sampled_from([HIGHEST, LAST]))
    def test_where_nothing_is_rounded_every_order_costs_the_same(
        self, story, same_day
    ):
        cycle, zone, facts = story
        facts = [
            proration.Change(
                fact.at,
                fact.resource,
                pricing.Level(fact.level.quantity * 2, Decimal(cycle.length)),
            )
            for fact in facts
        ]
        at_once = Books(cycle, zone=zone, same_day=same_day)
        at_once.issue(facts)
        in_order = Books(cycle, zone=zone, same_day=same_day)
        late = Books(cycle, zone=zone, same_day=same_day)
        facts.sort(key=lambda fact: fact.at)
        for known in range(len(facts)):
            in_order.issue(facts[: known + 1])
            late.issue(facts[len(facts) - 1 - known :])
        self.assertEqual(at_once.net(), in_order.net())
        self.assertEqual(at_once.net(), late.net())
