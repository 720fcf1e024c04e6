# SPDX-License-Identifier: Apache-2.0
"""Statements as tables of text (CSV), whose columns an operator names."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import csv
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import io
import re
from typing import NoReturn

from patrii_billing.domain import money
from patrii_billing.domain import statement
from patrii_billing import errors

# What a column may be; `text` may be several.
FIELDS = {
    'day': 'when it was booked',
    'amount': 'how much, negative if it was paid out',
    'credit': 'how much was paid in, where it has a column of its own',
    'debit': 'how much was paid out, likewise',
    'currency': 'its currency, unless all have one',
    'payer': 'who paid',
    'text': 'what he wrote; may be several columns',
    'reference': 'a structured reference of it',
    'id': 'what the bank calls it; best, where there is one',
    'account': 'our account, where a file has several',
}
_DELIMITERS = ';,\t|'
# In groups of three, which may be parted, and a sign on either side.
_GROUPED = re.compile(r'[0-9]{1,3}(?:[ \u00a0\u202f\'’.,][0-9]{3})+|[0-9]+')


@dataclass(frozen=True, slots=True)
class Layout:
    """How a bank writes its tables; `date` is of strptime.

    `columns` names the headers of each field. Without a `delimiter` the one
    that parts the headers is taken.
    """

    columns: Mapping[str, Sequence[str]]
    delimiter: str = ''
    decimal: str = '.'
    date: str = '%Y-%m-%d'
    encoding: str = 'utf-8-sig'
    currency: str = ''
    headers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Raises InvalidInput naming the field that is wrong."""
        for name in self.columns:
            if name not in FIELDS:
                raise errors.InvalidInput(
                    f'is none of {", ".join(FIELDS)}', f'column {name}'
                )
        sums = 'amount' in self.columns, 'credit' in self.columns
        if 'day' not in self.columns or sums not in ((1, 0), (0, 1)):
            raise errors.InvalidInput(
                'must name day, and amount or credit', 'columns'
            )
        if not self.currency and 'currency' not in self.columns:
            raise errors.InvalidInput('is not known of', 'currency')
        if self.currency:
            money.digits(self.currency)
        if self.decimal not in ('.', ','):
            raise errors.InvalidInput('must be . or ,', 'decimal')
        if len(self.delimiter) > 1:
            raise errors.InvalidInput('must be one character', 'delimiter')
        headers = {one for names in self.columns.values() for one in names}
        object.__setattr__(self, 'headers', frozenset(headers))


