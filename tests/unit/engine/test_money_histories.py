# SPDX-License-Identifier: Apache-2.0
"""Whatever happens: what is billed is what was held, to half a cent a line."""

import collections
from collections.abc import Iterator
import dataclasses
import datetime as dt
from fractions import Fraction
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.store import schema
from tests.unit.engine import lives
from tests.unit.engine import oracle as oracles

_HALF = Fraction(1, 2)
_OUT = ('refund', 'charge_back', 'withdrawal')
_DAY = dt.timedelta(days=1)


def mistakes(story: lives.Told) -> list[str]:
    """Everything that is wrong with the books of a life."""
    checks = (_parked, _chain, _cycles, _documents, _credits, _account)
    return [
        *story.sins,
        *(f'{check.__name__}: {each}' for check in checks
          for each in check(story)),
    ]  # fmt: skip


def _parked(story: lives.Told) -> Iterator[str]:
    for row in story.rows(schema.accounts):
        if row.parked_why:
            yield str(row.parked_why)
    for row in story.rows(schema.timeline, what='alarm'):
        if row.name.endswith('_failed'):
            yield f'{row.at} {row.name} {row.why}'


def _chain(story: lives.Told) -> Iterator[str]:
    """Each day once, and each that is not billed for a reason there is."""
    at = story.life.start
    trial = at + story.life.plans[0].trial * _DAY
    pauses = [
        (row.starts_at, min(x for x in (row.ended_at, row.until) if x))
        for row in story.rows(schema.holds, type='pause')
        if row.ended_at or row.until
    ]
    down, free = _down(story), _paused_days(story)
    for row in story.rows(schema.spans):
        if row.starts != at:
            yield f'{row.starts} follows {at}'
        at = row.ends
        for day in oracles.days(row.starts, row.ends):
            since = oracles.midnight(day, story.zone)
            until = oracles.midnight(day + _DAY, story.zone)
            over = story.ends_on is not None and day >= story.ends_on
            right = {
                'trial': day < trial,
                'paused': any(a < until and since < b for a, b in pauses),
                'cancelled': over,
                'void': bool(story.rows(schema.invoices, state='void')),
                'shelved': any(a < until and since < b for a, b in down),
                None: not over and day >= trial and day not in free,
                'nothing to bill': not over and day >= trial,
            }
            if not right[row.unbilled_why]:
                yield f'{day} is {row.unbilled_why or "billed"}'
        if row.unbilled_why in (None, 'nothing to bill'):
            law = _law(story)
            cycle = law.cycle(row.starts)
            if (row.cycle_starts, row.cycle_ends) != cycle:
                yield f'{row.starts} in {row.cycle_starts}, not {cycle}'
            if law.cycle(row.ends - _DAY) != cycle:
                yield f'{row.starts} to {row.ends} is no part of {cycle}'
    if at < story.today() and story.sub().contract != 'ended':
        yield f'nothing is said of {at} and later'


def _paused_days(story: lives.Told) -> set[dt.date]:
    """From the day on which each pause began to that of its end."""
    if story.life.policy.get('pause_billed'):
        return set()
    found: set[dt.date] = set()
    for row in story.rows(schema.holds, type='pause'):
        start = row.starts_at.astimezone(story.zone).date()
        ends = [at for at in (row.ended_at, row.until) if at]
        end = min(ends).astimezone(story.zone).date()
        found |= set(oracles.days(start, end))
    return found


def _down(story: lives.Told) -> list[tuple[dt.datetime, dt.datetime]]:
    """From when to when it was shelved."""
    found, since = [], None
    for row in story.rows(schema.timeline, what='status'):
        if row.name in ('shelved', 'pending_deletion') and since is None:
            since = row.at
        elif row.name == 'active' and since is not None:
            found.append((since, row.at))
            since = None
    if since is not None:
        found.append((since, story.now + 900 * _DAY))
    return found


def _law(story: lives.Told) -> oracles.Oracle:
    return oracles.Oracle(story.zone, story.terms, story.held)


