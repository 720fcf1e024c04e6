# SPDX-License-Identifier: Apache-2.0
"""An Odoo with one customer, and the driver that is connected to it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import fixtures

from patrii_billing.domain import bridge
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import driver
from patrii_billing.drivers.odoo import fieldmap
from tests.odoo import ledger
from tests.odoo import modules
from tests.odoo import orm
from tests.odoo import server

PROJECT = '2d8a1f0c7b9e4d3f8a6b5c4d3e2f1a0b'
# What the administrator guide has added to an Odoo.
_ADDED = [
    orm.Model('sale.subscription', '', {
        'x_openstack_project': orm.Field(),
        'x_billing_status': orm.Field(),
    }),
    orm.Model('account.move.line', '', {
        'x_patrii_billing_key': orm.Field(),
    }),
]  # fmt: skip
STATUSES = (
    'active', 'grace', 'held', 'shelved', 'pending_deletion', 'deleted',
)  # fmt: skip
_WIDER = orm.Model('sale.subscription', '', {
    'billing_status': orm.Field(
        'selection', options=STATUSES, default='active'
    ),
})  # fmt: skip


def connection(odoo: server.Json2, **given: Any) -> json2.Server:
    """What a client needs to know of it, but for what a test wants other."""
    said = {
        'url': odoo.url,
        'key': server.KEY,
        'database': server.DATABASE,
        'timeout': 5,
        **given,
    }
    return json2.Server(**said)


class World(fixtures.Fixture):
    """`slept` are the pauses that the client made, in seconds."""

    name: str

    def __init__(self, *installed: Any, page: int = 200) -> None:
        self._installed = installed
        self._page = page
        self.slept: list[float] = []

    def _setUp(self) -> None:
        self.odoo = self.useFixture(server.Json2(*self._installed))
        self.ledger = ledger.Ledger(self.odoo)
        self.client = json2.Client(
            connection(self.odoo, page=self._page), self.slept.append
        )
        self.driver = driver.Odoo(self.client, fieldmap.load(self.name))

    def partner(self, name: str = 'Azure Interior', **values: Any) -> int:
        given = {'name': name, 'email': 'azure@example.com', **values}
        return self.make('res.partner', **given)

    def make(self, model: str, **values: Any) -> int:
        return self.odoo.orm.create(model, values)

    def row(self, model: str, number: int) -> orm.Row:
        return self.odoo.orm.rows[model][number]

    def set(self, model: str, number: int, **values: Any) -> None:
        self.odoo.orm.write(self.row(model, number), values)

    def later(self, **span: float) -> dt.datetime:
        self.odoo.time += dt.timedelta(**span)
        return self.odoo.time

    def read(self, since: dt.datetime | None = None) -> bridge.Page:
        """All pages of the changes, as one."""
        pages = list(self.driver.changes(since))
        return bridge.Page(
            customers=[one for page in pages for one in page.customers],
            contracts=[one for page in pages for one in page.contracts],
            bills=[one for page in pages for one in page.bills],
            unread={
                ref: why for page in pages for ref, why in page.unread.items()
            },
        )


class Oca(World):
    name = 'oca'

    def __init__(self, **given: Any) -> None:
        super().__init__(modules.oca(), _ADDED, **given)

    def _setUp(self) -> None:
        super()._setUp()
        self.stages = {
            kind: self.make('sale.subscription.stage', name=kind, type=kind)
            for kind in ('draft', 'pre', 'in_progress', 'post')
        }
        self.template = self.make('sale.subscription.template', name='vps')

    def subscription(self, partner: int, **values: Any) -> int:
        given = {
            'name': 'SUB00001',
            'partner_id': partner,
            'template_id': self.template,
            'stage_id': self.stages['in_progress'],
            'date_start': '2026-01-01',
            'recurring_next_date': '2026-03-01',
            'x_openstack_project': PROJECT,
            **values,
        }
        return self.make('sale.subscription', **given)


class Lynx(World):
    name = 'lynx'

    def __init__(self, *, wider: bool = True, **given: Any) -> None:
        more = [_WIDER] if wider else []
        super().__init__(modules.lynx(), _ADDED[1:], more, **given)

    def _setUp(self) -> None:
        super()._setUp()
        self.template = self.make('sale.subscription.template', name='vps')

    def subscription(
        self, partner: int, project: str = PROJECT, **values: Any
    ) -> int:
        given = {
            'name': 'S00017',
            'partner_id': partner,
            'template_id': self.template,
            'date_start': '2026-01-01',
            'next_invoice_date': '2026-03-01',
            **values,
        }
        number = self.make('sale.subscription', **given)
        if project:
            self.make(
                'patrii.cloud.project',
                name='azure-prod',
                openstack_id=project,
                partner_id=partner,
                subscription_id=number,
            )
        return number


def line(**given: Any) -> bridge.Line:
    """Four cores more since the 15th of February."""
    said: dict[str, Any] = {
        'key': 'line-17',
        'customer': 'res.partner,1',
        'contract': 'sale.subscription,1',
        'label': 'cores',
        'amount': 1000,
        'currency': 'EUR',
        'quantity': Decimal(4),
        'unit_price': Decimal('5.00'),
        'ratio': '14/28',
        'reason': 'quota change',
        'starts': dt.date(2026, 2, 15),
        'ends': dt.date(2026, 3, 1),
        **given,
    }
    return bridge.Line(**said)
