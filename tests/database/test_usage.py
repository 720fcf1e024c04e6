# SPDX-License-Identifier: Apache-2.0
"""Usage is the same on every database, and with many who write it."""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from patrii_billing.domain import usage as law
from patrii_billing.engine import ports
from patrii_billing.engine import samples
from patrii_billing.engine import tools as toolbox
from patrii_billing.sim import clock
from patrii_billing.sim import cloud
from patrii_billing.sim import mailbox
from patrii_billing.store import schema
from tests import books
from tests.database import backends

load_tests = backends.load_tests

NOON = books.NOW + dt.timedelta(hours=12)
LATER = NOON + dt.timedelta(hours=13)


def reading(minute: int, volume: str) -> law.Reading:
    at = NOON + dt.timedelta(minutes=minute)
    sample = law.Sample(at, law.Type.CUMULATIVE, Decimal(volume))
    return law.Reading('acme-prod', 'web', 'web', 'traffic', 'B', sample)


class UsageTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.database.write(books.subscription)
        clocks = clock.Clock(LATER)
        nova = cloud.Nova(clocks)
        self.tools = toolbox.Tools(
            db=self.database,
            cloud=ports.Cloud(
                nova, cloud.Keeper(nova), cloud.Quotas(nova), cloud.Projects()
            ),
            voice=mailbox.Voice(),
            clock=clocks,
        )

    def told(self, *readings: law.Reading) -> None:
        self.database.write(samples.record, self.tools, readings, NOON)

    def add_up(self) -> None:
        while samples.run(self.tools, LATER):
            pass

    def usage(self) -> list[tuple[dt.date, Decimal]]:
        table = schema.usage
        with self.database.engine.connect() as conn:
            rows = conn.execute(sa.select(table).order_by(table.c.day))
            return [(row.day, row.quantity) for row in rows]

    def test_two_record_the_same_samples_at_once(self) -> None:
        batch = [reading(n, str(n)) for n in range(50)]

        backends.together(
            lambda: self.told(*batch), lambda: self.told(*reversed(batch))
        )
        self.add_up()

        self.assertEqual([(NOON.date(), Decimal(49))], self.usage())

    def test_what_is_recorded_while_days_are_added_up_counts(self) -> None:
        self.told(reading(0, '0'))

        def record() -> None:
            for number in range(1, 30):
                self.told(reading(24 * number, str(number)))

        def add_up() -> None:
            for _ in range(30):
                samples.run(self.tools, LATER)

        backends.together(record, add_up, add_up)
        self.add_up()

        self.assertEqual(
            Decimal(29), sum(quantity for _, quantity in self.usage())
        )

    def test_large_and_small_volumes_are_kept_to_the_last_digit(self) -> None:
        self.told(
            reading(0, '0'), reading(1, '123456789012345678901234'),
            reading(2, '123456789012345678901234.000000000001'),
        )  # fmt: skip
        self.add_up()

        self.assertEqual(
            [Decimal('123456789012345678901234.000000000001')],
            [quantity for _, quantity in self.usage()],
        )
