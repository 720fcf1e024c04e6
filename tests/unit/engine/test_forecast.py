# SPDX-License-Identifier: Apache-2.0
"""What is foreseen is what happens, where nobody pays."""

from collections.abc import Collection
from collections.abc import Sequence
import contextlib
import datetime as dt
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import forecast as domain
from patrii_billing.engine import forecast
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from tests.unit import stories

DAY = dt.timedelta(days=1)
# How long a simulated cloud takes for all that comes between two mails.
PATIENCE = dt.timedelta(minutes=5)
_TOLD = ('reminder', 'grace', 'last_warning')
_DONE = ('shelve', 'delete', 'restore', 'quota_change')
Event = tuple[str, str, str]  # kind, subscription, server


def foreseen(
    story: stories.Story,
    days: int,
    limit: int = 100,
    kinds: Collection[domain.Kind] = (),
) -> list[forecast.Foreseen]:
    """All pages of the forecast from where the story stands."""
    found: list[forecast.Foreseen] = []
    now, after = story.world.clock.now(), None
    while True:
        page = story.db.read(
            forecast.page, story.world.tools, now, days, limit, after,
            kinds=kinds,
        )  # fmt: skip
        found += page.events
        after = page.after
        if after is None:
            return found


def said(
    events: Sequence[forecast.Foreseen],
) -> dict[Event, list[dt.datetime]]:
    """When each comes, by what it is."""
    found: dict[Event, list[dt.datetime]] = {}
    for each in events:
        coming = each.coming
        named = coming.kind in _DONE and coming.servers
        for server in named or ('',):
            event = (str(coming.kind), each.subscription, server)
            found.setdefault(event, []).append(coming.at)
    return found


def happened(
    story: stories.Story, since: dt.datetime
) -> dict[Event, list[dt.datetime]]:
    found: dict[Event, list[dt.datetime]] = {}
    for line in story.lines:
        at = dt.datetime.fromisoformat(line['at'])
        event = _event(line)
        if at >= since and event is not None:
            found.setdefault(event, []).append(at)
    return found


def _event(line: dict[str, Any]) -> Event | None:
    kind, name = line['kind'], line['name']
    if kind == 'invoice' and line['result'] in ('open', 'paid'):
        return ('invoice', line['subscription'], '')
    if kind == 'notice' and name in _TOLD:
        return (name, line['subscription'], '')
    if kind == 'action' and name in _DONE and line['result'] == 'done':
        server = line['server'] and worlds.server_id(line['server'])
        return (name, line['subscription'], server or '')
    return None


EVENTS = st.tuples(
    st.integers(1, 9 * 24 * 60),  # minutes before the forecast is made
    st.sampled_from(
        [
            'pay: acme',
            'pay: acme, amount: "4.00"',
            'pay: acme, amount: "90.00"',
            'pay: acme, pending: true, amount: "10.00", key: transfer',
            'hold: acme-1, type: promise, until: 2026-02-12',
            'hold: acme-1, type: abuse, until: 2026-02-15',
            'hold: acme-1, type: abuse',
            'release: acme-1, type: promise',
            'resize: web, flavor: s2',
            'boot: late, project: acme-prod',
            'delete: db',
            'lock: web, by: owner',
        ]
    ),
)
POLICY = {
    'invoice_lead': st.sampled_from(['2d', '7d', '0d', '12h']),
    'reminders': st.sampled_from(['[]', '[-1d]', '[-3d, -1d]', '[-10d]']),
    'shelve_grace': st.sampled_from(['48h', '30m', '2d']),
    'shelved_span': st.sampled_from(['3d', '23d', '36h']),
    'deletion_warning': st.sampled_from(['2d', '7d']),
    'tolerance': st.sampled_from(['0', '500']),
    'freeze_quota': st.sampled_from(['true', 'false']),
    'write_off': st.sampled_from(['true', 'false']),
    'changes': st.sampled_from(['next', 'at_once']),
    'shelve_window': st.sampled_from(
        ['{}', '{hours: 09:00-17:00, weekdays: [mon, tue, wed]}']
    ),
    'delete_window': st.sampled_from(['{}', '{hours: 10:00-16:00}']),
}
TWO_SERVERS = (
    f'{stories.WEB}, {{name: db, flavor: s2, state: SHUTOFF, locked: owner}}'
)
OTHERS = [
    '',
    '      - {name: db-1, plan: vps, project: acme-prod, server: db,\n'
    '         start: 2026-01-05, paid_until: 2026-02-05}',
    '      - {name: db-1, plan: vps, project: acme-prod, server: db,\n'
    '         start: 2026-01-31, paid_until: 2026-01-31}',
]


class Forgiving(stories.Story):
    """What makes no sense at its time does not happen."""

    def play(self, until: str | None = None) -> stories.Story:
        while True:
            with contextlib.suppress(errors.InvalidInput):
                return super().play(until)


