# SPDX-License-Identifier: Apache-2.0
"""What customers owe in Odoo: posted invoices, less what is not allocated.

Odoo's invoices keep their time of change when they are paid, since what is
left of them is computed: so what was reconciled is looked for, too. Money and
credit notes that nobody has matched with an invoice yet count for the oldest.
"""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import collecting
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import moved
from patrii_billing.drivers.odoo import reading
from patrii_billing import errors

_FIELDS = (
    'name', 'state', 'payment_state', 'amount_total', 'amount_residual',
    'currency_id', 'invoice_date', 'invoice_date_due', 'write_date',
    reading.PAYER,
)  # fmt: skip
_INVOICES = (
    ('move_type', '=', 'out_invoice'),
    ('posted_before', '=', True),
    # Those of ours that Odoo collects are debts of our own books.
    ('invoice_origin', '!=', collecting.ORIGIN),
)
# Money of a customer's that is in the ledger, on its credit side.
_CREDIT = (
    ('account_id.account_type', '=', 'asset_receivable'),
    ('balance', '<', 0),
)
_UNMATCHED = (('parent_state', '=', 'posted'), ('reconciled', '=', False))
_MATCHED = 'line_ids.matched_credit_ids.create_date'

# What is left to allocate, by payer and currency.
_Credit = Mapping[tuple[int, str], int]


class Bills:
    def __init__(
        self, client: json2.Client, fields: fieldmap.FieldMap
    ) -> None:
        self._client = client
        self._map = fields
        self._bill = fields.bill
        self._names = (*_FIELDS, *filter(None, (self._bill.contract,)))

    def pages(self, stamp: str | None) -> Iterator[bridge.Page]:
        """Those that changed since, or on which more or less is owed."""
        domain = [*_INVOICES, *self._bill.among, *self._changed(stamp)]
        for records in self._client.every(reading.MOVE, domain, self._names):
            yield self._page(records)

    def unpaid(self, payer: int) -> bridge.Page:
        return self._page(self._open([payer]))

    def _changed(self, stamp: str | None) -> json2.Domain:
        if stamp is None:
            return []
        partners = {
            reading.id_of(record['partner_id'])
            for records in self._client.every(
                reading.LINE,
                [*_CREDIT, ('move_id.write_date', '>=', stamp)],
                ['partner_id'],
            )
            for record in records
        }
        payers = set(self._payers(partners).values())
        return json2.either(
            ('write_date', '>=', stamp),
            (_MATCHED, '>=', stamp),
            (reading.PAYER, 'in', sorted(payers)),
        )

    def _payers(self, partners: set[int]) -> Mapping[int, int]:
        """Who pays for whom: entries may name a person of a company."""
        if not partners:
            return {}
        found = self._client.find(
            reading.PARTNER,
            [('id', 'in', sorted(partners))],
            [reading.PAYER],
        )
        return {one['id']: reading.id_of(one[reading.PAYER]) for one in found}

    def _page(self, found: Sequence[json2.Record]) -> bridge.Page:
        parts = moved.parts(
            self._client, self._bill.moved_from, [one['id'] for one in found]
        )
        records = {
            one['id']: one for one in (*found, *self._kin(found, parts))
        }
        bills, unread = [], {}
        owed = self._owed(records, parts)
        for number, record in records.items():
            try:
                bills.append(
                    reading.bill(self._map, record, owed.get(number, 0))
                )
            except errors.InvalidInput as error:
                unread[reading.ref(reading.MOVE, number)] = str(error)
        return bridge.Page(bills=bills, unread=unread)

    def _kin(
        self, found: Sequence[json2.Record], parts: Sequence[moved.Part]
    ) -> Sequence[json2.Record]:
        """The other invoices that debt was moved to or from."""
        others = {
            number for part in parts for number in (part.to, part.source)
        }
        others -= {record['id'] for record in found}
        if not others:
            return ()
        domain = [('id', 'in', sorted(others))]
        return self._client.find(reading.MOVE, domain, self._names)

    def _owed(
        self, records: Mapping[int, json2.Record], parts: Sequence[moved.Part]
    ) -> Mapping[int, int]:
        """Minor units by invoice, less unmatched money of its payer."""
        known = {
            number: reading.name_of(record['currency_id'])
            for number, record in records.items()
            if reading.name_of(record['currency_id']) in money.DIGITS
        }
        owing = {
            number: record
            for number, record in records.items()
            if number in known and reading.is_open(self._bill, record)
        }
        covered = self._covered(owing.values())
        moves: dict[tuple[int, int], int] = collections.defaultdict(int)
        for part in parts:
            if known.get(part.to) == known.get(part.source) is not None:
                moves[part.source, part.to] += reading.minor(
                    part.amount, known[part.to]
                )
        return moved.spread(
            {
                number: reading.minor(one['amount_residual'], known[number])
                - covered.get(number, 0)
                for number, one in owing.items()
            },
            {
                number: reading.minor(one['amount_total'], known[number])
                for number, one in records.items()
                if number in known
            },
            moves,
        )

    def _open(self, payers: Sequence[int]) -> Sequence[json2.Record]:
        domain = [
            *_INVOICES,
            *self._bill.among,
            ('state', '=', 'posted'),
            (reading.PAYER, 'in', payers),
            ('payment_state', 'not in', self._settled()),
        ]
        return self._client.find(reading.MOVE, domain, self._names)

    def _settled(self) -> Sequence[str]:
        return [*self._bill.settled, reading.REVERSED]

    def _covered(self, owing: Iterable[json2.Record]) -> Mapping[int, int]:
        """What unmatched money covers of open invoices, the oldest first."""
        left = dict(self._credit({_payer(record) for record in owing}))
        payers = sorted({payer for payer, _ in left})
        covered = {}
        for record in sorted(
            self._open(payers) if payers else (),
            key=lambda one: (str(one['invoice_date_due']), one['id']),
        ):
            currency = reading.name_of(record['currency_id'])
            if currency not in money.DIGITS:
                continue
            purse = (_payer(record), currency)
            owed = reading.minor(record['amount_residual'], currency)
            part = max(0, min(left.get(purse, 0), owed))
            if part:
                covered[record['id']] = part
                left[purse] -= part
        return covered

    def _credit(self, payers: set[int]) -> _Credit:
        found: dict[tuple[int, str], int] = collections.defaultdict(int)
        if not payers:
            return found
        lines = self._client.find(
            reading.LINE,
            [
                *_CREDIT,
                *_UNMATCHED,
                (f'partner_id.{reading.PAYER}', 'in', sorted(payers)),
            ],
            ['partner_id', 'currency_id', 'amount_residual_currency'],
        )
        of = self._payers({reading.id_of(one['partner_id']) for one in lines})
        for line in lines:
            currency = reading.name_of(line['currency_id'])
            if currency not in money.DIGITS:
                continue
            purse = (of[reading.id_of(line['partner_id'])], currency)
            found[purse] -= reading.minor(
                line['amount_residual_currency'], currency
            )
        return found


def _payer(record: json2.Record) -> int:
    return reading.id_of(record[reading.PAYER])
