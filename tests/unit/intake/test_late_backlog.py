# SPDX-License-Identifier: Apache-2.0
"""After an outage it makes no difference whether nova is asked first.

What happened meanwhile waits at the broker. A sweep shows how it ended, and
the notifications how it came to it: together they are billed as if there had
been no outage.
"""

from collections.abc import Callable
from collections.abc import Sequence
import datetime as dt
import functools
import itertools
from typing import Any

from oslotest import base
import testscenarios

from patrii_billing.domain import server as nova
from patrii_billing.engine import reconcile
from patrii_billing.simulation import world as worlds
from patrii_billing.store import inbox
from patrii_billing.store import schema
from tests.unit.intake import test_hostile_publisher as hostile
from tests.unit import stories

load_tests = testscenarios.load_tests_apply_scenarios

WEB = worlds.server_id('web')
NEW = worlds.server_id('new')
_MINUTE = dt.timedelta(minutes=1)
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_BACK = stories.instant('02-14 12:00:00')

# What happens, when, and what is told of it. There is no daemon from noon of
# 10 February to noon of the 14th.
_Event = tuple[str, Callable[['Outage'], None]]


class Outage:
    """A cloud that goes on, and notifications that wait for a reader."""

    def __init__(self) -> None:
        self.story = stories.Story(
            stories.text(
                start='2026-02-10T12:00:00Z', until='2026-03-01T00:00:00Z'
            ),
            sweep_every=10 * _MINUTE,
            full_sweep_every=_HOUR,
        )
        self.sweep()
        self.bus = hostile.Bus(self.story)
        self.waiting: list[tuple[dt.datetime, str, dict[str, Any]]] = []

    def tell(self, event: str, **data: Any) -> None:
        self.waiting.append((self.story.world.clock.now(), event, data))

    def resize(self, flavor: str, server: str = WEB) -> None:
        self.story.nova.set(server, flavor=flavor)
        self.tell(
            'resize_confirm.end', uuid=server,
            flavor={'id': flavor, 'name': flavor},
        )  # fmt: skip

    def touch(self, server: str = WEB) -> None:
        """Nova writes the server anew, which costs nothing."""
        self.story.nova.set(server, name='touched')

    def boot(self) -> None:
        now = self.story.world.clock.now()
        self.story.nova.boot(
            nova.Server(
                id=NEW, project='acme-prod', name='new', flavor='s1',
                vm_state='active', host='host', host_status='UP',
                created_at=now, updated_at=now,
            )
        )  # fmt: skip
        self.tell(
            'create.end', uuid=NEW, flavor={'id': 's1', 'name': 's1'},
            created_at=f'{now:%Y-%m-%dT%H:%M:%SZ}',
        )  # fmt: skip

    def delete(self, server: str = WEB) -> None:
        self.story.nova.remove(server)

    def read(self, order: Sequence[int]) -> None:
        """What waits, each as of when it was told."""
        for number in order:
            at, event, data = self.waiting[number]
            self.bus.tell(event, self.story.world.clock.now() - at, **data)

    def sweep(self) -> None:
        tools = self.story.world.tools
        reconcile.run(tools, tools.now())

    def sweep_later(self) -> None:
        """Nova shows all servers twice more."""
        for _ in range(2):
            clock = self.story.world.clock
            clock.move_to(clock.now() + 2 * _HOUR)
            self.sweep()


HISTORIES: dict[str, tuple[_Event, ...]] = {
    'resized_and_touched': (
        ('02-11 12:00:00', lambda all_: all_.resize('s2')),
        ('02-13 12:00:00', Outage.touch),
    ),
    'there_and_back': (
        ('02-11 12:00:00', lambda all_: all_.resize('s2')),
        ('02-13 12:00:00', lambda all_: all_.resize('s1')),
    ),
    'there_and_back_and_there': (
        ('02-11 12:00:00', lambda all_: all_.resize('s2')),
        ('02-12 12:00:00', lambda all_: all_.resize('s1')),
        ('02-13 12:00:00', lambda all_: all_.resize('s2')),
    ),
    'made_and_resized': (
        ('02-11 12:00:00', Outage.boot),
        ('02-13 12:00:00', lambda all_: all_.resize('s2', NEW)),
    ),
    'resized_and_deleted': (
        ('02-11 12:00:00', lambda all_: all_.resize('s2')),
        ('02-13 12:00:00', Outage.delete),
    ),
    'made_resized_and_deleted': (
        ('02-11 12:00:00', Outage.boot),
        ('02-12 12:00:00', lambda all_: all_.resize('s2', NEW)),
        ('02-13 12:00:00', lambda all_: all_.delete(NEW)),
    ),
}


