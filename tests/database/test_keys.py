# SPDX-License-Identifier: Apache-2.0
"""A request that is sent twice at once is done once, on every database."""

import dataclasses
import threading
from typing import Any

import sqlalchemy as sa
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.api import route
from patrii_billing.api.schemas import base as shapes
from patrii_billing import errors
from patrii_billing.store import schema
from patrii_billing.store import timeline
from tests.database import backends
from tests import doors

load_tests = backends.load_tests

_AT_ONCE = 4


class KeyTest(backends.DatabaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.start = threading.Barrier(_AT_ONCE)
        world = doors.Door()
        self.addCleanup(world.tools.db.engine.dispose)
        door = dataclasses.replace(
            world.door,
            tools=dataclasses.replace(world.tools, db=self.database),
            authorize=lambda rule, target, who: True,
        )
        routes = [
            route.Route(
                method='POST', path=path, rule=f'billing:{path[1:]}:do',
                handler=handler, prepare=self._wait, summary='Do it',
                body=shapes.body({}), answer={},
            )
            for path, handler in (('/again', _again), ('/once', _once))
        ]  # fmt: skip
        self.app = app.noauth(app.build(door, routes))

    def _wait(self, call: route.Call) -> None:
        # None of them has found the key; now all of them write.
        self.start.wait(backends.PATIENCE)

    def ask(self, path: str, key: str) -> tuple[int, Any]:
        answer = http.Client(self.app).post(
            path, json={},
            headers={
                'X-Auth-Token': 'amy:acme:member', 'Idempotency-Key': key
            },
        )  # fmt: skip
        return answer.status_code, answer.json

    def done(self) -> int:
        count = sa.select(sa.func.count()).select_from(schema.timeline)
        return self.database.read(lambda conn: conn.scalar(count) or 0)

    def test_all_are_answered_as_the_one_that_was_first(self) -> None:
        for path in ('/again', '/once'):
            before = self.done()
            answers = backends.together(
                *[lambda: self.ask(path, path)] * _AT_ONCE
            )
            self.assertEqual([200] * _AT_ONCE, [each[0] for each in answers])
            self.assertEqual(1, len({str(each[1]) for each in answers}))
            self.assertEqual(before + 1, self.done())


def _again(call: route.Call, conn: sa.Connection) -> Any:
    """What could be done any number of times."""
    timeline.record(conn, call.now, 'thing', call.request_id)
    return {'by': call.request_id}


def _once(call: route.Call, conn: sa.Connection) -> Any:
    """What is refused once it is done."""
    done = schema.timeline.select().where(schema.timeline.c.what == 'once')
    if conn.execute(done).first() is not None:
        raise errors.Conflict('it is done')
    timeline.record(conn, call.now, 'once', call.request_id)
    return {'by': call.request_id}
