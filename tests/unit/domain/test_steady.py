# SPDX-License-Identifier: Apache-2.0
"""A look at a cycle in which nothing changes says what folding it would."""

import datetime as dt
from decimal import Decimal
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import steady
from patrii_billing.domain import terms
from patrii_billing import errors

MAY = calendar.Period(dt.date(2012, 5, 1), dt.date(2012, 6, 1))
PARIS = zoneinfo.ZoneInfo('Europe/Paris')
# The local midnights that May begins and ends with, and what is near them.
MIDNIGHTS = [calendar.start_of_day(day, PARIS) for day in (MAY.start, MAY.end)]
LONG_AGO = dt.date(2010, 1, 1)
FLAVOR, QUOTA = pricing.PriceKind.FLAVOR, pricing.PriceKind.QUOTA

INSTANTS = st.one_of(
    st.datetimes(
        dt.datetime(2012, 3, 1), dt.datetime(2012, 7, 1),
        timezones=st.just(dt.UTC),
    ),
    st.builds(
        lambda at, hours: at + dt.timedelta(hours=hours),
        st.sampled_from(MIDNIGHTS), st.integers(-25, 25),
    ),
)  # fmt: skip
DAYS = st.none() | st.sampled_from(
    [dt.date(2012, 4, 20), MAY.start, dt.date(2012, 5, 9), MAY.end]
)
RESOURCES = st.sampled_from(['s1', 's2', 'free'])
HELD = st.lists(
    st.builds(
        terms.Held, INSTANTS, RESOURCES,
        st.sampled_from([Decimal(0), Decimal(1), Decimal(5)]),
    ),
    max_size=3,
).map(lambda held: tuple(sorted(held, key=lambda each: each.at)))  # fmt: skip
TIERS = (
    pricing.Tier(Decimal(2), Decimal(10)),
    pricing.Tier(None, Decimal(4)),
)


@st.composite
def prices(draw, kind):
    """What is asked for two resources, perhaps for some days only."""
    found = []
    for resource in ('s1', 's2'):
        since, until = draw(DAYS), draw(DAYS)
        if since and until and since >= until:
            until = None
        found.append(
            pricing.Price(
                kind, resource, Decimal(draw(st.integers(0, 3))), since, until,
                tiers=draw(st.sampled_from([(), TIERS])),
                at_once=draw(st.booleans()),
            )
        )  # fmt: skip
    return tuple(found)


def said(line):
    return (line.resource, line.kind, line.start, line.end,
            line.quantity, line.unit_price)  # fmt: skip


class SteadyTest(base.BaseTestCase):
    def folded(self, kind, held, asked, posted, span, same_day):
        changes = terms.changes(
            'web', kind, held, [terms.Term(MAY.start, asked)], MAY,
            same_day=same_day, zone=PARIS,
        )  # fmt: skip
        keyed = [
            proration.Posted(str(number), line)
            for number, line in enumerate(posted)
        ]
        return proration.settle(
            MAY, changes, keyed, 'EUR', billed=[span], same_day=same_day,
            zone=PARIS,
        )  # fmt: skip

    def looked_at(self, kind, held, asked, posted, span):
        steadily = steady.throughout(held, *MIDNIGHTS, PARIS)
        if steadily is None:
            return None
        levels = ()
        for each in steadily:
            tariff = steady.Tariff(asked)
            levels = tariff.levels(kind, each.resource, each.quantity, MAY)
            if levels is None:
                return None
        keyed = {
            pricing.tier_key('web', number): level
            for number, level in enumerate(levels)
        }
        return steady.lines(
            keyed, [said(line) for line in posted], span, MAY, 'EUR'
        )

    @hypothesis.given(
        st.data(), st.sampled_from([FLAVOR, QUOTA]), HELD,
        st.sampled_from(proration.SameDay), st.integers(1, 20), st.booleans(),
    )  # fmt: skip
    def test_it_says_what_the_fold_says_or_nothing(
        self, data, kind, held, same_day, first, is_posted
    ):
        asked = data.draw(prices(kind))
        span = calendar.Period(dt.date(2012, 5, first), MAY.end)
        posted = ()
        if is_posted:
            before = data.draw(st.just(held) | HELD)
            try:
                posted = self.folded(kind, before, asked, (), span, same_day)
            except errors.NotFound:
                hypothesis.reject()
            span = data.draw(st.sampled_from([span, MAY]))
        looked = self.looked_at(kind, held, asked, posted, span)
        if looked is not None:
            self.assertEqual(
                self.folded(kind, held, asked, posted, span, same_day), looked
            )

    def test_a_server_that_was_there_before_is_charged(self):
        held = (terms.Held(MIDNIGHTS[0], 's1', Decimal(1)),)
        asked = (pricing.Price(FLAVOR, 's1', Decimal(10)),)
        [line] = self.looked_at(FLAVOR, held, asked, (), MAY)
        self.assertEqual(('web', 1000), (line.resource, line.amount))
        self.assertEqual((), self.looked_at(FLAVOR, held, asked, [line], MAY))

    def test_nothing_is_said_of_a_cycle_with_a_change(self):
        later = MIDNIGHTS[0] + dt.timedelta(seconds=1)
        held = (terms.Held(later, 's1', Decimal(1)),)
        asked = (pricing.Price(FLAVOR, 's1', Decimal(10)),)
        self.assertIsNone(self.looked_at(FLAVOR, held, asked, (), MAY))

    def test_nothing_is_said_of_a_server_without_a_price(self):
        held = (terms.Held(MIDNIGHTS[0], 's2', Decimal(1)),)
        asked = (pricing.Price(FLAVOR, 's1', Decimal(10)),)
        self.assertIsNone(self.looked_at(FLAVOR, held, asked, (), MAY))

    def test_nothing_is_said_of_what_was_posted_twice(self):
        held = (terms.Held(MIDNIGHTS[0], 's1', Decimal(1)),)
        asked = (pricing.Price(FLAVOR, 's1', Decimal(10)),)
        twice = 2 * self.looked_at(FLAVOR, held, asked, (), MAY)
        self.assertIsNone(self.looked_at(FLAVOR, held, asked, twice, MAY))


