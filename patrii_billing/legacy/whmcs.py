# SPDX-License-Identifier: Apache-2.0
"""Clients, services and open invoices of a hosting panel such as WHMCS.

They become accounts, subscriptions that are paid until the next due date, and
an opening balance: the credit, less what is open of the invoices.
"""

import collections
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from decimal import Decimal
from typing import Any

from patrii_billing.domain import money
from patrii_billing import errors
from patrii_billing.legacy import layout as layouts
from patrii_billing.legacy import table
from patrii_billing.legacy import written

_Cell = written.Cell

SOURCE = 'whmcs'


@dataclass(slots=True)
class Found:
    """What the tables say: the document, its sums, and what is wrong.

    `sums` hold amounts by what they are and their currency; `left_out` counts
    what is none of ours, by why.
    """

    document: written.Written
    mistakes: list[errors.InvalidInput] = field(default_factory=list)
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    counts: collections.Counter[str] = field(
        default_factory=collections.Counter
    )
    left_out: collections.Counter[str] = field(
        default_factory=collections.Counter
    )


def read(
    tables: Mapping[str, bytes], layout: layouts.Layout, currency: str
) -> Found:
    """The document of tables by their names in the layout.

    `currency` is that of clients who have none. Nothing is raised for what
    is wrong in a table: all of it is in `mistakes`.
    """
    reading = _Reading(tables, layout, currency)
    reading.clients()
    reading.invoices()
    reading.services()
    return reading.close()


@dataclass(slots=True)
class _Client:
    row: table.Row
    currency: str
    credit: Decimal
    owed: Decimal = Decimal(0)
    projects: dict[str, str] = field(default_factory=dict)
    services: list[dict[str, Any]] = field(default_factory=list)


