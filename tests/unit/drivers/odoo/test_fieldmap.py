# SPDX-License-Identifier: Apache-2.0
"""The document that says which field of an Odoo holds what."""

import importlib.resources
import pathlib

import fixtures
from oslotest import base

from patrii_billing.drivers import odoo
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing import errors


def along(name: str) -> str:
    folder = importlib.resources.files(odoo) / 'maps'
    return (folder / f'{name}.yaml').read_text(encoding='utf-8')


class FieldMapTest(base.BaseTestCase):
    def refused(self, text: str) -> str:
        error = self.assertRaises(
            errors.InvalidInput, fieldmap.read, text, 'own.yaml', 'own'
        )
        return str(error)

    def changed(self, old: str, new: str) -> str:
        text = along('oca')
        self.assertEqual(1, text.count(old))
        return text.replace(old, new)

    def test_those_that_come_along_can_be_read(self) -> None:
        for name in fieldmap.FieldMap.COMES_ALONG:
            self.assertEqual(name, fieldmap.load(name).name)

    def test_a_company_may_write_its_own(self) -> None:
        path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'own.yaml'
        )
        path.write_text(
            along('lynx') + 'statuses: {shelved: suspended}\n',
            encoding='utf-8',
        )

        found = fieldmap.load(str(path))

        self.assertEqual({'shelved': 'suspended'}, found.statuses)
        self.assertEqual(str(path), found.name)

    def test_a_file_that_cannot_be_read_is_named(self) -> None:
        error = self.assertRaises(
            errors.InvalidInput, fieldmap.load, '/nowhere/own.yaml'
        )

        self.assertIn('[odoo] field_map: is lynx or oca, or', str(error))
        self.assertIn('/nowhere/own.yaml', str(error))

    def test_a_key_that_nobody_knows_is_named_with_its_line(self) -> None:
        self.assertEqual(
            'own.yaml:19: contract.custommer: unknown key',
            self.refused(
                self.changed('  customer: partner_id', '  custommer: x')
            ),
        )

    def test_a_status_that_nobody_knows_is_named(self) -> None:
        self.assertIn(
            'statuses.shelfed: unknown key',
            self.refused(along('oca') + 'statuses: {shelfed: x}\n'),
        )

    def test_a_key_that_is_missing_is_named(self) -> None:
        self.assertIn(
            'contract: lacks start',
            self.refused(self.changed('  start: date_start\n', '')),
        )

    def test_a_section_that_is_missing_is_named(self) -> None:
        text = along('oca').partition('line:\n')[0]

        self.assertIn('lacks the section line', self.refused(text))

    def test_what_is_no_name_is_named(self) -> None:
        self.assertIn(
            "contract.start: 'date start' is no name of Odoo",
            self.refused(self.changed('date_start', '"date start"')),
        )

    def test_what_is_no_condition_is_named(self) -> None:
        for wrong, why in (
            ('[[a, "="]]', 'contract.among[0]: must be a condition'),
            ('[[A, "=", 1]]', "'A' is no name of Odoo"),
            ('[[a, "==", 1]]', "'==' compares nothing in Odoo"),
            ('[[a, [], 1]]', 'compares nothing in Odoo'),
            ('[]\n  among: []', 'given twice'),
        ):
            old = '[[stage_id.type, in, [pre, in_progress, post]]]'
            self.assertIn(why, self.refused(self.changed(old, wrong)))

    def test_conditions_may_be_joined(self) -> None:
        old = '[[stage_id.type, in, [pre, in_progress, post]]]'
        text = self.changed(old, '["|", [a, "=", 1], [b.c, "!=", false]]')

        found = fieldmap.read(text, 'own.yaml', 'own')

        self.assertEqual(
            ('|', ('a', '=', 1), ('b.c', '!=', False)), found.contract.among
        )
