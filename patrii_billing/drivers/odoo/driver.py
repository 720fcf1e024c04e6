# SPDX-License-Identifier: Apache-2.0
"""Odoo as the engine that customers are subscribed in.

Customers are the payers of its contracts, bills its posted invoices.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt

from oslo_config import cfg

from patrii_billing.domain import bridge
from patrii_billing.drivers.odoo import bills
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import collecting
from patrii_billing.drivers.odoo import contracts
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import reading
from patrii_billing.drivers.odoo import sight
from patrii_billing.drivers.odoo import writing
from patrii_billing import errors


class Odoo:
    """An engine.ports.SubscriptionEngine over Odoo's JSON-2 API."""

    def __init__(
        self,
        client: json2.Client,
        fields: fieldmap.FieldMap,
        invoices: bridge.Owner = bridge.Owner.THEIRS,
        product: int = 0,
    ) -> None:
        self._client = client
        self._map = fields
        self._invoices = invoices
        self._contracts = contracts.Contracts(client, fields)
        self._bills = bills.Bills(client, fields)
        self._collecting = collecting.Collecting(client, fields)
        self._writing = writing.Writing(client, fields, product)

    @property
    def invoices(self) -> bridge.Owner:
        return self._invoices

    def look(self) -> bridge.Sight:
        return sight.look(self._client, self._map)

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        stamp = None if since is None else reading.stamp(since)
        yield from self._contracts.pages(stamp)
        yield from self._bills.pages(stamp)
        if self._invoices is bridge.Owner.OURS:
            yield from self._collecting.pages(stamp)

    def bills(self, customer: str) -> Sequence[bridge.Bill]:
        number = reading.number(customer, reading.PARTNER)
        page = self._bills.unpaid(number)
        for ref, why in page.unread.items():
            # Part of what is owed is no answer to what is owed.
            raise errors.EngineUnavailable(f'{ref} of Odoo {why}')
        return [
            bill for bill in page.bills if bill.state is bridge.BillState.OPEN
        ]

    def payments(self, customer: str) -> Sequence[bridge.Payment]:
        number = reading.number(customer, reading.PARTNER)
        try:
            return self._collecting.payments(number)
        except errors.InvalidInput as error:
            raise errors.EngineUnavailable(f'Odoo: {error}') from error

    def write_invoice(self, invoice: bridge.Invoice) -> str:
        return self._collecting.write(invoice)

    def write_line(self, line: bridge.Line) -> str:
        return self._writing.line(line)

    def write_status(self, status: bridge.Status) -> None:
        self._writing.status(status)

    def write_note(self, note: bridge.Note) -> str:
        return self._writing.note(note)


def build(conf: cfg.ConfigOpts) -> Odoo | None:
    """The driver that [odoo] says; None where it names no URL.

    Raises InvalidInput that names the option or the line of the field map.
    """
    given = conf.odoo
    if not given.url:
        return None
    server = json2.Server(
        given.url,
        given.api_key or '',
        given.database,
        given.timeout,
        given.patience,
        given.cafile,
        given.page,
    )
    if not given.api_key:
        raise errors.InvalidInput('is missing', '[odoo] api_key')
    if not server.is_protected and not given.allow_http:
        raise errors.InvalidInput(
            'is not https, and allow_http is off', '[odoo] url'
        )
    return Odoo(
        json2.Client(server),
        fieldmap.load(given.field_map),
        bridge.Owner(given.invoices),
        given.product,
    )
