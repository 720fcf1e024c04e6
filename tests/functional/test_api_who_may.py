# SPDX-License-Identifier: Apache-2.0
"""The table of who may do what, with tokens of a real keystone.

Lighter than over the simulated cloud: where the books hold nothing that a
path could name, it is only asked who is turned away.
"""

from oslotest import base
import requests

from patrii_billing.api import route as route_api
from patrii_billing.api import routes
from tests.functional import doors
from tests.unit.api import test_who_may as table

_PLACES = {
    'account_id': 'ACME_ID',
    'subscription_id': 'SUB_ID',
    'number': 'ACME_INVOICE',
    'project_id': 'ACME_PROJECT',
    'server_id': 'ACME_SERVER',
    'plan_id': 'PLAN_ID',
}
_NOTHING = '990001'


class WhoMayTest(base.BaseTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        house = doors.house()
        house.empty_books()
        street = house.street
        street.reset_quotas()
        known = street.variables() | street.let_in()
        # A role that means something elsewhere.
        roleless = house.cloud.make_colleague(street.acme, 'service')
        cls.tokens = {
            'admin': known['ADMIN'],
            'keystone': str(house.cloud.operator.session.get_token()),
            'finance': known['FINANCE'],
            'support': known['SUPPORT'],
            'member': known['ACME'],
            'reader': known['ACME_READER'],
            'other': known['RIVAL'],
            'stranger': known['NOROLE'],
            'roleless': str(roleless.session.get_token()),
            'nobody': '',
        }
        cls.places = {place: known[name] for place, name in _PLACES.items()}
        cls.session = requests.Session()
        cls.addClassCleanup(cls.session.close)

    def test_everybody_may_what_the_table_says(self) -> None:
        wrong = []
        asked = 0
        rows = table._rows()
        for route in routes.ALL:
            words = rows[f'{route.method} {route.path}']
            for name, wanted in table._expected(words).items():
                answer = self.ask(route, name)
                asked += 1
                if not self.fits(route, wanted, _told(answer)):
                    wrong.append(
                        f'{route.method} {route.path}: {name} is answered '
                        f'{answer.status_code}, should be {wanted}'
                    )
        self.assertEqual([], wrong)
        self.assertEqual(len(routes.ALL) * len(self.tokens), asked)

    def fits(self, route: route_api.Route, wanted: str, told: str) -> bool:
        if set(route.places) <= self.places.keys():
            return told == wanted
        turned_away = ('unknown', 'forbidden')
        if wanted in turned_away:
            return told == wanted
        return told not in (*turned_away, 'failed')

    def ask(self, route: route_api.Route, name: str) -> requests.Response:
        """Rehearse it for somebody."""
        path = route.path.format_map(
            dict.fromkeys(route.places, _NOTHING) | self.places
        )
        rehearsed = route.writes and route.rule is not None
        return self.session.request(
            route.method,
            f'http://127.0.0.1:{doors.PORT}{path}',
            headers={'X-Auth-Token': self.tokens[name]},
            params={'dry_run': 'true'} if rehearsed else None,
            json=table._BODIES.get(f'{route.method} {route.path}', {})
            if rehearsed
            else None,
            timeout=30,
        )


def _told(answer: requests.Response) -> str:
    match answer.status_code:
        case 401:
            return 'unknown'
        case 403:
            return 'forbidden'
        case 404 if table._MISSED.match(answer.json()['errors'][0]['detail']):
            return 'hidden'
    return 'in' if answer.status_code < 500 else 'failed'
