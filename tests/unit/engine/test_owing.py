# SPDX-License-Identifier: Apache-2.0
"""Whatever becomes of the servers: bills are exact, and nobody owes more."""

from collections.abc import Iterator
import datetime as dt
from fractions import Fraction

import hypothesis
from hypothesis import strategies as st
from oslotest import base
import sqlalchemy as sa

from patrii_billing.engine import bill
from patrii_billing.engine import ground as grounds
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import stories

LADDER = 'invoice_lead: 2d, reminders: [-1d], shelve_grace: 90d'
PRICES = {'s1': 1000, 's2': 2000}
DAY = dt.timedelta(days=1)
HAPPENINGS = st.sampled_from(
    [
        'delete: web',
        'delete: db',
        'resize: web, flavor: s2',
        'resize: web, flavor: s1',
        'resize: db, flavor: s1',
        'pay: acme, amount: "4.00"',
        'pay: acme, amount: "10.00"',
        'pay: acme',
        'charge_back: acme',
    ]
)
EVENTS = st.lists(
    st.tuples(st.integers(1, 24 * 58), HAPPENINGS), max_size=6
)


def told(events: list[tuple[int, str]]) -> Iterator[str]:
    for hours, what in sorted(events):
        at = stories.instant('01-30') + dt.timedelta(hours=hours)
        yield f'at: {at:%m-%dT%H:%M:%S}, {what}'




class OwingTest(base.BaseTestCase):
    @hypothesis.settings(max_examples=30, deadline=None)
    @hypothesis.given(EVENTS, st.sampled_from(['', 'changes: at_once']))
    def test_the_bill_is_exact_and_nobody_owes_more(
        self, events: list[tuple[int, str]], policy: str
    ) -> None:
        story = stories.Story(
            stories.text(
                '\n'.join(told(sensible(events))),
                ladder=LADDER,
                policy=policy,
                until='2026-04-02T00:00:00Z',
                servers='{name: web, flavor: s1}, {name: db, flavor: s2}',
            )
        )
        for until in ('02-10', '02-27 12:00:00', '03-20', None):
            story.play(until)
            self.assert_exact(story)

    def assert_exact(self, story: stories.Story) -> None:
        held = cost(story)
        invoices = story.rows(schema.invoices)
        lines = story.rows(schema.lines)
        billed = sum(row.total for row in invoices)
        waiting = story.db.read(pending, story)
        half = Fraction(len(lines) + len(waiting), 2)
        exact = abs(billed + sum(waiting) - held)
        self.assertLessEqual(exact, half, f'{billed}, {waiting}, {held}')
        paid = sum(
            row.amount
            for row in story.rows(schema.payments)
            if row.kind == 'payment' and row.state == 'received'
        )
        owed = sum(row.owed for row in invoices if row.state == 'open')
        self.assertLessEqual(owed, max(held - paid, 0) + half)


def sensible(events: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Without what its owner cannot do: nothing is done to what is gone."""
    gone: set[str] = set()
    paid = 0
    kept = []
    for hours, what in sorted(events):
        name = what.split(', ')[0].partition(': ')[2]
        if name in gone:
            continue
        if what.startswith('charge_back'):
            if not paid:
                continue
            paid -= 1
        if what.startswith('delete'):
            gone.add(name)
        if 'amount' in what:
            paid += 1
        kept.append((hours, what))
    return kept


def pending(conn: sa.Connection, story: stories.Story) -> list[int]:
    """What the fold would add if it were asked now."""
    subs = conn.execute(schema.subscriptions.select()).all()
    [ground] = grounds.read(conn, story.world.tools, subs)
    return [entry.line.amount for entry in bill.entries(ground)]


def cost(story: stories.Story) -> Fraction:
    """What the billed days cost, counted one by one."""
    spans = story.rows(schema.spans)
    total = Fraction(0)
    for name in ('web', 'db'):
        levels = prices(story, worlds.server_id(name))
        for span in spans:
            cycle = (span.cycle_ends - span.cycle_starts).days
            days = (span.ends - span.starts).days
            total += Fraction(
                sum(
                    of_day(levels, span.starts + count * DAY)
                    for count in range(days)
                ),
                cycle,
            )
    return total


def prices(story: stories.Story, server: str) -> list[tuple[dt.date, int]]:
    """What a server cost from each of its changes on, in their order."""
    levels = sorted(
        story.rows(schema.levels, server=server),
        key=lambda row: (row.at, row.id),
    )
    return [
        (row.at.date(), PRICES[row.resource] * int(row.quantity))
        for row in levels
    ]


def of_day(prices: list[tuple[dt.date, int]], day: dt.date) -> int:
    """The most that a server was on a day, or else what it was before."""
    same = [price for at, price in prices if at == day]
    before = [price for at, price in prices if at < day]
    return max(same) if same else before[-1]
