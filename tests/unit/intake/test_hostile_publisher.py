# SPDX-License-Identifier: Apache-2.0
"""Who can publish on the bus, and tells lies, bills and deletes nothing.

The lies are told to the real listener and read by the real processor, while
acme pays and nothing happens to his server. Afterwards the books are as if
none had been told.
"""

from collections.abc import Callable
import datetime as dt
import functools
import random
from typing import Any

from oslotest import base
import testscenarios

from patrii_billing.engine import reconcile
from patrii_billing.intake import listener
from patrii_billing.intake import patience
from patrii_billing.intake import processor
from patrii_billing.intake import raw
from patrii_billing.simulation import world as worlds
from patrii_billing.store import inbox
from patrii_billing.store import schema
from tests.unit.intake import messages
from tests.unit.intake import metering
from tests.unit.intake import test_raw
from tests.unit.intake import test_scribe
from tests.unit import stories

load_tests = testscenarios.load_tests_apply_scenarios

# He pays what he owes, and what is true is told between the lies.
LIFE = """
    at: 01-30T12:00:00, pay: acme
    at: 02-20T12:00:00, resize: web, flavor: s2
    at: 02-20T13:00:00, pay: acme
    at: 02-28T12:00:00, pay: acme
    """
AT_ONCE = 'changes: at_once'
WEB = worlds.server_id('web')
NOBODY = worlds.server_id('nobody')
S1 = {'id': 's1', 'name': 's1'}
S2 = {'id': 's2', 'name': 's2'}
_MINUTE = dt.timedelta(minutes=1)
_DAY = dt.timedelta(days=1)
_YEAR = dt.timedelta(days=365)


class Bus:
    """Brings what anybody publishes to the daemon of a story."""

    def __init__(self, story: stories.Story) -> None:
        self.story = story
        tools = story.world.tools
        self._scribe = listener.Scribe(
            tools.db,
            tools.clock,
            patience.Patience('Storing', test_scribe.NoWait()),
        )
        self._processor = processor.Processor(tools, metering.SOURCE)
        self._sent = 0

    def publish(self, *sent: dict[str, Any]) -> None:
        """Deliver raw messages, and have them read."""
        self._scribe.dispatch([test_scribe.Delivery(one) for one in sent])
        while self._processor.run():
            pass

    def tell(self, event: str, ago: dt.timedelta, **data: Any) -> None:
        """Forge a notification of nova's that is well formed."""
        flavor = data.pop('flavor', None)
        whole = {'uuid': WEB, 'tenant_id': 'acme-prod', **data}
        message = messages.versioned(event, whole, flavor)
        at = self.story.world.clock.now() - ago
        self._sent += 1
        message['metadata'] = {
            'message_id': f'forged-{self._sent}',
            'timestamp': at.replace(tzinfo=None).isoformat(' '),
        }
        self.publish(test_raw.as_sent(message))

    def states(self) -> list[str]:
        return [row.state for row in self.story.rows(schema.inbox)]


def _time(at: str) -> str:
    return f'{stories.instant(at):%Y-%m-%dT%H:%M:%SZ}'


def _larger_server(bus: Bus) -> None:
    bus.tell('resize_confirm.end', _MINUTE, flavor=S2)


def _there_and_back(bus: Bus) -> None:
    bus.tell('resize_confirm.end', 3 * _MINUTE, flavor=S2)
    bus.tell('resize_confirm.end', 2 * _MINUTE, flavor=S1)


def _larger_last_week(bus: Bus) -> None:
    bus.tell('resize_confirm.end', 7 * _DAY, flavor=S2)


def _as_it_was_last_week(bus: Bus) -> None:
    bus.tell('resize_confirm.end', 7 * _DAY, flavor=S1)


def _larger_next_year(bus: Bus) -> None:
    bus.tell('resize_confirm.end', -_YEAR, flavor=S2)


def _free_flavor(bus: Bus) -> None:
    bus.tell('resize_confirm.end', _MINUTE, flavor={'id': '0', 'name': 'free'})


def _one_more(bus: Bus) -> None:
    bus.tell(
        'create.end', _MINUTE, uuid=NOBODY, flavor=S2,
        created_at=_time('02-10 11:59:00'),
    )  # fmt: skip


def _one_more_since_long(bus: Bus) -> None:
    for event in ('create.end', 'exists'):
        bus.tell(
            event, _MINUTE, uuid=NOBODY, flavor=S2,
            created_at=_time('01-01 00:00:00'),
        )  # fmt: skip


def _one_more_and_larger(bus: Bus) -> None:
    _one_more(bus)
    bus.tell('resize_confirm.end', -_MINUTE, uuid=NOBODY, flavor=S2)
    bus.tell('delete.end', -2 * _MINUTE, uuid=NOBODY, state='deleted',
             deleted_at=_time('02-10 12:02:00'))  # fmt: skip


