# SPDX-License-Identifier: Apache-2.0
"""Where histories begin: places on the ladder, reached once and copied."""

import contextlib
import copy
from dataclasses import dataclass
import datetime as dt
import functools
import sqlite3
from typing import Any

from patrii_billing.store import watch
from tests.simulator import outside
from tests.unit import stories

_HOUR = dt.timedelta(hours=1)
# Where they begin, by when that is. The ladder is that of stories.SHORT.
TIMES = {
    'paid': '01-30 00:00:00',
    'invoiced': '01-30 12:00:00',
    'reminded': '01-31 12:00:00',
    'grace': '02-02 23:59:58',
    'shelving': '02-03 00:00:00',
    'shelved': '02-05 23:59:58',
    'warned': '02-07 23:59:58',
    'deleting': '02-08 00:00:02',
    'deleted': '02-08 00:01:00',
}  # fmt: skip
_OWN = '{name: own, flavor: s1, state: ACTIVE}'
# Who is there: servers of the subscription, and what else of the project.
CASTS = {
    'one': '{name: web, flavor: s1, state: ACTIVE}',
    'locked': '{name: web, flavor: s1, state: SHUTOFF, locked: owner}, '
    '{name: db, flavor: s2, state: PAUSED, locked: admin}',
    'two': '{name: web, flavor: s1, state: ACTIVE}, '
    '{name: db, flavor: s2, state: SUSPENDED}',
    'shared': f'{{name: web, flavor: s2, state: ACTIVE}}, {_OWN}',
}
_OTHER = """
      - {name: own-1, plan: vps, project: acme-prod, server: own,
         start: 2026-01-01, paid_until: 2026-06-01}
"""
PACE: dict[str, Any] = {
    'silence': dt.timedelta(days=1),
    'sweep_every': 6 * _HOUR,
    'full_sweep_every': 12 * _HOUR,
    'quota_sweep_every': 12 * _HOUR,
    'blocked': dt.timedelta(minutes=10),
    'retry_max': _HOUR,
}


@dataclass(frozen=True)
class Place:
    """The books and all outside of them, to begin from again and again."""

    world: Any
    image: sqlite3.Connection
    outside: tuple[tuple[Any, dict[str, Any]], ...]

    def back(self) -> None:
        """Bring what is outside the books back to how it was."""
        memo = {id(part): part for part, _ in self.outside}
        for part, state in self.outside:
            part.__dict__.clear()
            part.__dict__.update(copy.deepcopy(state, dict(memo)))


@functools.cache
def reached(cast: str) -> dict[str, Place]:
    """Play the plain story, with one worker and no fault, place by place."""
    text = stories.text(
        servers=CASTS[cast],
        # Who owns a locked server has his quota frozen as well.
        policy='freeze_quota: true' if cast == 'locked' else '',
        subscriptions=_OTHER if cast == 'shared' else '',
        until='2026-06-01T00:00:00Z',
    )
    story = stories.Story(text, **PACE)
    _change_nova(story)
    story.db.write(watch.change, heard_at=story.world.clock.now())
    found = {}
    for name, when in TIMES.items():
        _listening(story, stories.instant(when))
        found[name] = _here(story)
    return found


def _here(story: stories.Story) -> Place:
    world = story.world
    image = sqlite3.connect(':memory:', check_same_thread=False)
    with contextlib.closing(world.tools.db.engine.raw_connection()) as books:
        books.driver_connection.backup(image)
    parts = (world.nova, world.quotas, world.mailbox, world.clock)
    memo = {id(part): part for part in parts}
    states = tuple(
        (part, copy.deepcopy(part.__dict__, dict(memo))) for part in parts
    )
    return Place(world, image, states)


def _change_nova(story: stories.Story) -> None:
    """The simulated cloud becomes one that remembers; all point to it."""
    story.nova.__class__ = outside.Nova
    story.nova.past = {}


def _listening(story: stories.Story, until: dt.datetime) -> None:
    """Nova is heard every half day."""
    at = story.world.clock.now()
    while at < until:
        at = min(at + 12 * _HOUR, until)
        story.play(f'{at:%m-%d %H:%M:%S}')
        story.db.write(watch.change, heard_at=at)
