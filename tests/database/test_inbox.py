# SPDX-License-Identifier: Apache-2.0
"""A message is stored once, whatever is in it."""

import json
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import inbox
from patrii_billing.store import schema
from tests import books
from tests.database import backends
from tests.unit.intake import messages as intake

load_tests = backends.load_tests


class InboxTest(backends.DatabaseTestCase):
    def test_a_message_delivered_twice_is_stored_once(self) -> None:
        self.store(message('a'), message('b'))
        self.store(message('b'), message('c'))

        self.assertEqual(['a', 'b', 'c'], self.ids())

    def test_a_message_twice_in_one_batch_is_stored_once(self) -> None:
        self.store(message('a'), message('a'))

        self.assertEqual(['a'], self.ids())

    def test_a_settled_message_delivered_again_stays_settled(self) -> None:
        self.store(message('a'))
        (row,) = self.claim()
        self.database.write(inbox.settle, row, inbox.DONE)

        self.store(message('a'))

        self.assertEqual([], self.claim())

    def test_two_listeners_store_the_same_batch_at_once(self) -> None:
        batch = [message(str(n)) for n in range(50)]

        backends.together(
            lambda: self.store(*batch), lambda: self.store(*reversed(batch))
        )

        self.assertEqual(50, len(self.ids()))

    def test_ids_that_differ_in_case_are_two_messages(self) -> None:
        self.store(message('a'), message('A'))

        self.assertEqual(2, len(self.ids()))

    def test_emoji_survive(self) -> None:
        self.assertEqual('vm-🦄-é', self.kept(name='vm-🦄-é')['name'])

    def test_signs_that_end_a_text_in_a_statement_survive(self) -> None:
        name = '\\\'"; -- %s :x \x1a \r\n\\'

        self.assertEqual(name, self.kept(name=name)['name'])

    def test_a_body_of_a_megabyte_survives(self) -> None:
        huge = 'é' * 1_000_000

        self.assertEqual(huge, self.kept(name=huge)['name'])

    def test_what_no_database_can_keep_does_not_stop_a_batch(self) -> None:
        poison = message('nul\0', name='\0', half='\ud83d')
        poison['event_type'] = 'half \ud83d of a character'

        self.store(message('a'), poison, message('x' * 300))

        self.assertEqual(['a', 'nul', 'x' * 255], self.ids())

    def test_an_empty_batch_is_no_statement(self) -> None:
        self.store()

        self.assertEqual([], self.ids())

    def test_a_parked_message_is_read_again_on_demand(self) -> None:
        self.store(message('a'), message('b'))
        first, second = self.claim()
        self.database.write(inbox.settle, first, inbox.PARKED, 'no payload')
        self.database.write(inbox.settle, second, inbox.DONE)

        self.assertEqual(1, self.database.write(inbox.replay, books.NOW))
        self.assertEqual(['a'], [row.message_id for row in self.claim()])

    def store(self, *messages: dict[str, Any]) -> None:
        letters = [intake.letter(each) for each in messages]
        self.database.write(inbox.store, letters, books.NOW)

    def claim(self) -> list[Any]:
        return list(
            self.database.write(inbox.claim, books.NOW, backends.LEASE, 100)
        )

    def kept(self, **payload: Any) -> dict[str, Any]:
        """Store one message and read its payload back."""
        self.store(message('a', **payload))
        (row,) = self.claim()
        found: dict[str, Any] = json.loads(row.body)['payload']
        return found

    def ids(self) -> list[str]:
        table = schema.inbox
        with self.database.engine.connect() as conn:
            return sorted(conn.scalars(sa.select(table.c.message_id)))


def message(message_id: str, **payload: Any) -> dict[str, Any]:
    return {
        'event_type': 'instance.update',
        'publisher_id': 'nova-compute:host',
        'payload': payload,
        'metadata': {'message_id': message_id},
    }