def _anothers(bus: Bus) -> None:
    bus.tell('create.end', _MINUTE, tenant_id='rival-prod', flavor=S2)
    bus.tell('exists', _MINUTE, tenant_id='rival-prod', flavor=S2)


def _gone(bus: Bus) -> None:
    for event in ('delete.end', 'soft_delete.end', 'force_delete.end'):
        for ago in (_MINUTE, 10 * _DAY, -_MINUTE, -_YEAR):
            bus.tell(event, ago, state='deleted',
                     deleted_at=_time('01-20 00:00:00'))  # fmt: skip


def _off(bus: Bus) -> None:
    for event in (
        'shelve.end', 'shelve_offload.end', 'power_off.end', 'suspend.end',
        'lock', 'rescue.end',
    ):  # fmt: skip
        for ago in (_MINUTE, _DAY, -_MINUTE, -_YEAR):
            bus.tell(event, ago)


def _a_flood(bus: Bus) -> None:
    message = test_raw.as_sent(messages.versioned('resize_confirm.end'))
    for _ in range(10):
        bus.publish(*[message] * 100)


def _nonsense(bus: Bus) -> None:
    """Whatever can be spoiled of a notification, in any way."""
    chance = random.Random(7)
    odd = [
        None, -1, 10**30, float('inf'), [], {}, '', 'x' * 10**6, '\0',
        '\ud800', [[[]]] * 1000, {'nova_object.version': '9.9'}, True,
    ]  # fmt: skip
    deep: Any = 'deep'
    for _ in range(900):
        deep = [deep]
    for number in range(200):
        message = test_raw.as_sent(
            messages.versioned(
                chance.choice(['resize_confirm.end', 'create.end', 'update']),
                {'uuid': WEB, 'tenant_id': 'acme-prod'},
                S2,
            )
        )
        message['message_id'] = f'odd-{number}'
        places: list[Any] = [message, message['payload']]
        places.append(message['payload']['nova_object.data'])
        for _ in range(chance.randint(1, 3)):
            place = chance.choice(places)
            key = chance.choice(list(place))
            place[key] = chance.choice([*odd, deep])
        message['timestamp'] = chance.choice(['2031-01-01 00:00', 'soon'])
        bus.publish(message)
    bus.publish({'payload': deep}, {'event_type': []}, {})


def _forged_samples(bus: Bus) -> None:
    """Signed with another secret, with the known one and with none."""
    at = bus.story.world.clock.now() - _MINUTE
    good = metering.sample(at, 10**12, project_id='acme-prod')
    for number, sample in enumerate((
        {**good, 'message_signature': 'x'},
        {**good, 'message_signature': None},
        {**good, 'counter_volume': 10**13},
        {**good, 'project_id': 'rival-prod'},
        metering.signed(good, 'change this for valid signing'),
        metering.signed(good, ''),
    )):  # fmt: skip
        bus.story.db.write(
            inbox.store,
            [
                raw.message(
                    metering.message(sample, message_id=f'm-{number}'), 10**6
                )
            ],
            at,
            inbox.CEILOMETER,
        )
    bus.publish()


LIES = {
    'larger_server': _larger_server,
    'there_and_back': _there_and_back,
    'larger_last_week': _larger_last_week,
    'larger_next_year': _larger_next_year,
    'free_flavor': _free_flavor,
    'one_more': _one_more,
    'one_more_since_long': _one_more_since_long,
    'one_more_and_larger': _one_more_and_larger,
    'anothers': _anothers,
    'gone': _gone,
    'off': _off,
    'a_flood': _a_flood,
    'nonsense': _nonsense,
    'forged_samples': _forged_samples,
}


def lived(
    lie: Callable[[Bus], None] | None = None, policy: str = ''
) -> stories.Story:
    """A month of acme, who is lied about at noon of 10 February."""
    story = stories.Story(
        stories.text(LIFE, policy, until='2026-03-02T00:00:00Z')
    )
    story.play('02-10 12:00:00')
    if lie is not None:
        lie(Bus(story))
    return story.play()


@functools.cache
def honest(policy: str = '') -> dict[str, int]:
    return _bills(lived(policy=policy))


class HostileTestCase(base.BaseTestCase):
    def check_bills(self, story: stories.Story, policy: str = '') -> None:
        """What is taken back is rounded once more."""
        wanted, found = honest(policy), _bills(story)
        self.assertEqual(wanted.keys(), found.keys())
        for server, amount in wanted.items():
            self.assertAlmostEqual(amount, found[server], delta=2)


