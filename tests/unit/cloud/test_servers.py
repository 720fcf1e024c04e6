# SPDX-License-Identifier: Apache-2.0
"""What nova shows of servers, and what we ask of it."""

import datetime as dt
from typing import Any

import requests

from patrii_billing.cloud import servers
from patrii_billing.domain import server as law
from patrii_billing import errors
from tests.unit.cloud import base

ONE = f'{base.NOVA}/servers/{base.SERVER}'
PAGES = f'{base.NOVA}/servers/detail'
ACTIONS = f'{ONE}/os-instance-actions'
MOVES = {
    'unlock': 'unlock',
    'shelve': 'shelve',
    'unshelve': 'unshelve',
    'stop': 'os-stop',
    'start': 'os-start',
    'pause': 'pause',
    'suspend': 'suspend',
}


def missing(server: str) -> dict[str, Any]:
    message = f'Instance {server} could not be found.'
    return {'itemNotFound': {'code': 404, 'message': message}}


def action(name: str, project: str | None, request: str) -> dict[str, Any]:
    return {'action': name, 'project_id': project, 'request_id': request}


class ServersTestCase(base.CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.servers = servers.NovaServers(self.connection)

    def show(self, **changes: Any) -> law.Server:
        self.web.get(ONE, json={'server': base.record(**changes)})
        shown = self.servers.get(base.SERVER)
        assert shown is not None
        return shown


class TestGet(ServersTestCase):
    def test_a_server_is_read_whole(self) -> None:
        self.assertEqual(
            law.Server(
                id=base.SERVER,
                project=base.CUSTOMER,
                name='web',
                flavor='s1',
                vm_state='shelved_offloaded',
                task_state='deleting',
                locked=True,
                locked_reason='patrii-billing:7 unpaid',
                host=None,
                host_status='',
                created_at=dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC),
                updated_at=dt.datetime(2026, 11, 2, 9, 30, tzinfo=dt.UTC),
                deleted_at=None,
            ),
            self.show(
                **{
                    'locked': True,
                    'locked_reason': 'patrii-billing:7 unpaid',
                    'OS-EXT-STS:vm_state': 'shelved_offloaded',
                    'OS-EXT-STS:task_state': 'deleting',
                    'OS-EXT-SRV-ATTR:host': None,
                    'host_status': '',
                }
            ),
        )

    def test_it_asks_at_the_microversion_agreed_on(self) -> None:
        self.show()
        (request,) = self.sent('GET', base.SERVER)
        self.assertEqual(
            '2.91', request.headers['X-OpenStack-Nova-API-Version']
        )

    def test_a_deleted_server_is_gone_whatever_state_it_was_left_in(
        self,
    ) -> None:
        shown = self.show(
            **{
                'status': 'DELETED',
                'OS-EXT-STS:vm_state': 'shelved_offloaded',
                'OS-SRV-USG:terminated_at': '2026-11-03T10:00:00.000000',
            }
        )
        self.assertTrue(law.is_gone(shown))
        self.assertEqual(
            dt.datetime(2026, 11, 3, 10, tzinfo=dt.UTC), shown.deleted_at
        )

    def test_a_soft_deleted_server_is_gone(self) -> None:
        shown = self.show(
            **{'status': 'SOFT_DELETED', 'OS-EXT-STS:vm_state': 'soft-delete'}
        )
        self.assertTrue(law.is_gone(shown))

    def test_none_is_said_only_where_nova_names_the_server(self) -> None:
        self.web.get(ONE, status_code=404, json=missing(base.SERVER))
        self.assertIsNone(self.servers.get(base.SERVER))

    def test_the_404_of_a_proxy_says_nothing_about_the_server(self) -> None:
        for page in (
            {'text': '<html>404 Not Found</html>'},
            {'json': missing('another')},
            {'json': {'error': 'no route'}},
        ):
            with self.subTest(page=page):
                self.web.get(ONE, status_code=404, **page)
                self.assertRaises(
                    errors.CloudUnavailable, self.servers.get, base.SERVER
                )

    def test_the_404_of_keystone_says_nothing_about_the_server(self) -> None:
        self.web.post(
            f'{base.KEYSTONE}/auth/tokens',
            status_code=404,
            json=missing(base.SERVER),
        )
        self.assertRaises(
            errors.CloudUnavailable, self.servers.get, base.SERVER
        )

    def test_a_server_of_a_cell_that_is_down_is_unknown(self) -> None:
        down = {
            'id': base.SERVER,
            'status': 'UNKNOWN',
            'tenant_id': base.CUSTOMER,
            'created': '2026-11-01T08:00:00Z',
        }
        self.web.get(ONE, json={'server': down})
        error = self.assertRaises(
            errors.CloudUnavailable, self.servers.get, base.SERVER
        )
        self.assertIn('cell is down', str(error))

    def test_a_server_shown_in_part_is_unknown(self) -> None:
        for field in (
            'tenant_id',
            'locked_reason',
            'OS-EXT-STS:vm_state',
            'OS-EXT-SRV-ATTR:host',
        ):
            with self.subTest(field=field):
                shown = base.record()
                del shown[field]
                self.web.get(ONE, json={'server': shown})
                error = self.assertRaises(
                    errors.CloudUnavailable, self.servers.get, base.SERVER
                )
                self.assertIn(field, str(error))

    def test_a_page_of_a_proxy_is_not_a_server(self) -> None:
        pages: tuple[dict[str, Any], ...] = (
            {'text': 'Welcome'},
            {'json': []},
            {'json': {}},
        )
        for page in pages:
            with self.subTest(page=page):
                self.web.get(ONE, **page)
                self.assertRaises(
                    errors.CloudUnavailable, self.servers.get, base.SERVER
                )

    def test_trouble_of_nova_is_unknown(self) -> None:
        for code in (401, 429, 500, 502, 504):
            with self.subTest(code=code):
                self.web.get(ONE, status_code=code)
                self.assertRaises(
                    errors.CloudUnavailable, self.servers.get, base.SERVER
                )

    def test_an_id_that_is_a_path_is_never_sent(self) -> None:
        for wrong in ('../os-quota-sets/x', '', 'web', base.SERVER + '/x'):
            with self.subTest(id=wrong):
                self.assertRaises(errors.CloudRefused, self.servers.get, wrong)
                self.assertRaises(
                    errors.CloudRefused, self.servers.delete, wrong
                )
        self.assertEqual([], self.sent('DELETE'))


