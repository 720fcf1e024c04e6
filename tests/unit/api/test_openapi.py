# SPDX-License-Identifier: Apache-2.0
"""The document of the API is valid, and says what each thing means."""

from collections.abc import Iterator
import re
from typing import Any

import openapi_spec_validator
from oslotest import base

from patrii_billing.api import reading
from patrii_billing.api import route as route_api
from patrii_billing.api import routes
from patrii_billing.api.schemas import base as shapes
from patrii_billing.store import schema
from tests import doors

# Said by what has bounds of another kind than a length.
_BOUNDS = {'maxLength', 'enum', 'pattern', 'const', 'format'}


def _fields(shape: Any, where: str) -> Iterator[tuple[str, str, Any]]:
    """Each property of a shape: where, its name, and its own shape."""
    for name, each in shape.get('properties', {}).items():
        yield where, name, each
        yield from _fields(each, f'{where}.{name}')
    if 'items' in shape:
        yield from _fields(shape['items'], f'{where}[]')
    for way in shape.get('anyOf', ()):
        yield from _fields(way, where)


def _bodies(operation: Any) -> Iterator[tuple[str, Any]]:
    """What is sent and what is answered, as the document has it."""
    if 'requestBody' in operation:
        yield 'is sent', operation['requestBody']
    for status, answer in operation['responses'].items():
        yield f'answers {status}', answer


def _named(told: Any, shape: Any) -> Any:
    """The shape, or the one that stands under the name it refers to."""
    return told[shape['$ref'].rpartition('/')[2]] if '$ref' in shape else shape


def _texts(shape: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Each part of a shape that may be a text."""
    kinds = shape.get('type', ())
    if kinds == 'string' or 'string' in kinds:
        yield where, shape
    for name, each in shape.get('properties', {}).items():
        yield from _texts(each, f'{where}.{name}')
    if 'items' in shape:
        yield from _texts(shape['items'], f'{where}[]')


def _sent(route: route_api.Route) -> list[Any]:
    """What a route is sent: the shapes of its body and its query."""
    return [route.body or {}, reading.query_schema(route)]


class DocumentTest(base.BaseTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        world = doors.Door()
        cls.addClassCleanup(world.tools.db.engine.dispose)
        cls.answer = world.client('').get('/v1/openapi.json')
        cls.told = cls.answer.json
        cls.operations = {
            (method.upper(), path): operation
            for path, methods in cls.told['paths'].items()
            for method, operation in methods.items()
        }

    def test_it_is_valid_and_for_everybody(self):
        self.assertEqual(200, self.answer.status_code)
        openapi_spec_validator.validate(self.told)

    def test_it_has_all_that_is_answered_but_itself(self):
        self.assertEqual(
            {(each.method, each.path) for each in routes.ROUTES},
            set(self.operations),
        )

    def test_each_operation_has_a_name_of_its_own_and_a_summary(self):
        names = [each['operationId'] for each in self.operations.values()]
        self.assertEqual(len(set(names)), len(names))
        for name in names:
            self.assertRegex(name, '^[a-z]+(_[a-z0-9]+)*$')
        for each in self.operations.values():
            self.assertRegex(each['summary'], '^[A-Z].*[^.]$')
            self.assertRegex(each.get('description', '.'), r'\.$')

    def test_what_needs_a_token_says_by_which_rule(self):
        for route in routes.ROUTES:
            told = self.operations[route.method, route.path]
            self.assertEqual(route.rule, told.get('x-openstack-policy'))
            self.assertEqual(route.rule is not None, bool(told['security']))

    def test_what_is_shown_of_a_noun_stands_once_under_its_name(self):
        show = self.operations['GET', '/v1/invoices/{number}']
        content = show['responses']['200']['content']['application/json']
        self.assertEqual(
            {'$ref': '#/components/schemas/Invoice'}, content['schema']
        )
        self.assertIn('total', self.told['components']['schemas'][
            'Invoice'
        ]['properties'])  # fmt: skip

    def test_each_write_may_be_rehearsed_and_sent_once(self):
        for route in routes.ROUTES:
            if not route.writes or route.rule is None:
                continue
            told = self.operations[route.method, route.path]
            names = [each.get('name') for each in told['parameters']]
            self.assertIn('dry_run', names)
            self.assertIn(
                {'$ref': '#/components/parameters/IdempotencyKey'},
                told['parameters'],
            )
            self.assertIn('Rehearsal', str(told['responses']['200']))

    def test_each_parameter_is_described(self):
        for where, told in self.operations.items():
            for each in told['parameters']:
                if '$ref' not in each:
                    self.assertRegex(each['description'], r'\.$', where)

    def test_each_field_is_described(self):
        told = self.told['components']['schemas']
        bodies = [
            (f'{operation["operationId"]} {where}', content['schema'])
            for operation in self.operations.values()
            for where, one in _bodies(operation)
            for content in one.get('content', {}).values()
        ]
        fields = [
            each
            for where, shape in [*told.items(), *bodies]
            for each in _fields(shape, where)
        ]
        self.assertLess(1000, len(fields))
        silent = [
            f'{where}.{name}'
            for where, name, shape in fields
            if not _named(told, shape).get('description')
        ]
        self.assertEqual([], silent)

    def test_what_is_sent_has_bounds(self):
        for route in routes.ROUTES:
            for sent in _sent(route):
                for where, shape in _texts(sent, route.path):
                    bounds = _BOUNDS.intersection(shape) or shape.get('anyOf')
                    self.assertTrue(bounds, f'{route.method} {where}')
                for where, name, shape in _fields(sent, route.path):
                    if shape.get('type') == 'integer':
                        self.assertIn('maximum', shape, f'{where}.{name}')
                    if shape.get('type') == 'array':
                        self.assertIn('maxItems', shape, f'{where}.{name}')

    def test_names_are_no_longer_than_their_columns(self):
        longest = schema.accounts.c.name.type.length
        self.assertLessEqual(shapes.NAME['maxLength'], longest)

    def test_what_is_said_is_said_in_sentences(self):
        for route in routes.ROUTES:
            for sent in [*_sent(route), route.answer]:
                for where, name, shape in _fields(sent, route.path):
                    text = shape.get('description', '.')
                    self.assertTrue(
                        re.search(r'[.`]$', text), f'{where}.{name}: {text}'
                    )

    def test_an_answer_is_told_whole(self):
        loose = [
            f'{route.method} {route.path}{where}'
            for route in routes.ROUTES
            for where, shape in _objects(route.answer, '')
            # Of a policy only what is set is told.
            if 'properties' in shape
            and 'policy' not in where
            and set(shape['properties']) != set(shape['required'])
        ]
        self.assertEqual([], loose)


def _objects(shape: Any, where: str) -> Iterator[tuple[str, Any]]:
    yield where, shape
    for name, each in shape.get('properties', {}).items():
        yield from _objects(each, f'{where}.{name}')
    if 'items' in shape:
        yield from _objects(shape['items'], f'{where}[]')