def _cycles(story: lives.Told) -> Iterator[str]:
    """Billed less credited is the exact value of what was held."""
    law, life = _law(story), story.life
    lines = {row.id: row for row in story.rows(schema.lines)}
    groups: dict[Any, list[Any]] = collections.defaultdict(list)
    given: dict[Any, int] = collections.defaultdict(int)
    for row in lines.values():
        if row.resource.startswith('setup:'):
            continue
        root = row
        while root.starts is None:
            root = lines[root.corrects]
        group = law.cycle(root.starts)
        groups[group].append(row)
        if row.starts is None:
            given[group] -= row.amount
    days: dict[Any, list[dt.date]] = collections.defaultdict(list)
    for day in lives.billed_days(story):
        days[law.cycle(day)].append(day)
    minor = 10 ** lives.DIGITS[life.currency]
    for group in sorted({*groups, *days}):
        exact = law.value(days[group]) * minor
        rows = groups[group]
        amount = sum(row.amount for row in rows)
        slack = _HALF * len(rows)
        low, high = exact - given[group] - slack, exact + slack
        if not low <= amount <= high:
            yield (
                f'{group[0]} to {group[1]}: {amount}, exactly '
                f'{float(exact)}, {given[group]} given back'
            )
            continue
        yield from _of_net(life, group, rows)


def _of_net(life: lives.Life, group: Any, rows: list[Any]) -> Iterator[str]:
    """Discounts and taxes of what is billed are those of the account."""
    amount = sum(row.amount for row in rows)
    off = sum(row.discount for row in rows)
    net = sum(row.net for row in rows)
    taxes = sum(tax['amount'] for row in rows for tax in row.taxes or ())
    slack = Fraction(len(rows))
    percent = Fraction(life.percent or 0) / 100
    least = amount * percent
    most = least
    if life.amount is not None:
        most += Fraction(life.amount) * 10 ** lives.DIGITS[life.currency]
    goodwill = any(row.starts is None for row in rows)
    if not goodwill and not least - slack <= off <= most + slack:
        yield f'{group[0]}: {off} off {amount}'
    rate = sum(map(Fraction, life.taxes), Fraction(0)) / 100
    slack *= 1 + len(life.taxes)
    if abs(taxes - net * rate) > slack * (1 + rate):
        yield f'{group[0]}: taxes {taxes} of {net}'


def _documents(story: lives.Told) -> Iterator[str]:
    """No number is missing, and every sum is that of its lines."""
    law, numbers = _law(story), collections.defaultdict(list)
    by_id = {row.id: row for row in story.rows(schema.lines)}
    for row in story.rows(schema.invoices):
        numbers[row.series].append(row.number)
        lines = story.rows(schema.lines, invoice_id=row.id)
        net = sum(line.net for line in lines)
        taxes = sum(t['amount'] for line in lines for t in line.taxes or ())
        said = sum(tax['amount'] for tax in row.taxes or ())
        if (net, taxes, row.total) != (row.net, said, row.net + said):
            yield f'{row.series}-{row.number}: {net} {taxes} {row.total}'
        for tax in row.taxes or ():
            base = sum(
                line.net for line in lines for t in line.taxes or ()
                if (t['name'], t['rate']) == (tax['name'], tax['rate'])
            )  # fmt: skip
            if base != tax['base']:
                yield f'{row.series}-{row.number}: {base} {tax}'
        for line in lines:
            day = line.starts or by_id[line.corrects].starts
            inclusive = law.term(day).plan.inclusive
            whole = line.amount - line.discount
            held = sum(t['amount'] for t in line.taxes or ())
            if whole != line.net + (held if inclusive else 0):
                yield f'line {line.id} does not add up'
    for series, drawn in numbers.items():
        if sorted(drawn) != list(range(1, len(drawn) + 1)):
            yield f'{series}: {drawn}'


def _credits(story: lives.Told) -> Iterator[str]:
    """No more is given back than was billed, and all of it of all."""
    lines = story.rows(schema.lines)
    on: dict[int, list[Any]] = collections.defaultdict(list)
    for row in lines:
        if row.corrects is not None:
            on[row.corrects].append(row)

    def left(row: Any) -> list[int]:
        sums = [
            row.amount, row.discount, row.net,
            *(tax['amount'] for tax in row.taxes or ()),
        ]  # fmt: skip
        for each in on[row.id]:
            taken = zip(sums, left(each), strict=True)
            sums = [mine + its for mine, its in taken]
        return sums

    for row in lines:
        if row.corrects is not None or row.kind != 'charge':
            continue
        rest = left(row)
        if min(rest) < 0 or rest[0] > row.amount:
            yield f'line {row.id} of {row.amount}: {rest}'
        if not rest[0] and any(rest):
            yield f'line {row.id} is given back, but {rest}'


