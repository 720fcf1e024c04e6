# SPDX-License-Identifier: Apache-2.0
"""What may be said of systems that are told, and of those that tell."""

from oslo_config import cfg

from patrii_billing.domain import foreign
from patrii_billing.engine import settings
from patrii_billing import errors
from patrii_billing import wiring
from tests.unit.conf import base

SECRET = 'whsec_' + 'c2VjcmV0' * 4
ERP = f"""
[webhooks]
endpoints = erp
[webhook:erp]
url = https://erp.example/hooks
secrets = {SECRET}
"""
GATEWAY = f"""
[webhooks]
sources = gateway
[webhook_source:gateway]
secrets = {SECRET}
"""


class EndpointsTest(base.ConfigTestCase):
    def refusal(self, text: str) -> str:
        error = self.assertRaises(
            errors.InvalidInput, wiring.listeners, self.load(text)
        )
        return str(error)

    def test_by_default_nobody_is_told(self) -> None:
        self.assertEqual({}, wiring.listeners(self.load()))

    def test_each_named_endpoint_is_told_what_it_wants(self) -> None:
        told = wiring.listeners(
            self.load(f'{ERP}events = billing.invoice.*, billing.payment.*')
        )

        self.assertEqual(
            {'erp': ('billing.invoice.*', 'billing.payment.*')},
            {name: each.wants for name, each in told.items()},
        )

    def test_the_bus_is_told_beside_them(self) -> None:
        told = wiring.listeners(self.load(f'{ERP}[events]\nnotify = true'))

        self.assertEqual({'notifications', 'erp'}, set(told))

    def test_an_event_nobody_knows_is_refused(self) -> None:
        said = self.refusal(f'{ERP}events = billing.invioce.paid')

        self.assertIn('[webhook:erp] events', said)

    def test_what_is_in_the_clear_must_be_allowed(self) -> None:
        clear = ERP.replace('https:', 'http:')

        self.assertIn('[webhook:erp] url', self.refusal(clear))
        wiring.listeners(self.load(f'{clear}allow_http = true'))

    def test_a_timeout_must_fit_into_the_lease(self) -> None:
        self.assertIn(
            '[webhook:erp] timeout', self.refusal(f'{ERP}timeout = 40')
        )

    def test_a_password_in_the_url_is_refused(self) -> None:
        said = self.refusal(ERP.replace('erp.example', 'me:pw@erp.example'))

        self.assertNotIn('pw', said)

    def test_an_endpoint_without_a_secret_is_refused(self) -> None:
        said = self.refusal(ERP.replace(SECRET, ''))

        self.assertIn('[webhook:erp] secrets', said)

    def test_a_secret_that_is_none_is_not_repeated(self) -> None:
        for secret in ('hunter2', 'whsec_hunter2!', 'whsec_aHVudGVyMg=='):
            said = self.refusal(ERP.replace(SECRET, secret))

            self.assertIn('[webhook:erp] secrets', said)
            self.assertNotIn(secret, said)

    def test_a_section_nobody_names_is_refused(self) -> None:
        self.assertRaises(
            cfg.Error, self.load, '[webhook:erp]\nurl = https://erp.example'
        )

    def test_an_option_nobody_knows_is_refused(self) -> None:
        error = self.assertRaises(cfg.Error, self.load, f'{ERP}urll = x')

        self.assertIn('[webhook:erp] urll', str(error))

    def test_a_name_that_is_none_is_refused(self) -> None:
        for name in ('Erp', 'a b', 'notifications', 'x' * 33):
            self.assertRaises(
                cfg.Error, self.load, f'[webhooks]\nendpoints = {name}'
            )

    def test_a_section_of_the_sample_says_nothing(self) -> None:
        self.load('[webhook:NAME]\n# url = \n[webhook_source:NAME]\n')

    def test_the_pace_is_as_configured(self) -> None:
        read = wiring.settings(self.load('[events]\ndelivery_give_up = 1d'))

        self.assertEqual(86400, read.delivery_give_up.total_seconds())
        default = settings.Settings()
        self.assertEqual(default.keep_dead, read.keep_dead)


class SourcesTest(base.ConfigTestCase):
    def fields(self, text: str) -> foreign.Fields:
        return wiring.sources(self.load(GATEWAY + text))['gateway'].fields

    def test_a_source_speaks_our_own_shape_by_default(self) -> None:
        self.assertEqual(foreign.PATRII, self.fields(''))

    def test_a_known_shape_can_be_changed_in_part(self) -> None:
        read = self.fields(
            'mapping = stripe\nexternal_ref = data.object.customer\n'
            'received = invoice.paid'
        )

        self.assertEqual(
            'data.object.customer', read.whose[foreign.Names.EXTERNAL_REF]
        )
        self.assertEqual(foreign.Tells.RECEIVED, read.types['invoice.paid'])
        self.assertEqual(foreign.Unit.MINOR, read.unit)

    def test_a_shape_of_its_own_must_say_enough(self) -> None:
        conf = self.load(f'{GATEWAY}mapping = own\ntype = kind')

        error = self.assertRaises(errors.InvalidInput, wiring.sources, conf)
        self.assertIn('[webhook_source:gateway] mapping', str(error))

    def test_a_source_needs_a_secret(self) -> None:
        conf = self.load('[webhooks]\nsources = gateway')

        error = self.assertRaises(errors.InvalidInput, wiring.sources, conf)
        self.assertIn('[webhook_source:gateway] secrets', str(error))

    def test_a_source_cannot_pass_for_the_bank(self) -> None:
        self.assertRaises(cfg.Error, self.load, '[webhooks]\nsources = bank')
