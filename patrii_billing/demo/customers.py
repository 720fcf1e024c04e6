# SPDX-License-Identifier: Apache-2.0
"""Some forty customers of all kinds, made from a seed."""

from collections.abc import Callable
from collections.abc import Iterator
import datetime as dt
from decimal import Decimal
import functools
import random
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy
from patrii_billing.domain import pricing
from patrii_billing.simulation import scenario as scenarios

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
_NAMES = (
    'acme', 'birch', 'cobalt', 'delta', 'ember', 'fjord', 'garnet', 'harbor',
    'indigo', 'juniper', 'kestrel', 'lumen', 'maple', 'nimbus', 'onyx',
    'pebble', 'quartz', 'raven', 'sable', 'tundra', 'umber', 'vesper',
    'willow', 'xenon', 'yarrow', 'zephyr', 'alder', 'basalt', 'cedar',
    'dune', 'elm', 'flint', 'grove', 'heath', 'iris', 'jasper', 'kelp',
    'larch', 'moss', 'north',
)  # fmt: skip
_ZONES = ('Europe/Paris', 'UTC', 'America/New_York', 'Asia/Tokyo')

Habit = Callable[
    [random.Random, str, dt.datetime, int], Iterator[scenarios.Event]
]


def scenario(seed: int, days: int) -> scenarios.Scenario:
    """The same customers and the same events for the same seed."""
    # Sample data, and no secret.
    chance = random.Random(seed)  # noqa: S311 # nosec B311
    accounts, events = [], []
    for number, name in enumerate(_NAMES):
        habit = _HABITS[number % len(_HABITS)]
        paid_until = START.date() + chance.randint(4, 27) * _DAY
        ago = _UNPAID_AT_THE_END.get(number)
        if ago is not None:
            habit = functools.partial(_stops_before_the_end, ago)
            paid_until = _first_due(days - ago)
        accounts.append(_account(chance, name, paid_until))
        noon = dt.time(hour=chance.randint(7, 18), tzinfo=dt.UTC)
        due = dt.datetime.combine(paid_until, noon)
        events += [
            event
            for event in habit(chance, name, due, days)
            if START < event.at
        ]
    return scenarios.Scenario(
        start=START,
        until=START + days * _DAY,
        policy=policy.Policy(),
        plans=_plans(),
        accounts=tuple(accounts),
        events=tuple(events),
    )


def _plans() -> tuple[scenarios.Plan, ...]:
    def price(
        kind: pricing.PriceKind, resource: str, amount: str
    ) -> pricing.Price:
        return pricing.Price(kind, resource, Decimal(amount))

    flavor, quota = pricing.PriceKind.FLAVOR, pricing.PriceKind.QUOTA
    return (
        scenarios.Plan(
            'vps', 'EUR', 'month', 'highest',
            (price(flavor, 's1', '9.90'), price(flavor, 's2', '19.90')),
        ),
        scenarios.Plan(
            'pool', 'EUR', 'month', 'highest',
            (price(quota, 'cores', '4.50'), price(quota, 'ram_gib', '1.20')),
        ),
    )  # fmt: skip


def _first_due(day: int) -> dt.date:
    """The first due date of a monthly cycle that has a boundary on a day."""
    anchor_day = (START + day * _DAY).day
    month = calendar.Cycle(months=1)
    first = calendar.anchored(month, anchor_day, START.date() + 4 * _DAY)
    return first.boundary(0)


def _account(
    chance: random.Random, name: str, paid_until: dt.date
) -> scenarios.Account:
    servers = tuple(
        scenarios.Server(
            f'{name}-{part}',
            chance.choice(('s1', 's1', 's2')),
            chance.choice(('active', 'active', 'active', 'stopped')),
            'owner' if chance.random() < 0.1 else None,
        )
        for part in ('web', 'db', 'ci')[: chance.randint(1, 3)]
    )
    project = scenarios.Project(
        f'{name}-prod', {'cores': 8, 'instances': 10, 'ram': 16384}, servers
    )
    subscription = scenarios.Subscription(
        f'{name}-1',
        chance.choice(('vps', 'vps', 'pool')),
        project.name,
        start=paid_until - 365 * _DAY,
        paid_until=paid_until,
        anchor_day=paid_until.day,
    )
    return scenarios.Account(
        name, chance.choice(_ZONES), 'en', (f'billing@{name}.example',), {},
        (project,), (subscription,),
    )  # fmt: skip


# Habits: what a kind of customer does about the invoice due on a day, and
# about those that follow it.


def _punctual(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    for month in range(days // 28 + 2):
        early = chance.randint(1, 6)
        yield _pay(name, due + (month * 30 - early) * _DAY)


def _late(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    for month in range(days // 28 + 2):
        yield _pay(name, due + (month * 30 + chance.randint(1, 2)) * _DAY)


def _shelved_then_pays(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    yield _pay(name, due + chance.randint(5, 20) * _DAY)
    yield from _punctual(chance, name, due + 60 * _DAY, days)


def _saved_at_the_last_moment(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    yield _pay(name, due + chance.randint(27, 30) * _DAY)


def _never(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    yield from ()


def _stops_paying(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    for month in range(max(1, days // 30 - 1)):
        yield _pay(name, due + (month * 30 - 2) * _DAY)


def _stops_before_the_end(
    ago: int, chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    unpaid = START + (days - ago - 3) * _DAY
    while due < unpaid:
        yield _pay(name, due - 2 * _DAY)
        due += 28 * _DAY


def _promises(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    until = START + (days + 10) * _DAY
    yield _event(
        'hold', f'{name}-1', due + _DAY,
        type=lifecycle.HoldType.PROMISE, until=until,
    )  # fmt: skip


def _grows(
    chance: random.Random, name: str, due: dt.datetime, days: int
) -> Iterator[scenarios.Event]:
    yield _event('boot', f'{name}-new', due + 10 * _DAY,
                 project=f'{name}-prod', flavor='s1')  # fmt: skip
    yield _event('resize', f'{name}-web', due + 12 * _DAY, flavor='s2')
    yield from _punctual(chance, name, due, days)


_HABITS: tuple[Habit, ...] = (
    _punctual, _late, _punctual, _shelved_then_pays, _stops_paying, _grows,
    _never, _punctual, _promises, _saved_at_the_last_moment,
)  # fmt: skip


# So many days before the end these have an invoice due that they leave
# unpaid: every status is there when the demo is looked at.
_UNPAID_AT_THE_END = {7: 1, 17: 28, 27: 12, 37: 1}


def _pay(name: str, at: dt.datetime) -> scenarios.Event:
    return _event('pay', name, at)


def _event(
    kind: str, target: str, at: dt.datetime, **given: Any
) -> scenarios.Event:
    return scenarios.Event(at, kind, target, given, 'demo')
