# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent, the answer is as the API's own document says.

Schemathesis makes requests of the document, good and bad ones. The same are
made each time; SCHEMATHESIS_EXAMPLES makes more of each operation.
"""

import collections
import dataclasses
import logging
import os
from typing import Any

import hypothesis
from hypothesis import strategies as st
from oslotest import base
import schemathesis
from schemathesis import checks as all_checks
from schemathesis.specs.openapi import checks
import sqlalchemy as sa
import testscenarios

from patrii_billing.api import app
from patrii_billing.api import openapi
from patrii_billing.api import routes
from patrii_billing.simulation import world as worlds
from patrii_billing.store import schema
from tests import doors

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
        self.known = _known(self.world)
        # A PDF takes a second, and is the same each time.
        door = dataclasses.replace(
            self.world.door, render=lambda *invoice: b'%PDF'
        )
        self.document = schemathesis.openapi.from_dict(
            openapi.document(routes.ROUTES)
        )
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
        ways = [operation.as_strategy(good, path_parameters=there)]
        if there:
            ways.append(operation.as_strategy(good))
        if operation.body or operation.query:
            ways.append(operation.as_strategy(bad, path_parameters=there))

        @_SETTINGS
        @hypothesis.given(case=st.one_of(ways), known=st.booleans())
        def ask(case: Any, known: bool) -> None:
            if known and isinstance(case.body, dict):
                case.body = self._of_this_world(case.body)
            case.call_and_validate(
                headers={'X-Auth-Token': doors.TOKENS[self.who]},
                checks=_CHECKS,
            )

        ask()

    def _of_this_world(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body that speaks of what there is."""
        return {
            name: self.known.get(name, value) for name, value in body.items()
        }


def _known(world: doors.Door) -> dict[str, Any]:
    """Something of this world for the names that speak of it."""

    def first(table: sa.Table) -> Any:
        found = sa.select(table).order_by(table.c.id).limit(1)
        return world.tools.db.read(lambda conn: conn.execute(found).one())

    known = collections.defaultdict(lambda: 1)
    for name in ('account', 'plan', 'subscription', 'price', 'notice'):
        known[f'{name}_id'] = first(schema.metadata.tables[f'{name}s']).id
    invoice = first(schema.invoices)
    number = f'{invoice.series}-{invoice.number:06d}'
    return {
        **known,
        'credit_id': 1,
        'payment_id': 1,
        'action_id': 1,
        'hold_id': 1,
        'event_id': 1,
        'invoice': number,
        'number': number,
        'invoices': [number],
        'currency': 'EUR',
        'project_id': 'acme-project',
        'server_id': worlds.server_id('acme-web'),
    }
