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
import datetime as dt

from patrii_billing.domain import bridge
from patrii_billing.domain import money
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing.drivers.odoo import reading
from patrii_billing import errors

LINE = 'account.move.line'

_FIELDS = (
    'name', 'state', 'payment_state', 'amount_total', 'amount_residual',
    'currency_id', 'invoice_date', 'invoice_date_due', 'write_date',
    reading.PAYER,
)  # fmt: skip
_INVOICES = (('move_type', '=', 'out_invoice'), ('posted_before', '=', True))
# Money of a customer's that is in the ledger, on its credit side.
_CREDIT = (
    ('account_id.account_type', '=', 'asset_receivable'),
    ('balance', '<', 0),
)
_UNMATCHED = (('parent_state', '=', 'posted'), ('reconciled', '=', False))
_MATCHED = 'line_ids.matched_credit_ids.create_date'
# Debt is moved from invoice to invoice at most so often: four years.
_MOVES = 48

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
                LINE,
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

    def _page(self, records: Sequence[json2.Record]) -> bridge.Page:
        owing = [one for one in records if reading.is_open(self._bill, one)]
        moved = self._due_before(owing)
        covered = self._covered(owing)
        bills, unread = [], {}
        for record in records:
            number = record['id']
            try:
                bills.append(
                    reading.bill(
                        self._map,
                        record,
                        covered.get(number, 0),
                        moved.get(number),
                    )
                )
            except errors.InvalidInput as error:
                unread[reading.ref(reading.MOVE, number)] = str(error)
        return bridge.Page(bills=bills, unread=unread)

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

    def _covered(self, owing: Sequence[json2.Record]) -> Mapping[int, int]:
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
            LINE,
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

    def _due_before(
        self, owing: Sequence[json2.Record]
    ) -> Mapping[int, dt.date]:
        """Since when debt is due that was moved to an invoice from others.

        It does not get younger by moving: else who never pays is never late.
        """
        source = self._bill.moved_from
        if not source:
            return {}
        # Each invoice on the way, and those of ours that hold its debt.
        holders = {record['id']: {record['id']} for record in owing}
        due: dict[int, dt.date] = {}
        for _ in range(_MOVES):
            if not holders:
                break
            holders = self._one_back(source, holders)
            for record in self._dues(holders):
                day = reading.day(record, 'invoice_date_due')
                if day is None:
                    continue
                for number in holders[record['id']]:
                    due[number] = min(due.get(number, day), day)
        return due

    def _one_back(
        self, source: str, holders: Mapping[int, set[int]]
    ) -> dict[int, set[int]]:
        domain = [('move_id', 'in', sorted(holders)), (source, '!=', False)]
        back: dict[int, set[int]] = collections.defaultdict(set)
        for line in self._client.find(LINE, domain, ['move_id', source]):
            held = holders[reading.id_of(line['move_id'])]
            back[reading.id_of(line[source])] |= held
        return back

    def _dues(self, numbers: Iterable[int]) -> Sequence[json2.Record]:
        wanted = sorted(numbers)
        if not wanted:
            return ()
        return self._client.find(
            reading.MOVE, [('id', 'in', wanted)], ['invoice_date_due']
        )


def _payer(record: json2.Record) -> int:
    return reading.id_of(record[reading.PAYER])