class LiesTest(HostileTestCase):
    """Billed at once, where a bill is soonest a debt, and a debt enforced."""

    scenarios = [(name, {'lie': lie}) for name, lie in LIES.items()]
    lie: Callable[[Bus], None]

    def test_bill_nobody_and_touch_no_server(self) -> None:
        story = lived(self.lie, AT_ONCE)

        self.check_bills(story, AT_ONCE)
        self.assertEqual([], story.moves())
        self.assertEqual([], story.rows(schema.actions))
        self.assertEqual(
            ['active'],
            [row.billing_status for row in story.rows(schema.subscriptions)],
        )
        # Each was settled, none is read again and again.
        self.assertNotIn(
            inbox.NEW, [row.state for row in story.rows(schema.inbox)]
        )


class NearLiesTest(base.BaseTestCase):
    """Lies of minutes around a true change, where clocks may differ."""

    scenarios = [
        (f'{minutes}_minutes_after', {'after': minutes * _MINUTE})
        for minutes in (-2, -1, 0, 1, 4)
    ]
    after: dt.timedelta

    def test_cost_no_more_than_those_minutes(self) -> None:
        story = stories.Story(
            stories.text(until='2026-03-02T00:00:00Z')
        ).play('02-01 12:00:00')
        bus, tools = Bus(story), story.world.tools
        stopped_at = tools.now()
        story.nova.set(WEB, vm_state='stopped')
        bus.tell('power_off.end', dt.timedelta())
        story.world.clock.move_to(stopped_at + 5 * _MINUTE)

        bus.tell('resize_confirm.end', 5 * _MINUTE - self.after, flavor=S2)
        for _ in range(2):
            story.world.clock.move_to(tools.now() + _DAY)
            reconcile.run(tools, tools.now())

        *_, last = sorted(
            story.rows(schema.levels, server=WEB),
            key=lambda row: (row.at, row.id),
        )
        self.assertEqual('s1', last.resource)
        self.assertLessEqual(last.at, stopped_at)
        (server,) = story.rows(schema.servers)
        self.assertEqual('s1', server.flavor)


class OfTheGoneTest(base.BaseTestCase):
    def test_who_is_gone_is_not_billed_again(self) -> None:
        story = stories.Story(
            stories.text(until='2026-03-02T00:00:00Z')
        ).play('02-01 12:00:00')
        bus, tools = Bus(story), story.world.tools
        _one_more(bus)
        story.nova.remove(WEB)
        for _ in range(3):
            story.world.clock.move_to(tools.now() + 2 * _DAY)
            reconcile.run(tools, tools.now())

        for server in (WEB, NOBODY):
            for event in ('resize_confirm.end', 'create.end', 'exists'):
                bus.tell(event, _MINUTE, uuid=server, flavor=S2)

        for server in (WEB, NOBODY):
            *_, last = sorted(
                story.rows(schema.levels, server=server),
                key=lambda row: (row.at, row.id),
            )
            self.assertEqual(0, last.quantity, server)


class ToldTest(HostileTestCase):
    """An operator learns of lies, and can look at them."""

    def test_a_resize_that_nova_denies_raises_an_alarm(self) -> None:
        self.assertIn('false_notification', lived(_larger_server).alarms())

    def test_a_server_that_nova_never_had_raises_an_alarm(self) -> None:
        self.assertIn('false_notification', lived(_one_more).alarms())

    def test_what_is_yet_to_come_is_parked_and_counted(self) -> None:
        story = lived(_larger_next_year)

        (row,) = story.rows(schema.inbox)
        self.assertEqual(inbox.PARKED, row.state)
        self.assertIn('yet to come', row.why)

    def test_what_nova_would_have_shown_long_ago_is_parked(self) -> None:
        story = lived(_larger_last_week)

        (row,) = story.rows(schema.inbox)
        self.assertEqual(inbox.PARKED, row.state)
        self.assertIn('shown', row.why)

    def test_what_nova_has_shown_since_then_is_no_lie(self) -> None:
        story = lived(_as_it_was_last_week)

        (row,) = story.rows(schema.inbox)
        self.assertEqual(inbox.DONE, row.state)
        self.check_bills(story)

    def test_an_honest_cloud_raises_none(self) -> None:
        self.assertEqual([], lived().alarms())

    def test_a_lie_that_nova_denies_is_on_no_invoice_at_last(self) -> None:
        for lie in (_larger_server, _there_and_back, _one_more):
            self.check_bills(lived(lie))


def _bills(story: stories.Story) -> dict[str, int]:
    """What each server cost in all, whatever the documents."""
    sums: dict[str, int] = {}
    for row in story.rows(schema.lines):
        sums[row.resource] = sums.get(row.resource, 0) + row.amount
    return {server: amount for server, amount in sums.items() if amount}