class TestPages(ServersTestCase):
    def give(self, *pages: list[str] | int) -> None:
        """Lists of ids, or the code of an error."""
        answers = [
            {'status_code': page}
            if isinstance(page, int)
            else {'json': {'servers': [base.record(one) for one in page]}}
            for page in pages
        ]
        self.web.get(PAGES, answers)

    def test_only_an_empty_page_is_the_end(self) -> None:
        a, b, c = base.names(3)
        self.give([a, b], [c], [])
        pages = list(self.servers.pages())
        self.assertEqual(
            [[a, b], [c]], [[one.id for one in page] for page in pages]
        )
        first, second, third = self.sent('GET', '/detail')
        self.assertNotIn('marker', first.qs)
        self.assertEqual([b], second.qs['marker'])
        self.assertEqual([c], third.qs['marker'])

    def test_all_projects_are_asked_for_by_a_stable_key(self) -> None:
        self.give([])
        list(self.servers.pages())
        (request,) = self.sent('GET', '/detail')
        self.assertEqual(
            {
                'all_tenants': ['1'],
                'limit': ['1000'],
                'sort_key': ['created_at', 'uuid'],
                'sort_dir': ['asc', 'asc'],
            },
            request.qs,
        )

    def test_changes_are_asked_for_in_utc(self) -> None:
        self.give([])
        zone = dt.timezone(dt.timedelta(hours=2))
        since = dt.datetime(2026, 11, 22, 12, tzinfo=zone)
        list(self.servers.pages(since))
        (request,) = self.sent('GET', '/detail')
        self.assertEqual(['2026-11-22t10:00:00z'], request.qs['changes-since'])

    def test_a_page_that_fails_is_not_the_end(self) -> None:
        for code, error in (
            (500, errors.CloudUnavailable),
            (503, errors.CloudUnavailable),
            (400, errors.CloudRefused),
        ):
            with self.subTest(code=code):
                a, b = base.names(2)
                self.give([a, b], code)
                pages = self.servers.pages()
                self.assertEqual(2, len(next(pages)))
                self.assertRaises(error, next, pages)

    def test_one_server_shown_in_part_spoils_its_page(self) -> None:
        partial = {'id': base.SERVER, 'status': 'UNKNOWN'}
        self.web.get(PAGES, json={'servers': [base.record(), partial]})
        self.assertRaises(errors.CloudUnavailable, next, self.servers.pages())

    def test_a_page_without_servers_in_it_is_not_an_empty_cloud(self) -> None:
        self.web.get(PAGES, json={})
        self.assertRaises(errors.CloudUnavailable, next, self.servers.pages())

    def test_a_list_that_turns_in_a_circle_is_left(self) -> None:
        self.give([base.SERVER])
        pages = self.servers.pages()
        next(pages)
        self.assertRaises(errors.CloudUnavailable, next, pages)


