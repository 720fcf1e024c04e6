# SPDX-License-Identifier: Apache-2.0
"""A fact that was written down is the same fact when it is read again."""

import dataclasses
import datetime as dt
import json

import hypothesis
from hypothesis import strategies as st
from oslotest import base

from patrii_billing.domain import facts
from patrii_billing import errors
from tests.unit.domain import refusing

INSTANTS = st.datetimes(timezones=st.just(dt.UTC))
VALUES = {
    dt.datetime: INSTANTS,
    dt.datetime | None: st.none() | INSTANTS,
    str: st.text(),
    str | None: st.none() | st.text(),
    bool: st.booleans(),
    facts.Flavor: st.builds(facts.Flavor),
    facts.Flavor | None: st.none() | st.builds(facts.Flavor),
}
FACTS = st.one_of(
    st.builds(
        kind,
        **{
            field.name: VALUES[field.type]
            for field in dataclasses.fields(kind)
        },
    )
    for kind in facts.KINDS.values()
)
STARTED = facts.ServerStarted(
    server='s', project='p', at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
)


class TestFacts(base.BaseTestCase):
    @hypothesis.given(FACTS)
    def test_survive_being_written_as_json(self, fact):
        written = json.dumps(facts.to_dict(fact))
        self.assertEqual(fact, facts.from_dict(json.loads(written)))

    def test_are_written_with_their_name_and_utc_times(self):
        self.assertEqual(
            {
                'fact': 'ServerStarted',
                'server': 's',
                'project': 'p',
                'at': '2026-01-01T00:00:00Z',
                'message_id': None,
                'name': None,
                'request_id': None,
                'initiator': None,
            },
            facts.to_dict(STARTED),
        )

    def test_keep_what_is_known_and_what_is_not(self):
        small = facts.Flavor('1', 's1', 1, 512, 10, 0)
        for flavor in (small, None):
            seen = facts.ServerSeen(
                server='s', project='p', at=STARTED.at, flavor=flavor,
                created_at=STARTED.at, state='ACTIVE',
            )  # fmt: skip
            self.assertEqual(seen, facts.from_dict(facts.to_dict(seen)))

    def test_are_all_known_by_name(self):
        self.assertEqual(
            {kind.__name__ for kind in facts.ServerFact.__subclasses__()},
            set(facts.KINDS),
        )

    def test_cannot_be_changed(self):
        self.assertRaises(
            dataclasses.FrozenInstanceError, setattr, STARTED, 'server', 'x'
        )

    def test_that_are_not_ours_or_not_whole_are_refused(self):
        whole = facts.to_dict(STARTED)
        for data in (
            {},
            whole | {'fact': 'ServerMelted'},
            whole | {'fact': None},
            whole | {'at': 'soon'},
            whole | {'at': 7},
            whole | {'surprise': 1},
            {'fact': 'ServerStarted', 'server': 's', 'project': 'p'},
            whole | {'fact': 'ServerResized', 'flavor': {'id': 's1'}},
        ):
            self.assertRaises(errors.InvalidInput, facts.from_dict, data)

    def test_what_is_no_fact_is_told_in_words(self) -> None:
        self.assertEqual(
            "fact: no fact 'ServerBlessed'",
            refusing.told(facts.from_dict, {'fact': 'ServerBlessed'}),
        )
        told = refusing.told(
            facts.from_dict, {'fact': 'ServerResized', 'blessed': True}
        )
        self.assertTrue(told.startswith('ServerResized: '), told)
        self.assertIn('blessed', told)
