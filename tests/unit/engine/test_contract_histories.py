# SPDX-License-Identifier: Apache-2.0
"""Random lives of a contract, and what must hold of its bills at any end."""

from collections.abc import Callable
import contextlib
import itertools
from typing import Any
from unittest import mock

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import calendar
from patrii_billing.engine import bill
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import looking
from patrii_billing.engine import rating
from patrii_billing import errors
from patrii_billing.store import credits
from patrii_billing.store import invoices
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests.unit import desk
from tests.unit.engine import test_contract as contracts

_Change = Callable[[desk.Desk], None]
_Read = Callable[..., list[grounds.Ground]]

DAYS = st.integers(1, 28).map(lambda day: f'02-{day:02}')
NUMBERS = st.integers(1, 3).map(lambda number: f'INV-{number:06d}')
CHANGES: st.SearchStrategy[_Change] = st.one_of(
    st.builds(lambda on: lambda one: one.cancel(on), st.none() | DAYS),
    st.just(lambda one: one.keep()),
    st.builds(
        lambda plan, on: lambda one: one.change_plan(plan, on),
        st.sampled_from(('half', 'double', 'vps', 'yearly')),
        st.none() | DAYS,
    ),
    st.builds(lambda day: lambda one: one.change_anchor(day),
              st.integers(1, 31)),
    st.builds(
        lambda name, again: lambda one: one.void(name, again=again),
        NUMBERS, st.booleans(),
    ),
    st.builds(
        lambda name, minor: lambda one: one.credit(minor, name),
        NUMBERS, st.none() | st.integers(1, 500),
    ),
    st.builds(lambda name: lambda one: one.write_off(name), NUMBERS),
    st.builds(
        lambda minor, key: lambda one: one.pay(minor, f'transfer-{key}'),
        st.integers(1, 1500), st.integers(1, 9),
    ),
)  # fmt: skip
HISTORIES = st.lists(st.tuples(DAYS, CHANGES), max_size=6)


class ContractHistoryTest(base.BaseTestCase):
    @hypothesis.settings(
        max_examples=hypothesis.settings.default.max_examples // 8,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(HISTORIES)
    def test_whatever_is_changed_and_taken_back_the_books_agree(
        self, history: list[tuple[str, _Change]]
    ) -> None:
        story = contracts.customer('01-29', until='2026-03-20T00:00:00Z')
        for day, change in sorted(history, key=lambda one: one[0]):
            story.play(f'{day} 12:00:00')
            with contextlib.suppress(errors.BillingError):
                change(story)
            self.assert_books(story)
        story.play()

        self.assert_books(story)
        self.assert_nothing_is_left(story)

    def assert_a_look_is_enough(self, story: desk.Desk) -> None:
        """What is read off cycles without changes is what folding them says.
        """
        ground = story.db.read(_ground, story)
        quickly = story.db.read(_ground, story, looking.read)
        start = ground.sub.billed_until
        cycle = bill.next_cycle(ground, start)
        new = bill.Span(calendar.Period(start, cycle.end), cycle)
        for span in (None, new):
            looked = list(bill.entries(quickly, span))
            with mock.patch.object(rating.Rates, 'steady', return_value=None):
                self.assertEqual(list(bill.entries(ground, span)), looked)

    def assert_books(self, story: desk.Desk) -> None:
        spans = story.rows(schema.spans)
        for one, other in itertools.pairwise(
            sorted(spans, key=lambda row: row.starts)
        ):
            self.assertEqual(one.ends, other.starts)
        live = {row.id for row in story.rows(schema.invoices)
                if row.state != 'void'}  # fmt: skip
        for span in spans:
            self.assertTrue(span.unbilled_why or span.invoice_id in live)
        for row in story.rows(schema.invoices):
            used = sum(
                part.amount
                for part in story.rows(schema.allocations, invoice_id=row.id)
                if part.undone_at is None
            )
            self.assertEqual(max(row.total, 0) - used, row.owed)
            self.assertGreaterEqual(row.owed, 0)
            lines = story.rows(schema.lines, invoice_id=row.id)
            self.assertEqual(row.net, sum(line.net for line in lines))
            if row.kind == credits.KIND:
                self.assertLessEqual(row.total, 0)

    def assert_nothing_is_left(self, story: desk.Desk) -> None:
        """What stands is what is to be billed, and none of it too much."""
        ground: grounds.Ground = story.db.read(_ground, story)
        self.assert_a_look_is_enough(story)
        entries = list(bill.entries(ground))
        ends_on = ground.sub.ends_on
        if ends_on is not None and ends_on <= story.world.clock.now().date():
            self.assertEqual([], entries)
            self.assertEqual('ended', ground.sub.contract)
            for span in ground.spans:
                if span.unbilled_why in invoices.BILLED:
                    self.assertLessEqual(span.ends, ends_on)
        given: dict[int, int] = {}
        for line in ground.lines:
            given[line.corrects or line.id] = (
                given.get(line.corrects or line.id, 0) + line.net
            )
        self.assertGreaterEqual(min(given.values(), default=0), 0)


def _ground(
    conn: Any, story: desk.Desk, read: _Read = grounds.read
) -> grounds.Ground:
    sub = subscriptions.by_name(conn, 'acme-1')
    [ground] = read(conn, story.world.tools, [sub])
    return ground
