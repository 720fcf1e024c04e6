# SPDX-License-Identifier: Apache-2.0
"""Tables of text (CSV) as panels export them, every cell with its place."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import csv
import datetime as dt
import decimal
import io
import re

from patrii_billing import errors
from patrii_billing.legacy import layout as layouts

_DELIMITERS = ',;\t|'
# In groups of three, which may be parted, and a sign before.
_GROUPED = re.compile(
    r"-?(?:[0-9]{1,3}(?:[ \u00a0\u202f'’.,][0-9]{3})+|[0-9]+)"
)
_LONGEST = 100_000


class Row:
    """One row; what is read of it is refused by file, line and column."""

    def __init__(
        self,
        file: str,
        line: int,
        cells: Mapping[str, str],
        table: layouts.Table,
        layout: layouts.Layout,
    ) -> None:
        self.file, self.line = file, line
        self._cells, self._table, self._layout = cells, table, layout

    def place(self, field: str = '') -> str:
        """FILE:LINE: COLUMN"""
        column = ' '.join(self._table.columns.get(field, ()))
        where = f'{self.file}:{self.line}'
        return f'{where}: {column}' if column else where

    def wrong(self, field: str, reason: str) -> errors.InvalidInput:
        return errors.InvalidInput(reason, self.place(field))

    def parts(self, field: str) -> list[str]:
        """What stands in the columns of a field, as far as anything does."""
        headers = self._table.columns.get(field, ())
        found = (' '.join(self._cells[each].split()) for each in headers)
        return [each for each in found if each not in ('', 'NULL')]

    def text(self, field: str) -> str:
        return ' '.join(self.parts(field))

    def needs(self, field: str) -> str:
        """What must be there. Raises InvalidInput."""
        found = self.text(field)
        if not found:
            raise self.wrong(field, 'is empty')
        return found

    @property
    def is_taken(self) -> bool:
        """Whether its status is one that matters."""
        status = self.text('status')
        return not self._table.taken or status in self._table.taken

    def amount(self, field: str) -> decimal.Decimal:
        """An amount, nothing being zero. Raises InvalidInput."""
        text = self.text(field)
        if not text:
            return decimal.Decimal(0)
        whole, _, part = text.partition(self._layout.decimal)
        parted = re.sub(r'[0-9-]', '', whole)
        if (
            not _GROUPED.fullmatch(whole)
            or self._layout.decimal in parted
            or len({*parted}) > 1
            or not re.fullmatch('[0-9]*', part)
        ):
            raise self.wrong(field, f'{text[:40]!r} is no amount')
        return decimal.Decimal(
            f'{re.sub("[^0-9-]", "", whole)}.{part or 0}'
        )

    def day(self, field: str) -> dt.date | None:
        """A day; None where there is none. Raises InvalidInput."""
        text = self.text(field)
        if text in self._layout.none:
            return None
        for form in self._layout.dates:
            try:
                # A day needs no zone.
                return dt.datetime.strptime(text, form).date()
            except ValueError:
                continue
        forms = ' or '.join(self._layout.dates)
        raise self.wrong(field, f'{text[:40]!r} is not as {forms}')


def read(
    content: bytes, name: str, layout: layouts.Layout
) -> Iterator[Row]:
    """The rows of a table. Raises InvalidInput with FILE:LINE."""
    table = layout.tables[name]
    file = table.file
    text = _decoded(content, file, layout)
    headers: list[str] = []
    reader = csv.reader(
        io.StringIO(text, newline=''), strict=True,
        delimiter=layout.delimiter or _delimiter(text),
    )  # fmt: skip
    line = 1
    try:
        for cells in reader:
            where, line = line, reader.line_num + 1
            if not headers:
                headers = [cell.strip() for cell in cells]
                _check(headers, table, file)
            elif any(cells):
                if len(cells) != len(headers):
                    raise errors.InvalidInput(
                        f'has {len(cells)} columns, the headers are '
                        f'{len(headers)}', f'{file}:{where}',
                    )  # fmt: skip
                yield Row(
                    file, where, dict(zip(headers, cells, strict=True)),
                    table, layout,
                )  # fmt: skip
    except csv.Error as error:
        raise errors.InvalidInput(str(error), f'{file}:{line}') from None
    if not headers:
        raise errors.InvalidInput('is empty', file)


def _decoded(content: bytes, file: str, layout: layouts.Layout) -> str:
    encoding = layout.encoding
    if content.startswith(b'\xef\xbb\xbf'):
        encoding = 'utf-8-sig'
    elif content.startswith((b'\xff\xfe', b'\xfe\xff')):
        encoding = 'utf-16'
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise errors.InvalidInput(
            f'is not {encoding}: {error.reason}', f'{file}:{line}'
        ) from None
    except LookupError as error:
        raise errors.InvalidInput(str(error), 'encoding') from None


def _delimiter(text: str) -> str:
    first = text[:_LONGEST].partition('\n')[0]
    return max(_DELIMITERS, key=first.count)


def _check(
    headers: Sequence[str], table: layouts.Table, file: str
) -> None:
    for columns in table.columns.values():
        for each in columns:
            if headers.count(each) != 1:
                how = 'is twice' if each in headers else 'is not there'
                raise errors.InvalidInput(
                    f'the column {each!r} {how}', f'{file}:1'
                )
