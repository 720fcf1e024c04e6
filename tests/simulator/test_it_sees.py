# SPDX-License-Identifier: Apache-2.0
"""The simulator finds what is wrong: each of these faults was put in.

A fault stands for one that a person could write. It must be found within
some histories, and by a promise that speaks of it.
"""

import contextlib
import dataclasses
from typing import Any
from unittest import mock
import uuid

from oslotest import base

from patrii_billing.domain import facts
from patrii_billing.engine import heartbeat
from patrii_billing.engine import leasing
from patrii_billing.engine import moves
from patrii_billing.engine import observe
from patrii_billing.engine import seeing
from patrii_billing.engine import shelving
from patrii_billing.intake import listener
from patrii_billing.store import actions
from patrii_billing.store import claims
from patrii_billing.store import custody
from patrii_billing.store import invoices
from patrii_billing.store import payments
from patrii_billing.store import servers
from tests.simulator import history
from tests.simulator import run

MOST = 60


class ItSeesTest(base.BaseTestCase):
    def assert_seen(self, fault: Any, *promises: str, **given: Any) -> None:
        with contextlib.ExitStack() as stack:
            for each in fault if isinstance(fault, tuple) else (fault,):
                stack.enter_context(each)
            for seed in range(MOST):
                sins = run.sins_of(_crowded(history.plan(seed), **given))
                if any(sin.startswith(promises) for sin in sins):
                    return
        self.fail(f'{MOST} histories show nothing')

    def test_a_claim_that_looks_and_then_takes(self) -> None:
        self.assert_seen(
            mock.patch.object(claims, 'claim', _claim_without_looking),
            'nobody_claims_what_is_claimed',
        )

    def test_a_worker_that_does_not_ask_the_law_again(self) -> None:
        self.assert_seen(
            mock.patch.object(moves, 'permitted', lambda *_: True),
            'the_law_was_asked',
        )

    def test_a_worker_that_forgets_its_fencing_token(self) -> None:
        self.assert_seen(
            (
                mock.patch.object(claims, 'write', _write_unfenced),
                mock.patch.object(claims, 'renew', _renew_unfenced),
            ),
            'no_call_without_a_lease', 'the_law_was_asked',
            'nobody_claims_what_is_claimed', 'mails_are_sent_once',
            place='shelving',
        )  # fmt: skip

    def test_a_lease_that_is_taken_for_granted(self) -> None:
        self.assert_seen(
            mock.patch.object(leasing, 'renew', lambda *_: None),
            'no_call_without_a_lease', 'the_law_was_asked',
            place='shelving',
        )  # fmt: skip

    def test_an_acknowledgement_before_the_message_is_stored(self) -> None:
        self.assert_seen(
            mock.patch.object(listener.Scribe, 'dispatch', _lazy()),
            'acknowledged_is_stored', 'poison_is_parked',
            'the_books_know_the_fleet',
        )  # fmt: skip

    def test_a_payment_without_its_key(self) -> None:
        real = payments.add_once

        def add(conn: Any, **values: Any) -> bool:
            if payments.by_key(conn, values['key']) is not None:
                values['key'] += f' {uuid.uuid4().hex}'
            return real(conn, **values)

        self.assert_seen(
            mock.patch.object(payments, 'add_once', add),
            'money_is_counted_once',
            acts=('pays 10.00 again',),
        )

    def test_a_clock_that_is_always_believed(self) -> None:
        self.assert_seen(
            mock.patch.object(heartbeat, 'beat', lambda *_: True),
            'the_law_was_asked',
            acts=('clock +7h',),
            place='shelving',
        )

    def test_a_notification_that_is_believed_without_nova(self) -> None:
        real = observe.observe_all

        def observed(conn: Any, tools: Any, told: Any, now: Any) -> Any:
            late = real(conn, tools, told, now)
            for fact in told:
                known = servers.get(conn, fact.server)
                if isinstance(fact, facts.ServerDeleted) and known is not None:
                    seeing.forget(conn, tools, known, fact.at, now)
            return late

        self.assert_seen(
            mock.patch.object(observe, 'observe_all', observed),
            'the_living_are_not_written_off',
        )

    def test_an_end_after_which_something_is_billed(self) -> None:
        self.assert_seen(
            mock.patch.object(
                seeing, '_drop_since', lambda _conn, known, _at: known.flavor
            ),
            'the_books_know_the_fleet',
            acts=('resizes web', 'deletes web'),
            place='invoiced',
            skewed=True,
        )

    def test_a_server_that_is_remembered_too_late(self) -> None:
        real = custody.change

        def change(conn: Any, /, custody_id: int, **values: Any) -> None:
            if values.get('before'):
                values['before'] = {
                    'vm_state': 'active', 'owner_locked': False,
                    'locked_reason': None,
                }  # fmt: skip
            real(conn, custody_id, **values)

        self.assert_seen(
            mock.patch.object(shelving.custody, 'change', change),
            'all_is_undone',
        )

    def test_a_bill_that_forgets_what_was_posted(self) -> None:
        self.assert_seen(
            mock.patch.object(invoices, 'posted', lambda *_: ()),
            'what_he_was_billed_is_right',
            acts=('resizes web',),
        )

    def test_what_it_sees_is_made_shorter_and_seen_still(self) -> None:
        with mock.patch.object(moves, 'permitted', lambda *_: True):
            plan = history.plan(0)
            for seed in range(MOST):
                plan = _crowded(history.plan(seed), place='grace')
                kind = run.kind_of(run.sins_of(plan))
                if kind:
                    break
            short = run.shorter(plan, kind, seconds=5)
            self.assertEqual(kind, run.kind_of(run.sins_of(short)))
        self.assertLess(len(short.rounds), len(plan.rounds))

    def test_an_action_that_is_never_tried_again(self) -> None:
        self.assert_seen(
            mock.patch.object(
                actions, 'hurry', side_effect=ZeroDivisionError('nobody')
            ),
            'no_error_of_our_own',
        )


