# SPDX-License-Identifier: Apache-2.0
"""What the frame does for every route: keys, dry runs, preparations."""

import dataclasses
import datetime as dt
from typing import Any

from oslotest import base
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.api import route
from patrii_billing.api.schemas import base as shapes
from patrii_billing import errors
from patrii_billing.store import schema
from patrii_billing.store import timeline
from tests import doors

_AMY = 'amy:acme-project:member'
_BOB = 'bob:acme-project:member'
_AMY_ELSEWHERE = 'amy:rival-project:member'


class FrameTestCase(base.BaseTestCase):
    """An API of a few routes that count how often they are done."""

    def setUp(self) -> None:
        super().setUp()
        self.world = doors.Door()
        self.addCleanup(self.world.tools.db.engine.dispose)
        self.prepared: list[str] = []
        self.fails = False
        door = dataclasses.replace(
            self.world.door, authorize=lambda rule, target, who: True
        )
        self.app = app.noauth(app.build(door, self._routes()))
        self.client = http.Client(self.app)

    def _routes(self) -> list[route.Route]:
        def writes(path: str, handler: Any, **more: Any) -> route.Route:
            return route.Route(
                method='POST', path=f'/v1/{path}', handler=handler,
                rule=f'billing:{path}:do', summary='Do it', answer={}, **more,
            )  # fmt: skip

        text = shapes.body({'text': shapes.NAME})
        return [
            writes('things', self._write, body=text, status=201),
            writes('others', self._write, body=text),
            writes('silent', self._silent, status=204),
            writes('placed', self._placed),
            writes(
                'slow', self._slow, prepare=self._prepare,
                present=self._present,
            ),
        ]  # fmt: skip

    def _write(self, call: route.Call, conn: Any) -> Any:
        timeline.record(conn, call.now, 'thing', 'done', by=call.by)
        if self.fails:
            raise errors.NotFound('there is no thing')
        return {'text': (call.body or {}).get('text'), 'by': call.by}

    def _silent(self, call: route.Call, conn: Any) -> None:
        self._write(call, conn)

    def _placed(self, call: route.Call, conn: Any) -> route.Answer:
        self._write(call, conn)
        return route.Answer({'id': 7}, 202, {'Location': '/v1/things/7'})

    def _slow(self, call: route.Call, conn: Any) -> Any:
        return self._write(call, conn) | {'prepared': call.prepared}

    def _prepare(self, call: route.Call) -> str:
        self.prepared.append(call.key or '')
        if len(self.prepared) > 1:
            raise errors.CloudRefused('it is gone')
        return 'asked'

    def _present(self, call: route.Call, found: Any) -> route.Answer:
        return route.Answer({**found, 'presented': True})

    def post(
        self,
        path: str = 'things',
        key: str | None = 'k',
        token: str = _AMY,
        **body: Any,
    ) -> http.TestResponse:
        headers = {'X-Auth-Token': token}
        if key is not None:
            headers['Idempotency-Key'] = key
        return self.client.post(f'/v1/{path}', headers=headers, json=body)

    def done(self) -> int:
        """How often a thing was done."""
        rows = self.world.tools.db.read(
            lambda conn: conn.execute(schema.timeline.select()).all()
        )
        return sum(row.what == 'thing' for row in rows)

    def kept(self) -> int:
        """How many keys are known."""
        read = self.world.tools.db.read
        return len(read(lambda c: c.execute(schema.requests.select()).all()))


class KeyTest(FrameTestCase):
    def test_the_same_request_again_does_nothing(self):
        first, again = self.post(text='a'), self.post(text='a')
        self.assertEqual((201, 201), (first.status_code, again.status_code))
        self.assertEqual(first.json, again.json)
        self.assertEqual(1, self.done())

    def test_without_a_key_it_is_done_again(self):
        self.post(key=None, text='a')
        self.post(key=None, text='a')
        self.assertEqual((2, 0), (self.done(), self.kept()))

    def test_a_key_is_of_the_person_who_sent_it(self):
        self.post(text='a')
        answer = self.post(text='a', token=_BOB)
        self.assertEqual('bob (bob)', answer.json['by'])
        self.assertEqual(2, self.done())

    def test_a_key_for_something_else_is_refused(self):
        self.post(text='a')
        for answer in (
            self.post(text='b'),
            self.post('others', text='a'),
            # What is his own there is not what is his own here.
            self.post(text='a', token=_AMY_ELSEWHERE),
        ):
            self.assertEqual(409, answer.status_code)
            [told] = answer.json['errors']
            self.assertEqual('Idempotency-Key', told['path'])
            self.assertIn('key_reused', told['code'])
        self.assertEqual(1, self.done())

    def test_what_was_refused_leaves_its_key_free(self):
        self.fails = True
        self.assertEqual(404, self.post(text='a').status_code)
        self.fails = False
        self.assertEqual(201, self.post(text='a').status_code)
        self.assertEqual(1, self.done())

    def test_a_dry_run_leaves_its_key_free(self):
        for _ in range(2):
            answer = self.post('things?dry_run=true', text='a')
            self.assertEqual(200, answer.status_code)
            self.assertEqual('thing', answer.json['would'][0]['what'])
        self.assertEqual((0, 0), (self.done(), self.kept()))
        self.assertEqual(201, self.post(text='a').status_code)
        self.assertEqual(1, self.done())

    def test_a_dry_run_of_what_was_done_is_still_a_dry_run(self):
        self.post(text='a')
        answer = self.post('things?dry_run=true', text='a')
        self.assertIs(True, answer.json['dry_run'])

    def test_no_dry_run_is_the_same_as_none_asked_for(self):
        self.post(text='a')
        again = self.post('things?dry_run=false', text='a')
        self.assertEqual(201, again.status_code)
        self.assertEqual(1, self.done())

    def test_an_answer_without_a_body_is_kept_too(self):
        for _ in range(2):
            answer = self.post('silent')
            self.assertEqual((204, b''), (answer.status_code, answer.data))
        self.assertEqual(1, self.done())

    def test_the_headers_of_an_answer_are_kept(self):
        for _ in range(2):
            answer = self.post('placed')
            self.assertEqual(202, answer.status_code)
            self.assertEqual('/v1/things/7', answer.headers['Location'])
            self.assertEqual({'id': 7}, answer.json)
        self.assertEqual(1, self.done())

    def test_what_was_done_is_not_prepared_again(self):
        first, again = self.post('slow'), self.post('slow')
        self.assertEqual(200, again.status_code)
        self.assertEqual(first.json, again.json)
        self.assertTrue(again.json['presented'])
        self.assertEqual(['k'], self.prepared)

    def test_a_key_is_forgotten_after_its_span(self):
        self.post(text='a')
        self.world.advance(dt.timedelta(days=6, hours=23))
        self.assertEqual(1, self.kept())
        self.world.advance(dt.timedelta(hours=2))
        self.assertEqual(0, self.kept())
        self.post(text='a')
        self.assertEqual(2, self.done())

    def test_a_key_is_a_short_line(self):
        for key in ('', 'k' * 256, 'a\tb', 'caf\u00ad'):
            answer = self.post(key=key)
            self.assertEqual(400, answer.status_code, key)
            [told] = answer.json['errors']
            self.assertEqual('Idempotency-Key', told['path'])
        self.assertEqual(0, self.done())

    def test_what_takes_no_body_says_so(self):
        answer = self.post('silent', dry_run=True)
        self.assertEqual(400, answer.status_code)
        [told] = answer.json['errors']
        self.assertEqual('is not known here', told['detail'])
        self.assertEqual('dry_run', told['path'])
        self.assertEqual(0, self.done())
