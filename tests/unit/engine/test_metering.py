# SPDX-License-Identifier: Apache-2.0
"""What was used is added up by day, and billed when the period is over."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import hypothesis
from hypothesis import strategies as st
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import usage as law
from patrii_billing.engine import metering
from patrii_billing.engine import ports
from patrii_billing.engine import samples
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing.sim import clock
from patrii_billing.sim import cloud
from patrii_billing.sim import mailbox
from patrii_billing.store import due
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from patrii_billing.store import usage
from tests import books

JANUARY = calendar.Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1))
FEBRUARY = calendar.Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1))
NOW = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
PRICE = pricing.Price(
    pricing.PriceKind.METER, 'traffic', Decimal('0.10'),
    per=Decimal(10**9), unit='GB',
)  # fmt: skip


def reading(
    at: dt.datetime,
    volume: str,
    type_: str = 'delta',
    resource: str = 'web',
    **values: Any,
) -> law.Reading:
    sample = law.Sample(at, law.Type(type_), Decimal(volume))
    given = {
        'project': 'acme-prod',
        'resource': resource,
        'server': resource,
        'meter': 'traffic',
        'unit': 'B',
        'sample': sample,
    }
    return law.Reading(**{**given, **values})


def january(day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 1, day, hour, tzinfo=dt.UTC)


class MeteringTestCase(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.use(self.db)
        self.sub = self.db.write(books.subscription)

    def use(self, db: Any) -> None:
        self.clock = clock.Clock(NOW)
        nova = cloud.Nova(self.clock)
        self.tools = toolbox.Tools(
            db=db,
            cloud=ports.Cloud(
                nova, cloud.Keeper(nova), cloud.Quotas(nova), cloud.Projects()
            ),
            voice=mailbox.Voice(),
            clock=self.clock,
            settings=settings.Settings(sample_age=dt.timedelta(days=60)),
        )

    def told(self, *readings: law.Reading) -> None:
        self.tools.db.write(samples.record, self.tools, readings, NOW)

    def later(self, span: dt.timedelta) -> None:
        self.clock.move_to(self.clock.now() + span)

    def add_up(self) -> int:
        """All that is due after an hour; how many days that was."""
        count = 0
        self.later(dt.timedelta(hours=1))
        while done := samples.run(self.tools, self.clock.now()):
            count += done
        return count

    def usage(self) -> dict[tuple[str, dt.date], Decimal]:
        """The quantities of all resources by day."""
        with self.tools.db.engine.connect() as conn:
            return {
                (row.resource, row.day): row.quantity.normalize()
                for row in conn.execute(schema.usage.select())
            }


class AddingUpTest(MeteringTestCase):
    def test_a_day_is_added_up_a_while_after_its_first_sample(self) -> None:
        self.told(reading(january(5), '1'))
        self.told(reading(january(5, 13), '2'))

        self.assertEqual(
            NOW + dt.timedelta(hours=1), self.db.read(due.instants)['meter']
        )
        self.assertEqual(1, self.add_up())

        self.assertEqual({('web', dt.date(2026, 1, 5)): 3}, self.usage())
        self.assertNotIn('meter', self.db.read(due.instants))

    def test_days_are_those_of_the_customer(self) -> None:
        tokyo = self.db.write(
            books.account, name='tokyo', timezone='Asia/Tokyo'
        )
        self.db.write(books.project, tokyo, 'tokyo-prod')

        self.told(reading(january(5, 15), '1', project='tokyo-prod'))

        self.assertEqual([('web', dt.date(2026, 1, 6))], list(self.usage()))

    def test_projects_of_no_customer_are_left_out(self) -> None:
        self.told(reading(january(5), '1', project='strange'))

        self.assertEqual({}, self.usage())

    def test_a_counter_goes_on_over_midnight(self) -> None:
        self.told(
            reading(january(5, 23), '100', 'cumulative'),
            reading(january(6, 1), '130', 'cumulative'),
        )
        self.add_up()

        self.assertEqual(30, self.usage()['web', dt.date(2026, 1, 6)])

    def test_a_late_reading_changes_the_day_of_the_next_one(self) -> None:
        self.told(
            reading(january(4, 23), '100', 'cumulative'),
            reading(january(9, 1), '130', 'cumulative'),
        )
        self.add_up()
        self.told(reading(january(5, 23), '120', 'cumulative'))

        self.assertEqual(2, self.add_up())

        self.assertEqual(20, self.usage()['web', dt.date(2026, 1, 5)])
        self.assertEqual(10, self.usage()['web', dt.date(2026, 1, 9)])

    def test_a_size_before_midnight_counts_on_the_next_day_too(self) -> None:
        late = dt.datetime(2026, 1, 5, 23, 57, tzinfo=dt.UTC)
        self.told(reading(late, '60', 'gauge'))
        self.add_up()

        self.assertEqual(3, self.usage()['web', dt.date(2026, 1, 5)])
        self.assertEqual(7, self.usage()['web', dt.date(2026, 1, 6)])

    def test_what_comes_while_a_day_is_added_up_is_not_forgotten(
        self,
    ) -> None:
        self.told(reading(january(5), '1'))
        (row,) = self.db.read(usage.stale, NOW + dt.timedelta(hours=1), 10)
        self.told(reading(january(5, 13), '2'))

        self.assertFalse(
            self.db.write(usage.write, row, law.Day(Decimal(1)))
        )

        self.add_up()
        self.assertEqual(3, self.usage()['web', dt.date(2026, 1, 5)])

    def test_old_samples_are_forgotten_and_counters_go_on(self) -> None:
        self.told(reading(january(5), '100', 'cumulative'))
        self.add_up()
        self.later(dt.timedelta(days=70))
        samples.run(self.tools, self.clock.now())

        with self.db.engine.connect() as conn:
            count = sa.select(sa.func.count()).select_from(schema.samples)
            self.assertEqual(0, conn.scalar(count))
        self.told(reading(self.clock.now(), '130', 'cumulative'))
        self.add_up()
        self.assertEqual([0, 30], list(self.usage().values()))

    def test_one_day_that_fails_does_not_keep_the_others(self) -> None:
        self.told(reading(january(5), '1', resource='bad'))
        self.told(reading(january(5), '1'))
        real = law.add_up

        def broken(known: Any, *rest: Any) -> law.Day:
            if broken.first:  # type: ignore[attr-defined]
                broken.first = False  # type: ignore[attr-defined]
                raise ZeroDivisionError
            return real(known, *rest)

        broken.first = True  # type: ignore[attr-defined]
        self.patch(samples.law, 'add_up', broken)

        self.add_up()
        self.assertEqual(1, self.usage()['web', dt.date(2026, 1, 5)])
        self.later(self.tools.settings.retry_max)
        samples.run(self.tools, self.clock.now())

        self.assertEqual(1, self.usage()['bad', dt.date(2026, 1, 5)])


_READINGS = st.lists(
    st.builds(
        lambda minutes, type_, volume, resource: reading(
            january(5, 22) + dt.timedelta(minutes=minutes),
            str(volume), type_, resource,
        ),
        st.integers(0, 52 * 60),
        st.sampled_from(law.Type),
        st.integers(0, 1000),
        st.sampled_from(['web', 'db']),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


class AnyHistoryTest(MeteringTestCase):
    @hypothesis.settings(max_examples=40, deadline=None)
    @hypothesis.given(_READINGS, st.data())
    def test_order_repetition_and_batches_change_nothing(
        self, readings: list[law.Reading], data: Any
    ) -> None:
        expected = self.learnt([readings])

        shuffled = data.draw(st.permutations(readings + readings[::3]))
        cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3))
        edges = [0, *sorted(cuts), len(shuffled)]
        batches = [
            shuffled[start:end]
            for start, end in zip(edges, edges[1:], strict=False)
        ]

        self.assertEqual(expected, self.learnt(batches))

    def learnt(
        self, batches: list[list[law.Reading]]
    ) -> dict[tuple[str, dt.date], Decimal]:
        """The usage after these, added up after each of them."""
        with self.db.engine.begin() as conn:
            for table in (schema.samples, schema.usage):
                conn.execute(table.delete())
        self.use(self.db)
        for batch in batches:
            self.told(*batch)
            self.add_up()
        return self.usage()


class BillingTest(MeteringTestCase):
    def lines(
        self,
        price: pricing.Price = PRICE,
        period: calendar.Period = JANUARY,
        sub: int | None = None,
    ) -> list[dict[str, Any]]:
        with self.db.engine.begin() as conn:
            row = subscriptions.get(conn, sub or self.sub)
            return list(metering.lines(conn, row, [price], period, 'EUR'))

    def post(self, lines: list[dict[str, Any]]) -> None:
        self.db.write(
            invoices.issue, NOW, lines,
            account_id=1, subscription_id=self.sub, kind='renewal',
            currency='EUR', announce_at=NOW,
        )  # fmt: skip

    def used(self, *readings: law.Reading) -> None:
        self.told(*readings)
        self.add_up()

    def test_a_period_s_volume_is_priced_in_the_price_s_unit(self) -> None:
        self.used(
            reading(january(5), '150000000000'),
            reading(january(31), '50000000000', resource='db'),
            reading(january(31) + dt.timedelta(days=1), '1000000000'),
        )

        (line,) = self.lines()

        self.assertEqual(
            ('charge', 'meter:traffic', Decimal(200), 'GB', 2000),
            tuple(
                line[name]
                for name in ('kind', 'resource', 'quantity', 'unit', 'amount')
            ),
        )
        self.assertEqual(
            (JANUARY.start, JANUARY.end), (line['starts'], line['ends'])
        )

    def test_what_is_posted_is_not_billed_again(self) -> None:
        self.used(reading(january(5), '150000000000'))
        self.post(self.lines())

        self.assertEqual([], self.lines())

    def test_a_late_sample_is_the_difference_on_the_next_invoice(
        self,
    ) -> None:
        self.used(reading(january(5), '150000000000'))
        self.post(self.lines())

        self.used(reading(january(6), '20000000000'))

        (line,) = self.lines()
        self.assertEqual(Decimal(20), line['quantity'])
        self.assertEqual(200, line['amount'])
        self.post([line])
        self.assertEqual([], self.lines())

    def test_included_and_tiers_count_for_the_whole_period(self) -> None:
        price = dataclasses.replace(
            PRICE,
            included=Decimal(100),
            tiers=(
                pricing.Tier(Decimal(50), Decimal('0.10')),
                pricing.Tier(None, Decimal('0.05')),
            ),
        )
        for day in range(1, 31):
            self.told(reading(january(day), '10000000000'))
        self.add_up()

        lines = self.lines(price)

        self.assertEqual(
            [
                ('meter:traffic', Decimal(50), 500),
                ('meter:traffic#2', Decimal(150), 750),
            ],
            [(one['resource'], one['quantity'], one['amount'])
             for one in lines],
        )  # fmt: skip
        self.post(lines)
        self.assertEqual([], self.lines(price))

    def test_a_passed_volume_tier_gives_back_what_was_posted_at_the_old(
        self,
    ) -> None:
        price = dataclasses.replace(
            PRICE,
            tiers=(
                pricing.Tier(Decimal(100), Decimal('0.10')),
                pricing.Tier(None, Decimal('0.05')),
            ),
            tiering=pricing.Tiering.VOLUME,
        )
        self.used(reading(january(5), '100000000000'))
        self.post(self.lines(price))
        self.used(reading(january(6), '100000000000'))

        lines = self.lines(price)

        self.assertEqual(
            [('credit', -1000), ('charge', 1000)],
            [(one['kind'], one['amount']) for one in lines],
        )
        self.post(lines)
        self.assertEqual([], self.lines(price))

    def test_the_price_at_the_period_s_start_counts(self) -> None:
        self.used(reading(january(5), '1000000000'))
        later = dataclasses.replace(PRICE, valid_from=dt.date(2026, 1, 2))

        self.assertEqual([], self.lines(later))

    def test_other_meters_are_not_billed(self) -> None:
        self.used(reading(january(5), '1000000000', meter='cpu'))

        self.assertEqual([], self.lines())

    def test_what_costs_less_than_a_cent_still_has_its_line(self) -> None:
        self.used(reading(january(5), '1000'))

        (line,) = self.lines()

        self.assertEqual(0, line['amount'])
        self.assertEqual(Decimal('0.000001'), line['quantity'])

    def test_a_server_with_a_subscription_of_its_own_is_billed_by_it(
        self,
    ) -> None:
        own = self.db.write(
            books.subscription, name='web-own', account_id=1, plan_id=1,
            project='acme-prod', server='web', start=dt.date(2026, 1, 10),
            ends_on=dt.date(2026, 1, 20), billed_until=dt.date(2026, 2, 1),
        )  # fmt: skip
        self.used(
            reading(january(9), '1000000000'),
            reading(january(10), '2000000000', resource='port', server='web'),
            reading(january(20), '4000000000'),
            reading(january(15), '8000000000', resource='db'),
        )

        self.assertEqual(
            Decimal(13), self.lines()[0]['quantity']
        )  # fmt: skip
        days = calendar.Period(dt.date(2026, 1, 10), dt.date(2026, 1, 20))
        (line,) = self.lines(sub=own, period=days)
        self.assertEqual(Decimal(2), line['quantity'])

    def test_the_counter_of_a_new_server_counts_from_zero(self) -> None:
        self.made('web', january(3))
        self.used(
            reading(january(3, 13), '1000000000', 'cumulative'),
            reading(january(3, 14), '3000000000', 'cumulative'),
        )

        self.assertEqual(Decimal(3), self.lines()[0]['quantity'])

    def test_so_it_does_where_midnight_is_between(self) -> None:
        self.made('web', dt.datetime(2026, 1, 31, 23, 58, tzinfo=dt.UTC))
        at = dt.datetime(2026, 2, 1, 0, 3, tzinfo=dt.UTC)
        self.used(reading(at, '1000000000', 'cumulative'))

        (line,) = self.lines(period=FEBRUARY)

        self.assertEqual(Decimal(1), line['quantity'])

    def test_that_of_an_older_one_counts_from_its_first_reading(self) -> None:
        self.made('web', dt.datetime(2025, 12, 20, tzinfo=dt.UTC))
        self.used(
            reading(january(3), '900000000000', 'cumulative'),
            reading(january(3, 14), '901000000000', 'cumulative'),
        )

        self.assertEqual(Decimal(1), self.lines()[0]['quantity'])

    def made(self, server: str, at: dt.datetime) -> None:
        self.db.write(books.server, server, created_at=at, told_at=at)