class _Reading:
    """The tables on their way to a document."""

    def __init__(
        self,
        tables: Mapping[str, bytes],
        layout: layouts.Layout,
        currency: str,
    ) -> None:
        self._tables, self._layout = tables, layout
        self._currency = currency
        self._found = Found(written.Written(SOURCE))
        self._clients: dict[str, _Client] = {}
        self._left: set[str] = set()
        self._plans: dict[str, dict[str, Any]] = {}
        self._covers: dict[str, str] = {}

    def clients(self) -> None:
        for row in self._rows('clients'):
            self._keep(self._client, row)

    def invoices(self) -> None:
        paid = self._paid()
        for row in self._rows('invoices'):
            self._keep(lambda row: self._invoice(row, paid), row)

    def services(self) -> None:
        for row in self._rows('services'):
            self._keep(self._service, row)

    def close(self) -> Found:
        names = collections.Counter(
            _name(client.row) for client in self._clients.values()
        )
        entries = [
            self._account(number, client, names)
            for number, client in self._clients.items()
        ]
        self._found.document.add('plans', list(self._plans.values()))
        self._found.document.add('accounts', entries)
        return self._found

    def _rows(self, name: str) -> Iterator[table.Row]:
        """The rows of a table, as far as it can be read."""
        if name not in self._tables:
            return
        try:
            yield from table.read(self._tables[name], name, self._layout)
        except errors.InvalidInput as error:
            self._found.mistakes.append(error)

    def _keep(self, work: Callable[[table.Row], None], row: table.Row) -> None:
        try:
            work(row)
        except errors.InvalidInput as error:
            self._found.mistakes.append(error)

    def _client(self, row: table.Row) -> None:
        number = row.needs('id')
        if number in self._clients or number in self._left:
            raise row.wrong('id', f'{number} is there twice')
        if not row.is_taken:
            self._left.add(number)
            self._found.left_out[f'clients: {row.text("status")}'] += 1
            return
        text = row.text('currency')
        currency = self._layout.currencies.get(text, text) or self._currency
        if currency not in money.DIGITS:
            raise row.wrong(
                'currency', f'{currency[:40]!r} is no currency; name it in '
                'currencies of a map',
            )  # fmt: skip
        credit = self._amount(row, 'credit', currency)
        if not _name(row):
            raise row.wrong('company', 'nobody is named')
        self._clients[number] = _Client(row, currency, credit)
        self._count('clients', 'credit', credit, currency)

    def _paid(self) -> dict[str, Decimal]:
        """What was paid in part, by invoice."""
        paid: dict[str, Decimal] = collections.defaultdict(Decimal)
        for row in self._rows('payments'):
            self._keep(lambda row: _pay(paid, row), row)
        return paid

    def _invoice(
        self, row: table.Row, paid: Mapping[str, Decimal]
    ) -> None:
        client = self._owner(row)
        if client is None or not row.is_taken:
            self._leave_out('invoices', client, row)
            return
        owed = self._amount(row, 'total', client.currency)
        owed -= paid.get(row.needs('id'), Decimal(0))
        if owed < 0:
            raise row.wrong('total', f'is less than was paid of it, {owed}')
        client.owed += owed
        self._count('open invoices', 'owed', owed, client.currency)

    def _service(self, row: table.Row) -> None:
        client = self._owner(row)
        if client is None or not row.is_taken:
            self._leave_out('services', client, row)
            return
        said = row.needs('cycle')
        if said not in self._layout.cycles:
            raise row.wrong(
                'cycle', f'{said[:40]!r} has no cycle here; name one, or '
                'nothing to leave it out, in cycles of a map',
            )  # fmt: skip
        cycle = self._layout.cycles[said]
        if not cycle:
            self._found.left_out[f'services: {said}'] += 1
            return
        amount = self._amount(row, 'amount', client.currency)
        start, due = row.day('start'), row.day('due')
        if start is None or due is None:
            raise row.wrong('due' if start else 'start', 'has no date')
        project = row.needs('project')
        project = self._layout.projects.get(project, project)
        client.projects.setdefault(project, row.place('project'))
        client.services.append(
            {
                'name': _Cell(f'{SOURCE}-{row.needs("id")}', row.place('id')),
                'plan': _Cell(
                    self._plan(row, cycle, amount, client.currency),
                    row.place('product'),
                ),
                'project': _Cell(project, row.place('project')),
                'start': _Cell(min(start, due), row.place('start')),
                'paid_until': _Cell(due, row.place('due')),
                'anchor_day': _Cell(_anchor(start, due), row.place('due')),
                **self._enforces(project, row),
            }
        )
        self._count(f'services by {cycle}', 'each time', amount,
                    client.currency)  # fmt: skip

    def _enforces(self, project: str, row: table.Row) -> dict[str, Any]:
        """Only one subscription covers a project."""
        first = self._covers.setdefault(project, row.text('id'))
        if first == row.text('id'):
            return {}
        return {'enforces': _Cell(False, row.place('project'))}

    def _plan(
        self, row: table.Row, cycle: str, amount: Decimal, currency: str
    ) -> str:
        """The plan of a product, or a flat one at what is billed there."""
        product = row.needs('product')
        if product in self._layout.plans:
            return self._layout.plans[product]
        name = f'{SOURCE}-{product}-{cycle}-{amount}-{currency}'
        self._plans.setdefault(
            name,
            {
                'name': _Cell(name, row.place('product')),
                'currency': currency,
                'cycle': _Cell(cycle, row.place('cycle')),
                'prices': [
                    {
                        'kind': 'flat',
                        'unit_price': _Cell(
                            str(amount), row.place('amount')
                        ),
                    }
                ],
            },
        )
        return name

    def _owner(self, row: table.Row) -> _Client | None:
        number = row.needs('client')
        if number in self._left:
            return None
        if number not in self._clients:
            raise row.wrong('client', f'there is no client {number[:40]}')
        return self._clients[number]

    def _leave_out(
        self, what: str, client: _Client | None, row: table.Row
    ) -> None:
        why = 'of such a client' if client is None else row.text('status')
        self._found.left_out[f'{what}: {why}'] += 1

    def _amount(
        self, row: table.Row, name: str, currency: str
    ) -> Decimal:
        """An amount with the digits of its currency."""
        amount = row.amount(name)
        exact = amount.quantize(Decimal(1).scaleb(-money.DIGITS[currency]))
        if exact != amount:
            raise row.wrong(name, f'{amount} is no amount of {currency}')
        if amount < 0:
            raise row.wrong(name, f'{amount} is below zero')
        return exact

    def _count(
        self, what: str, sum_of: str, amount: Decimal, currency: str
    ) -> None:
        self._found.counts[what] += 1
        key = f'{what}, {sum_of}', currency
        self._found.sums[key] = (
            self._found.sums.get(key, Decimal(0)) + amount
        )

    def _account(
        self,
        number: str,
        client: _Client,
        names: Mapping[str, int],
    ) -> dict[str, Any]:
        row = client.row
        name = _name(row)
        if names[name] > 1:
            name = f'{name} #{number}'
        balance = client.credit - client.owed
        said: dict[str, Any] = {
            'name': _Cell(name, row.place('company')),
            'currency': _Cell(client.currency, row.place('currency')),
            'external_ref': _Cell(number, row.place('id')),
            **_optional(row, 'contacts', 'email', lambda text: [text]),
            **_optional(
                row, 'locale', 'language',
                lambda text: self._layout.languages.get(text.lower()),
            ),
            'address': _address(row, name),
        }  # fmt: skip
        if balance:
            said['opening_balance'] = _Cell(str(balance), row.place('credit'))
        if client.projects:
            said['projects'] = [
                {_called(project): _Cell(project, place)}
                for project, place in client.projects.items()
            ]
        if client.services:
            said['subscriptions'] = client.services
        return said


def _pay(paid: dict[str, Decimal], row: table.Row) -> None:
    invoice = row.text('invoice')
    if invoice:
        paid[invoice] += row.amount('in') - row.amount('out')


def _name(row: table.Row) -> str:
    person = ' '.join((row.text('first'), row.text('last'))).strip()
    return row.text('company') or person


def _optional(
    row: table.Row, name: str, column: str, read: Callable[[str], Any]
) -> dict[str, Any]:
    text = row.text(column)
    value = read(text) if text else None
    return {} if value is None else {name: _Cell(value, row.place(column))}


def _address(row: table.Row, name: str) -> dict[str, Any]:
    return {
        'name': _Cell(name, row.place('company')),
        'lines': _Cell(row.parts('lines'), row.place('lines')),
        **_optional(row, 'country', 'country', str),
        **_optional(row, 'tax_id', 'tax_id', str),
    }


def _anchor(start: dt.date, due: dt.date) -> int:
    """The true day of a month, which a short month may have cut."""
    last = (due + dt.timedelta(days=1)).day == 1
    return start.day if last and start.day > due.day else due.day


def _called(project: str) -> str:
    """Whether keystone's id or a name: ids are 32 digits of base 16."""
    plain = project.replace('-', '').lower()
    is_id = len(plain) == 32 and not set(plain) - set('0123456789abcdef')
    return 'id' if is_id else 'name'