def _account(story: lives.Told) -> Iterator[str]:
    """What was billed is paid, owed, or kept as balance; to the cent."""
    invoices = story.rows(schema.invoices)
    rows = story.rows(schema.payments)
    billed = sum(row.total for row in invoices)
    owed = sum(row.owed for row in invoices)
    free = sum(row.free for row in rows)
    if billed != story.paid() + owed - free:
        yield f'{billed} billed, {story.paid()} paid, {owed} owed, {free} free'
    used = [
        row for row in story.rows(schema.allocations)
        if row.undone_at is None
    ]  # fmt: skip
    for row in invoices:
        paid = sum(part.amount for part in used if part.invoice_id == row.id)
        if row.owed != max(row.total, 0) - paid or row.owed < 0:
            yield f'invoice {row.id}: {row.total}, {paid} paid, {row.owed}'
        if (row.state == 'paid') != (not row.owed) and row.state != 'void':
            yield f'invoice {row.id} of {row.owed} owed is {row.state}'
    for row in rows:
        if row.free < 0:
            yield f'payment {row.id} has {row.free} free'


# What may happen.

_ZONES = (
    'UTC', 'Europe/Paris', 'America/New_York', 'Etc/GMT+12',
    'Pacific/Kiritimati', 'Australia/Lord_Howe', 'Africa/Cairo',
    'America/Havana', 'Asia/Kathmandu',
)  # fmt: skip
_STARTS = tuple(
    map(
        dt.date.fromisoformat,
        ('2026-01-01', '2026-01-31', '2026-03-15', '2026-10-10',
         '2028-01-29', '2027-12-31', '2028-02-29', '2026-03-29'),
    )
)  # fmt: skip
_CYCLES = ('month', 'month', 'month', 'days:10', 'days:30', 'quarter')
_Price = oracles.Price


def _prices(draw: Any, life_start: dt.date) -> Iterator[oracles.Price]:
    amount = st.sampled_from(
        ['10', '7.77', '3.3333', '0.005', '19.99', '100', '0']
    )
    for flavor in ('s1', 's2', 's3'):
        yield _Price('flavor', flavor, ((None, draw(amount)),))
    later = life_start + draw(st.integers(5, 60)) * _DAY
    at_once = draw(st.booleans())
    if draw(st.booleans()):
        yield _Price(
            'flavor', 's1', ((None, draw(amount)),),
            valid_from=later, at_once=at_once,
        )  # fmt: skip
    if draw(st.booleans()):
        yield _Price('flat', '', ((None, draw(amount)),))
    if draw(st.booleans()):
        tiers = draw(
            st.sampled_from(
                [((None, '1.1'),), ((2, '3'), (6, '1.37'), (None, '0.5'))]
            )
        )
        yield _Price(
            'quota', 'cores', tiers,
            included=draw(st.sampled_from([0, 0, 3])),
            volume=len(tiers) > 1 and draw(st.booleans()),
        )  # fmt: skip


_SERVERS = st.sampled_from(['web0', 'web0', 'web1', 'db'])
_FLAVORS = st.sampled_from(['s1', 's2', 's3'])
_WHAT: dict[str, st.SearchStrategy[Any]] = {
    'boot': st.tuples(st.just('db'), _FLAVORS),
    'resize': st.tuples(_SERVERS, _FLAVORS),
    'migrate': _SERVERS,
    'touch': _SERVERS,
    'delete': _SERVERS,
    'quota': st.integers(0, 12),
    'plan': st.tuples(
        st.integers(0, 1), st.none() | st.integers(-20, 20)
    ),
    'anchor': st.sampled_from([1, 15, 28, 29, 30, 31]),
    'cancel': st.none() | st.integers(-5, 40),
    'keep': st.none(),
    'pause': st.integers(1, 300),
    'release': st.none(),
    'pay': st.sampled_from([30, 100, 150]),
    'pending': st.integers(1, 2000),
    'charge_back': st.none(),
    'void': st.tuples(st.integers(0, 3), st.booleans()),
    'credit': st.tuples(
        st.integers(0, 3), st.none() | st.integers(1, 600)
    ),
    'write_off': st.integers(0, 3),
}  # fmt: skip
_USAGE = ('boot', 'resize', 'delete', 'quota', 'migrate', 'touch')
_CONTRACT = (*_USAGE, 'plan', 'anchor', 'cancel', 'keep', 'pay')
_TIME = ('pause', 'release')
_MONEY = ('pay', 'pending', 'charge_back', 'credit', 'write_off', 'void')
ALL = (*_WHAT, *_USAGE)


