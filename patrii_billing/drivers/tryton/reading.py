# SPDX-License-Identifier: Apache-2.0
"""What is read of Tryton: who subscribed, what, and what he owes.

Parties that never subscribed, and their invoices, are none of our business.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import bills
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import pages
from patrii_billing.drivers.tryton import records

Row = clients.Row
_CONSUMPTION = 'sale.subscription.line.consumption'
# A draft that was never run is an offer; one that was is being amended.
_AGREED = [
    'OR',
    ['state', 'in', ['running', 'closed']],
    ['next_invoice_date', '!=', None],
]
_ARCHIVED_TOO = ['active', 'in', [True, False]]


@dataclass(frozen=True, slots=True)
class Fields:
    """Where a subscription says its project and its plan."""

    project: str = 'reference'
    plan: str = 'lines.service.product.code'


class Reader:
    """Reads for one company."""

    def __init__(
        self, client: clients.Client, company: int, fields: Fields
    ) -> None:
        self._client = client
        self._fields = fields
        self._own = ['company', '=', company]
        self.bills = bills.Bills(client, company, self._subscribers)

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        for parties in self._client.changed(
            records.PARTY, [_ARCHIVED_TOO], records.PARTY_FIELDS, since
        ):
            yield self._customers(parties)
        for subscriptions in self._client.changed(
            records.SUBSCRIPTION,
            [self._own, _AGREED],
            self._subscription_fields(),
            since,
        ):
            yield self._contracts(subscriptions)
        yield from self.bills.changes(since)

    def sample(self) -> None:
        """Read one record of each kind. Raises EngineError."""
        for model, fields in (
            (records.PARTY, records.PARTY_FIELDS),
            (records.SUBSCRIPTION, self._subscription_fields()),
            (records.INVOICE, records.INVOICE_FIELDS),
        ):
            self._client.rows(model, [], fields, limit=1)

    def _subscription_fields(self) -> tuple[str, ...]:
        return (
            *records.SUBSCRIPTION_FIELDS,
            self._fields.project,
            self._fields.plan,
        )

    def _customers(self, parties: Sequence[Row]) -> bridge.Page:
        pays_in = self._subscribers({one['id'] for one in parties})
        ours = [one for one in parties if one['id'] in pays_in]
        return pages.page(
            customers=pages.read(
                records.PARTY,
                ours,
                lambda one: records.customer(one, pays_in[one['id']]),
            )
        )

    def _subscribers(self, parties: Collection[int]) -> dict[int, str]:
        """Those who pay for a subscription, and in which currency."""
        named = sorted(parties)
        found = self._client.rows(
            records.SUBSCRIPTION,
            [
                self._own, _AGREED,
                ['OR', ['party', 'in', named],
                 ['invoice_party', 'in', named]],
            ],
            ('party', 'invoice_party', 'currency.code'),
        )  # fmt: skip
        return {records.payer(one): one['currency']['code'] for one in found}

    def _contracts(self, subscriptions: Sequence[Row]) -> bridge.Page:
        """With those who pay for them, whoever changed last."""
        payers = sorted({records.payer(one) for one in subscriptions})
        parties = self._client.rows(
            records.PARTY,
            [['id', 'in', payers], _ARCHIVED_TOO],
            (*records.PARTY_FIELDS, 'last_modified_at'),
        )
        known = self._customers(parties)
        unbilled = self._unbilled([one['id'] for one in subscriptions])
        contracts = pages.read(
            records.SUBSCRIPTION,
            subscriptions,
            lambda one: records.contract(
                one,
                self._fields.project,
                self._fields.plan,
                unbilled.get(one['id']),
            ),
        )
        return pages.page(
            customers=(known.customers, known.unread), contracts=contracts
        )

    def _unbilled(self, subscriptions: Sequence[int]) -> dict[int, dt.date]:
        """The first day that was consumed and is on no invoice."""
        found = self._client.rows(
            _CONSUMPTION,
            [
                ['line.subscription', 'in', list(subscriptions)],
                ['invoice_line', '=', None],
            ],
            ('date', 'line.subscription'),
            (('date', 'DESC'), ('id', 'DESC')),
        )
        return {one['line']['subscription']: one['date'] for one in found}