class ForecastTest(base.BaseTestCase):
    def test_a_customer_who_never_pays_walks_the_ladder_as_foreseen(
        self,
    ) -> None:
        story = stories.Story(
            stories.text(
                ladder='', start='2026-01-24T00:00:00Z',
                until='2026-03-20T00:00:00Z',
            )
        )  # fmt: skip
        story.play('01-24 00:00:01')

        self.assertEqual(
            [
                '01-25 00:00 invoice 1000',
                '01-29 00:00 reminder 1000',
                '01-31 00:00 reminder 1000 not before',
                '02-01 00:00 grace 1000 not before',
                '02-03 00:00 shelve 1000 not before',
                '02-26 00:00 last_warning 1000 not before',
                '03-05 00:00 delete 1000 not before',
            ],
            [
                f'{each.coming.at:%m-%d %H:%M} {each.coming.kind} '
                f'{each.coming.amount}'
                f'{" not before" if each.coming.not_before else ""}'
                for each in foreseen(story, 60)
            ],
        )

    def test_in_a_dry_run_nothing_comes_of_what_is_asked_for(self) -> None:
        story = stories.Story(stories.text(dry_run='true'))
        story.play('01-30 00:00:01')

        kinds = [str(each.coming.kind) for each in foreseen(story, 30)]

        self.assertEqual(
            ['reminder', 'grace', 'shelve', 'invoice'], kinds[:4]
        )
        self.assertNotIn('delete', kinds)

    def test_of_some_kinds_it_is_the_same_of_those_alone(self) -> None:
        story = stories.Story(
            stories.text(
                ladder='', start='2026-01-24T00:00:00Z',
                until='2026-03-20T00:00:00Z', subscriptions=OTHERS[1],
                servers=TWO_SERVERS,
            )
        )  # fmt: skip
        for day in ('01-24', '01-30', '02-04'):
            story.play(f'{day} 00:00:01')
            whole = said(foreseen(story, 60))
            for kinds in (
                *({kind} for kind in domain.Kind),
                {domain.Kind.INVOICE, domain.Kind.SHELVE},
            ):
                wanted = {
                    event: times
                    for event, times in whole.items()
                    if event[0] in kinds
                }
                for limit in (1, 100):
                    some = foreseen(story, 60, limit, kinds)

                    self.assertEqual(wanted, said(some), (day, kinds))

    def test_whose_next_step_it_is_comes_before_the_others(self) -> None:
        story = stories.Story(
            stories.text(
                ladder='', start='2026-01-24T00:00:00Z',
                until='2026-03-20T00:00:00Z', subscriptions=OTHERS[1],
                servers=TWO_SERVERS,
            )
        )  # fmt: skip
        story.play('02-02 06:00:00')  # acme-1 is shelved before

        first = story.db.read(
            forecast.page, story.world.tools, story.world.clock.now(), 60, 1,
            kinds=[domain.Kind.REMINDER],
        )  # fmt: skip

        self.assertEqual(
            {'db-1'}, {one.subscription for one in first.events}
        )

    def test_a_balance_is_used_on_what_comes(self) -> None:
        story = stories.Story(
            stories.text(
                'at: 01-30T12:00:00, pay: acme, amount: "25.00"',
                until='2026-04-30T00:00:00Z',
            )
        )  # fmt: skip
        story.play('01-31 00:00:00')

        self.assert_foreseen(story, 62)
        self.assertEqual('04-01', story.told('status')[0][:5])

    @hypothesis.settings(
        max_examples=hypothesis.settings.default.max_examples // 4,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(
        st.lists(EVENTS, max_size=5, unique_by=lambda one: one[1]),
        st.fixed_dictionaries(POLICY),
        st.sampled_from(['UTC', 'Europe/Paris', 'America/New_York']),
        st.sampled_from(OTHERS),
        st.integers(0, 12 * 24 * 60),
        st.integers(1, 45),
        st.integers(1, 3),
    )
    def test_what_is_foreseen_is_what_happens(
        self,
        events: list[tuple[int, str]],
        policy: dict[str, str],
        timezone: str,
        others: str,
        minutes: int,
        days: int,
        limit: int,
    ) -> None:
        now = stories.instant('01-28') + dt.timedelta(minutes=minutes)
        happened = [
            f'at: {now - dt.timedelta(minutes=before):%m-%dT%H:%M:%S}, {what}'
            for before, what in sorted(events, reverse=True)
            if before <= minutes
        ]
        story = Forgiving(
            stories.text(
                '\n'.join(happened),
                ', '.join(f'{key}: {value}' for key, value in policy.items()),
                ladder='',
                start='2026-01-28T00:00:00Z',
                until='2026-06-01T00:00:00Z',
                timezone=timezone,
                servers=TWO_SERVERS,
                subscriptions=others,
            )
        )
        story.play(f'{now:%m-%d %H:%M:%S}')

        self.assert_foreseen(story, days, limit)

    def assert_foreseen(
        self, story: stories.Story, days: int, limit: int = 100
    ) -> None:
        """That what is foreseen now is what happens, and nothing else."""
        now = story.world.clock.now()
        events = said(foreseen(story, days, limit))
        story.play(f'{now + days * DAY:%m-%d %H:%M:%S}')
        real = happened(story, now)

        told = {event: len(times) for event, times in real.items()}
        self.assertEqual(
            told, {event: len(times) for event, times in events.items()}
        )
        for event, times in events.items():
            for at, came in zip(times, real[event], strict=True):
                self.assertTrue(at <= came <= at + PATIENCE, (event, at, came))