@st.composite
def lives_of(
    draw: Any, kinds: tuple[str, ...] = ALL, days: int = 80, most: int = 10
) -> lives.Life:
    start = draw(st.sampled_from(_STARTS))
    cycle = draw(st.sampled_from(_CYCLES))
    unit = draw(st.sampled_from(['day', 'day', 'second']))
    plans = []
    for name in ('a', 'b'):
        same = name == 'a' or draw(st.booleans())
        plans.append(
            oracles.Plan(
                name,
                cycle if same else draw(st.sampled_from(_CYCLES)),
                tuple(_prices(draw, start)),
                unit if same else draw(st.sampled_from(['day', 'second'])),
                draw(st.sampled_from(['highest', 'last'])),
                draw(st.booleans()),
                draw(st.sampled_from([0, 0, 0, 5, 14])),
                draw(st.sampled_from([None, None, '4.99'])),
            )
        )
    # Much happens on the same day.
    day = st.integers(0, days - 20)
    busy = draw(st.lists(day, min_size=1, max_size=2))
    payer = draw(st.sampled_from([None, 3, 3, 11]))
    events = [
        lives.Event(day, 4000, 'pay', 100)
        for day in (range(0, days, payer) if payer else ())
    ]
    for _ in range(draw(st.integers(1, most))):
        what = draw(st.sampled_from(kinds))
        late = 0
        if what in _USAGE and draw(st.booleans()):
            late = draw(st.sampled_from([1, 30, 100, 400]))
        events.append(
            lives.Event(
                draw(st.sampled_from(busy) | day),
                # Not the instant at which the contract begins.
                draw(st.sampled_from([1, 7200, 43200, 86399])
                     | st.integers(1, 86399)),
                what, draw(_WHAT[what]), late,
                draw(st.none() | st.sampled_from([1, 50, 200])),
            )  # fmt: skip
        )
    return lives.Life(
        draw(st.sampled_from(_ZONES)),
        draw(st.sampled_from(['EUR', 'JPY', 'KWD', 'CLF'])),
        start,
        draw(st.sampled_from([1, 15, 28, 29, 30, 31])),
        tuple(plans),
        tuple(sorted(events, key=lambda one: (one.day, one.second))),
        draw(st.sampled_from([(), ('20',), ('19', '1.5'), ('7.7',)])),
        draw(st.sampled_from([None, None, '10', '33.3'])),
        draw(st.sampled_from([None, None, '3'])),
        draw(st.sampled_from(['line', 'total'])),
        draw(
            st.sampled_from(
                [{}, {}, {'changes': 'at_once'}, {'pause_billed': True}]
            )
        ),
        draw(st.integers(0, 9)),
        tuple(draw(st.lists(_FLAVORS, min_size=1, max_size=2))),
        days,
        draw(st.sampled_from([4, 90])),
    )


def _plan(name: str = 'a', **given: Any) -> oracles.Plan:
    prices = (
        _Price('flavor', 's1', ((None, '10.00'),)),
        _Price('flavor', 's2', ((None, '20.00'),)),
        _Price('quota', 'cores', ((None, '1.00'),)),
    )
    return oracles.Plan(name, 'month', prices, **given)


_PAYS = tuple(lives.Event(day, 4000, 'pay', 100) for day in range(0, 60, 3))


def _lived(
    events: tuple[lives.Event, ...],
    *plans: oracles.Plan,
    **given: Any,
) -> lives.Told:
    """A month's contract from 1 January on."""
    life = lives.Life(
        'UTC', 'EUR', dt.date(2026, 1, 1), 1, plans or (_plan(),), events,
        **{'days': 60, **given},
    )  # fmt: skip
    return lives.Told(life).live()


