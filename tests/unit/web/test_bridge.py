# SPDX-License-Identifier: Apache-2.0
"""The overview tells staff how another engine is read."""

from patrii_billing.sim import engine as engines
from tests import doors
from tests.unit.web import base


class BridgeTest(base.TestCase):
    def setUp(self) -> None:
        # A world of each test's own: they have other engines.
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.lynx = engines.Engine(self.door.world.clock)
        super().setUp()

    def shown(self, user: str = 'ada') -> str:
        return self.browser(user).get('/').text

    def test_one_that_is_read_is_green_with_what_waits(self) -> None:
        self.lynx.customer('c1', 'Initech')
        self.door.join('lynx', self.lynx)

        shown = self.shown()

        self.assertIn('Customers of lynx', shown)
        self.assertIn('<span class="chip good">', shown)
        self.assertIn('a simulated engine', shown)
        self.assertIn('<dt>Not taken over</dt><dd>1</dd>', shown)
        self.assertNotIn('Nobody is enforced', shown)

    def test_one_that_lacks_something_is_amber_and_says_what(self) -> None:
        self.lynx.needs = ('its user may not read <invoices>',)
        self.door.join('lynx', self.lynx)

        shown = self.shown('sue')

        self.assertIn('<span class="chip note">', shown)
        self.assertIn('Nobody is enforced for what it says.', shown)
        self.assertIn('its user may not read &lt;invoices&gt;', shown)

    def test_where_customers_are_entered_here_there_is_none(self) -> None:
        self.assertNotIn('Customers of', self.shown())
