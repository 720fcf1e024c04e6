# SPDX-License-Identifier: Apache-2.0
"""The examples of the API reference are as its schemas say."""

import pathlib
import tempfile

import jsonschema
from oslotest import base

from patrii_billing.api import routes
from tools import api_examples
from tools import api_reference

# It is the description of them all, and as long.
_LEFT_OUT = {'GET /v1/openapi.json'}


class TestExamples(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.examples = api_examples.of_all()

    def test_what_is_sent_and_answered_is_as_the_schemas_say(self) -> None:
        self.assertLess(40, len(self.examples))
        for route in routes.ALL:
            example = self.examples.get((route.method, route.path))
            if example is None:
                continue
            if route.body is not None and example.sent is not None:
                _check(example.sent, route.body)
            elif example.sent is not None:
                # Its sender says how it is written, by a mapping.
                self.assertEqual('/v1/webhooks/{source}', route.path)
            _check(example.answered, route.answer)

    def test_a_list_shows_one_at_least(self) -> None:
        for (_, path), example in self.examples.items():
            links = f'{path.rpartition("/")[2]}_links'
            if isinstance(example.answered, dict) and links in (
                example.answered
            ):
                name = links.removesuffix('_links')
                self.assertNotEqual([], example.answered[name], path)

    def test_all_others_have_an_example(self) -> None:
        silent = {
            f'{route.method} {route.path}'
            for route in routes.ALL
            if route.status != 204
            and route.media_type == 'application/json'
            and (route.method, route.path) not in self.examples
        }
        self.assertEqual(_LEFT_OUT, silent)

    def test_they_stand_in_the_pages(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            api_reference.write(pathlib.Path(folder))
            page = (pathlib.Path(folder) / 'hold.rst').read_text()
        self.assertIn('``POST /v1/subscriptions/1/holds``', page)
        self.assertIn('     "type": "promise",', page)


def _check(told: object, schema: object) -> None:
    """Raises ValidationError where it is not so."""
    jsonschema.Draft202012Validator(schema).validate(told)
