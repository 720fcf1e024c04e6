# SPDX-License-Identifier: Apache-2.0
"""Odoo's contracts and who pays for them, page by page."""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from patrii_billing.domain import bridge
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import reading
from patrii_billing import errors

_CHANGED = 'write_date'


@dataclass(frozen=True, slots=True)
class _Beside:
    """What other models say of a page: by the contract's id, or their own."""

    projects: Mapping[int, Sequence[json2.Record]]
    holds: Mapping[int, Sequence[json2.Record]]
    templates: Mapping[int, json2.Record]


class Contracts:
    def __init__(
        self, client: json2.Client, fields: fieldmap.FieldMap
    ) -> None:
        self._client = client
        self._map = fields
        self._contract = fields.contract

    def pages(self, stamp: str | None) -> Iterator[bridge.Page]:
        """Those that changed since, a customer in one page only."""
        told: set[int] = set()
        for records in self._client.every(
            self._contract.model,
            [*self._contract.among, *self._changed(stamp)],
            self._names(),
        ):
            yield self._page(records, told)

    def _changed(self, stamp: str | None) -> json2.Domain:
        """What is told of a contract stands in four models."""
        if stamp is None:
            return []
        person = self._contract.customer
        paths = ('', f'{person}.', f'{person}.{reading.PAYER}.')
        beside = {
            reading.id_of(record[side.contract])
            for side in (self._map.project, self._map.hold)
            if side
            for records in self._client.every(
                side.model, [(_CHANGED, '>=', stamp)], [side.contract]
            )
            for record in records
        }
        return json2.either(
            *((f'{path}{_CHANGED}', '>=', stamp) for path in paths),
            ('id', 'in', sorted(beside - {0})),
        )

    def _page(
        self, records: Sequence[json2.Record], told: set[int]
    ) -> bridge.Page:
        beside = self._beside(records)
        payers = self._payers(records)
        customers, contracts, unread = [], [], {}
        for record in records:
            ref = reading.ref(self._contract.model, record['id'])
            person = self._person(record)
            if person not in payers:
                unread[ref] = 'its customer is not shown to us'
                continue
            payer, email = payers[person]
            try:
                contract = self._read(record, payer, beside)
                if payer['id'] not in told:
                    customers.append(self._customer(record, payer, email))
            except errors.InvalidInput as error:
                unread[ref] = str(error)
            else:
                contracts.append(contract)
                told.add(payer['id'])
        return bridge.Page(
            customers=customers, contracts=contracts, unread=unread
        )

    def _read(
        self, record: json2.Record, payer: json2.Record, beside: _Beside
    ) -> bridge.Contract:
        zone = str(payer.get(self._map.customer.timezone) or '')
        number = record['id']
        template = beside.templates.get(self._template(record))
        return reading.contract(
            self._contract,
            record,
            reading.ref(reading.PARTNER, payer['id']),
            [
                str(found[side.id])
                for side in (self._map.project,)
                if side
                for found in beside.projects.get(number, ())
                if found[side.id]
            ],
            [
                reading.hold(side, found, zone)
                for side in (self._map.hold,)
                if side
                for found in beside.holds.get(number, ())
            ],
            reading.cycle(self._map.cycle, template)
            if self._map.cycle and template
            else None,
            zone,
        )

    def _beside(self, records: Sequence[json2.Record]) -> _Beside:
        ids = [record['id'] for record in records]
        return _Beside(
            self._side(self._map.project, ids),
            self._side(self._map.hold, ids),
            self._templates({self._template(one) for one in records} - {0}),
        )

    def _template(self, record: json2.Record) -> int:
        plan = self._contract.plan
        link = record[plan] if plan else None
        return reading.id_of(link) if isinstance(link, list) else 0

    def _templates(self, ids: set[int]) -> Mapping[int, json2.Record]:
        cycle = self._map.cycle
        if not cycle or not ids:
            return {}
        found = self._client.find(
            cycle.model,
            [('id', 'in', sorted(ids))],
            [*filter(None, (cycle.unit, cycle.interval))],
        )
        return {record['id']: record for record in found}

    def _customer(
        self, record: json2.Record, payer: json2.Record, email: str
    ) -> bridge.Customer:
        currency = reading.name_of(record[self._contract.currency])
        if not currency:
            raise errors.InvalidInput(f'has no {self._contract.currency}')
        return reading.customer(self._map.customer, payer, email, currency)

    def _person(self, record: json2.Record) -> int:
        return reading.id_of(record[self._contract.customer])

    def _payers(
        self, records: Iterable[json2.Record]
    ) -> Mapping[int, tuple[json2.Record, str]]:
        """Who pays for a contract's customer, and that customer's mail."""
        held = self._map.customer
        names = [
            *filter(None, (
                held.name, held.email, held.locale, held.timezone,
                held.street, held.street2, held.zip, held.city,
                held.country, held.tax_id,
            )),
            reading.PAYER,
            _CHANGED,
        ]  # fmt: skip
        people = self._people({self._person(one) for one in records}, names)
        payer_of = {
            number: reading.id_of(one[reading.PAYER])
            for number, one in people.items()
        }
        others = set(payer_of.values()) - people.keys()
        known = {**people, **self._people(others, names)}
        return {
            number: (
                known[payer_of[number]],
                str(held.email and one[held.email] or ''),
            )
            for number, one in people.items()
            if payer_of[number] in known
        }

    def _people(
        self, ids: set[int], names: Sequence[str]
    ) -> Mapping[int, json2.Record]:
        if not ids:
            return {}
        found = self._client.find(
            reading.PARTNER, [('id', 'in', sorted(ids))], names
        )
        return {record['id']: record for record in found}

    def _side(
        self, side: fieldmap.Side | None, ids: Sequence[int]
    ) -> Mapping[int, Sequence[json2.Record]]:
        found: dict[int, list[json2.Record]] = collections.defaultdict(list)
        if side:
            domain = [*side.among, (side.contract, 'in', ids)]
            names = [*filter(None, (side.contract, side.id, side.until))]
            for record in self._client.find(side.model, domain, names):
                found[reading.id_of(record[side.contract])].append(record)
        return found

    def _names(self) -> Sequence[str]:
        held = self._contract
        names = (
            held.customer, held.name, held.currency, held.start, held.plan,
            held.project, held.server, held.paid_until, held.ends_on,
            held.state, held.status, held.paused, held.paused_until,
        )  # fmt: skip
        return [*dict.fromkeys(filter(None, names)), _CHANGED]
