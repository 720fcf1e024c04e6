# SPDX-License-Identifier: Apache-2.0
"""Whatever happens, in whatever order: who owes nothing loses nothing."""

import contextlib
import datetime as dt
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import server as nova
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests.unit import stories

START = stories.instant('01-30')
WARNING = dt.timedelta(days=2)
# Hours of twelve days, and the seconds around each step of the ladder.
TIMES = st.integers(0, 12 * 24).map(
    lambda n: START + dt.timedelta(hours=n)
) | (
    st.builds(
        lambda day, second: (
            stories.instant(day) + dt.timedelta(seconds=second)
        ),
        st.sampled_from(['01-31', '02-01', '02-03', '02-06', '02-08']),
        st.integers(0, 15),
    )
)
SERVERS = ('web', 'db')
HAPPENINGS = st.sampled_from(
    [
        'pay: acme',
        'pay: acme, amount: "4.00"',
        'pay: acme, amount: "10.00"',
        'pay: acme, pending: true, amount: "10.00", key: transfer',
        'pay: acme, amount: "10.00", key: transfer',
        'charge_back: acme',
        'hold: acme-1, type: promise, until: 2026-02-05',
        'hold: acme-1, type: pause, until: 2026-02-07',
        'hold: acme-1, type: abuse, until: 2026-02-09',
        'hold: acme-1, type: abuse',
        'release: acme-1, type: abuse',
        'release: acme-1, type: promise',
        'boot: late, project: acme-prod',
        'delete: db',
        'lock: web, by: owner',
        'unlock: web',
        'lock: db, by: admin',
        'stop: web',
        'start: web',
        'bounce: acme',
        'resume: true',
    ]
)
OUTAGES = st.builds(
    lambda what, since, hours: (
        f'from: {said(since)}, '
        f'to: {said(since + dt.timedelta(hours=hours))}, {what}'
    ),
    st.sampled_from(['down: daemon', 'down: mail', 'nova: 500']),
    TIMES,
    st.integers(1, 12),
)
EVENTS = st.builds(
    lambda at, what: f'at: {said(at)}, {what}', TIMES, HAPPENINGS
)
# In the end all is paid, no hold is left and an operator has looked.
SETTLED = [
    f'at: 02-13T00:00:00, {what}'
    for what in (
        'release: acme-1, type: abuse',
        'release: acme-1, type: pause',
        'release: acme-1, type: promise',
        'resume: true',
        'pay: acme',
    )
]
STATES = st.sampled_from(['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'])
LOCKS = st.sampled_from(['', ', locked: owner', ', locked: admin'])


def said(instant: dt.datetime) -> str:
    return f'{instant:%m-%dT%H:%M:%S}'


class Watched(stories.Story):
    """A story in which each call to nova is judged when it is made."""

    def __init__(self, text: str, **pace: Any) -> None:
        super().__init__(text, **pace)
        self.before: dict[str, tuple[str, str | None]] = {}
        self.sins: list[str] = []
        for move, judge in (
            ('lock', self._at_lock),
            ('shelve', self._at_shelve),
            ('delete', self._at_delete),
        ):
            setattr(
                self.nova, move, self._judged(getattr(self.nova, move), judge)
            )

    def _judged(self, call: Any, judge: Any) -> Any:
        def judged(server: str, *args: Any) -> Any:
            judge(server)
            return call(server, *args)

        return judged

    def _at_lock(self, server: str) -> None:
        guest = self.nova.guests[server]
        self.before[server] = (guest.shown.vm_state, guest.locker)
        self._at_shelve(server)

    def _at_shelve(self, server: str) -> None:
        now = self.world.clock.now()
        owed = [
            row.owed
            for row in self.rows(schema.invoices, state='open')
            if row.due_at <= now
        ]
        if not sum(owed):
            self.sins.append(f'{now}: taken from who owes nothing')

    def _at_delete(self, server: str) -> None:
        self._at_shelve(server)
        now = self.world.clock.now()
        if not any(
            row.accepted_at
            and row.accepted_at + WARNING <= now
            and server in row.servers
            for row in self.rows(schema.notices, template='last_warning')
        ):
            self.sins.append(f'{now}: deleted without a warning')
        if self.nova.guests[server].shown.vm_state not in nova.SHELVED:
            self.sins.append(f'{now}: deleted and not shelved')

    def play_on(self, until: str | None = None) -> None:
        """Play; what makes no sense at its time does not happen."""
        while True:
            with contextlib.suppress(errors.InvalidInput):
                self.play(until)
                return


class HistoryTest(base.BaseTestCase):
    @hypothesis.settings(
        max_examples=hypothesis.settings.default.max_examples // 8,
        # To make a history shorter takes longer than to read it.
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(
        st.lists(EVENTS, max_size=8),
        st.lists(OUTAGES, max_size=2),
        st.lists(st.tuples(STATES, LOCKS), min_size=2, max_size=2),
        st.sets(st.sampled_from(SERVERS)),
    )
    def test_who_owes_nothing_loses_nothing(
        self,
        events: list[str],
        outages: list[str],
        states: list[tuple[str, str]],
        unshelvable: set[str],
    ) -> None:
        servers = ', '.join(
            f'{{name: {name}, flavor: s1, state: {state}{lock}}}'
            for name, (state, lock) in zip(SERVERS, states, strict=True)
        )
        story = Watched(
            stories.text(
                '\n'.join([*events, *outages, *SETTLED]),
                servers=servers,
                until='2026-02-16T00:00:00Z',
            ),
            blocked=dt.timedelta(hours=6),
            retry_max=dt.timedelta(hours=1),
        )
        story.nova.unshelvable = {worlds.server_id(n) for n in unshelvable}
        self.forget_what_people_change(story)
        story.play_on()

        self.assertEqual([], story.sins)
        self.assert_all_is_given_back(story)

    def forget_what_people_change(self, story: Watched) -> None:
        """Nobody expects to get back what he changed himself since."""
        real_set = story.nova.set_lock

        def set_lock(server: str, locker: Any) -> None:
            story.before.pop(server, None)
            real_set(server, locker)

        story.nova.set_lock = set_lock
        for move in ('stop', 'start'):
            real = getattr(story.nova, move)

            def moved(server: str, real: Any = real) -> Any:
                if story.nova.guests[server].locker is not nova.Locker.ADMIN:
                    story.before.pop(server, None)
                return real(server)

            setattr(story.nova, move, moved)

    def assert_all_is_given_back(self, story: Watched) -> None:
        self.assertIn(story.sub().billing_status, ('active', 'deleted'))
        for server, (state, locker) in story.before.items():
            if server in story.nova.guests:
                story.nova.get(server)
                guest = story.nova.guests[server]
                self.assertEqual(
                    (state, locker), (guest.shown.vm_state, guest.locker)
                )
