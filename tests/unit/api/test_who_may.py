# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the table, and that the API keeps to it.

`staff` are admin, finance and support; what the admin may, one with
keystone's own role admin may too. `customers` are let in, and meet only what
is their own. What names a thing of one customer is done for its `owner` (a
reader or member of a project of the account), or for an `owning-member`, and
for another customer the thing is not there. `everybody` needs no token; what
is `signed` goes by the key of its sender, who is nobody here.
"""

from collections.abc import Iterator
import dataclasses
import json
import re
from typing import Any

from oslotest import base
from werkzeug import test as http

from patrii_billing.api import app
from patrii_billing.api import route as route_api
from patrii_billing.api import routes
from tests import doors
from tests.unit.api import things

TABLE = """
GET    /                                                    everybody
GET    /v1/                                                 everybody
GET    /v1/openapi.json                                     everybody

GET    /v1/accounts                                         staff customers
POST   /v1/accounts                                         admin finance
GET    /v1/accounts/{account_id}                            staff owner
PATCH  /v1/accounts/{account_id}                            admin finance
DELETE /v1/accounts/{account_id}                            admin finance
POST   /v1/accounts/{account_id}/bill                       admin finance
GET    /v1/accounts/{account_id}/export                     admin
POST   /v1/accounts/{account_id}/erase                      admin

GET    /v1/actions                                          staff
GET    /v1/actions/{action_id}                              staff
POST   /v1/actions/approve                                  admin
POST   /v1/actions/{action_id}/retry                        admin support
POST   /v1/actions/{action_id}/cancel                       admin support

GET    /v1/bridge                                           staff
GET    /v1/bridge/waiting                                   staff

GET    /v1/credits                                          staff customers
POST   /v1/credits                                          admin finance
GET    /v1/credits/{credit_id}                              staff owner
POST   /v1/credits/{credit_id}/withdraw                     admin finance
POST   /v1/credits/{credit_id}/refund                       admin finance

GET    /v1/enforcement                                      staff
POST   /v1/enforcement/stop                                 staff
POST   /v1/enforcement/resume                               admin

GET    /v1/events                                           staff
GET    /v1/events/{event_id}                                staff
POST   /v1/events/{event_id}/redeliver                      admin

GET    /v1/forecast                                         staff customers

GET    /v1/invoices                                         staff customers
POST   /v1/invoices                                         admin finance
GET    /v1/invoices/{number}                                staff owner
GET    /v1/invoices/{number}/pdf                            staff owner
GET    /v1/invoices/{number}/html                           staff owner
GET    /v1/invoices/{number}/facturx                        staff owner
POST   /v1/invoices/{number}/void                           admin finance
POST   /v1/invoices/{number}/credit                         admin finance
POST   /v1/invoices/{number}/write-off                      admin finance

GET    /v1/notices                                          staff
GET    /v1/notices/{notice_id}                              staff
GET    /v1/notice-preview                                   staff
POST   /v1/notice-test                                      admin
POST   /v1/notices/{notice_id}/resend                       staff
POST   /v1/notices/{notice_id}/record                       admin

GET    /v1/payments                                         staff customers
POST   /v1/payments                                         admin finance
GET    /v1/payments/{payment_id}                            staff owner
POST   /v1/payments/{payment_id}/assign                     admin finance
POST   /v1/payments/{payment_id}/allocate                   admin finance
POST   /v1/payments/{payment_id}/undo-allocation            admin finance
POST   /v1/payments/{payment_id}/fail                       admin finance
POST   /v1/payments/{payment_id}/charge-back                admin finance
POST   /v1/payments/{payment_id}/refund                     admin finance

GET    /v1/plans                                            staff
POST   /v1/plans                                            admin finance
GET    /v1/plans/{plan_id}                                  staff
PATCH  /v1/plans/{plan_id}                                  admin finance
DELETE /v1/plans/{plan_id}                                  admin finance
POST   /v1/plans/{plan_id}/prices                           admin finance
PATCH  /v1/plans/{plan_id}/prices/{price_id}                admin finance

GET    /v1/projects                                         staff customers
POST   /v1/projects                                         admin finance
GET    /v1/projects/{project_id}                            staff owner
DELETE /v1/projects/{project_id}                            admin finance