def read(
    chunks: Iterable[bytes], source: str, layout: Layout
) -> list[statement.Entry]:
    """The entries of a table, in its order, each with its key.

    What stands above the row of the headers is passed over. Raises
    InvalidInput with 'FILE:LINE: COLUMN' for what cannot be read.
    """
    try:
        text = b''.join(chunks).decode(layout.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise errors.InvalidInput(str(error), f'{source}: encoding') from None
    by_account: dict[str, list[statement.Entry]] = {}
    order: list[str] = []
    for row in _rows(text, source, layout):
        account = row.said('account').replace(' ', '')
        if entry := row.read():
            by_account.setdefault(account, []).append(entry)
            order.append(account)
    keyed = {
        account: statement.keyed(rows, account)
        for account, rows in by_account.items()
    }
    return [next(keyed[account]) for account in order]


def _rows(text: str, source: str, layout: Layout) -> Iterator['_Row']:
    delimiter = layout.delimiter or _delimiter(text, source, layout)
    reader = csv.reader(
        io.StringIO(text, newline=''), delimiter=delimiter, strict=True
    )
    headers: list[str] = []
    try:
        for cells in reader:
            where = f'{source}:{reader.line_num}'
            cells = [cell.strip() for cell in cells]
            if not headers:
                headers = cells if layout.headers <= {*cells} else []
                _check(headers, where, layout)
            elif any(cells):
                if len(cells) != len(headers):
                    raise errors.InvalidInput(
                        f'has {len(cells)} columns, the headers are '
                        f'{len(headers)}', where,
                    )  # fmt: skip
                yield _Row(headers, cells, where, layout)
    except csv.Error as error:
        where = f'{source}:{reader.line_num}'
        raise errors.InvalidInput(str(error), where) from None
    if not headers:
        _refuse_headers(text, source, layout)


def _delimiter(text: str, source: str, layout: Layout) -> str:
    for line in text.splitlines():
        if all(header in line for header in layout.headers):
            return max(_DELIMITERS, key=line.count)
    _refuse_headers(text, source, layout)


def _refuse_headers(text: str, source: str, layout: Layout) -> NoReturn:
    missing = [one for one in sorted(layout.headers) if one not in text]
    said = ', '.join(map(repr, missing or sorted(layout.headers)))
    raise errors.InvalidInput(f'no row of headers has {said}', source)


def _check(headers: Sequence[str], where: str, layout: Layout) -> None:
    for name in layout.headers:
        if headers.count(name) > 1:
            raise errors.InvalidInput(f'the header {name!r} is twice', where)


class _Row:
    """A row on its way to an entry."""

    def __init__(
        self,
        headers: Sequence[str],
        cells: Sequence[str],
        where: str,
        layout: Layout,
    ) -> None:
        self._cells = dict(zip(headers, cells, strict=True))
        self._where = where
        self._layout = layout

    def read(self) -> statement.Entry | None:
        """The entry; none where nothing was paid."""
        currency = self._currency()
        amount = self._signed(currency)
        if not amount:
            return None
        does = statement.Does
        reference = self.said('reference')
        return statement.Entry(
            where=self._where,
            booked=self._day(),
            amount=abs(amount),
            currency=currency,
            does=does.PAID_IN if amount > 0 else does.PAID_OUT,
            payer=self.said('payer'),
            text=self.said('text'),
            references=(reference,) if reference else (),
            bank_id=self.said('id'),
        )

    def said(self, name: str) -> str:
        """What the columns of a field say."""
        headers = self._layout.columns.get(name, ())
        found = (self._cells[header] for header in headers)
        return ' '.join(' '.join(found).split())

    def _currency(self) -> str:
        currency = self.said('currency') or self._layout.currency
        if currency not in money.DIGITS:
            self._refuse('currency', f'{currency[:40]!r} is no currency')
        return currency

    def _signed(self, currency: str) -> int:
        if 'amount' in self._layout.columns:
            return self._minor('amount', currency)
        paid_in = self.said('credit') and self._minor('credit', currency)
        paid_out = self.said('debit') and self._minor('debit', currency)
        return (paid_in or 0) - abs(paid_out or 0)

    def _minor(self, name: str, currency: str) -> int:
        text = self.said(name)
        sign, digits = '', text
        if text[:1] in ('+', '-', '\u2212'):
            sign, digits = text[0], text[1:].strip()
        elif text[-1:] in ('+', '-'):
            sign, digits = text[-1], text[:-1].strip()
        whole, _, part = digits.partition(self._layout.decimal)
        parted = re.sub(r'[0-9]', '', whole)
        if (
            not _GROUPED.fullmatch(whole)
            or self._layout.decimal in parted
            or len({*parted}) > 1
        ):
            self._refuse(name, f'{text[:40]!r} is no amount')
        whole = re.sub(r'[^0-9]', '', whole)
        try:
            read = money.parse(f'{whole}.{part}' if part else whole, currency)
        except errors.InvalidInput:
            self._refuse(name, f'{text[:40]!r} is no amount of {currency}')
        return read.minor if sign in ('', '+') else -read.minor

    def _day(self) -> dt.date:
        text = self.said('day')
        try:
            # A day needs no zone.
            return dt.datetime.strptime(text, self._layout.date).date()
        except ValueError:
            self._refuse('day', f'{text[:40]!r} is not as {self._layout.date}')

    def _refuse(self, name: str, reason: str) -> NoReturn:
        headers = ' '.join(self._layout.columns.get(name, ())) or name
        raise errors.InvalidInput(reason, f'{self._where}: {headers}')
