# SPDX-License-Identifier: Apache-2.0
"""How another engine is read, as the overview shows it."""

from typing import Any

from django.template import loader
from oslotest import base

from patrii_billing import client
from patrii_billing.horizon.overview import views

_READ = {
    'name': 'tryton', 'state': 'active', 'what': 'Tryton 8.2', 'needs': [],
    'why': None, 'read_at': '2026-11-23T12:00:00Z', 'waiting': 3,
}  # fmt: skip


class Api:
    """Answers one thing, or refuses."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self._answer = answer

    def get(self, _path: str) -> dict[str, Any]:
        if self._answer is None:
            raise client.Refused(404, '', 'there is no such path')
        return self._answer


class BridgeTest(base.BaseTestCase):
    def shown(self, answer: dict[str, Any] | None) -> str:
        found = views.bridge(Api(answer))
        return str(
            loader.render_to_string(
                'patrii_billing/_bridge.html', {'bridge': found}
            )
        )

    def test_one_that_is_read_is_green(self):
        shown = self.shown(_READ)

        self.assertIn('alert-success', shown)
        self.assertIn('Followed', shown)
        self.assertIn('23 Nov. 2026', shown)

    def test_one_that_lacks_something_is_amber_and_says_what(self):
        shown = self.shown(
            {**_READ, 'state': 'passive', 'needs': ['no <module>', 'no key']}
        )

        self.assertIn('alert-warning', shown)
        self.assertIn('no &lt;module&gt;', shown)
        self.assertIn('no key', shown)

    def test_without_one_nothing_is_shown(self):
        self.assertEqual('', self.shown({**_READ, 'name': None}).strip())

    def test_nor_is_it_by_a_service_that_is_older(self):
        self.assertEqual('', self.shown(None).strip())