def lived(history: tuple[_Event, ...], *, down: bool = True) -> Outage:
    """What happens from 10 February on, read at once or left to wait."""
    outage = Outage()
    for at, happen in history:
        outage.story.world.clock.move_to(stories.instant(at))
        waited = len(outage.waiting)
        happen(outage)
        if not down:
            outage.read(range(waited, len(outage.waiting)))
            outage.sweep()
    if down:
        outage.story.world.clock.move_to(_BACK)
    return outage


@functools.cache
def true(name: str) -> list[str]:
    """What each server was, day by day, without an outage."""
    outage = lived(HISTORIES[name], down=False)
    outage.sweep_later()
    return was(outage.story)


def was(story: stories.Story) -> list[str]:
    """The levels that count, each as its server, what it was, since when."""
    found: dict[tuple[str, dt.datetime], str] = {}
    rows = story.rows(schema.levels)
    for row in sorted(rows, key=lambda row: (row.at, row.id)):
        if row.server is not None:
            found[row.server, row.at] = row.resource if row.quantity else ''
    told, last = [], {}
    for (server, at), level in found.items():
        if last.get(server) != level:
            last[server] = level
            told.append(f'{server} {at} {level or "gone"}')
    return sorted(told)


class LateTest(base.BaseTestCase):
    scenarios = [(name, {'name': name}) for name in HISTORIES]
    name: str

    def test_the_order_of_sweep_and_backlog_changes_no_bill(self) -> None:
        count = len(lived(HISTORIES[self.name]).waiting)
        for first in range(count + 1):
            # Of one that is not known yet only its creation says what it is.
            before = range(first)
            for after in itertools.permutations(range(first, count)):
                outage = lived(HISTORIES[self.name])
                outage.read(before)
                outage.sweep()
                outage.read(after)
                outage.sweep_later()

                asked = f'{[*before]}, sweep, {[*after]}'
                self.assertEqual(true(self.name), was(outage.story), asked)
                self.assertEqual(
                    [inbox.DONE] * count, outage.bus.states(), asked
                )

    def test_nobody_is_told_of_a_lie(self) -> None:
        outage = lived(HISTORIES[self.name])
        outage.sweep()
        outage.read(range(len(outage.waiting)))
        outage.sweep_later()

        self.assertEqual([], outage.story.alarms())


class DeniedTest(base.BaseTestCase):
    """What nova denies is no more true for having waited."""

    def test_of_a_time_in_which_nova_was_asked_nothing_is_believed(
        self,
    ) -> None:
        outage = lived(())
        outage.sweep()

        outage.bus.tell(
            'resize_confirm.end', 5 * _DAY, flavor={'id': 's2', 'name': 's2'}
        )

        self.assertEqual([inbox.PARKED], outage.bus.states())

    def test_after_its_last_change_a_server_was_what_nova_shows(self) -> None:
        outage = lived((('02-11 12:00:00', Outage.touch),))
        outage.sweep()
        known = was(outage.story)

        outage.bus.tell(
            'resize_confirm.end', 2 * _DAY, flavor={'id': 's2', 'name': 's2'}
        )
        outage.sweep_later()

        self.assertEqual(known, was(outage.story))

    def test_an_outage_is_minded_after_another_one(self) -> None:
        outage = lived(HISTORIES['there_and_back'])
        outage.sweep()
        clock = outage.story.world.clock
        clock.move_to(clock.now() + _HOUR)
        outage.sweep()

        outage.read([0, 1])

        self.assertEqual(true('there_and_back'), was(outage.story))
        first, second = outage.story.rows(schema.timeline, what='outage')
        self.assertIn('2026-02-10 12:00 to 2026-02-14 12:00', first.why)
        self.assertIn('2026-02-14 12:00 to 2026-02-14 13:00', second.why)
