# SPDX-License-Identifier: Apache-2.0
"""`import cloudkitty` at the command line, and what is billed of it."""

import datetime as dt
from decimal import Decimal
from typing import Any
from unittest import mock

from keystoneauth1 import adapter
from keystoneauth1 import session as ks_session
from keystoneauth1 import token_endpoint
import requests

from patrii_billing.cloud import rated
from patrii_billing.cloud import session
from patrii_billing.engine import samples
from patrii_billing.store import schema
from patrii_billing import wiring
from tests import cloudkitty
from tests.unit.cmd import base

_CUSTOMER = base.CUSTOMER.replace(
    'prices: [{', 'prices: [{kind: meter, resource: cloudkitty.volume.size,'
    ' unit_price: "0.50"}, {kind: meter, resource: cloudkitty.instance.rate,'
    ' unit_price: "1"}, {',
)  # fmt: skip
_HOUR = dt.timedelta(hours=1)


class _Connection(session.Connection):
    """One that knows where CloudKitty is, and has a token for it."""

    def __init__(self, url: str, token: str = 'secret') -> None:  # noqa: S107
        auth = token_endpoint.Token(url, token)
        self._it = adapter.Adapter(
            ks_session.Session(auth=auth), interface='public'
        )

    def request(
        self, service: str, method: str, path: str, **kwargs: Any
    ) -> requests.Response:
        assert service == rated.SERVICE
        return self._it.request(path, method, raise_exc=False, **kwargs)


class CloudKittyTest(base.CommandTestCase):
    """acme pays for volumes by CloudKitty's measure, servers by its rate."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load(_CUSTOMER)
        self.there = self.useFixture(cloudkitty.CloudKitty())
        self.page = 500
        patch = mock.patch.object(wiring, 'rating', self.rating)
        patch.start()
        self.addCleanup(patch.stop)
        self.start = base.NEW_YEAR - 4 * _HOUR

    def rating(self, conf: Any, scope: str) -> rated.CloudKitty:
        return rated.CloudKitty(
            _Connection(self.there.url), scope, self.page
        )

    def rate(self, hours: int = 3, qty: Any = 2, price: Any = '0.1') -> None:
        for hour in range(hours):
            self.there.rate(
                'volume.size', self.start + hour * _HOUR, qty, price
            )

    def do(self, *options: str) -> str:
        said = self.manage('import', 'cloudkitty', *options)
        return ' '.join(said.split())

    def used(self) -> dict[str, Decimal]:
        """What was used, by meter, once it is added up."""
        tools = self.tools()
        while samples.run(tools, self.clock.now() + dt.timedelta(hours=1)):
            pass
        rows = tools.db.read(
            lambda conn: conn.execute(schema.usage.select()).all()
        )
        found: dict[str, Decimal] = {}
        for row in rows:
            found[row.meter] = found.get(row.meter, 0) + row.quantity
        return found

    def test_a_dry_run_shows_what_is_new_and_the_sum_to_the_cent(
        self,
    ) -> None:
        self.rate()

        said = self.do('--dry-run')

        self.assertIn('new 3 6 0.30 acme-prod-id cloudkitty.volume.size', said)
        self.assertIn('3 new, 0 changed, 0 same, 0 refused.', said)
        self.assertIn('Rated in all: 0.30, as its summary says.', said)
        self.assertEqual({}, self.used())

    def test_what_is_imported_is_usage_once(self) -> None:
        self.rate()

        self.do()
        self.assertIn('0 new, 0 changed, 3 same', self.do())

        self.assertEqual({'cloudkitty.volume.size': 6}, self.used())

    def test_more_of_the_same_is_made_up_for(self) -> None:
        self.rate(1)
        self.do()
        for qty in (4, 6, 6):
            self.there.points.clear()
            self.rate(1, qty)
            said = self.do()

        self.assertIn('0 new, 0 changed, 1 same', said)
        self.assertEqual({'cloudkitty.volume.size': 6}, self.used())

    def test_less_of_the_same_is_refused(self) -> None:
        self.rate(1)
        self.do()
        self.there.points.clear()
        self.rate(1, 1)

        said = self.do()

        self.assertIn('was 2 at 2025-12-31 20:00 and is 1 now', said)
        self.assertEqual({'cloudkitty.volume.size': 2}, self.used())

    def test_parts_of_a_thing_are_one(self) -> None:
        self.rate(1)
        self.rate(1, '0.5')

        self.do()

        self.assertEqual(
            {'cloudkitty.volume.size': Decimal('2.5')}, self.used()
        )

    def test_what_it_was_rated_at_may_be_the_usage(self) -> None:
        for hour in range(3):
            self.there.rate('instance', self.start + hour * _HOUR, 1, 0.123)

        self.do('--rates')

        self.assertEqual(
            {'cloudkitty.instance.rate': Decimal('0.369')}, self.used()
        )

    def test_usage_of_nobody_unpriced_or_too_old_is_refused_by_its_reason(
        self,
    ) -> None:
        self.rate(1)
        self.there.rate('image.size', self.start, 1, 0)
        self.there.rate('volume.size', self.start, 1, 0, 'nobody-id')
        old = self.start - dt.timedelta(days=30)
        self.there.rate('volume.size', old, 1, 0)

        said = self.do('--begin', '2025-11-01')

        for words in (
            'the project belongs to no account', 'no plan has a price of it',
            'is from before 2025-12-18, [ceilometer] sample_age',
            '1 new, 0 changed, 0 same, 3 refused.',
        ):  # fmt: skip
            self.assertIn(words, said)
        self.assertEqual({'cloudkitty.volume.size': 2}, self.used())

    def test_it_is_read_page_by_page(self) -> None:
        self.page = 2
        self.rate(4)
        self.there.points.append(
            ('other-id', 'volume.size', '', self.start, 1, 1)
        )

        said = self.do('--project', 'acme-prod-id')

        self.assertIn('new 4 8 0.40 acme-prod-id', said)
        frames = [one for one in self.there.asked if 'dataframes' in one]
        self.assertEqual(2, len(frames))

    def test_nothing_rated_is_no_error(self) -> None:
        self.assertIn('0 new', self.do())

    def test_what_changes_while_it_is_read_is_not_taken(self) -> None:
        self.page = 1
        self.rate(2)
        self.there.added.append(
            ('acme-prod-id', 'volume.size', 'x', self.start, 1, 1)
        )

        said = self.refused('import', 'cloudkitty')

        self.assertIn('changed while it was read', said)
        self.assertEqual({}, self.used())

    def test_a_sum_that_is_another_is_not_taken(self) -> None:
        self.rate(1)
        honest = cloudkitty.CloudKitty._summary

        def more(*args: Any) -> Any:
            found = honest(*args)
            found['results'][0][3] += 0.01
            return found

        with mock.patch.object(cloudkitty.CloudKitty, '_summary', more):
            said = self.refused('import', 'cloudkitty')

        self.assertIn('0.10 were read, its summary says 0.11', said)
        self.assertEqual({}, self.used())

    def test_an_error_of_its_own_is_told(self) -> None:
        for status in (401, 403, 500):
            self.there.status = status
            self.assertIn(str(status), self.refused('import', 'cloudkitty'))

    def test_a_span_that_is_none_is_refused(self) -> None:
        self.assertIn(
            '--begin: is not before --end',
            self.refused(
                'import', 'cloudkitty', '--begin', '2026-01-02',
                '--end', '2026-01-01',
            ),
        )  # fmt: skip
