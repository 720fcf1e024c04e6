# SPDX-License-Identifier: Apache-2.0
"""The right price on the right day of a cycle, and what is held at it."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import terms
from patrii_billing import errors

MAY = calendar.Period(dt.date(2012, 5, 1), dt.date(2012, 6, 1))
LONG_AGO = dt.date(2010, 1, 1)
AUCKLAND = zoneinfo.ZoneInfo('Pacific/Auckland')
# May there, by the second: it begins on 30 April, 12:00 UTC.
THERE = calendar.Period(
    *(calendar.start_of_day(day, AUCKLAND) for day in (MAY.start, MAY.end))
)
FLAVOR, QUOTA = pricing.PriceKind.FLAVOR, pricing.PriceKind.QUOTA
TIERS = (
    pricing.Tier(Decimal(4), Decimal(10)),
    pricing.Tier(Decimal(8), Decimal(8)),
    pricing.Tier(None, Decimal(5)),
)


def may(day, hour=None):
    if hour is None:
        return dt.date(2012, 5, day)
    return dt.datetime(2012, 5, day, hour, tzinfo=dt.UTC)


def price(unit_price, resource='cores', kind=QUOTA, **fields):
    return pricing.Price(kind, resource, Decimal(unit_price), **fields)


def held(at, quantity, resource='cores'):
    return terms.Held(at, resource, Decimal(quantity))


def steps(*prices, since=LONG_AGO, resource='cores', kind=QUOTA, cycle=MAY):
    known = terms.steps([terms.Term(since, prices)], kind, resource, cycle)
    return [
        (step.at, step.price and str(step.price.unit_price)) for step in known
    ]


class StepsTest(base.BaseTestCase):
    def test_a_price_counts_for_a_whole_cycle_from_its_start(self):
        old = price(10, valid_until=may(10))
        new = price(12, valid_from=may(10))
        self.assertEqual([(may(1), '10')], steps(old, new))
        june = calendar.Period(MAY.end, dt.date(2012, 7, 1))
        self.assertEqual([(june.start, '12')], steps(old, new, cycle=june))

    def test_a_price_meant_at_once_counts_from_its_day(self):
        new = price(12, valid_from=may(10), at_once=True)
        self.assertEqual(
            [(may(1), '10'), (may(10), '12')], steps(price(10), new)
        )

    def test_a_price_meant_at_once_ends_on_its_day_too(self):
        sale = price(1, valid_from=may(10), valid_until=may(20), at_once=True)
        self.assertEqual(
            [(may(1), '10'), (may(10), '1'), (may(20), '10')],
            steps(price(10), sale),
        )

    def test_what_has_no_price_at_the_start_has_that_of_its_first_day(self):
        first = price(10, valid_from=may(5), valid_until=may(20))
        second = price(12, valid_from=may(20))
        self.assertEqual(
            [(may(1), None), (may(5), '10')], steps(first, second)
        )

    def test_a_term_that_begins_brings_the_prices_of_its_day(self):
        known = [
            terms.Term(LONG_AGO, (price(10),)),
            terms.Term(
                may(12),
                (
                    price(20, valid_until=may(12)),
                    price(21, valid_from=may(12), valid_until=may(20)),
                    price(22, valid_from=may(20)),
                ),
            ),
        ]
        for order in (known, known[::-1]):
            self.assertEqual(
                [(may(1), 10), (may(12), 21)],
                [
                    (step.at, step.price.unit_price)
                    for step in terms.steps(order, QUOTA, 'cores', MAY)
                ],
            )

    def test_a_life_that_begins_in_the_cycle_has_the_prices_of_that_day(self):
        old = price(10, valid_until=may(10))
        new = price(12, valid_from=may(10))
        self.assertEqual([(may(1), '12')], steps(old, new, since=may(11)))

    def test_a_contract_that_comes_later_has_no_price_yet(self):
        self.assertEqual([], steps(price(10), since=MAY.end))

    def test_by_the_second_a_price_begins_with_its_local_day(self):
        paris = zoneinfo.ZoneInfo('Europe/Paris')
        cycle = calendar.Period(
            *(calendar.start_of_day(day, paris) for day in (may(1), MAY.end))
        )
        new = price(12, valid_from=may(10), at_once=True)
        known = terms.steps(
            [terms.Term(LONG_AGO, (price(10), new))],
            QUOTA, 'cores', cycle, paris,
        )  # fmt: skip
        self.assertEqual(
            [cycle.start, dt.datetime(2012, 5, 9, 22, tzinfo=dt.UTC)],
            [step.at for step in known],
        )


    def test_a_price_of_the_day_after_the_cycle_is_none_of_its_prices(self):
        new = price(12, valid_from=MAY.end, at_once=True)
        self.assertEqual([(may(1), '10')], steps(price(10), new))

    def test_a_price_meant_at_once_may_be_the_first(self):
        new = price(12, valid_from=may(10), at_once=True)
        self.assertEqual([(may(1), None), (may(10), '12')], steps(new))

    def test_what_an_earlier_term_would_cost_later_does_not_count(self):
        dearer = price(11, valid_from=may(20), at_once=True)
        known = [
            terms.Term(LONG_AGO, (price(10), dearer)),
            terms.Term(may(12), (price(21),)),
        ]
        self.assertEqual(
            [(may(1), 10), (may(12), 21)],
            [
                (step.at, step.price.unit_price)
                for step in terms.steps(known, QUOTA, 'cores', MAY)
            ],
        )

    def test_by_the_second_a_cycle_has_the_prices_of_its_local_days(self):
        old = price(10, valid_until=MAY.start)
        new = price(12, valid_from=MAY.start)
        sale = price(1, valid_from=may(31), at_once=True)
        known = [terms.Term(LONG_AGO, (old, new, sale))]
        wanted = [
            (THERE.start, '12'),
            (dt.datetime(2012, 5, 30, 12, tzinfo=dt.UTC), '1'),
        ]
        self.assertEqual(
            wanted,
            [
                (step.at, str(step.price.unit_price))
                for step in terms.steps(known, QUOTA, 'cores', THERE, AUCKLAND)
            ],
        )
        changes = terms.changes(
            'cores', QUOTA, [held(LONG_AGO, 2)], known, THERE, zone=AUCKLAND
        )
        self.assertEqual(
            [(LONG_AGO, '12'), wanted[1]],
            [(each.at, str(each.level.unit_price)) for each in changes],
        )


class ChangesTest(base.BaseTestCase):
    def lines(self, facts, *prices, kind=QUOTA, key='cores', later=None,
              same_day=proration.SameDay.HIGHEST):  # fmt: skip
        known = [terms.Term(LONG_AGO, prices)]
        if later is not None:
            known.append(terms.Term(*later))
        changes = terms.changes(
            key, kind, facts, known, MAY, same_day=same_day
        )
        return [
            (
                line.resource,
                line.start.day,
                line.end.day,
                f'{line.quantity:f} x {line.unit_price:f}',
            )
            for line in proration.settle(
                MAY, changes, (), 'EUR', same_day=same_day
            )
        ]

    def test_a_level_is_followed_at_each_of_its_prices(self):
        new = price(12, valid_from=may(10), at_once=True)
        self.assertEqual(
            [('cores', 1, 10, '2 x 10'), ('cores', 10, 20, '2 x 12')]
            + [('cores', 20, 1, '3 x 12')],
            self.lines(
                [held(LONG_AGO, 2), held(may(20, 9), 3)], price(10), new
            ),
        )

    def test_what_a_change_ends_is_not_held_at_the_new_price_of_its_day(self):
        new = price(12, valid_from=may(10), at_once=True)
        self.assertEqual(
            [('cores', 1, 10, '8 x 10'), ('cores', 10, 1, '2 x 12')],
            self.lines(
                [held(LONG_AGO, 8), held(may(10, 9), 2)], price(10), new
            ),
        )

    def test_each_tier_is_followed_by_itself(self):
        tiered = price(0, tiers=TIERS)
        self.assertEqual(
            [('cores', 1, 1, '4 x 10'), ('cores#2', 1, 12, '2 x 8')]
            + [('cores#2', 12, 1, '4 x 8'), ('cores#3', 12, 1, '1 x 5')],
            self.lines([held(LONG_AGO, 6), held(may(12), 9)], tiered),
        )

    def test_a_tier_that_is_left_is_not_held(self):
        tiered = price(0, tiers=TIERS)
        self.assertEqual(
            [('cores', 1, 1, '4 x 10'), ('cores#2', 1, 12, '2 x 8')],
            self.lines([held(LONG_AGO, 6), held(may(12), 4)], tiered),
        )

    def test_tiers_of_a_price_that_ended_are_not_held(self):
        tiered = price(0, tiers=TIERS)
        flat = price(9, valid_from=may(10), at_once=True)
        self.assertEqual(
            [('cores', 1, 10, '4 x 10'), ('cores', 10, 1, '6 x 9')]
            + [('cores#2', 1, 10, '2 x 8')],
            self.lines([held(LONG_AGO, 6)], tiered, flat),
        )

    def test_a_tier_reached_and_left_on_one_day_is_not_the_last_of_it(self):
        tiered = price(0, tiers=TIERS)
        facts = [held(LONG_AGO, 4)]
        facts += [held(may(12, 8), 5), held(may(12, 9), 4)]
        self.assertEqual(
            [('cores', 1, 1, '4 x 10')],
            self.lines(facts, tiered, same_day=proration.SameDay.LAST),
        )
        self.assertEqual(
            [('cores', 1, 1, '4 x 10'), ('cores#2', 12, 13, '1 x 8')],
            self.lines(facts, tiered),
        )

    def test_the_last_of_a_day_counts_for_each_of_two_tiers(self):
        tiered = price(0, tiers=(TIERS[0], pricing.Tier(None, Decimal(8))))
        last = proration.SameDay.LAST
        facts = [held(LONG_AGO, 4), held(may(12, 8), 6), held(may(12, 9), 4)]
        self.assertEqual(
            [('cores', 1, 1, '4 x 10')],
            self.lines(facts, tiered, same_day=last),
        )

    def test_a_higher_level_on_the_day_of_an_end_is_not_its_last(self):
        tiered = price(0, tiers=TIERS)
        facts = [held(LONG_AGO, 4), held(may(12, 8), 6), held(may(12, 9), 0)]
        self.assertEqual(
            [('cores', 1, 12, '4 x 10')],
            self.lines(facts, tiered, same_day=proration.SameDay.LAST),
        )

    def test_what_came_and_went_on_one_day_is_billed_for_it(self):
        tiered = price(0, tiers=TIERS)
        facts = [held(may(12, 8), 6), held(may(12, 9), 0)]
        self.assertEqual(
            [('cores', 12, 13, '4 x 10'), ('cores#2', 12, 13, '2 x 8')],
            self.lines(facts, tiered, same_day=proration.SameDay.LAST),
        )

    def test_the_highest_of_the_first_day_counts_for_it(self):
        facts = [held(LONG_AGO, 2), held(may(1, 8), 5), held(may(1, 9), 3)]
        self.assertEqual(
            [('cores', 1, 2, '5 x 10'), ('cores', 2, 1, '3 x 10')],
            self.lines(facts, price(10)),
        )

    def test_of_two_flavors_at_once_the_dearer_was_there_before(self):
        noon = dt.datetime(2012, 4, 12, 12, tzinfo=dt.UTC)
        prices = [price(10, 's1', FLAVOR), price(20, 's2', FLAVOR)]
        facts = [held(noon, 1, 's1'), held(noon, 1, 's2')]
        # One that nothing is known of any more costs less than any.
        facts += [held(noon, 1, 'old')]
        for order in (facts, facts[::-1]):
            self.assertEqual(
                [('web', 1, 1, '1 x 20')],
                self.lines(order, *prices, kind=FLAVOR, key='web'),
            )

    def test_an_end_at_the_instant_of_a_level_is_the_end(self):
        noon = dt.datetime(2012, 4, 12, 12, tzinfo=dt.UTC)
        facts = [held(noon, 5), held(noon, 0)]
        for order in (facts, facts[::-1]):
            self.assertEqual([], self.lines(order, price(10)))

    def test_what_is_told_of_a_day_comes_before_all_within_it(self):
        day = dt.date(2012, 4, 12)
        first = calendar.start_of_day(day, AUCKLAND)
        for at in (first, first + dt.timedelta(hours=1)):
            facts = [held(at, 3), held(day, 6)]
            [change] = terms.changes(
                'cores', QUOTA, facts, [terms.Term(LONG_AGO, (price(1),))],
                MAY, zone=AUCKLAND,
            )  # fmt: skip
            self.assertEqual(3, change.level.quantity)

    def test_an_instant_counts_at_the_price_of_its_local_day(self):
        new = price(12, valid_from=may(12), at_once=True)
        # 08:00 of the 12th there.
        [change] = terms.changes(
            'cores', QUOTA, [held(may(11, 20), 2)],
            [terms.Term(LONG_AGO, (price(10), new))], MAY, zone=AUCKLAND,
        )  # fmt: skip
        self.assertEqual(12, change.level.unit_price)

    def test_a_server_follows_its_flavor(self):
        facts = [held(LONG_AGO, 1, 's1'), held(may(12, 9), 1, 's2')]
        prices = [price(10, 's1', FLAVOR), price(20, 's2', FLAVOR)]
        self.assertEqual(
            [('web', 1, 12, '1 x 10'), ('web', 12, 1, '1 x 20')],
            self.lines(facts, *prices, kind=FLAVOR, key='web'),
        )

    def test_no_flavor_is_free_by_mistake(self):
        s1 = price(10, 's1', FLAVOR)
        for facts in (
            [held(LONG_AGO, 1, 's2')],
            [held(LONG_AGO, 1, 's1'), held(may(12), 1, 's2')],
        ):
            error = self.assertRaises(
                errors.NotFound, self.lines, facts, s1, kind=FLAVOR, key='web'
            )
            self.assertIn('no price of flavor s2 on 2012-05-', str(error))

    def test_a_flavor_of_other_days_needs_no_price(self):
        facts = [held(LONG_AGO, 1, 'old'), held(may(1), 1, 's1')]
        facts += [held(MAY.end, 1, 'new')]
        self.assertEqual(
            [('web', 1, 1, '1 x 10')],
            self.lines(facts, price(10, 's1', FLAVOR), kind=FLAVOR, key='web'),
        )

    def test_plans_to_come_make_no_flavor_free(self):
        known = [
            terms.Term(may(10), (price(10, 's1', FLAVOR),)),
            terms.Term(may(20), (price(5),)),
        ]
        for at in (LONG_AGO, may(12, 9)):
            self.assertRaises(
                errors.NotFound, terms.changes, 'web', FLAVOR,
                [held(at, 1, 's2')], known, MAY,
            )  # fmt: skip

    def test_by_the_second_a_plan_without_flavors_begins_with_its_day(self):
        known = [
            terms.Term(LONG_AGO, (price(10, 's1', FLAVOR),)),
            terms.Term(may(12), (price(5),)),
        ]
        # 00:30 of the 12th there.
        at = dt.datetime(2012, 5, 11, 12, 30, tzinfo=dt.UTC)
        [change] = terms.changes(
            'web', FLAVOR, [held(at, 1, 's2')], known, THERE, zone=AUCKLAND
        )
        self.assertEqual(pricing.NOTHING, change.level)

    def test_a_contract_that_comes_later_asks_nothing_yet(self):
        known = [terms.Term(MAY.end, (price(10),))]
        [change] = terms.changes(
            'cores', QUOTA, [held(LONG_AGO, 2)], known, MAY
        )
        self.assertEqual(pricing.NOTHING, change.level)

    def test_a_quota_nobody_asks_a_price_for_costs_nothing(self):
        self.assertEqual(
            [], self.lines([held(LONG_AGO, 2, 'keypairs')], price(10))
        )

    def test_servers_cost_nothing_from_the_day_of_a_plan_without_flavors(self):
        facts = [held(LONG_AGO, 1, 's1')]
        self.assertEqual(
            [('web', 1, 12, '1 x 10')],
            self.lines(
                facts, price(10, 's1', FLAVOR), kind=FLAVOR, key='web',
                later=(may(12), (price(5),)),
            ),
        )  # fmt: skip

    @hypothesis.given(
        st.lists(
            st.tuples(
                st.integers(-2, 33), st.integers(0, 23), st.integers(0, 12)
            ),
            min_size=1,
            max_size=6,
            unique_by=lambda fact: fact[:2],
        ),
        st.lists(st.integers(2, 31), max_size=2, unique=True),
        st.randoms(),
    )
    def test_each_day_costs_what_its_level_costs_at_its_price(
        self, facts, days, random
    ):
        prices = [price(0, tiers=TIERS)] + [
            price(n + 1, valid_from=may(day), at_once=True)
            for n, day in enumerate(days)
        ]
        start = calendar.start_of_day(MAY.start, dt.UTC)
        history = [
            held(start + dt.timedelta(day, 3600 * hour), quantity)
            for day, hour, quantity in sorted(facts)
        ]
        told = history * 2
        random.shuffle(told)
        changes = terms.changes(
            'cores', QUOTA, told, [terms.Term(LONG_AGO, tuple(prices))], MAY
        )
        lines = proration.settle(MAY, changes, (), 'EUR')
        for day in (MAY.start + dt.timedelta(n) for n in range(31)):
            asked = pricing.price_on(prices, QUOTA, 'cores', day)
            before, today = Decimal(0), []
            for fact in history:
                if fact.at.date() < day:
                    before = fact.quantity
                elif fact.at.date() == day:
                    today.append(fact.quantity)
            levels = pricing.portions(asked, max(today, default=before))
            self.assertEqual(
                sum(Fraction(level.cost) for level in levels),
                sum(
                    Fraction(line.quantity) * Fraction(line.unit_price)
                    for line in lines
                    if line.start <= day < line.end
                ),
            )
