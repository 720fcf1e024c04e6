# SPDX-License-Identifier: Apache-2.0
"""Webhooks out: what reaches an endpoint, and what its answers mean."""

import contextlib
import datetime as dt
import socket
import threading
import time

from oslotest import base
import standardwebhooks

from patrii_billing.domain import events
from patrii_billing import errors
from patrii_billing.hooks import endpoint
from tests.unit.hooks import servers

KEY = b'0123456789abcdef0123456789abcdef'
NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
EVENT = events.Event(
    'evt_1', 'billing.invoice.paid', NOW, '{"name":"Müller"}'
)


def publisher(url: str, **given: object) -> endpoint.HttpPublisher:
    options = {'timeout': 1, **given}
    return endpoint.HttpPublisher(
        endpoint.Endpoint(url, (KEY,), **options),  # type: ignore[arg-type]
        lambda: dt.datetime.now(dt.UTC),
    )


class SendingTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.useFixture(servers.HttpServer())
        self.publisher = publisher(self.server.url)

    def away(self) -> str:
        error = self.assertRaises(
            errors.ListenerAway, self.publisher.publish, EVENT
        )
        self.assertNotIn('\n', str(error))
        return str(error)

    def test_what_arrives_is_signed_as_the_scheme_has_it(self) -> None:
        answer = self.publisher.publish(EVENT)

        self.assertEqual('204', answer)
        [(path, headers, body)] = self.server.received
        self.assertEqual('/hooks', path)
        self.assertEqual('evt_1', headers['webhook-id'])
        self.assertEqual('application/json', headers['content-type'])
        self.assertEqual(
            {'name': 'Müller'},
            standardwebhooks.Webhook(KEY).verify(body, headers),
        )

    def test_a_connection_is_kept(self) -> None:
        for _ in range(3):
            self.publisher.publish(EVENT)

        self.assertEqual(3, len(self.server.received))

    def test_a_no_to_this_event_is_told_with_its_words(self) -> None:
        self.server.status = 422
        self.server.headers = {'content-length': '12'}
        self.server.answer = lambda handler: handler.wfile.write(
            b'bad  invoice'
        )

        error = self.assertRaises(
            errors.ListenerRefused, self.publisher.publish, EVENT
        )
        self.assertEqual('422: bad invoice', str(error))
        self.assertEqual(422, error.code)

    def test_an_error_over_there_may_be_about_this_event(self) -> None:
        self.server.status = 500
        self.server.headers = {'content-length': '0'}

        self.assertRaises(
            errors.ListenerRefused, self.publisher.publish, EVENT
        )

    def test_what_is_not_about_the_event_is_being_away(self) -> None:
        self.server.headers = {'content-length': '0'}
        for status in (401, 404, 410, 429, 502, 503, 504):
            self.server.status = status
            self.assertIn(str(status), self.away())

    def test_a_redirect_is_not_followed(self) -> None:
        other = self.useFixture(servers.HttpServer())
        self.server.headers = {
            'location': other.url, 'content-length': '0'
        }  # fmt: skip
        for status in (301, 302, 307, 308):
            self.server.status = status
            self.assertIn('redirect', self.away())

        self.assertEqual([], other.received)

    def test_one_who_does_not_answer_is_away(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as deaf:
            self.publisher = publisher(
                f'http://127.0.0.1:{deaf.getsockname()[1]}'
            )
            began = time.monotonic()
            self.assertIn('timed out', self.away())

        self.assertLess(time.monotonic() - began, 3)

    def test_one_who_is_not_there_is_away(self) -> None:
        self.publisher = publisher('http://127.0.0.1:1')

        self.assertIn('refused', self.away())

    def test_an_answer_that_does_not_end_is_not_waited_for(self) -> None:
        self.server.status = 200
        self.server.answer = servers.go_on

        self.assertIn('200 xxx', self.publisher.publish(EVENT))

    def test_one_who_answers_a_letter_at_a_time_is_away(self) -> None:
        # Its headers do not end.
        with socket.create_server(('127.0.0.1', 0)) as slow:
            def answer() -> None:
                near, _ = slow.accept()
                with near, contextlib.suppress(OSError):
                    near.sendall(b'HTTP/1.1 200 OK\r\nx-y: ')
                    for _ in range(100):
                        near.sendall(b'x')
                        time.sleep(0.05)

            threading.Thread(target=answer, daemon=True).start()
            self.publisher = publisher(
                f'http://127.0.0.1:{slow.getsockname()[1]}', timeout=0.3
            )

            self.assertIn('no whole answer in 0.9 seconds', self.away())

    def test_a_success_whose_words_do_not_come_is_a_success(self) -> None:
        self.server.status = 200
        self.server.answer = servers.dawdle

        self.assertEqual('200', self.publisher.publish(EVENT))


class ProtectedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.useFixture(servers.HttpServer(tls=True))

    def test_a_certificate_of_a_trusted_authority_is_taken(self) -> None:
        sending = publisher(
            self.server.url, cafile=str(servers.CERTIFICATE)
        )

        self.assertEqual('204', sending.publish(EVENT))

    def test_a_certificate_nobody_vouches_for_is_refused(self) -> None:
        error = self.assertRaises(
            errors.ListenerAway, publisher(self.server.url).publish, EVENT
        )

        self.assertIn('certificate', str(error).lower())
        self.assertEqual([], self.server.received)


class EndpointTest(base.BaseTestCase):
    def test_what_is_no_url_of_an_endpoint_is_refused(self) -> None:
        for url in ('', 'erp', 'ftp://erp/', 'https://', 'file:///etc/x'):
            self.assertRaises(
                errors.InvalidInput, endpoint.Endpoint, url, (KEY,)
            )

    def test_its_keys_are_not_shown(self) -> None:
        shown = repr(endpoint.Endpoint('https://erp.example', (KEY,)))

        self.assertNotIn('0123', shown)