def _crowded(
    plan: history.Plan,
    acts: tuple[str, ...] = (),
    place: str = '',
    skewed: bool = False,
) -> history.Plan:
    """With two of each worker, who often have to wait for each other."""
    sides = tuple(f'{side}@{host}' for side in history.SIDES for host in 'AB')
    rounds = tuple(
        dataclasses.replace(
            each,
            acts=acts or each.acts,
            sides=sides,
            restless=0.5,
            trouble=max(each.trouble, 0.03),
        )
        for each in plan.rounds
    )
    return dataclasses.replace(
        plan,
        rounds=rounds,
        place=place or plan.place,
        skewed=skewed or plan.skewed,
    )


def _claim_without_looking(
    conn: Any, table: Any, now: Any, lease: Any, limit: int, *order: Any,
    among: Any = None,
) -> Any:  # fmt: skip
    """As the real one, but for the second look."""
    columns = table.c
    free = (columns.lease_until.is_(None)) | (columns.lease_until < now)
    query = table.select().where(columns.next_at <= now, free)
    if among is not None:
        query = query.where(among)
    rows = conn.execute(
        query.order_by(*order, columns.next_at, columns.id).limit(limit)
    ).all()
    ids = [row.id for row in rows]
    if not ids:
        return ()
    tag = uuid.uuid4().hex
    conn.execute(
        table.update()
        .where(columns.id.in_(ids))
        .values(owner=tag, lease_until=now + lease)
    )
    return conn.execute(
        table.select().where(columns.id.in_(ids)).order_by(columns.id)
    ).all()


def _write_unfenced(conn: Any, /, table: Any, row: Any, **values: Any) -> None:
    conn.execute(table.update().where(table.c.id == row.id).values(**values))


def _renew_unfenced(
    conn: Any, /, table: Any, row: Any, now: Any, until: Any, **values: Any
) -> None:
    _write_unfenced(conn, table, row, lease_until=until, **values)


def _lazy() -> Any:
    """A dispatch that stores a batch when the next one comes."""
    real = listener.Scribe.dispatch
    kept: dict[int, Any] = {}

    def dispatch(self: Any, incoming: Any) -> Any:
        before, kept[id(self)] = kept.get(id(self)), incoming
        return real(self, before) if before else ()

    return dispatch
