# SPDX-License-Identifier: Apache-2.0
"""What would have been done in a real Tryton's place, and in an Odoo's.

Both have the same two customers, of whom one pays; their servers are on a real
OpenStack.
"""

import datetime as dt
import json
from typing import Any

from patrii_billing.domain import calendar
from tests.functional import base
from tests.functional import billing
from tests.odoo import server
from tests.tryton import site
from tests.unit.drivers.odoo import worlds

_TODAY = dt.datetime.now(dt.UTC).date()
_START = _TODAY - dt.timedelta(days=3)
_UNTIL = _TODAY + dt.timedelta(days=20)
_DUE = _START + dt.timedelta(days=7)
_PLAN = {
    'name': 'servers',
    'currency': 'EUR',
    'cycle': 'month',
    'prices': [{'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'}],
}
_OWED = '12.00'


class ShadowTest(billing.BillingTestCase):
    """No daemon runs: nothing is taken over, and nothing done."""

    tryton: site.Tryton

    @classmethod
    def setUpClass(cls) -> None:
        cls.tryton = site.Tryton(cls.addClassCleanup)
        cls.tryton.start()
        cls.options = {
            'tryton': {**cls.tryton.options()},
            'billing': {'taxes': 'VAT:20'},
            # Spans as an operator has them, not of seconds.
            'ladder': dict.fromkeys(billing.LADDER),
        }
        super().setUpClass()

    @classmethod
    def begin(cls) -> None:
        cls.service.give({'plans': [_PLAN], 'accounts': []})
        cls.people = base.at_once(cls.cloud.make_customer, ['debtor', 'payer'])
        cls.servers = cls.cloud.boot_all(cls.people)

    def sell_in_tryton(self) -> None:
        clerk = site.Clerk(self.tryton)
        parties = [clerk.enter_party(one.name) for one in self.people]
        for party, one in zip(parties, self.people, strict=True):
            clerk.subscribe(party, one.project, _START)
        clerk.draw_up(_TODAY)
        invoices = [clerk.invoices(party, 'draft')[0] for party in parties]
        for invoice in invoices:
            clerk.post(invoice)
        clerk.pay(invoices[1], _OWED)

    def sell_in_odoo(self) -> worlds.World:
        odoo = self.useFixture(worlds.Lynx())
        odoo.odoo.orm.now = lambda: dt.datetime.now(dt.UTC)
        template = odoo.make('sale.subscription.template', name='servers')
        renewal = calendar.anchored(
            calendar.Cycle(months=1), _START.day, _START
        ).cycle_of(_START).end  # fmt: skip
        for one in self.people:
            partner = odoo.partner(one.name)
            contract = odoo.subscription(
                partner, one.project, name=one.name, template_id=template,
                date_start=str(_START), next_invoice_date=str(renewal),
            )  # fmt: skip
            invoice = odoo.ledger.invoice(
                partner, _OWED, str(_START), subscription=contract
            )
            if one is self.people[1]:
                odoo.ledger.pay(partner, _OWED, invoice)
        return odoo

    def shadow(self, driver: str, **options: str) -> tuple[int, list[Any]]:
        """What `shadow` says of an engine, a line each."""
        given = '\n'.join(f'{name} = {of}' for name, of in options.items())
        more = self.service.folder / f'{driver}.conf'
        more.write_text(f'[bridge]\ndriver = {driver}\n[{driver}]\n{given}\n')
        code, said = self.service.run(
            '--config-file', str(more), 'shadow', '--since', str(_START),
            '--until', str(_UNTIL), '--format', 'json',
        )  # fmt: skip
        lines = [line for line in said.splitlines() if line.startswith('{')]
        self.assertNotEqual([], lines, said)
        return code, [json.loads(line) for line in lines]

    def test_two_engines_that_say_the_same_have_the_same_shadow(self) -> None:
        self.sell_in_tryton()
        odoo = self.sell_in_odoo()

        agrees, beside_tryton = self.shadow('tryton')
        differs, beside_odoo = self.shadow(
            'odoo', url=odoo.odoo.url, database=server.DATABASE,
            api_key=server.KEY, allow_http='true',
        )  # fmt: skip

        self.assertEqual(
            [('invoice', str(_START), '12.00 EUR', '12.00 EUR', None)] * 2,
            _told(beside_tryton, 'invoice'),
        )
        shelving = _DUE + dt.timedelta(days=2)
        self.assertEqual(
            [('shelve', str(shelving), 'done', None, None)],
            _told(beside_tryton, 'action'),
        )
        for kind in ('invoice', 'action', 'notice'):
            self.assertEqual(
                _told(beside_tryton, kind), _told(beside_odoo, kind), kind
            )
        # Running is a word of Tryton's own. Odoo says that he is active, for
        # nobody has shelved him yet.
        self.assertEqual((0, 1), (agrees, differs))
        self.assertEqual(
            {('shelved', 'active', 'otherwise'), ('active', 'active', None)},
            {one[2:] for one in _told(beside_odoo, 'status')},
        )
        self.assertEqual(
            {('shelved', 'running', None), ('active', 'running', None)},
            {one[2:] for one in _told(beside_tryton, 'status')},
        )
        for one in self.servers:
            self.assertEqual(['create'], self.cloud.done_to(one))


def _told(rows: list[Any], kind: str) -> list[tuple[Any, ...]]:
    """What is said of one kind: what, which day, here, there and apart."""
    return [
        (
            kind if kind == 'invoice' else row['name'], row['at'][:10],
            row['here'], row['there'], row['apart'],
        )
        for row in rows
        if row['kind'] == kind
    ]  # fmt: skip
