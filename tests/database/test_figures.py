# SPDX-License-Identifier: Apache-2.0
"""A monitor is told the same of every database."""

import datetime as dt

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import settings
from patrii_billing.metrics import family
from patrii_billing.metrics import figures
from patrii_billing.store import actions
from patrii_billing.store import deliveries
from patrii_billing.store import inbox
from patrii_billing.store import schema
from tests import books
from tests.database import backends
from tests.unit.intake import messages

load_tests = backends.load_tests
_HOUR = dt.timedelta(hours=1)


class FiguresTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        write = self.database.write
        sub = write(books.subscription)
        write(
            lambda conn: conn.execute(
                schema.subscriptions.update().values(
                    step='shelve', due_at=books.NOW - _HOUR
                )
            )
        )
        write(
            actions.ask, ActionType.RESTORE, books.NOW - _HOUR,
            subscription_id=sub, account_id=1, project='acme-prod',
            case_id='case-1',
        )  # fmt: skip
        message = {'event_type': 'x', 'metadata': {'message_id': 'one'}}
        write(inbox.store, [messages.letter(message)], books.NOW - _HOUR)
        write(deliveries.add_listener, 'erp', books.NOW)
        write(books.payment, None, 1234)

    def test_what_waits_and_what_is_nobodys_is_told(self) -> None:
        families = self.database.read(
            figures.read, settings.Settings(), books.NOW, dt.UTC
        )
        found = {
            (sample.name.removeprefix(family.PREFIX), *sample.labels.values()):
                sample.value
            for each in families
            for sample in each.samples
        }  # fmt: skip

        for key, value in {
            ('subscriptions', 'active'): 1,
            ('ladder_steps_late', 'shelve'): 1,
            ('ladder_steps_ahead', 'shelve'): 0,
            ('ladder_lateness_seconds', 'shelve'): 3600,
            ('actions_pending', 'restore'): 1,
            ('action_oldest_age_seconds', 'restore'): 3600,
            ('inbox_messages', 'nova'): 1,
            ('inbox_oldest_age_seconds', 'nova'): 3600,
            ('payments_unmatched_amount', 'EUR'): 12.34,
            ('listener_failures', 'erp'): 0,
            ('enforcement_dry_run',): 1,
        }.items():
            self.assertEqual(value, found[key], key)
