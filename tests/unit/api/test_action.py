# SPDX-License-Identifier: Apache-2.0
"""Actions of a house that asks a person before it shelves."""

import datetime as dt
from typing import Any

from oslotest import base

from tests import doors

_DAY = dt.timedelta(days=1)
_LONG = dt.timedelta(days=99)


class ActionTest(base.BaseTestCase):
    """Nobody has paid, and both of acme's servers are to be shelved."""

    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door(
            approval=('shelve',), safe_gap=_LONG, sweep_age=_LONG,
            retry_max=_DAY,
        )  # fmt: skip
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()
        for _ in range(11):
            self.door.advance(_DAY)
        self.waiting = self.get('actions?approval=waiting')['actions']

    def get(self, path: str, token: str = 'SUPPORT') -> Any:
        return self.door.client(token).get(f'/v1/{path}').get_json()

    def post(
        self, path: str, said: Any, status: int = 200, token: str = 'SUPPORT'
    ) -> Any:
        answer = self.door.client(token).post(f'/v1/{path}', json=said)
        self.assertEqual(status, answer.status_code, answer.get_json())
        return answer.get_json()

    def of(self, account: str) -> list[Any]:
        return [
            one for one in self.waiting if one['account_name'] == account
        ]

    def test_what_waits_says_for_what(self) -> None:
        web, db = self.of('acme')

        self.assertEqual({'acme-web', 'acme-db'},
                         {web['server_name'], db['server_name']})
        self.assertEqual(
            ('shelve', 'pending', 'waiting', 'ladder', 'waits for approval'),
            tuple(web[name] for name in (
                'type', 'state', 'approval', 'ground', 'why')),
        )  # fmt: skip
        self.assertEqual(web, self.get(f'actions/{web["id"]}'))

    def test_enforcement_counts_them(self) -> None:
        told = self.get('enforcement')

        self.assertEqual(['shelve'], told['approval'])
        self.assertIn(
            {'type': 'shelve', 'pending': 3, 'unapproved': 3},
            told['actions'],
        )

    def test_a_yes_is_said_to_many_at_once(self) -> None:
        wanted = [one['id'] for one in self.of('acme')]

        told = self.post('actions/approve', {'actions': wanted}, 200, 'ADMIN')
        for _ in range(5):  # of nova's time
            self.door.advance(dt.timedelta(seconds=5))

        self.assertEqual(
            [('given', 'ada (ada)')] * 2,
            [(one['approval'], one['approved_by'])
             for one in told['actions']],
        )  # fmt: skip
        for action_id in wanted:
            self.assertEqual('done', self.get(f'actions/{action_id}')['state'])
        (rival,) = self.of('rival')
        self.assertEqual(
            'pending', self.get(f'actions/{rival["id"]}')['state']
        )

    def test_a_rehearsed_yes_is_none(self) -> None:
        wanted = [one['id'] for one in self.of('acme')]

        told = self.post(
            'actions/approve?dry_run=true', {'actions': wanted}, 200, 'ADMIN'
        )

        self.assertEqual(2, len(told['would']))
        self.assertEqual(
            'waiting', self.get(f'actions/{wanted[0]}')['approval']
        )

    def test_calling_one_off_tells_all_that_goes_with_it(self) -> None:
        web, db = self.of('acme')
        until = f'{doors.START + 20 * _DAY:%Y-%m-%d}'

        told = self.post(
            f'actions/{web["id"]}/cancel',
            {'reason': 'he pays on Friday', 'until': until},
        )

        self.assertEqual('cancelled', told['state'])
        self.assertEqual([db['id']], told['cancelled_too'])
        self.assertEqual(f'{until}T00:00:00Z', told['until'])
        again = self.post(
            f'actions/{web["id"]}/cancel',
            {'reason': 'he pays on Friday', 'until': until}, 409,
        )  # fmt: skip
        self.assertIn('is cancelled', again['errors'][0]['detail'])
        (entry, _) = self.get(
            f'timeline?what=action&account_id={web["account_id"]}&limit=2'
        )['timeline']
        self.assertEqual('sue (sue)', entry['by'])

    def test_the_ladder_is_not_called_off_for_ever(self) -> None:
        web = self.of('acme')[0]

        told = self.post(
            f'actions/{web["id"]}/cancel', {'reason': 'a mistake'}, 400
        )

        self.assertEqual('until', told['errors'][0]['path'])

    def test_one_is_tried_now(self) -> None:
        web = self.of('acme')[0]

        told = self.post(f'actions/{web["id"]}/retry', {})

        self.assertLess(told['next_at'], web['next_at'])

    def test_they_are_found_by_what_they_are(self) -> None:
        web = self.of('acme')[0]
        for asked, count in (
            (f'account_id={web["account_id"]}', 2),
            (f'subscription_id={web["subscription_id"]}', 2),
            (f'server_id={web["server_id"]}', 1),
            ('type=shelve&state=pending', 3),
            ('type=restore', 0),
            ('state=done', 0),
        ):
            self.assertEqual(
                count, len(self.get(f'actions?{asked}')['actions']), asked
            )

    def test_pages_follow_each_other(self) -> None:
        first = self.get('actions?limit=2&sort=id')
        (link,) = first['actions_links']
        rest = self.door.client().get(link['href']).get_json()

        self.assertEqual(
            sorted(one['id'] for one in self.waiting),
            [one['id'] for one in first['actions'] + rest['actions']],
        )
        self.assertEqual([], rest['actions_links'])
