# SPDX-License-Identifier: Apache-2.0
"""A person and a worker at the same action: one of them comes first."""

from collections.abc import Callable
import dataclasses
import datetime as dt
import threading
import time
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import interventions
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.sim import clock
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books
from tests.database import backends

load_tests = backends.load_tests

_DAY = dt.timedelta(days=1)


class CallingOffTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        sub_id = self.database.write(books.subscription)
        sub = self.database.read(subscriptions.get, sub_id)
        self.account = sub.account_id
        self.database.write(
            actions.ask, ActionType.SHELVE, books.NOW,
            subscription_id=sub.id, account_id=sub.account_id,
            project=sub.project, case_id='case-1', server='web',
        )  # fmt: skip
        (self.held,) = self.database.write(
            actions.claim, books.NOW, backends.LEASE, 1
        )
        nothing: Any = None
        self.tools = toolbox.Tools(
            self.database, nothing, nothing, clock.Clock(books.NOW)
        )
        self.first = threading.Event()

    def test_what_a_worker_committed_is_seen_through(self) -> None:
        _, called_off = backends.together(
            lambda: self.begin(self.commit), lambda: self.after(self.cancel)
        )

        self.assertIsInstance(called_off, errors.Conflict)
        row = self.database.read(actions.get, self.held.id)
        self.assertEqual(
            ('pending', books.NOW), (row.state, row.committed_at)
        )

    def test_what_a_person_called_off_is_not_committed(self) -> None:
        _, committed = backends.together(
            lambda: self.begin(self.cancel), lambda: self.after(self.commit)
        )

        self.assertIsInstance(committed, errors.LeaseLost)
        row = self.database.read(actions.get, self.held.id)
        self.assertEqual(('cancelled', None), (row.state, row.committed_at))

    def test_a_yes_is_said_once_by_the_quicker_of_two(self) -> None:
        asking = dataclasses.replace(
            self.tools, settings=settings.Settings(approval=('shelve',))
        )

        def approve(by: str) -> None:
            self.open().write(
                interventions.approve, asking, [self.held.id], by, books.NOW
            )

        backends.together(lambda: approve('ann'), lambda: approve('bob'))

        row = self.database.read(actions.get, self.held.id)
        self.assertEqual([row.approved_by], self.database.read(_said_by))

    def begin(self, work: Callable[[sa.Connection], None]) -> None:
        """Have the account first, and let the other one come."""

        def unit(conn: sa.Connection) -> None:
            accounts.lock(conn, self.account)
            self.first.set()
            time.sleep(0.5)
            work(conn)

        self.database.write(unit)

    def after(self, work: Callable[[sa.Connection], None]) -> object:
        """What comes of it for who comes second."""
        other = self.open()
        self.assertTrue(self.first.wait(backends.PATIENCE))
        try:
            other.write(work)
        except errors.BillingError as error:
            return error
        return None

    def commit(self, conn: sa.Connection) -> None:
        accounts.lock(conn, self.account)
        actions.commit(conn, self.held, books.NOW)

    def cancel(self, conn: sa.Connection) -> None:
        interventions.cancel(
            conn, self.tools, self.held.id, 'he pays', books.NOW + _DAY,
            'ann', books.NOW,
        )  # fmt: skip


def _said_by(conn: sa.Connection) -> list[str]:
    """Who said yes, by the timeline."""
    by = schema.timeline.c.by
    return list(conn.scalars(sa.select(by).where(by.in_(['ann', 'bob']))))
