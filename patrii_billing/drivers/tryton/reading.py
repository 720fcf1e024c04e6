# SPDX-License-Identifier: Apache-2.0
"""What is read of Tryton: who subscribed, what, and what he owes.

Parties that never subscribed, and their invoices, are none of our business.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import TypeVar

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

T = TypeVar('T')
Row = clients.Row
_LINE = records.SUBSCRIPTION_LINE
_CONSUMPTION = 'sale.subscription.line.consumption'
# A draft that was never run is an offer; one that was is being amended.
_AGREED = [
    'OR',
    ['state', 'in', ['running', 'closed']],
    ['next_invoice_date', '!=', None],
]
_NUMBERED = [
    ['type', '=', 'out'],
    ['state', 'in', ['posted', 'paid', 'cancelled']],
    ['number', '!=', None],
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
        for invoices in self._client.changed(
            records.INVOICE,
            [self._own, *_NUMBERED],
            records.INVOICE_FIELDS,
            since,
        ):
            yield self._bills(self._with_credited(invoices))

    def unpaid(self, party: int) -> bridge.Page:
        invoices = self._client.rows(
            records.INVOICE,
            [self._own, *_NUMBERED, ['party', '=', party],
             ['state', '=', 'posted']],
            records.INVOICE_FIELDS,
        )  # fmt: skip
        return self._bills(invoices)

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
        return _page(
            customers=_read(
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
        contracts = _read(
            records.SUBSCRIPTION,
            subscriptions,
            lambda one: records.contract(
                one,
                self._fields.project,
                self._fields.plan,
                unbilled.get(one['id']),
            ),
        )
        return _page(
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

    def _with_credited(self, invoices: Sequence[Row]) -> list[Row]:
        """Credit notes change what is owed on invoices that did not."""
        here = {one['id'] for one in invoices}
        credited = {
            origin
            for one in invoices
            if records.is_credit(one)
            for origin in one['origin_invoices']
        }
        more = sorted(credited - here)
        if not more:
            return list(invoices)
        found = self._client.rows(
            records.INVOICE,
            [self._own, *_NUMBERED, ['id', 'in', more]],
            records.INVOICE_FIELDS,
        )
        return [*invoices, *found]

    def _bills(self, invoices: Sequence[Row]) -> bridge.Page:
        pays_in = self._subscribers({one['party'] for one in invoices})
        ours = [
            one
            for one in invoices
            if one['party'] in pays_in and not records.is_credit(one)
        ]
        if not ours:
            return bridge.Page()
        credits = self._credits([one['id'] for one in ours])
        contracts = self._contracts_of(ours)
        return _page(
            bills=_read(
                records.INVOICE,
                ours,
                lambda one: records.bill(
                    one, credits.get(one['id'], ()), contracts.get(one['id'])
                ),
            )
        )

    def _credits(self, invoices: Sequence[int]) -> dict[int, list[Row]]:
        """Credit notes by what they credit; of several, by the first."""
        found = self._client.rows(
            records.INVOICE,
            [self._own, *_NUMBERED, ['origin_invoices', 'in', invoices],
             ['state', '!=', 'cancelled']],
            ('amount_to_pay', 'total_amount', 'origin_invoices'),
        )  # fmt: skip
        notes: dict[int, list[Row]] = {}
        for one in filter(records.is_credit, found):
            notes.setdefault(min(one['origin_invoices']), []).append(one)
        return notes

    def _contracts_of(self, invoices: Sequence[Row]) -> dict[int, int]:
        """The subscription of each invoice that is about one and no other."""
        wanted = {
            invoice['id']: {
                records.number_of(line['origin'])
                for line in invoice['lines']
                if (line['origin'] or '').startswith(f'{_LINE},')
            }
            for invoice in invoices
        }
        lines = sorted(set().union(*wanted.values()))
        found = self._client.rows(
            _LINE, [['id', 'in', lines]], ('subscription',)
        )
        owner = {line['id']: line['subscription'] for line in found}
        subscriptions = {
            invoice: {owner[line] for line in named if line in owner}
            for invoice, named in wanted.items()
        }
        return {
            invoice: next(iter(named))
            for invoice, named in subscriptions.items()
            if len(named) == 1
        }


_Read = tuple[Sequence[T], Mapping[str, str]]


def _read(
    model: str, rows: Sequence[Row], turn: Callable[[Row], T]
) -> _Read[T]:
    """Each record in our words; one that cannot be stops no other."""
    read, unread = [], {}
    for row in rows:
        try:
            read.append(turn(row))
        except (errors.InvalidInput, KeyError, TypeError) as error:
            unread[records.ref(model, row['id'])] = (
                str(error) or type(error).__name__
            )
    return read, unread


def _page(
    customers: _Read[bridge.Customer] = ((), {}),
    contracts: _Read[bridge.Contract] = ((), {}),
    bills: _Read[bridge.Bill] = ((), {}),
) -> bridge.Page:
    return bridge.Page(
        customers=customers[0],
        contracts=contracts[0],
        bills=bills[0],
        unread={**customers[1], **contracts[1], **bills[1]},
    )