class TestMoves(ServersTestCase):
    def test_each_move_is_one_call_and_answers_its_request_id(self) -> None:
        for move, word in MOVES.items():
            with self.subTest(move=move):
                self.web.post(
                    f'{ONE}/action',
                    status_code=202,
                    headers={'x-compute-request-id': f'req-{move}'},
                )
                before = len(self.sent('POST', '/action'))
                self.assertEqual(
                    f'req-{move}', getattr(self.servers, move)(base.SERVER)
                )
                requests = self.sent('POST', '/action')[before:]
                self.assertEqual(
                    [{word: None}], [request.json() for request in requests]
                )

    def test_a_lock_carries_its_reason(self) -> None:
        self.web.post(f'{ONE}/action', status_code=202)
        self.servers.lock(base.SERVER, 'patrii-billing:7 unpaid')
        (request,) = self.sent('POST', '/action')
        self.assertEqual(
            {'lock': {'locked_reason': 'patrii-billing:7 unpaid'}},
            request.json(),
        )

    def test_a_delete_is_one_call(self) -> None:
        self.web.delete(
            ONE, status_code=204, headers={'x-compute-request-id': 'req-d'}
        )
        self.assertEqual('req-d', self.servers.delete(base.SERVER))

    def test_a_refused_move_tells_why(self) -> None:
        message = 'Cannot shelve while it is in vm_state error'
        for code in (400, 403, 404, 409):
            with self.subTest(code=code):
                self.web.post(
                    f'{ONE}/action',
                    status_code=code,
                    json={'conflictingRequest': {'message': message}},
                )
                refusal = self.assertRaises(
                    errors.CloudRefused, self.servers.shelve, base.SERVER
                )
                self.assertEqual(code, refusal.code)
                self.assertIn(message, refusal.reason)

    def test_a_move_without_an_answer_is_not_sent_again(self) -> None:
        for name, trouble in (
            ('hangs', {'exc': requests.ReadTimeout}),
            ('breaks', {'exc': requests.ConnectionError}),
            ('busy', {'status_code': 503}),
        ):
            with self.subTest(trouble=name):
                self.web.delete(ONE, **trouble)
                before = len(self.sent('DELETE'))
                self.assertRaises(
                    errors.CloudUnavailable, self.servers.delete, base.SERVER
                )
                self.assertEqual(before + 1, len(self.sent('DELETE')))


class TestLocker(ServersTestCase):
    def locker(self, *actions: dict[str, Any]) -> law.Locker | None:
        self.web.get(ACTIONS, json={'instanceActions': list(actions)})
        return self.servers.locker(base.server(locked=True))

    def test_an_unlocked_server_has_no_locker(self) -> None:
        self.assertIsNone(self.servers.locker(base.server(locked=False)))

    def test_the_last_lock_tells_who_it_was(self) -> None:
        theirs = action('lock', base.CUSTOMER, 'req-1')
        ours = action('lock', base.OURS, 'req-2')
        other = action('reboot', base.CUSTOMER, 'req-3')
        self.assertEqual(law.Locker.OWNER, self.locker(other, theirs, ours))
        self.assertEqual(law.Locker.ADMIN, self.locker(other, ours, theirs))

    def test_a_lock_that_nobody_remembers_is_not_the_owners(self) -> None:
        made = action('create', base.CUSTOMER, 'req-0')
        self.assertEqual(law.Locker.ADMIN, self.locker(made))
        nameless = action('lock', None, 'req-1')
        self.assertEqual(law.Locker.ADMIN, self.locker(nameless))

    def test_a_long_history_is_read_to_the_lock(self) -> None:
        pages = [
            [action('reboot', base.CUSTOMER, 'req-3')],
            [action('lock', base.CUSTOMER, 'req-2')],
        ]
        self.web.get(
            ACTIONS,
            [{'json': {'instanceActions': page}} for page in pages],
        )
        locked = base.server(locked=True)
        self.assertEqual(law.Locker.OWNER, self.servers.locker(locked))
        self.assertEqual(
            ['req-3'],
            self.sent('GET', '/os-instance-actions')[-1].qs['marker'],
        )

    def test_a_history_that_cannot_be_read_is_unknown(self) -> None:
        self.web.get(ACTIONS, status_code=500)
        self.assertRaises(
            errors.CloudUnavailable,
            self.servers.locker,
            base.server(locked=True),
        )