POST   /v1/webhooks/{source}                                signed
GET    /v1/receipts                                         staff
GET    /v1/receipts/{receipt_id}                            staff
POST   /v1/receipts/{receipt_id}/retry                      admin finance
POST   /v1/receipts/{receipt_id}/dismiss                    admin finance

GET    /v1/servers                                          staff customers
GET    /v1/servers/{server_id}                              staff owner
POST   /v1/servers/{server_id}/delete                       owning-member
POST   /v1/servers/{server_id}/keep                         staff owning-member

GET    /v1/subscriptions                                    staff customers
POST   /v1/subscriptions                                    admin finance
GET    /v1/subscriptions/{subscription_id}                  staff owner
PATCH  /v1/subscriptions/{subscription_id}                  admin finance
POST   /v1/subscriptions/{subscription_id}/cancel           admin finance
POST   /v1/subscriptions/{subscription_id}/invoice          admin finance
POST   /v1/subscriptions/{subscription_id}/keep             admin finance
POST   /v1/subscriptions/{subscription_id}/restore          staff
GET    /v1/subscriptions/{subscription_id}/holds            staff owner
POST   /v1/subscriptions/{subscription_id}/holds            staff
GET    /v1/subscriptions/{subscription_id}/holds/{hold_id}  staff owner
PATCH  /v1/subscriptions/{subscription_id}/holds/{hold_id}  staff
DELETE /v1/subscriptions/{subscription_id}/holds/{hold_id}  staff
GET    /v1/subscriptions/{subscription_id}/quota            staff owner
POST   /v1/subscriptions/{subscription_id}/quota   admin support owning-member

