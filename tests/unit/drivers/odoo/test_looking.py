# SPDX-License-Identifier: Apache-2.0
"""What an operator reads of the Odoo that was found."""

from oslo_config import cfg
from oslotest import base

from patrii_billing.conf import odoo as options
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import driver
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing import errors
from tests.odoo import modules
from tests.odoo import server
from tests.unit.drivers.odoo import worlds


class LookTest(base.BaseTestCase):
    def look(self, odoo: server.Json2, name: str, **given: object) -> str:
        client = json2.Client(
            worlds.connection(odoo, **given), lambda _seconds: None
        )
        seen = driver.Odoo(client, fieldmap.load(name)).look()
        return '\n'.join((seen.what, *seen.needs))

    def test_nothing_is_missing(self) -> None:
        for world in (worlds.Lynx(), worlds.Oca()):
            odoo = self.useFixture(world).odoo

            self.assertEqual(
                f'Odoo 19.0, field map {world.name}',
                self.look(odoo, world.name),
            )
            self.assertEqual([], odoo.called('write'))

    def test_a_module_is_missing(self) -> None:
        odoo = self.useFixture(server.Json2())

        seen = self.look(odoo, 'lynx')

        self.assertIn('the model sale.subscription is missing', seen)
        self.assertIn('the model patrii.cloud.project is missing', seen)

    def test_the_other_module_is_there(self) -> None:
        odoo = self.useFixture(worlds.Lynx()).odoo

        self.assertIn(
            'sale.subscription has no field stage_id: correct [odoo] '
            'field_map',
            self.look(odoo, 'oca'),
        )

    def test_fields_are_to_be_added(self) -> None:
        odoo = self.useFixture(server.Json2(modules.oca()))

        self.assertEqual(
            'Odoo 19.0, field map oca\n'
            'sale.subscription has no field x_billing_status: add it, a '
            'text\n'
            'sale.subscription has no field x_openstack_project: add it, a '
            'text\n'
            'account.move.line has no field x_patrii_billing_key: add it, a '
            'text',
            self.look(odoo, 'oca'),
        )

    def test_a_billing_status_is_to_be_added(self) -> None:
        odoo = self.useFixture(worlds.Lynx(wider=False)).odoo

        self.assertIn(
            'sale.subscription.billing_status has no value shelved, '
            'pending_deletion, deleted: add',
            self.look(odoo, 'lynx'),
        )

    def test_what_goes_for_all_is_said_at_once(self) -> None:
        odoo = self.useFixture(worlds.Lynx()).odoo

        for given, why in (
            ({'key': 'another'}, 'set [odoo] api_key'),
            ({'database': 'other'}, '[odoo] database'),
        ):
            error = self.assertRaises(
                errors.EngineUnavailable, self.look, odoo, 'lynx', **given
            )
            self.assertIn(why, str(error))

    def test_a_right_is_missing(self) -> None:
        odoo = self.useFixture(worlds.Lynx()).odoo
        odoo.denied.add(('sale.subscription', 'read'))

        error = self.assertRaises(
            errors.EngineUnavailable, self.look, odoo, 'lynx'
        )
        self.assertIn('(sale.subscription) records', str(error))

    def test_nobody_answers(self) -> None:
        odoo = self.useFixture(server.Json2())

        self.assertRaises(
            errors.EngineUnavailable,
            self.look,
            odoo,
            'lynx',
            url='http://127.0.0.1:9',
        )


class BuildTest(base.BaseTestCase):
    def build(self, **given: object) -> driver.Odoo | None:
        conf = cfg.ConfigOpts()
        options.register_opts(conf)
        conf([])
        said = {'url': 'https://odoo.example.com', 'api_key': 'k', **given}
        for name, value in said.items():
            conf.set_override(name, value, group='odoo')
        return driver.build(conf)

    def refused(self, **given: object) -> str:
        error = self.assertRaises(
            errors.InvalidInput, lambda: self.build(**given)
        )
        return str(error)

    def test_without_a_url_there_is_none(self) -> None:
        self.assertIsNone(self.build(url=''))

    def test_it_says_who_invoices(self) -> None:
        built = self.build()
        ours = self.build(invoices='ours')

        self.assertEqual(
            ('theirs', 'ours'), (built and built.invoices, ours.invoices)
        )

    def test_a_key_is_needed(self) -> None:
        self.assertEqual(
            '[odoo] api_key: is missing', self.refused(api_key='')
        )

    def test_a_key_is_not_sent_in_the_clear(self) -> None:
        url = 'http://odoo.example.com'

        self.assertIn('allow_http', self.refused(url=url))
        self.assertIsNotNone(self.build(url=url, allow_http=True))

    def test_an_option_that_cannot_be_meant_is_named(self) -> None:
        self.assertIn('[odoo] url', self.refused(url='odoo'))
        self.assertIn('[odoo] field_map', self.refused(field_map='/no'))