class TestOwnersLock(ServersTestCase):
    grant = f'/projects/{base.CUSTOMER}/users/{base.US}/roles/r-member'

    def setUp(self) -> None:
        super().setUp()
        self.web.get(
            f'{base.KEYSTONE}/roles',
            json={'roles': [{'id': 'r-member', 'name': 'member'}]},
        )
        for method, code in (('HEAD', 404), ('PUT', 204), ('DELETE', 204)):
            self.let(method, code)
        self.web.post(
            f'{ONE}/action',
            status_code=202,
            headers={'x-compute-request-id': 'req-lock'},
        )

    def let(self, method: str, code: int) -> None:
        self.web.register_uri(
            method, f'{base.KEYSTONE}{self.grant}', status_code=code
        )

    def lock(self) -> str:
        return self.servers.lock_as_owner(base.server(), 'my lock')

    def test_it_is_set_with_a_token_of_the_owners_project(self) -> None:
        self.assertEqual('req-lock', self.lock())
        (request,) = self.sent('POST', '/action')
        self.assertEqual(
            f'token-of-{base.CUSTOMER}', request.headers['X-Auth-Token']
        )
        self.assertEqual(
            {'lock': {'locked_reason': 'my lock'}}, request.json()
        )

    def test_a_lock_without_a_reason_is_set_without_one(self) -> None:
        self.servers.lock_as_owner(base.server(), None)
        (request,) = self.sent('POST', '/action')
        self.assertEqual({'lock': None}, request.json())

    def test_the_membership_lasts_for_the_call(self) -> None:
        self.lock()
        self.assertEqual(
            ['HEAD', 'PUT', 'POST', 'DELETE'],
            [
                request.method
                for request in self.web.request_history
                if request.path.endswith((self.grant, '/action'))
            ],
        )

    def test_it_ends_also_where_the_lock_was_refused(self) -> None:
        self.web.post(f'{ONE}/action', status_code=404)
        self.assertRaises(errors.CloudRefused, self.lock)
        self.assertEqual(1, len(self.sent('DELETE', self.grant)))

    def test_it_ends_also_where_the_grant_had_no_answer(self) -> None:
        self.web.put(f'{base.KEYSTONE}{self.grant}', exc=requests.ReadTimeout)
        self.assertRaises(errors.CloudUnavailable, self.lock)
        self.assertEqual(1, len(self.sent('DELETE', self.grant)))
        self.assertEqual([], self.sent('POST', '/action'))

    def test_a_membership_that_was_there_stays(self) -> None:
        self.let('HEAD', 204)
        self.lock()
        self.assertEqual([], self.sent('PUT'))
        self.assertEqual([], self.sent('DELETE'))

    def test_nothing_is_granted_where_keystone_is_away(self) -> None:
        self.let('HEAD', 500)
        self.assertRaises(errors.CloudUnavailable, self.lock)
        self.assertEqual([], self.sent('PUT'))

    def test_a_lock_that_was_set_stands_though_the_role_stays(self) -> None:
        self.let('DELETE', 500)
        self.assertEqual('req-lock', self.lock())

    def test_a_role_that_keystone_lacks_is_named(self) -> None:
        self.web.get(f'{base.KEYSTONE}/roles', json={'roles': []})
        refusal = self.assertRaises(errors.CloudRefused, self.lock)
        self.assertIn('member', refusal.reason)
