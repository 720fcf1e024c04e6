# SPDX-License-Identifier: Apache-2.0
"""Whatever stands in a document, what is wrong is told by its line."""

from oslotest import base

from patrii_billing.engine.importing import document

_BY_TAG = ('!!int ""', '!!float ""', '!!bool x', '!!timestamp x')
_NOT_JSON = ('&a [*a]', '&a {b: *a}', '{2026-01-01: 1}')


class OddValueTest(base.BaseTestCase):
    def told(self, value: str) -> str:
        text = f'accounts:\n- name: acme\n  discounts: {value}\n'
        [mistake, *_] = document.read(text, 'file.yaml').mistakes
        return str(mistake)

    def test_a_text_that_its_tag_does_not_fit_is_a_mistake(self) -> None:
        for value in _BY_TAG:
            self.assertEqual(
                'file.yaml:3: accounts[0].discounts: is not what its tag says',
                self.told(value),
            )

    def test_what_holds_itself_or_is_no_json_is_a_mistake(self) -> None:
        for value in _NOT_JSON:
            self.assertIn('cannot be written as JSON', self.told(value))
