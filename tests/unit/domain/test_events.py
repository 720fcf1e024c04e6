# SPDX-License-Identifier: Apache-2.0
"""What of the timeline is told to others, and by which name."""

import datetime as dt

from oslotest import base

from patrii_billing.domain import events
from tests.unit.domain import elsewhere
from tests.unit.domain import refusing


class TypesTest(base.BaseTestCase):
    def test_an_entry_of_the_timeline_is_an_event_of_its_name(self) -> None:
        for what, name, result, types in (
            ('status', 'grace', '', ['subscription.status']),
            ('contract', 'ended', '', ['subscription.contract']),
            ('hold', 'promise', '', ['subscription.hold']),
            ('alarm', 'silence', '', ['operator.alarm']),
            ('account', 'added', '', ['account.added']),
            ('account', 'deleted', '', ['account.deleted']),
            ('subscription', 'changed', '', ['subscription.changed']),
            ('subscription', 'deleted', '', []),
            ('invoice', 'INV-1', 'open', ['invoice.issued']),
            ('invoice', 'INV-1', 'credit note', ['invoice.credited']),
            ('invoice', 'INV-1', 'draft', []),
            ('payment', 'bank', 'credit', ['payment.credit_given']),
            ('payment', 'bank', 'lost', []),
            ('action', 'shelve', 'done', ['action.done']),
            ('action', 'shelve', 'pending', []),
            ('request', 'quota_change', '', ['quota.requested']),
            ('request', 'payment', '', []),
            ('fact', 'QuotaChanged', '', ['quota.changed']),
            ('fact', 'ServerCreated', '', []),
            ('notice', 'grace', 'accepted', []),
        ):
            self.assertEqual(
                tuple(f'billing.{each}' for each in types),
                events.types_of(what, name, {'result': result}),
                (what, name),
            )
            self.assertLessEqual(
                {f'billing.{each}' for each in types}, events.TYPES
            )

    def test_what_has_no_result_is_no_event_of_one(self) -> None:
        self.assertEqual((), events.types_of('invoice', 'INV-1', {}))

    def test_an_action_goes_by_its_state_where_it_has_one(self) -> None:
        self.assertEqual(
            ('billing.action.blocked',),
            events.types_of(
                'action', 'shelve', {'result': 'done', 'state': 'blocked'}
            ),
        )

    def test_a_quota_that_was_asked_for_is_changed_when_it_is_done(
        self,
    ) -> None:
        for state, purpose, types in (
            ('done', 'change', ('action.done', 'quota.changed')),
            ('done', 'freeze', ('action.done',)),
            ('failed', 'change', ('action.failed',)),
        ):
            self.assertEqual(
                tuple(f'billing.{each}' for each in types),
                events.types_of(
                    'action', 'quota_change',
                    {'result': state, 'purpose': purpose},
                ),
            )  # fmt: skip


class PatternsTest(base.BaseTestCase):
    def test_a_pattern_is_of_the_events_that_it_matches(self) -> None:
        patterns = ('billing.invoice.*', 'billing.operator.alarm')
        self.assertEqual(patterns, events.check(patterns, 'events'))
        for name, wanted in (
            ('billing.invoice.paid', True),
            ('billing.operator.alarm', True),
            ('billing.payment.received', False),
            ('BILLING.INVOICE.PAID', False),
        ):
            self.assertEqual(wanted, events.wanted(patterns, name))

    def test_a_pattern_that_no_event_has_is_refused_with_all_there_are(
        self,
    ) -> None:
        self.assertEqual(
            'events: names no event', refusing.told(events.check, (), 'events')
        )
        names = ', '.join(sorted(events.TYPES))
        self.assertEqual(
            f"events: no event is called 'billing.*.x'; there are {names}",
            refusing.told(
                events.check, ('billing.*', 'billing.*.x'), 'events'
            ),
        )


class BodyTest(base.BaseTestCase):
    def test_the_same_is_always_written_the_same(self) -> None:
        self.assertEqual(
            '{"a":[1,null],"b":"Zoë"}',
            events.written({'b': 'Zoë', 'a': [1, None]}),
        )

    def test_instants_are_told_in_utc(self) -> None:
        self.useFixture(elsewhere.Tokyo())
        there = dt.timezone(dt.timedelta(hours=1))
        for at, said in (
            (dt.datetime(2026, 1, 1, 0, 30, tzinfo=there),
             '2025-12-31T23:30:00Z'),
            (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), '2026-01-01T00:00:00Z'),
            (None, None),
        ):  # fmt: skip
            self.assertEqual(said, events.instant(at))

    def test_an_event_is_read_as_it_was_written(self) -> None:
        at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        body = events.written({'type': 'billing.invoice.paid'})
        event = events.Event('e1', 'billing.invoice.paid', at, body)
        self.assertEqual({'type': 'billing.invoice.paid'}, event.payload)
