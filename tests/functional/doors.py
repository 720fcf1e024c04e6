# SPDX-License-Identifier: Apache-2.0
"""The API's stories once more, through keystone and over a real nova.

The fixtures have the names and give the variables of tests/doors.py; the
tokens are keystone's. All files share one service, whose books are emptied
between them, and two customers with their servers, which no story touches.
"""

import atexit
from collections.abc import Callable
import contextlib
import datetime as dt
import functools
import os
from typing import Any
import uuid

from gabbi import fixture
import sqlalchemy as sa

from patrii_billing.store import migrate
from patrii_billing.store import schema
from tests import doors
from tests.functional import api
from tests.functional import base
from tests.functional import billing

# Known before the server runs, since gabbi asks when it reads the stories.
PORT = api.free_port()
_DAY = dt.timedelta(days=1)
# Nothing falls due while a story is told. It lives as long as the process
# does, and nova's notifications are for the services of the tests to come.
_OPTIONS: billing.Options = {
    **api.OPTIONS,
    'ladder': dict.fromkeys(billing.LADDER),
    'listener': {'workers': '0'},
}
# What a project has in the simulated cloud.
_QUOTA = {'cores': 8, 'ram': 16384}
_STAFF = {
    'ADMIN': ('billing_admin', 'reader'),
    'FINANCE': ('billing_finance', 'reader'),
    'SUPPORT': ('billing_support', 'reader'),
}


class House:
    """A billing service with its daemon and API, and the people in it."""

    def __init__(
        self, later: Callable[..., Any], port: int, kind: str
    ) -> None:
        """:param later: calls what it is given at the end"""
        self.cloud = base.Minicloud()
        self.cloud.enter(later)
        self.service = billing.Service(self.cloud, later, _OPTIONS)
        api.Api(self.service, later, kind, port)
        office = self.cloud.make_customer('office')
        self.staff = {
            name: self.cloud.make_colleague(office, *roles)
            for name, roles in _STAFF.items()
        }
        self.staff['NOROLE'] = self.cloud.make_customer('elsewhere')
        self.service.start()
        self.street = Street(self)

    def empty_books(self) -> None:
        """As they were before anything was written into them."""
        self.service.books.write(_empty)

    def tokens(self) -> dict[str, str]:
        return {
            name: str(one.session.get_token())
            for name, one in self.staff.items()
        }


@functools.cache
def house() -> House:
    """The one that all files of stories share, until the process ends."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    # Not in the way of one that has its proper name in the catalogue.
    kind = f'billing-{uuid.uuid4().hex[:6]}'
    return House(stack.callback, PORT, kind)


def _empty(conn: sa.Connection) -> None:
    conn.execute(sa.text('SET FOREIGN_KEY_CHECKS = 0'))
    for table in schema.metadata.tables.values():
        conn.execute(table.delete())
    conn.execute(sa.text('SET FOREIGN_KEY_CHECKS = 1'))
    migrate.add_watch(conn)


class Street:
    """Two customers with their servers, for all files of stories."""

    def __init__(self, where: House) -> None:
        self._house = where
        self.acme, self.rival = base.at_once(
            where.cloud.make_customer, ('acme', 'rival')
        )
        self.reader = where.cloud.make_colleague(self.acme, 'reader')
        self.servers = where.cloud.boot_all([self.acme, self.acme, self.rival])

    def reset_quotas(self) -> None:
        for one in (self.acme, self.rival):
            self._house.cloud.operator.nova.quotas.update(
                one.project, **_QUOTA, force=True
            )

    def variables(self) -> dict[str, str]:
        today = dt.datetime.now(dt.UTC).date()
        acme, rival = self.acme, self.rival
        return {
            **self._house.tokens(),
            'ACME': str(acme.session.get_token()),
            'ACME_READER': str(self.reader.session.get_token()),
            'RIVAL': str(rival.session.get_token()),
            'ACME_PROJECT': acme.project,
            'RIVAL_PROJECT': rival.project,
            'ACME_SERVER': self.servers[0],
            'ACME_SERVER_2': self.servers[1],
            'RIVAL_SERVER': self.servers[2],
            'TODAY': str(today),
            'TOMORROW': str(today + _DAY),
            'YESTERDAY': str(today - _DAY),
            'FLAVOR': 's1',
            'UNIQUE': uuid.uuid4().hex[:8],
        }

    def let_in(self) -> dict[str, str]:
        """Bring them into the books; what is there then."""
        service = self._house.service
        base.wait_until(
            lambda: self._count(schema.servers, 'id', self.servers) == 3,
            'the servers to be found',
        )
        # Once more, since a change of the last story may have come late.
        self.reset_quotas()
        file = service.folder / f'{uuid.uuid4().hex}.yaml'
        file.write_text(
            doors.CUSTOMERS.format(
                plan='vps', flavor='s1', acme='acme', rival='rival',
                sub='acme-1', rival_sub='rival-1',
                acme_project=self.acme.project,
                rival_project=self.rival.project,
                today=dt.datetime.now(dt.UTC).date(),
            )
        )  # fmt: skip
        service.manage('import', str(file))
        base.wait_until(
            lambda: self._count(schema.invoices, 'state', ['open']) == 2,
            'the first invoices',
        )
        return doors.known(service.books)

    def _count(self, table: sa.Table, column: str, wanted: list[str]) -> int:
        query = sa.select(table.c.id).where(table.c[column].in_(wanted))
        return len(self._house.service.rows(query))


class Cloud(fixture.GabbiFixture):
    """The cloud is there; the books are empty."""

    def start_fixture(self) -> None:
        house().empty_books()
        self.street = house().street
        self.street.reset_quotas()
        os.environ |= self.street.variables()


class Customers(Cloud):
    """Acme and rival are in the books, each with an open invoice."""

    def start_fixture(self) -> None:
        super().start_fixture()
        os.environ |= self.street.let_in()
