# SPDX-License-Identifier: Apache-2.0
"""How the account gets in, and what is never sent twice."""

import threading
from typing import Any
from unittest import mock

from keystoneauth1 import loading as ks_loading
import requests

from patrii_billing.cloud import session
from patrii_billing import errors
from tests.unit.cloud import base


class TestConnection(base.CloudTestCase):
    def test_nothing_is_sent_before_the_first_call(self) -> None:
        self.connect()
        self.assertEqual([], self.web.request_history)

    def test_an_account_without_a_type_is_named_by_its_option(self) -> None:
        refused = self.assertRaises(
            errors.InvalidInput, self.connect, auth_type=None
        )
        self.assertEqual('[nova] auth_type', refused.where)

    def test_an_account_of_an_unknown_type_is_refused(self) -> None:
        refused = self.assertRaises(
            errors.InvalidInput, self.connect, auth_type='fingerprint'
        )
        self.assertIn('fingerprint', str(refused))

    def test_an_account_without_an_address_is_refused(self) -> None:
        refused = self.assertRaises(
            errors.InvalidInput, self.connect, auth_url=None
        )
        self.assertIn('auth_url', str(refused))

    def test_a_wrong_interface_is_not_taken_for_an_empty_cloud(self) -> None:
        self.connection = self.connect(valid_interfaces='private')
        self.assertRaises(errors.CloudUnavailable, self.ask_nova)

    def test_a_region_that_is_not_there_is_unavailable(self) -> None:
        self.connection = self.connect(region_name='Elsewhere')
        self.assertRaises(errors.CloudUnavailable, self.ask_nova)

    def test_a_wrong_password_is_unavailable(self) -> None:
        self.web.post(f'{base.KEYSTONE}/auth/tokens', status_code=401)
        self.assertRaises(errors.CloudUnavailable, self.ask_nova)

    def test_a_keystone_that_is_not_one_is_unavailable(self) -> None:
        self.web.post(f'{base.KEYSTONE}/auth/tokens', status_code=404)
        self.assertRaises(errors.CloudUnavailable, self.ask_nova)
        self.assertRaises(
            errors.CloudUnavailable,
            self.connection.json,
            'identity',
            'GET',
            '/projects',
        )

    def test_a_read_is_tried_again(self) -> None:
        self.web.get(f'{base.KEYSTONE}/roles', exc=requests.ReadTimeout)
        self.assertRaises(
            errors.CloudUnavailable,
            self.connection.json,
            'identity',
            'GET',
            '/roles',
        )
        self.assertEqual(3, len(self.sent('GET', '/roles')))

    def test_a_change_is_sent_once_whatever_the_options_say(self) -> None:
        self.connection = self.connect(
            connect_retries='5', status_code_retries='5'
        )
        for method in ('POST', 'PUT', 'PATCH', 'DELETE'):
            for name, trouble in (
                ('hangs', {'exc': requests.ReadTimeout}),
                ('breaks', {'exc': requests.ConnectionError}),
                ('busy', {'status_code': 503}),
            ):
                with self.subTest(method=method, trouble=name):
                    address = f'{base.KEYSTONE}/{name}'
                    self.web.register_uri(method, address, **trouble)
                    self.assertRaises(
                        errors.CloudUnavailable,
                        self.connection.json,
                        'identity',
                        method,
                        f'/{name}',
                    )
                    self.assertEqual(1, len(self.sent(method, f'/{name}')))

    def test_a_call_waits_no_longer_than_the_timeout(self) -> None:
        self.web.get(f'{base.KEYSTONE}/roles', json={'roles': []})
        self.connection.json('identity', 'GET', '/roles')
        (request,) = self.sent('GET', '/roles')
        self.assertEqual(5, request.timeout)

    def test_each_thread_has_a_client_of_its_own(self) -> None:
        seen: list[Any] = []

        def work() -> None:
            seen.extend((self.connection.nova, self.connection.nova))

        for _ in range(2):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        self.assertIs(seen[0], seen[1])
        self.assertIsNot(seen[0], seen[2])

    def test_a_keystoneauth_without_options_of_tls_will_do(self) -> None:
        older = [
            option
            for option in ks_loading.get_session_conf_options()
            if not option.dest.startswith('tls_')
        ]
        with mock.patch.object(
            ks_loading, 'get_session_conf_options', return_value=older
        ):
            self.connection = self.connect()
        self.ask_nova()

    def test_a_service_is_offered_or_not(self) -> None:
        self.assertTrue(self.connection.offers('image'))
        self.assertFalse(self.connection.offers('block-storage'))

    def test_it_knows_who_we_are(self) -> None:
        self.assertEqual(base.US, self.connection.access.user_id)
        self.assertEqual(base.OURS, self.connection.access.project_id)

    def ask_nova(self) -> Any:
        return self.connection.nova


class TestRecentNova(base.CloudTestCase):
    def test_a_newer_nova_is_spoken_to_as_we_know_it(self) -> None:
        self.assertEqual((2, 91), self.connection.microversion)


class TestOlderNova(base.CloudTestCase):
    highest_microversion = '2.80'

    def test_an_older_nova_is_spoken_to_as_it_knows(self) -> None:
        self.assertEqual((2, 80), self.connection.microversion)


class TestOldestNova(base.CloudTestCase):
    highest_microversion = '2.73'

    def test_the_oldest_nova_that_shows_whose_lock_it_is(self) -> None:
        self.assertEqual(
            session.MICROVERSION_NEEDED, self.connection.microversion
        )


class TestTooOldNova(base.CloudTestCase):
    highest_microversion = '2.72'

    def test_a_nova_that_hides_the_reason_of_a_lock_is_refused(self) -> None:
        error = self.assertRaises(
            errors.CloudUnavailable, lambda: self.connection.nova
        )
        self.assertIn('up to 2.72', str(error))
        self.assertIn('2.73 is needed', str(error))


class TestNovaWithoutMicroversions(base.CloudTestCase):
    highest_microversion = ''

    def test_a_nova_without_microversions_is_refused(self) -> None:
        error = self.assertRaises(
            errors.CloudUnavailable, lambda: self.connection.nova
        )
        self.assertIn('microversions', str(error))
