# SPDX-License-Identifier: Apache-2.0
"""What customers owe in Tryton.

Money and credit notes that nobody has matched with an invoice yet count for
the oldest ones: nobody is shelved for what he has paid.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
import datetime as dt

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import collecting
from patrii_billing.drivers.tryton import pages
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

Row = clients.Row
_LINE = records.SUBSCRIPTION_LINE
_MOVE_LINE = 'account.move.line'
_NUMBERED = [
    ['type', '=', 'out'],
    ['state', 'in', ['posted', 'paid', 'cancelled']],
    ['number', '!=', None],
    # Those of ours that Tryton collects are debts of our own books.
    [
        'OR',
        ['comment', '=', None],
        ['comment', 'not like', collecting.OURS[2]],
    ],
]
_OPEN = ['state', '=', 'posted']
_RECEIVED = [
    ['account.type.receivable', '=', True],
    ['move.state', '=', 'posted'],
    ['credit', '>', 0],
]
_UNMATCHED = [['reconciliation', '=', None], ['invoice_payment', '=', None]]


class Bills:
    """Reads those of parties who subscribed, as `subscribers` tells them."""

    def __init__(
        self,
        client: clients.Client,
        company: int,
        subscribers: Callable[[Collection[int]], Mapping[int, str]],
    ) -> None:
        self._client = client
        self._subscribers = subscribers
        self._own = ['company', '=', company]
        self._entered = [['move.company', '=', company], *_RECEIVED]

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        for invoices in self._client.changed(
            records.INVOICE,
            [self._own, *_NUMBERED],
            records.INVOICE_FIELDS,
            since,
        ):
            yield self._page({one['party'] for one in invoices}, invoices)
        if since is None:
            return
        for lines in self._client.changed(
            _MOVE_LINE,
            [*self._entered, ['party', '!=', None]],
            ('party',),
            since,
        ):
            yield self._page({one['party'] for one in lines})

    def unpaid(self, party: int) -> bridge.Page:
        return self._page({party})

    def _page(
        self, parties: Collection[int], changed: Sequence[Row] = ()
    ) -> bridge.Page:
        """What changed, and all that these parties owe: it hangs together."""
        ours = sorted(self._subscribers(parties))
        unpaid = self._read([['party', 'in', ours], _OPEN]) if ours else []
        found = {
            one['id']: one
            for one in (*changed, *unpaid)
            if one['party'] in ours and not records.is_credit(one)
        }
        if not found:
            return bridge.Page()
        rows = list(found.values())
        covered = self._covered(rows)
        notes = self._notes(list(found))
        contracts = self._contracts(rows)
        return pages.page(
            bills=pages.read(
                records.INVOICE,
                rows,
                lambda one: records.bill(
                    one,
                    covered.get(one['id'], 0),
                    notes.get(one['id'], frozenset()),
                    contracts.get(one['id']),
                ),
            )
        )

    def _read(self, which: clients.Domain) -> list[Row]:
        return self._client.rows(
            records.INVOICE,
            [self._own, *_NUMBERED, *which],
            records.INVOICE_FIELDS,
        )

    def _covered(self, invoices: Sequence[Row]) -> Mapping[int, int]:
        """Minor units of open invoices for which there is money already."""
        owing = []
        for one in invoices:
            # What cannot be read is told as such where it is read.
            with contextlib.suppress(errors.InvalidInput):
                if one['state'] == 'posted':
                    owing.append((records.age(one), records.left(one), one))
        left = self._unmatched({one['party'] for _, _, one in owing})
        covered = {}
        for _, owed, one in sorted(owing, key=lambda each: each[0]):
            purse = (one['party'], one['currency']['code'])
            part = min(left.get(purse, 0), owed)
            if part > 0:
                covered[one['id']] = part
                left[purse] -= part
        return covered

    def _unmatched(
        self, parties: Collection[int]
    ) -> dict[tuple[int, str], int]:
        """What came in for nothing in particular, by party and currency."""
        if not parties:
            return {}
        found = self._client.rows(
            _MOVE_LINE,
            [*self._entered, *_UNMATCHED, ['party', 'in', sorted(parties)]],
            ('party', 'debit', 'credit', 'amount_second_currency',
             'second_currency.code', 'move.company.currency.code'),
        )  # fmt: skip
        sums: dict[tuple[int, str], int] = {}
        for line in found:
            currency = (
                line['second_currency']
                or (line['move']['company']['currency'])
            )
            purse = (line['party'], currency['code'])
            with contextlib.suppress(errors.InvalidInput):
                amount = -records.asked(line, currency['code'])
                sums[purse] = sums.get(purse, 0) + amount
        return sums

    def _notes(self, invoices: Sequence[int]) -> Mapping[int, frozenset[int]]:
        """The credit notes of each invoice."""
        found = self._client.rows(
            records.INVOICE,
            [self._own, *_NUMBERED, ['origin_invoices', 'in', invoices],
             ['state', '!=', 'cancelled']],
            ('total_amount', 'origin_invoices'),
        )  # fmt: skip
        notes: dict[int, frozenset[int]] = {}
        for note in filter(records.is_credit, found):
            for origin in note['origin_invoices']:
                known = notes.get(origin, frozenset())
                notes[origin] = known | {note['id']}
        return notes

    def _contracts(self, invoices: Sequence[Row]) -> Mapping[int, int]:
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
