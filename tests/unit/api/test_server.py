# SPDX-License-Identifier: Apache-2.0
"""An owner asks the API for the delete of what our lock keeps from him."""

import datetime as dt
from typing import Any

from oslotest import base

from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests import doors
from tests.unit.api import unpaid

WEB = worlds.server_id('acme-web')
PATH = f'/v1/servers/{WEB}'


class DeleteTest(base.BaseTestCase):
    """Acme has not paid its first invoice; its two servers are shelved."""

    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()
        unpaid.shelve(self.door)
        shown = self.get('/v1/subscriptions/1')
        self.assertEqual('shelved', shown['billing_status'])

    def get(self, path: str, token: str = 'ACME') -> Any:
        return self.door.client(token).get(path).json

    def post(
        self, path: str, token: str = 'ACME', **body: Any
    ) -> tuple[int, Any]:
        answer = self.door.client(token).post(path, json=body)
        return answer.status_code, answer.json

    def test_it_is_shown_in_our_hands(self) -> None:
        shown = self.get(PATH)

        self.assertEqual('shelved_offloaded', shown['vm_state'])
        self.assertEqual('shelved', shown['custody'])
        self.assertEqual(
            2, len(self.get('/v1/servers?custody=shelved')['servers'])
        )

    def test_its_owner_has_it_deleted_and_the_other_stays(self) -> None:
        status, shown = self.post(f'{PATH}/delete', why='not needed')
        self.assertEqual((202, 'owner'), (status, shown['deletion_ground']))
        for _ in range(3):
            self.door.advance(dt.timedelta(minutes=1))
        shown = self.get(PATH)

        self.assertEqual('deleted', shown['custody'])
        self.assertIsNone(shown['deletion_action_id'])
        self.assertIsNotNone(shown['kept_until'])
        self.assertNotIn(WEB, self.door.world.nova.guests)
        self.assertEqual(1, len(self.door.world.nova.guests) - 1)

    def test_who_asked_and_by_which_request_is_on_the_timeline(self) -> None:
        client = self.door.client('ACME')
        client.post(f'{PATH}/delete', json={})
        entries = self.door.tools.db.read(
            lambda conn: conn.execute(
                schema.timeline.select().where(
                    schema.timeline.c.what == 'request'
                )
            ).all()
        )

        (entry,) = entries
        self.assertEqual('amy (amy)', entry.by)
        self.assertIsNotNone(entry.request_id)

    def test_a_dry_run_asks_for_nothing(self) -> None:
        status, told = self.post(f'{PATH}/delete?dry_run=true')

        self.assertEqual(200, status)
        self.assertEqual('request', told['would'][0]['what'])
        self.assertIsNone(self.get(PATH)['deletion_action_id'])

    def test_taken_back_it_stays(self) -> None:
        stop = self.door.tools.db.write
        stop(watch.change, stopped_why='looking')
        self.post(f'{PATH}/delete')
        status, shown = self.post(f'{PATH}/keep')
        self.assertEqual((200, None), (status, shown['deletion_action_id']))
        stop(watch.resume, self.door.tools.now())
        self.door.advance(dt.timedelta(minutes=1))

        self.assertEqual('shelved', self.get(PATH)['custody'])

    def test_support_may_take_it_back_for_him(self) -> None:
        self.door.tools.db.write(watch.change, stopped_why='looking')
        self.post(f'{PATH}/delete')

        self.assertEqual(200, self.post(f'{PATH}/keep', 'SUPPORT')[0])

    def test_another_project_of_the_account_is_not_enough(self) -> None:
        self.door.tools.db.write(
            lambda conn: conn.execute(
                schema.projects.insert().values(
                    id='acme-dev', name='acme-dev', account_id=1
                )
            )
        )
        token = 'dan:acme-dev:member,reader'

        self.assertEqual('shelved', self.get(PATH, token)['custody'])
        status, told = self.post(f'{PATH}/delete', token)
        self.assertEqual(403, status)
        self.assertIn('acme-project', told['errors'][0]['detail'])

    def test_nobody_else_asks_for_it(self) -> None:
        for token, status in (
            ('RIVAL', 404),
            ('ACME_READER', 403),
            ('NOROLE', 404),
            ('ADMIN', 403),
            ('SUPPORT', 403),
            ('FINANCE', 403),
        ):
            self.assertEqual(
                status, self.post(f'{PATH}/delete', token)[0], token
            )
