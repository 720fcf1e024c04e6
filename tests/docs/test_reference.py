# SPDX-License-Identifier: Apache-2.0
"""The references leave out nothing that the service has."""

import json
import pathlib
import tempfile

from oslotest import base

from patrii_billing.api import routes
from tools import api_reference


class TestApiReference(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        api_reference.write(self.folder)
        self.pages = '\n'.join(
            page.read_text() for page in self.folder.glob('*.rst')
        )

    def test_has_every_route_once(self) -> None:
        told = [
            line.removeprefix('.. rest_method:: ')
            for line in self.pages.splitlines()
            if line.startswith('.. rest_method:: ')
        ]
        here = [f'{route.method} {route.path}' for route in routes.ALL]
        self.assertEqual(sorted(here), sorted(told))

    def test_names_the_rule_of_every_route_that_has_one(self) -> None:
        for route in routes.ALL:
            if route.rule is not None:
                self.assertIn(f'Policy: ``{route.rule}``.', self.pages)

    def test_tells_what_is_sent_and_what_is_answered(self) -> None:
        fields = json.loads(
            (self.folder / api_reference.PARAMETERS).read_text()
        )
        self.assertEqual(
            {
                'in': 'body',
                'type': 'string',
                'required': True,
                'description': 'promise: invoices go on, until a date. '
                'pause: neither ladder nor invoices run. abuse: no payment '
                'lifts it. One of ``promise``, ``pause``, ``abuse``.',
            },
            fields['hold_create.Request.body.type'],
        )
        self.assertIn('hold_list.Response.body.holds.until', fields)
        self.assertIn('- "holds[].until": ', self.pages)
