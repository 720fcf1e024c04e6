# SPDX-License-Identifier: Apache-2.0
"""`[bridge] driver = auto`, with each of both sides there and missing.

Real daemons, and the commands of an operator who looks what they have found.
"""

from collections.abc import Callable
from collections.abc import Mapping
import contextlib
import datetime as dt
import io
import json
from typing import Any
from urllib import error
from urllib import request

from oslotest import base as oslo_base

from patrii_billing.cmd import status
from patrii_billing.store import schema
from tests.functional import api
from tests.functional import base
from tests.functional import billing
from tests.tryton import site

_START = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=10)
_PLAN = {
    'name': 'servers',
    'currency': 'EUR',
    'cycle': 'month',
    'prices': [{'kind': 'quota', 'resource': 'cores', 'unit_price': '5.00'}],
}
_PASSIVE = 'passive: nothing is taken over, nobody is enforced'
_AMBER = 'amber: tryton is passive'


class Site:
    """A service that is told of a Tryton and of a cloud, and its daemon."""

    def __init__(
        self,
        cloud: base.Minicloud,
        later: Callable[..., Any],
        tryton: Mapping[str, str],
        nova: Mapping[str, str],
    ) -> None:
        """:param later: calls what it is given at the end"""
        self._metrics = api.free_port()
        options: billing.Options = {
            'tryton': {**tryton, 'timeout': '10'},
            'nova': dict(nova),
            'bridge': {'read_every': '1s'},
            'metrics': {'listen': '127.0.0.1', 'port': str(self._metrics)},
            # Nobody tells these of anything, and nothing is to be read.
            'listener': {'workers': '0'},
            'engine': {'processor_workers': '0'},
            'enforcement': {'dry_run': 'false', 'silence': '0s'},
        }
        self.service = billing.Service(cloud, later, options)
        self.service.give({'plans': [_PLAN], 'accounts': []})
        self.service.start()

    def shown(self) -> tuple[int, str]:
        """`bridge show`, in a line however wide the terminal is."""
        code, said = self.service.run('bridge', 'show')
        return code, ' '.join(said.split())

    def checked(self) -> dict[str, str | None]:
        """What patrii-billing-status finds, by the name of the check."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status.main(
                [
                    '--config-file', str(self.service.config), 'upgrade',
                    'check', '--json',
                ]
            )  # fmt: skip
        checks = json.loads(said.getvalue())['checks']
        return {one['check']: one['details'] for one in checks}

    def health(self) -> tuple[int, str]:
        url = f'http://127.0.0.1:{self._metrics}/healthcheck'
        try:
            with request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except OSError:
            return 0, 'it does not listen yet'

    def wait_health(self, code: int, line: str = 'OK') -> None:
        """Until its last line, the bridge's, begins so."""

        def is_so() -> bool:
            found, told = self.health()
            return (found, told.splitlines()[-1][: len(line)]) == (code, line)

        base.wait_until(is_so, f'health to be {code}, {line}')

    def wait_logged(self, words: str) -> str:
        return base.wait_until(
            lambda: self.service.logged(words), f'the log to say {words}'
        )[0]

    def has_nobody(self) -> bool:
        """Whether nothing was taken over, and nothing is to be done."""
        tables = (schema.accounts, schema.subscriptions, schema.actions)
        return not any(self.service.rows(table.select()) for table in tables)


class AutoTest(oslo_base.BaseTestCase):
    """Four services: there is a Tryton, or not, and a cloud, or not.

    They begin at the same time, while each test asks about one of them.
    """

    late: site.Tryton
    contract: str
    nobody: str
    both: Site
    engine_alone: Site
    cloud_alone: Site
    neither: Site

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        later = cls.addClassCleanup
        cloud = base.Minicloud()
        cloud.enter(later)
        tryton, cls.late = site.Tryton(later), site.Tryton(later)
        tryton.start()
        clerk = site.Clerk(tryton)
        one = cloud.make_customer('subscriber')
        contract = clerk.subscribe(
            clerk.enter_party(one.name), one.project, _START
        )
        found = clerk.one('sale.subscription', contract, 'number')
        cls.contract = str(found['number'])
        cls.nobody = f'http://127.0.0.1:{api.free_port()}'
        there, away = tryton.options(), {'url': cls.nobody}
        no_keystone = {'auth_url': f'{cls.nobody}/v3'}
        # Keystone answers, and knows of no nova in such a region.
        no_nova = {'region_name': 'nowhere'}
        cls.both = Site(cloud, later, there, {})
        cls.engine_alone = Site(cloud, later, there, no_keystone)
        cls.cloud_alone = Site(cloud, later, cls.late.options(), {})
        cls.neither = Site(cloud, later, {**there, **away}, no_nova)

    def test_with_both_it_is_active(self) -> None:
        here = self.both

        base.wait_until(
            lambda: here.service.known(self.contract), 'the contract'
        )

        here.wait_health(200)
        code, shown = here.shown()
        self.assertEqual(0, code, shown)
        self.assertIn('active: what it says is followed', shown)
        self.assertIn('found Tryton 8.2', shown)
        self.assertIn('needs nothing', shown)
        self.assertIn('Tryton 8.2', str(here.checked()['Other engine']))
        here.wait_logged('customers are those of tryton')
        here.wait_logged('tryton is read: Tryton 8.2')

    def test_without_keystone_it_is_passive_and_names_it(self) -> None:
        here = self.engine_alone

        said = here.wait_logged('tryton is not read')

        self.assertIn('keystone gives no token', said)
        self.assertNotIn('tryton does not answer', said)
        code, shown = here.shown()
        self.assertEqual(1, code)
        self.assertIn(_PASSIVE, shown)
        self.assertIn('found Tryton 8.2', shown)
        self.assertIn(f'connection to {self.nobody}/v3', shown)
        found = here.checked()
        self.assertIn('(see [nova])', str(found['Cloud']))
        self.assertIn('Tryton 8.2', str(found['Other engine']))
        # Red as well: books that nova was never compared with prove nothing.
        here.wait_health(503, _AMBER)
        self.assertTrue(here.has_nobody())

    def test_without_tryton_it_waits_and_switches_itself_on(self) -> None:
        here = self.cloud_alone

        said = here.wait_logged('tryton is not read')

        self.assertIn('does not answer as it should', said)
        self.assertIn('(see [tryton])', said)
        here.wait_health(200, _AMBER)
        code, shown = here.shown()
        self.assertEqual(1, code)
        self.assertIn(_PASSIVE, shown)
        self.assertIn('found nothing that answers', shown)
        self.assertIn('needs tryton does not answer as it should', shown)
        self.assertNotIn('keystone', shown)
        self.assertIn('(see [tryton])', str(here.checked()['Other engine']))
        self.assertTrue(here.has_nobody())

        self.late.start()

        here.wait_logged('tryton is read: Tryton 8.2')
        here.wait_health(200)
        self.assertEqual(0, here.shown()[0])

    def test_without_both_it_is_passive_and_names_both(self) -> None:
        here = self.neither

        said = here.wait_logged('tryton is not read')

        for words in ('(see [tryton])', 'compute service in nowhere region'):
            self.assertIn(words, said)
        code, shown = here.shown()
        self.assertEqual(1, code)
        self.assertIn(_PASSIVE, shown)
        for words in ('(see [tryton])', 'compute service in nowhere region'):
            self.assertIn(words, shown)
        here.wait_health(503, _AMBER)
        self.assertTrue(here.has_nobody())
