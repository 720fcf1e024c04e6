# SPDX-License-Identifier: Apache-2.0
"""How Tryton is asked, and what its answers mean."""

import base64
import datetime as dt
from decimal import Decimal
import json
from typing import Any

from oslotest import base
import requests
from requests_mock.contrib import fixture

from patrii_billing.drivers.tryton import client
from patrii_billing.drivers.tryton import wire
from patrii_billing import errors

_URL = 'https://erp.example'
_NOTES = f'{_URL}/company/rest/model/ir.note'
_NOON = dt.datetime(2026, 2, 3, 12, 0, 0, 5, tzinfo=dt.UTC)


class ClientTestCase(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.web = self.useFixture(fixture.Fixture())
        self.slept: list[float] = []
        place = client.Place(_URL, 'company', 'a-key')
        self.client = client.Client(place, self.slept.append)

    def rows(self) -> list[client.Row]:
        return self.client.rows('ir.note', [['id', '=', 1]], ('message',))

    def create(self) -> int:
        return self.client.create('ir.note', {'message': 'x'})


class AskingTest(ClientTestCase):
    def test_it_asks_as_the_user_of_the_key(self) -> None:
        self.web.get(_NOTES, json=[{'id': 1, 'message': 'x'}])

        self.assertEqual([{'id': 1, 'message': 'x'}], self.rows())

        sent = self.web.last_request
        self.assertEqual('Bearer a-key', sent.headers['authorization'])
        [domain] = sent.qs['d']
        self.assertEqual(
            [['id', '=', 1]], json.loads(_unpacked(sent.url, 'd'))
        )
        self.assertTrue(domain)

    def test_days_instants_and_amounts_survive_the_way(self) -> None:
        said = {'at': _NOON, 'on': _NOON.date(), 'amount': Decimal('0.10')}

        self.assertEqual(said, wire.loads(wire.dumps(said)))
        self.assertRaises(TypeError, wire.dumps, {'what': object()})

    def test_a_number_with_a_point_is_no_float(self) -> None:
        self.assertEqual([Decimal('0.1')], wire.loads('[0.1]'))

    def test_an_instant_is_told_in_utc(self) -> None:
        paris = _NOON.astimezone(dt.timezone(dt.timedelta(hours=1)))

        self.assertEqual([_NOON], wire.loads(wire.dumps([paris])))

    def test_the_next_page_begins_after_the_last_record(self) -> None:
        row = {'id': 7, 'last_modified_at': _NOON}
        pages = [wire.dumps([row] * client.PAGE), wire.dumps([row])]
        self.web.get(_NOTES, [{'text': page} for page in pages])

        found = list(self.client.changed('ir.note', [], (), _NOON))

        self.assertEqual([client.PAGE, 1], [len(page) for page in found])
        first, second = (
            wire.loads(_unpacked(request.url, 'd'))
            for request in self.web.request_history
        )
        self.assertEqual([['last_modified_at', '>=', _NOON]], first)
        later = ['last_modified_at', '>', _NOON]
        beside = [['last_modified_at', '=', _NOON], ['id', '>', 7]]
        self.assertEqual([['OR', later, beside]], second)


class AnswersTest(ClientTestCase):
    def test_what_reads_is_tried_again(self) -> None:
        self.web.get(
            _NOTES,
            [
                {'status_code': 503},
                {'exc': requests.ConnectTimeout},
                {'json': []},
            ],
        )

        self.assertEqual([], self.rows())
        self.assertEqual([1.0, 1.0], self.slept)

    def test_it_rests_as_long_as_it_is_asked_to(self) -> None:
        busy = {'status_code': 429, 'headers': {'retry-after': '7'}}
        self.web.get(_NOTES, [busy, {'json': []}])

        self.rows()

        self.assertEqual([7.0], self.slept)

    def test_one_that_asks_for_a_long_rest_is_away(self) -> None:
        self.web.get(_NOTES, status_code=429, headers={'retry-after': '600'})

        self.assertRaises(errors.EngineUnavailable, self.rows)
        self.assertEqual([], self.slept)

    def test_one_that_stays_away_is_given_up(self) -> None:
        self.web.get(_NOTES, exc=requests.ConnectionError('no route'))

        away = self.assertRaises(errors.EngineUnavailable, self.rows)

        self.assertEqual('https://erp.example: no route', str(away))
        self.assertEqual(3, self.web.call_count)

    def test_what_writes_is_sent_once(self) -> None:
        for answer in (
            {'status_code': 503},
            {'exc': requests.ReadTimeout},
            {'text': 'half an ans'},
            {'json': {'rec_name': 'x'}},
        ):
            self.web.post(_NOTES, **answer)
            before = self.web.call_count

            self.assertRaises(errors.EngineUnavailable, self.create)

            self.assertEqual(before + 1, self.web.call_count)

    def test_a_no_is_in_its_words(self) -> None:
        self.web.post(
            _NOTES,
            status_code=400,
            json={'status': 400, 'message': 'You may not.', 'description': ''},
        )

        refused = self.assertRaises(errors.EngineRefused, self.create)

        self.assertEqual((400, 'You may not.'), (refused.code, refused.reason))

    def test_an_error_of_its_own_tells_what_of(self) -> None:
        page = '<title>500</title><p>&#39;kestone_project&#39;</p>'
        self.web.get(_NOTES, status_code=500, text=page)

        away = self.assertRaises(errors.EngineUnavailable, self.rows)

        self.assertEqual("Tryton answered 500: 'kestone_project'", str(away))

    def test_the_key_goes_to_no_other_server(self) -> None:
        self.web.get(
            _NOTES, status_code=302, headers={'location': 'http://other'}
        )

        self.assertRaises(client.NeedError, self.rows)
        self.assertEqual(1, self.web.call_count)

    def test_a_key_that_is_not_taken_is_no_answer_to_what_is_written(
        self,
    ) -> None:
        """It waits until somebody has seen to the key."""
        for code in (401, 403, 404):
            self.web.post(_NOTES, status_code=code)

            self.assertRaises(errors.EngineUnavailable, self.create)

    def test_what_is_no_list_of_records_is_not_read_as_none(self) -> None:
        for answer in ('{}', 'null', '<html>'):
            self.web.get(_NOTES, text=answer)

            self.assertRaises(errors.EngineUnavailable, self.rows)


class PlaceTest(base.BaseTestCase):
    def test_what_cannot_be_meant_is_named(self) -> None:
        for wrong, option in (
            ({'url': 'erp.example'}, 'url'),
            ({'url': 'http://erp.example'}, 'url'),
            ({'url': 'https://me:pw@erp.example'}, 'url'),
            ({'database': ''}, 'database'),
            ({'key': ''}, 'key'),
        ):
            given: dict[str, Any] = {
                'url': _URL, 'database': 'company', 'key': 'k', **wrong,
            }  # fmt: skip
            refused = self.assertRaises(
                errors.InvalidInput, client.Place, **given
            )
            self.assertEqual(option, refused.where)

    def test_the_key_is_not_shown(self) -> None:
        self.assertNotIn('k3y', repr(client.Place(_URL, 'company', 'k3y')))


def _unpacked(url: str, name: str) -> str:
    """A parameter as it was before it was packed into the URL."""
    query = requests.utils.urlparse(url).query
    found = dict(part.split('=', 1) for part in query.split('&'))
    packed = requests.utils.unquote(found[name])
    return base64.urlsafe_b64decode(packed).decode()
