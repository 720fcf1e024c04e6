# SPDX-License-Identifier: Apache-2.0
"""Calls of JSON-2: what is sent again, and what an operator reads of it."""

from collections.abc import Callable
from decimal import Decimal
import socket
from typing import Any

from oslotest import base

from patrii_billing.drivers.odoo import client as json2
from patrii_billing import errors
from tests.odoo import server
from tests.unit.drivers.odoo import worlds

_AWAY = (503, {'content-type': 'text/html'}, '<h1>Service Unavailable</h1>')
_BUSY = (429, {'content-type': 'text/html', 'retry-after': '7'}, '')


class Calling(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.odoo = self.useFixture(server.Json2())
        self.slept: list[float] = []
        self.client = self.connect()

    def connect(self, **given: Any) -> json2.Client:
        return json2.Client(
            worlds.connection(self.odoo, **given), self.slept.append
        )

    def answer(self, *oddities: Any) -> None:
        """Have the next calls answered so, and those after by Odoo."""
        left = list(oddities)
        self.odoo.trouble = lambda _model, _method: left and left.pop(0)

    def search(self) -> Any:
        return self.client.find('res.partner', [], ['name'])

    def create(self) -> int:
        return self.client.create('res.partner', {'name': 'Azure Interior'})

    def partners(self) -> int:
        return len(self.odoo.orm.rows['res.partner'])

    def refused(self, call: Callable[[], Any]) -> errors.EngineRefused:
        error = self.assertRaises(errors.EngineRefused, call)
        self.assertNotIn('\n', str(error))
        self.assertEqual([], self.slept)
        return error  # type: ignore[no-any-return]

    def away(self, call: Callable[[], Any]) -> str:
        error = self.assertRaises(errors.EngineUnavailable, call)
        self.assertNotIn('\n', str(error))
        return str(error)


class NothingGoesTest(Calling):
    """Whatever is asked: the sentence says what an operator is to do."""

    def helpless(self, call: Callable[[], Any]) -> str:
        said = self.away(call)
        self.assertEqual([], self.slept)
        return said

    def test_a_key_that_is_wrong_or_has_ended(self) -> None:
        self.client = self.connect(key='another')

        said = self.helpless(self.search)

        self.assertIn('401: Invalid apikey: set [odoo] api_key', said)
        self.assertNotIn('another', said)

    def test_a_database_that_is_not_there(self) -> None:
        self.client = self.connect(database='other')

        self.assertIn('[odoo] database', self.helpless(self.search))

    def test_a_database_that_must_be_named(self) -> None:
        self.odoo.databases = (server.DATABASE, 'other')
        self.client = self.connect(database='')

        self.assertIn('[odoo] database', self.helpless(self.search))

    def test_one_database_needs_no_name(self) -> None:
        self.client = self.connect(database='')

        self.assertEqual([], self.search())

    def test_a_right_that_the_user_lacks(self) -> None:
        self.odoo.denied.add(('res.partner', 'create'))

        said = self.helpless(self.create)

        self.assertIn("403: the API key's user may not do this", said)
        self.assertIn('Invoicing/Billing', said)

    def test_an_address_that_moved(self) -> None:
        self.answer((308, {'location': 'https://odoo.example.com/'}, ''))

        self.assertIn('correct [odoo] url', self.helpless(self.search))


class RefusedTest(Calling):
    """To what was asked: asking again would not help."""

    def test_a_module_that_is_not_installed(self) -> None:
        error = self.refused(
            lambda: self.client.find('sale.subscription', [], [])
        )

        self.assertIn("the model 'sale.subscription' does not", str(error))
        self.assertIn('field_map', str(error))

    def test_a_field_that_is_not_there_though_odoo_says_500(self) -> None:
        error = self.refused(
            lambda: self.client.find('res.partner', [], ['x_no'])
        )

        self.assertEqual(500, error.code)
        self.assertIn("'x_no' on 'res.partner': [odoo] field_map", str(error))

    def test_what_odoo_finds_wrong_in_a_record(self) -> None:
        error = self.refused(
            lambda: self.client.create('res.partner', {'name': ''})
        )

        self.assertEqual(422, error.code)
        self.assertIn('a mandatory field is not set', str(error))

    def test_a_record_that_is_gone(self) -> None:
        error = self.refused(
            lambda: self.client.write('res.partner', 7, {'name': 'x'})
        )

        self.assertIn('does not exist or has been deleted', str(error))
        self.assertNotIn('field_map', str(error))


class AskedAgainTest(Calling):
    def test_what_passes_is_waited_for(self) -> None:
        self.answer(_AWAY, 'drop', _AWAY)

        self.assertEqual([], self.search())
        self.assertEqual([1, 2, 4], self.slept)

    def test_as_long_as_odoo_asks(self) -> None:
        self.answer(_BUSY)

        self.search()

        self.assertEqual([7], self.slept)

    def test_but_no_longer_than_we_are_patient(self) -> None:
        self.client = self.connect(patience=5)
        self.answer(_BUSY)

        self.search()

        self.assertEqual([5], self.slept)

    def test_what_goes_on_is_left_to_the_next_round(self) -> None:
        self.odoo.trouble = lambda _model, _method: _AWAY

        self.assertIn('Odoo is away: 503', self.away(self.search))
        self.assertEqual(3, len(self.slept))

    def test_one_that_does_not_answer_in_time(self) -> None:
        self.client = self.connect(timeout=0.2)
        self.odoo.trouble = lambda _model, _method: 'hang'

        self.assertIn('Read timed out', self.away(self.search))

    def test_nobody_listens(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as held:
            port = held.getsockname()[1]
        self.client = self.connect(url=f'http://127.0.0.1:{port}')

        self.assertIn('refused', self.away(self.search))
        self.assertEqual(3, len(self.slept))

    def test_what_is_no_json_is_no_answer(self) -> None:
        self.answer((200, {'content-type': 'text/html'}, '<h1>Hello</h1>'))

        self.assertIn('[odoo] url is no JSON', self.away(self.search))

    def test_a_record_is_not_made_twice_when_an_answer_is_lost(self) -> None:
        self.answer('lose')

        self.assertIn('looked up whether it was done', self.away(self.create))
        self.assertEqual(1, self.partners())

    def test_nor_when_a_proxy_gave_up_on_it(self) -> None:
        self.answer((504, {}, ''))

        self.assertIn('looked up whether it was done', self.away(self.create))
        self.assertEqual([], self.slept)

    def test_what_was_held_back_is_made_then(self) -> None:
        self.answer(_BUSY, _AWAY)

        self.assertEqual(1, self.create())
        self.assertEqual(1, self.partners())

    def test_what_odoo_rolled_back_is_made_then(self) -> None:
        clash = (
            '{"name": "psycopg2.errors.SerializationFailure", "message": '
            '"could not serialize access", "arguments": [], "context": {}}'
        )
        self.answer((500, {'content-type': 'application/json'}, clash))

        self.assertEqual(1, self.create())


class WordsTest(Calling):
    def test_amounts_are_read_as_they_are_written(self) -> None:
        self.answer((200, {}, '[{"id": 1, "amount": 0.1}]'))

        self.assertEqual([{'id': 1, 'amount': Decimal('0.1')}], self.search())

    def test_amounts_are_written_to_the_digit(self) -> None:
        move = self.odoo.orm.create('account.move', {})

        self.client.create(
            'account.move.line',
            {'move_id': move, 'price_unit': Decimal('-161.26')},
        )

        [line] = self.odoo.orm.rows['account.move.line'].values()
        self.assertEqual(Decimal('-161.26'), line['price_unit'])

    def test_the_release_is_asked_without_a_key(self) -> None:
        self.client = self.connect(key='another')

        self.assertEqual('19.0', self.client.version())

    def test_the_key_is_in_no_description(self) -> None:
        self.assertNotIn(server.KEY, repr(worlds.connection(self.odoo)))

    def test_a_url_is_checked(self) -> None:
        for url in ('odoo.example.com', 'ftp://x', 'https://a:b@x'):
            self.assertRaises(
                errors.InvalidInput, json2.Server, url, server.KEY
            )