GET    /v1/summary                                          staff
GET    /v1/timeline                                         staff
"""

_TOKENS = {
    'admin': doors.TOKENS['ADMIN'],
    'keystone': 'kim:office:admin,member,reader',
    'finance': doors.TOKENS['FINANCE'],
    'support': doors.TOKENS['SUPPORT'],
    'member': doors.TOKENS['ACME'],
    'reader': doors.TOKENS['ACME_READER'],
    # Of another account, and of none.
    'other': doors.TOKENS['RIVAL'],
    'stranger': doors.TOKENS['NOROLE'],
    # With a token, and no role that means something here.
    'roleless': 'rex:acme-project:heat_stack_owner',
    'nobody': '',
}
# They have roles in other projects than acme's; so has keystone's admin.
_OUTSIDERS = ('other', 'stranger', 'keystone')
_WORDS = {
    'everybody': tuple(_TOKENS),
    'staff': ('admin', 'keystone', 'finance', 'support'),
    'admin': ('admin', 'keystone'),
    'finance': ('finance',),
    'support': ('support',),
    'customers': ('member', 'reader', 'other', 'stranger'),
    'owner': ('member', 'reader'),
    'owning-member': ('member',),
}
# To whom what is another's is not there.
_HIDDEN = {'owner', 'owning-member'}

# How the answer begins where the thing itself is not there.
_MISSED = re.compile('(there is )?no |nobody is known as ')

# What a customer may ask for, so that he is refused for nothing else.
_BODIES: dict[str, Any] = {
    'POST /v1/subscriptions/{subscription_id}/quota': {'quota': {'cores': 9}},
}


def _rows() -> dict[str, list[str]]:
    """The words of each route, by its method and path."""
    rows = {}
    for line in TABLE.strip().splitlines():
        if line:
            method, path, *words = line.split()
            rows[f'{method} {path}'] = words
    return rows


def _expected(words: list[str]) -> dict[str, str]:
    """What each is told: in, hidden (404), forbidden (403), unknown (401)."""
    if words == ['signed']:
        return dict.fromkeys(_TOKENS, 'hidden')
    told = dict.fromkeys(_TOKENS, 'forbidden') | {'nobody': 'unknown'}
    if _HIDDEN.intersection(words):
        told |= dict.fromkeys(_OUTSIDERS, 'hidden')
    return told | {name: 'in' for word in words for name in _WORDS[word]}


class WhoMayTest(base.BaseTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.world = doors.Door()
        cls.addClassCleanup(cls.world.tools.db.engine.dispose)
        cls.world.let_in()
        # Past the clock: nothing is due, and nothing is changed.
        door = dataclasses.replace(
            cls.world.door, render=lambda *invoice: b'%PDF'
        )
        cls.app = staticmethod(app.noauth(app.build(door)))
        cls.places = things.of_acme(cls.world)

    def test_the_table_has_every_route(self):
        there = {f'{each.method} {each.path}' for each in routes.ALL}
        self.assertEqual(set(), there ^ set(_rows()))

    def test_everybody_may_what_the_table_says(self):
        wrong = []
        for route in routes.ALL:
            words = _rows().get(f'{route.method} {route.path}')
            for name, wanted in _expected(words or []).items():
                answer = self._ask(route, name)
                told = _told(answer)
                if told != wanted and words is not None:
                    wrong.append(
                        f'{route.method} {route.path}: {name} is {told} '
                        f'({answer.status_code}), not {wanted}'
                    )
        self.assertEqual([], wrong)

    def test_others_are_never_told_of_acme(self):
        leaks = []
        for route, query in self._readings():
            for name in ('other', 'stranger'):
                said = self._ask(route, name, query=query).text
                # That it is not there may be said in his own words.
                if re.search('acme|amy', re.sub('no [^"]+', '', said)):
                    leaks.append(f'{name}: {route.path} {query}: {said}')
        self.assertEqual([], leaks)

    def _readings(self) -> Iterator[tuple[route_api.Route, dict[str, str]]]:
        """What can be read, also where it is asked for what is acme's."""
        wanted = {**self.places, 'name': 'acme', 'marker': '1'}
        for route in routes.ALL:
            if not route.writes and route.rule is not None:
                yield route, {}
                for name in route.query.get('properties', {}):
                    if name in wanted:
                        yield route, {name: wanted[name]}

    def test_what_is_hidden_is_answered_as_what_is_missing(self):
        for route in routes.ALL:
            words = _rows().get(f'{route.method} {route.path}', [])
            if not _HIDDEN.intersection(words) or not route.places:
                continue
            missing = self.places | _MISSING
            self.assertEqual(
                _anonymous(self._ask(route, 'other'), self.places),
                _anonymous(self._ask(route, 'other', missing), missing),
                route.path,
            )

    def _ask(
        self,
        route: route_api.Route,
        name: str,
        places: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> http.TestResponse:
        path = self._path(route, places)
        more: dict[str, Any] = {'query_string': query or {}}
        if route.writes and route.rule is not None:
            more['query_string'] = {'dry_run': 'true'}
            said = _BODIES.get(f'{route.method} {route.path}', {})
            text = json.dumps(said)
            for place, value in (places or self.places).items():
                text = text.replace(f'${place}', value)
            more |= {'data': text, 'content_type': 'application/json'}
        client = doors.Client(self.app, _TOKENS[name])
        return client.open(path, method=route.method, **more)

    def _path(
        self, route: route_api.Route, places: dict[str, str] | None = None
    ) -> str:
        return route.path.format_map(places or self.places)


def _told(answer: http.TestResponse) -> str:
    match answer.status_code:
        case 401:
            return 'unknown'
        case 403:
            return 'forbidden'
        case 404 if _MISSED.match(answer.json['errors'][0]['detail']):
            return 'hidden'
    return 'in' if answer.status_code < 500 else 'failed'


def _anonymous(
    answer: http.TestResponse, places: dict[str, str]
) -> tuple[int, str]:
    """An answer without the id that was asked for, and that of the asking."""
    [told] = answer.json['errors']
    detail = told['detail']
    for place in sorted(places.values(), key=len, reverse=True):
        detail = detail.replace(place, '-')
    return answer.status_code, f'{told["code"]} {detail}'


_MISSING = {
    'account_id': '990001', 'credit_id': '990002', 'hold_id': '990003',
    'number': 'INV-990004', 'payment_id': '990005', 'plan_id': '990006',
    'project_id': 'ninety-nine', 'server_id': 'ninety-nine',
    'subscription_id': '990007',
}  # fmt: skip