class ThroughoutTest(base.BaseTestCase):
    HOUR = dt.timedelta(hours=1)

    def throughout(self, *moments):
        """Which of those that were reached then is held all through May."""
        held = [
            terms.Held(at, 's1', Decimal(number))
            for number, at in enumerate(moments)
        ]
        found = steady.throughout(held, *MIDNIGHTS, PARIS)
        return found if found is None else [one.at for one in found]

    def test_what_was_reached_last_before_it_is_held(self):
        start, end = MIDNIGHTS
        early, late = start - 2 * self.HOUR, start - self.HOUR
        self.assertEqual([], self.throughout())
        self.assertEqual([start], self.throughout(start))
        self.assertEqual([late], self.throughout(early, late))
        # What comes with the next cycle is no change of this one.
        self.assertEqual([late], self.throughout(late, end))
        self.assertEqual([], self.throughout(end))

    def test_what_is_reached_within_it_or_at_one_instant_is_not_said(self):
        start, end = MIDNIGHTS
        late = start - self.HOUR
        self.assertIsNone(self.throughout(start + self.HOUR))
        self.assertIsNone(self.throughout(late, end - self.HOUR))
        self.assertIsNone(self.throughout(late, start))
        self.assertIsNone(self.throughout(late, late))

    def test_a_day_is_reached_with_its_local_midnight(self):
        start, _ = MIDNIGHTS
        april = dt.date(2012, 4, 30)
        self.assertEqual([MAY.start], self.throughout(MAY.start))
        self.assertEqual([april], self.throughout(LONG_AGO, april))
        self.assertEqual([april], self.throughout(april, MAY.end))
        soon = calendar.start_of_day(april, PARIS) + self.HOUR
        self.assertEqual([soon], self.throughout(april, soon))
        self.assertIsNone(self.throughout(start - self.HOUR, MAY.start))


    def test_west_of_utc_the_next_cycle_begins_with_its_midnight_too(self):
        york = zoneinfo.ZoneInfo('America/New_York')
        held = [
            terms.Held(at, 's1', Decimal(1)) for at in (LONG_AGO, MAY.end)
        ]
        start, end = (
            calendar.start_of_day(day, york) for day in (MAY.start, MAY.end)
        )
        self.assertEqual(
            held[:1], steady.throughout(held, start, end, york)
        )


class TariffTest(base.BaseTestCase):
    def levels(self, tariff, kind, resource, quantity=1):
        found = tariff.levels(kind, resource, Decimal(quantity), MAY)
        return found and [str(level.unit_price) for level in found]

    def test_it_answers_each_question_for_itself(self):
        tariff = steady.Tariff(
            (
                pricing.Price(FLAVOR, 's1', Decimal(10)),
                pricing.Price(FLAVOR, 's2', Decimal(20)),
            )
        )
        for _ in range(2):
            self.assertEqual(['10'], self.levels(tariff, FLAVOR, 's1'))
            self.assertEqual(['20'], self.levels(tariff, FLAVOR, 's2'))

    def test_only_a_flavor_that_is_held_has_to_have_a_price(self):
        tariff = steady.Tariff(())
        self.assertIsNone(self.levels(tariff, FLAVOR, 's1'))
        self.assertEqual((), self.levels(tariff, FLAVOR, 's1', 0))
        self.assertEqual((), self.levels(tariff, QUOTA, 'cores'))
