# SPDX-License-Identifier: Apache-2.0
"""Who had no change is billed without reading his old lines; others not."""

import datetime as dt
import decimal
import itertools
import types
from typing import Any
from unittest import mock

import hypothesis
from hypothesis import strategies
from oslotest import base
import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.engine import bill
from patrii_billing.engine import charge
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import looking
from patrii_billing.engine import rating
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books
from tests import crowd

COUNT, MONTHS = 3, 5
# What cycle a span of a chain may be of.
KINDS = ('own', 'own', 'begun before', 'that of the last', 'that of any')
MIDDLE = crowd.DUE + dt.timedelta(days=62)  # in the third month billed


class LookingTest(books.BooksTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tools = crowd.tools(self.db)
        self.db.write(books.plan)
        self.db.write(crowd.gather, 1, COUNT)
        for month in range(MONTHS):
            now = crowd.DUE + month * dt.timedelta(days=31)
            self.assertEqual(COUNT, charge.run(self.tools, now))

    def execute(self, statement: sa.Executable) -> None:
        self.db.write(lambda conn: conn.execute(statement) and None)

    def quiet(self) -> list[int]:
        """Who is; of all what they are billed next is what the fold says."""

        def read(conn: sa.Connection) -> tuple[Any, Any]:
            subs = [
                subscriptions.get(conn, each) for each in range(1, COUNT + 1)
            ]
            return (
                looking.read(conn, self.tools, subs),
                grounds.read(conn, self.tools, subs),
            )

        looked, known = self.db.read(read)
        for one, other in zip(looked, known, strict=True):
            start = one.sub.billed_until
            cycle = bill.next_cycle(one, start)
            new = bill.Span(calendar.Period(start, cycle.end), cycle)
            for span in (None, new):
                entries = list(bill.entries(one, span))
                with mock.patch.object(
                    rating.Rates, 'steady', return_value=None
                ):
                    folded = list(bill.entries(other, span))
                self.assertEqual(folded, entries)
        return [one.sub.id for one in looked if one.quiet]

    def test_without_changes_no_old_line_is_read(self) -> None:
        self.assertEqual([1, 2, 3], self.quiet())

    def test_a_late_fact_has_the_lines_of_its_customer_read(self) -> None:
        self.execute(
            schema.levels.insert().values(
                project='project-2', server='server-2', resource='s1',
                quantity=decimal.Decimal(0), at=MIDDLE, why='deleted',
                key='late',
            )
        )  # fmt: skip
        self.assertEqual([1, 3], self.quiet())

    def test_a_server_of_long_ago_that_was_not_known_is_a_change(self) -> None:
        self.execute(
            schema.levels.insert().values(
                project='project-2', server='another', resource='s1',
                quantity=decimal.Decimal(1), at=books.NOW, why='created',
                key='late',
            )
        )  # fmt: skip
        self.assertEqual([1, 3], self.quiet())

    def test_a_void_invoice_says_nothing(self) -> None:
        self.execute(
            schema.invoices.update()
            .where(schema.invoices.c.id == self.newest(3))
            .values(state='void')
        )
        self.assertEqual([1, 2], self.quiet())

    def test_what_negates_a_void_invoice_says_nothing_either(self) -> None:
        newest = self.newest(3)
        [line] = self.db.read(invoices.lines_of, newest)
        before = self.said(3)
        self.execute(
            schema.invoices.update()
            .where(schema.invoices.c.id == newest)
            .values(state='void')
        )
        negated = {
            **line._asdict(), 'kind': 'credit', 'amount': -line.amount,
            'net': -line.net, 'corrects': line.id,
        }  # fmt: skip
        del negated['id'], negated['invoice_id']
        self.db.write(
            invoices.issue, crowd.DUE, [negated], account_id=3,
            subscription_id=3, kind='credit_note', currency='EUR',
            corrects=newest, announce_at=crowd.DUE,
        )  # fmt: skip

        self.assertEqual(MONTHS, len(before))
        span = f'|{line.starts}|{line.ends}|'
        self.assertEqual(
            [each for each in before if span not in each],
            self.said(3),
        )

    def newest(self, subscription: int) -> int:
        last = sa.select(sa.func.max(schema.invoices.c.id)).where(
            schema.invoices.c.subscription_id == subscription
        )
        return self.db.read(lambda conn: conn.execute(last).scalar_one())

    def said(self, subscription: int) -> list[str]:
        found = self.db.read(
            invoices.said, [subscription], books.NEW_YEAR, ()
        )
        return sorted(found[subscription])

    def test_a_line_at_another_price_is_not_what_is_to_be_said(self) -> None:
        self.execute(
            schema.lines.update()
            .where(schema.lines.c.subscription_id == 1)
            .values(unit_price=decimal.Decimal(3))
        )
        self.assertEqual([2, 3], self.quiet())

    def test_an_amount_of_discount_asks_what_was_given(self) -> None:
        self.execute(
            schema.accounts.update()
            .where(schema.accounts.c.id == 2)
            .values(discounts=[{'name': 'Friend', 'amount': '1.00'}])
        )
        self.assertEqual([1, 3], self.quiet())

    def test_of_years_that_were_billed_only_the_newest_are_read(self) -> None:
        for month in range(MONTHS, MONTHS + 5):
            now = crowd.DUE + month * dt.timedelta(days=31)
            charge.run(self.tools, now)

        read = self.db.read(
            lambda conn: invoices.spans_of(conn, [1, 2], grounds.GLANCED)
        )

        self.assertEqual([1, 2, 3], self.quiet())
        whole = self.db.read(invoices.spans_of, [1])
        self.assertEqual(10, len(whole))
        self.assertEqual(
            whole[-grounds.GLANCED:],
            [span for span in read if span.subscription_id == 1],
        )
        self.assertEqual(2 * grounds.GLANCED, len(read))


@strategies.composite
def chains(draw: strategies.DrawFn) -> list[types.SimpleNamespace]:
    """Spans on end, in cycles that need not follow one another."""
    day, spans = books.NEW_YEAR, []
    for _ in range(grounds.GLANCED + draw(strategies.integers(1, 3))):
        end = day + dt.timedelta(days=draw(strategies.integers(1, 9)))
        kind = draw(strategies.sampled_from(KINDS))
        whole = day, end
        if kind == 'begun before':
            early = dt.timedelta(days=draw(strategies.integers(1, 40)))
            whole = day - early, end
        elif spans and kind != 'own':
            last = kind == 'that of the last'
            other = spans[-1] if last else draw(strategies.sampled_from(spans))
            whole = other.cycle_starts, other.cycle_ends
        spans.append(
            types.SimpleNamespace(
                starts=day, ends=end, cycle_starts=whole[0],
                cycle_ends=whole[1], unbilled_why=None,
            )
        )  # fmt: skip
        day = end
    return spans


class GlanceTest(base.BaseTestCase):
    @hypothesis.settings(
        max_examples=4 * hypothesis.settings.default.max_examples
    )
    @hypothesis.given(chains())
    def test_what_tells_all_tells_what_the_whole_chain_does(
        self, chain: list[Any]
    ) -> None:
        newest = chain[-grounds.GLANCED:]

        if looking.tell_all(newest):
            self.assertEqual(corrected(chain), corrected(newest))

    def test_a_chain_of_months_tells_all(self) -> None:
        """However many of them there are."""
        starts = [dt.date(2026, month, 1) for month in range(1, 13)]
        chain: list[Any] = [
            types.SimpleNamespace(
                starts=start, ends=end, cycle_starts=start, cycle_ends=end
            )
            for start, end in itertools.pairwise(starts)
        ]

        self.assertTrue(looking.tell_all(chain[-grounds.GLANCED:]))


def corrected(spans: list[Any]) -> tuple[Any, Any]:
    """From when on lines are corrected, and what of which cycles is billed."""
    ground: Any = types.SimpleNamespace(spans=spans, lines=[])
    return (
        grounds.corrected_from(spans),
        [(each.whole, each.billed) for each in bill._cycles(ground, None)],
    )
