# SPDX-License-Identifier: Apache-2.0
"""A refusal is an answer; all else is not knowing."""

from typing import Any

from keystoneauth1 import exceptions as keystone_errors
from novaclient import exceptions as nova_errors
from oslotest import base
import requests

from patrii_billing.cloud import answers
from patrii_billing import errors

REFUSALS = (400, 403, 404, 405, 409, 413, 422)
UNKNOWN = (300, 401, 408, 429, 500, 502, 503, 504)


def response(code: int, text: str = '', reason: str = '') -> requests.Response:
    made = requests.Response()
    made.status_code = code
    made.reason = reason
    made._content = text.encode()
    return made


class TestAnswers(base.BaseTestCase):
    def test_what_nova_refuses_is_refused_with_its_code(self) -> None:
        for code in REFUSALS:
            with self.subTest(code=code):
                refusal = self.assertRaises(
                    errors.CloudRefused, self.say, self.nova_says(code)
                )
                self.assertEqual(code, refusal.code)
                self.assertIn('it is locked', refusal.reason)
                self.assertIn('shelve server', refusal.reason)

    def test_where_nova_did_not_decide_the_outcome_is_unknown(self) -> None:
        for code in UNKNOWN:
            with self.subTest(code=code):
                self.assertRaises(
                    errors.CloudUnavailable, self.say, self.nova_says(code)
                )

    def test_other_services_are_judged_by_the_same_codes(self) -> None:
        for code in REFUSALS:
            with self.subTest(code=code):
                self.assertRaises(
                    errors.CloudRefused, answers.body, response(code), 'x'
                )
        for code in UNKNOWN:
            with self.subTest(code=code):
                self.assertRaises(
                    errors.CloudUnavailable, answers.body, response(code), 'x'
                )

    def test_keystoneauth_errors_are_never_a_refusal(self) -> None:
        for error in (
            keystone_errors.ConnectTimeout('timed out'),
            keystone_errors.ConnectFailure('refused'),
            keystone_errors.UnknownConnectionError('cut', Exception()),
            keystone_errors.SSLError('bad certificate'),
            keystone_errors.EndpointNotFound('no compute'),
            keystone_errors.DiscoveryFailure('no versions'),
            keystone_errors.MissingAuthPlugin('none'),
            keystone_errors.Unauthorized('wrong password'),
            keystone_errors.Forbidden('no such scope'),
            keystone_errors.NotFound('no such keystone'),
            keystone_errors.InvalidResponse(response(200)),
        ):
            with self.subTest(error=type(error).__name__):
                self.assertRaises(errors.CloudUnavailable, self.say, error)

    def test_an_answer_that_cannot_be_read_is_no_answer(self) -> None:
        for error in (
            KeyError('server'),
            TypeError("'NoneType' object is not subscriptable"),
            ValueError('not json'),
            AttributeError('get'),
        ):
            with self.subTest(error=repr(error)):
                self.assertRaises(errors.CloudUnavailable, self.say, error)
        self.assertRaises(
            errors.CloudUnavailable,
            answers.body,
            response(200, '<html>Welcome</html>'),
            'x',
        )

    def test_the_house_errors_pass_unchanged(self) -> None:
        refusal = errors.CloudRefused('no', 409)
        raised = self.assertRaises(errors.CloudRefused, self.say, refusal)
        self.assertIs(refusal, raised)

    def test_an_empty_success_is_an_empty_object(self) -> None:
        self.assertEqual({}, answers.body(response(204), 'x'))

    def test_the_reason_is_in_the_words_of_the_service(self) -> None:
        keystone = '{"error": {"code": 404, "message": "No such project"}}'
        glance = (
            '<html><head><title>403 Forbidden</title></head><body>'
            '<h1>403 Forbidden</h1>Image is protected<br /></body></html>'
        )
        self.assertEqual(
            'No such project', answers.reason(response(404, keystone))
        )
        self.assertEqual(
            '403 Forbidden Image is protected',
            answers.reason(response(403, glance)),
        )
        self.assertEqual(
            'Bad Gateway', answers.reason(response(502, '', 'Bad Gateway'))
        )

    def test_a_404_counts_only_where_it_names_what_is_missing(self) -> None:
        ours = response(404, 'Could not find project: acme.')
        self.assertTrue(answers.names_missing(ours, 'acme'))
        self.assertFalse(answers.names_missing(ours, 'beta'))
        self.assertFalse(answers.names_missing(response(403, 'acme'), 'acme'))

    def say(self, error: Exception) -> None:
        with answers.understood('shelve server'):
            raise error

    def nova_says(self, code: int) -> Any:
        return nova_errors.from_response(
            response(code),
            {'conflictingRequest': {'message': 'it is locked', 'code': code}},
            'http://nova.test',
        )
