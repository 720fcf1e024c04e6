# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent, the answer is as the API's own document says.

Schemathesis makes requests of the document, good and bad ones. The same are
made each time; SCHEMATHESIS_EXAMPLES makes more of each operation.
"""

import copy
import dataclasses
import datetime as dt
import logging
import os
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base
import schemathesis
from schemathesis import checks as all_checks
from schemathesis.specs.openapi import checks
import testscenarios

from patrii_billing.api import app
from patrii_billing.api import openapi
from patrii_billing.api import routes
from tests import doors
from tests.unit.api import things

load_tests = testscenarios.load_tests_apply_scenarios

_CHECKS = [
    all_checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
_SETTINGS = hypothesis.settings(
    max_examples=int(os.environ.get('SCHEMATHESIS_EXAMPLES', '10')),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
# Days and instants near those of the books: others are refused at once.
_DAYS = st.dates(dt.date(2026, 10, 1), dt.date(2027, 3, 1))
schemathesis.openapi.format('date', _DAYS.map(str))
schemathesis.openapi.format('date-time', _DAYS.map('{}T12:00:00Z'.format))
_NOUNS = sorted({route.noun for route in routes.ROUTES})


class AnswerTest(base.BaseTestCase):
    scenarios = testscenarios.multiply_scenarios(
        [(noun, {'noun': noun}) for noun in _NOUNS],
        [('staff', {'who': 'ADMIN'}), ('customer', {'who': 'ACME'})],
    )

    def setUp(self) -> None:
        super().setUp()
        # It would tell of each rule asked for.
        logging.getLogger('oslo_policy').setLevel(logging.WARNING)
        self.world = doors.Door()
        self.addCleanup(self.world.tools.db.engine.dispose)
        self.world.let_in()
        self.known = _of_this_world(things.of_acme(self.world))
        # A PDF takes a second, and is the same each time.
        door = dataclasses.replace(
            self.world.door, render=lambda *invoice: b'%PDF'
        )
        told = copy.deepcopy(openapi.document(routes.ROUTES))
        # The token is given to all requests: it is not to be played with.
        for methods in told['paths'].values():
            for operation in methods.values():
                del operation['security']
        self.document = schemathesis.openapi.from_dict(told)
        self.document.app = app.noauth(app.build(door))

    def test_answers_are_as_the_document_says(self):
        asked = 0
        for found in self.document.get_all_operations():
            operation = found.ok()
            if operation.tags == [self.noun]:
                self._ask(operation)
                asked += 1
        self.assertLess(0, asked)

    def _ask(self, operation: Any) -> None:
        there = {
            each.name: self.known[each.name]
            for each in operation.path_parameters
            if each.name in self.known
        }
        good = schemathesis.GenerationMode.POSITIVE
        bad = schemathesis.GenerationMode.NEGATIVE
        ways = [operation.as_strategy(good, path_parameters=there)] * 2
        if operation.body or operation.query:
            ways.append(operation.as_strategy(bad, path_parameters=there))

        @_SETTINGS
        @hypothesis.given(case=st.one_of(ways))
        def ask(case: Any) -> None:
            if isinstance(case.body, dict):
                # It speaks of what there is.
                case.body = {
                    name: self.known.get(name, value)
                    for name, value in case.body.items()
                }
            case.call_and_validate(
                headers={'X-Auth-Token': doors.TOKENS[self.who]},
                checks=_CHECKS,
            )

        ask()


def _of_this_world(there: dict[str, str]) -> dict[str, Any]:
    """The same as JSON has it, and by its other names."""
    known = {
        name: int(value) if value.isdigit() else value
        for name, value in there.items()
    }
    number = known['number']
    return {
        **known, 'invoice': number, 'invoices': [number], 'currency': 'EUR',
        'actions': [known['action_id']],
    }  # fmt: skip