class LateTest(base.BaseTestCase):
    """What is heard when the time it happened in is long billed."""

    LATE = (
        lives.Event(10, 100, 'plan', (1, None)),
        lives.Event(20, 100, 'boot', ('db', 's2'), 24 * 15),
        lives.Event(22, 100, 'quota', 9),
        *_PAYS,
    )

    def test_days_are_billed_late_beside_seconds(self) -> None:
        story = _lived(self.LATE, _plan(), _plan('b', unit='second'))

        self.assertEqual([], mistakes(story))

    def test_seconds_are_billed_late_beside_days(self) -> None:
        story = _lived(
            self.LATE, _plan(unit='second'), _plan('b'), amount='3'
        )

        self.assertEqual([], mistakes(story))

    def test_what_is_late_is_taxed_as_its_own_plan_was(self) -> None:
        story = _lived(
            self.LATE, _plan(), _plan('b', inclusive=True), taxes=('20',)
        )

        self.assertEqual([], mistakes(story))
        late = story.rows(schema.lines, starts=dt.date(2026, 1, 21))
        self.assertEqual(
            [(710, [142])],
            [
                (row.net, [tax['amount'] for tax in row.taxes])
                for row in late
            ],
        )

    def test_the_newer_of_two_resizes_may_be_heard_first(self) -> None:
        story = _lived(
            (
                lives.Event(10, 0, 'resize', ('web0', 's2'), 400),
                lives.Event(20, 0, 'resize', ('web0', 's1')),
                lives.Event(40, 0, 'touch', 'web0'),
                *_PAYS,
            ),
            sweep=90,
        )

        self.assertEqual([], mistakes(story))

    def test_a_migration_is_no_change_of_its_day(self) -> None:
        story = _lived(
            (
                lives.Event(10, 0, 'migrate', 'web0'),
                lives.Event(10, 9000, 'resize', ('web0', 's1')),
                *_PAYS,
            ),
            servers=('s2',),
        )

        self.assertEqual([], mistakes(story))


class VoidTest(base.BaseTestCase):
    def test_what_is_void_in_a_pause_is_billed_but_for_the_pause(
        self,
    ) -> None:
        story = _lived(
            (
                lives.Event(5, 1, 'pause', 48),
                lives.Event(6, 1, 'void', (0, True)),
                *_PAYS[5:],
            )
        )

        self.assertEqual([], mistakes(story))

    def test_what_is_void_while_it_is_shelved_is_billed_anew(self) -> None:
        story = _lived((lives.Event(30, 1, 'void', (0, True)),))

        self.assertEqual([], mistakes(story))
        first = story.rows(schema.spans)[0]
        self.assertEqual('nothing to bill', first.unbilled_why)


class HistoryTest(base.BaseTestCase):
    @hypothesis.settings(
        max_examples=max(hypothesis.settings.default.max_examples // 8, 8),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(lives_of())
    def test_what_is_billed_is_what_was_held(self, life: lives.Life) -> None:
        self.assertEqual([], mistakes(lives.Told(life).live()))

    @hypothesis.settings(
        max_examples=max(hypothesis.settings.default.max_examples // 20, 4),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(lives_of(_USAGE, 40, 6), st.randoms())
    def test_the_order_of_facts_is_of_no_account(
        self, life: lives.Life, chance: Any
    ) -> None:
        life = dataclasses.replace(
            life, events=life.events + _PAYS, percent=None, amount=None
        )
        heard = tuple(
            dataclasses.replace(
                event,
                late=chance.choice([0, 5, 70, 500]),
                again=chance.choice([None, 3, 90]),
            )
            for event in life.events
        )

        plain = _nets(lives.Told(life).live())
        other = _nets(
            lives.Told(dataclasses.replace(life, events=heard)).live()
        )

        for cycle in plain.keys() & other.keys():
            (net, lines), (another, others) = plain[cycle], other[cycle]
            self.assertLessEqual(abs(net - another), lines + others)


def _nets(story: lives.Told) -> dict[oracles.Cycle, tuple[int, int]]:
    """What each cycle came to without taxes, and in how many lines."""
    law = _law(story)
    nets: dict[oracles.Cycle, tuple[int, int]] = {}
    for row in story.rows(schema.lines):
        net, lines = nets.get(law.cycle(row.starts), (0, 0))
        nets[law.cycle(row.starts)] = net + row.net, lines + 1
    return nets
