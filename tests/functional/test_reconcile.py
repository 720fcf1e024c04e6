# SPDX-License-Identifier: Apache-2.0
"""What no notification told is found by comparing the books with nova."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema
from tests.functional import base
from tests.functional import billing

# Nobody is enforced here, so two services may look at one cloud.
_WATCHING = {'enforcement': {'dry_run': 'true', 'silence': '0s'}}
_HEARING = {'engine': {'sweep_every': '10m', 'full_sweep_every': '1h'}}
_DEAF = {'listener': {'workers': '0'}}


class ReconcileTest(billing.BillingTestCase):
    """One service hears everything; another hears nothing, and sleeps."""

    options = {**_WATCHING, **_HEARING}

    @classmethod
    def begin(cls) -> None:
        cls.hearing = cls.service
        cls.deaf = billing.Service(
            cls.cloud, cls.addClassCleanup, {**_WATCHING, **_DEAF}
        )
        cls.hearing.start()
        cls.owner = cls.cloud.make_customer('story')
        cls.grows, cls.goes = cls.cloud.boot_all([cls.owner] * 2)
        daemon = cls.deaf.start()
        for service in (cls.hearing, cls.deaf):
            cls.wait_known(service)
        daemon.stop()
        cls.live()
        cls.deaf.start()

    @classmethod
    def wait_known(cls, service: billing.Service) -> None:
        """Until the books have the servers that are there so far."""
        known = sa.select(schema.servers.c.id)
        base.wait_until(
            lambda: (
                {cls.grows, cls.goes}
                <= {row.id for row in service.rows(known)}
            ),
            'two servers',
        )

    @classmethod
    def live(cls) -> None:
        """A create, a resize, a delete, and a server that is soon gone."""
        his = cls.owner.nova.servers
        his.resize(cls.grows, cls.cloud.facts['flavors']['s2'])
        his.delete(cls.goes)
        cls.comes, cls.brief = cls.cloud.boot_all([cls.owner] * 2)
        his.delete(cls.brief)
        cls.cloud.wait_for(cls.grows, 'resized')
        his.confirm_resize(cls.grows)
        cls.cloud.wait_for(cls.grows, 'active')
        for server in (cls.goes, cls.brief):
            base.wait_until(lambda: cls.cloud.is_gone(server), 'the delete')

    def levels(self, service: billing.Service) -> dict[str, list[Any]]:
        """What each server was, and how many of it, in effective order."""
        levels = schema.levels
        found: dict[str, list[Any]] = {}
        for row in service.rows(
            levels.select()
            .where(levels.c.project == self.owner.project)
            .order_by(levels.c.at, levels.c.id)
        ):
            found.setdefault(row.server, []).append(
                (row.resource, int(row.quantity))
            )
        return found

    def wait_levels(self, service: billing.Service) -> None:
        wanted = {
            self.grows: [('s1', 1), ('s2', 1)],
            self.goes: [('s1', 1), ('s1', 0)],
            self.comes: [('s1', 1)],
            self.brief: [('s1', 1), ('s1', 0)],
        }
        try:
            base.wait_until(
                lambda: self.levels(service) == wanted, 'the same books', 30
            )
        except AssertionError:
            self.assertEqual(wanted, self.levels(service))

    def test_notifications_tell_the_whole_story(self) -> None:
        self.wait_levels(self.hearing)

    def test_without_any_the_books_are_the_same(self) -> None:
        self.wait_levels(self.deaf)
        self.assertEqual([], self.deaf.rows(schema.inbox.select()))

    def test_both_put_it_to_the_same_time(self) -> None:
        for service in (self.hearing, self.deaf):
            self.wait_levels(service)
        heard, seen = (
            {
                (row.server, row.resource, row.quantity): row.at
                for row in service.rows(schema.levels.select())
                if row.project == self.owner.project
            }
            for service in (self.hearing, self.deaf)
        )
        for key, at in heard.items():
            apart = abs((at - seen[key]).total_seconds())
            self.assertLess(apart, 10, key)
