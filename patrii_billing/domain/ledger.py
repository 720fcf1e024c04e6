# SPDX-License-Identifier: Apache-2.0
"""Journals as text that beancount and hledger read, and as CSV.

Lines come as entries do, and only the names of accounts are kept. What is to
be so at the end is written down as an assertion, which both programs check.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import csv
import datetime as dt
import re
import unicodedata

from patrii_billing.domain import journal
from patrii_billing.domain import money

Writer = Callable[
    [Iterable[journal.Entry | journal.Closing]], Iterator[str]
]  # fmt: skip

COLUMNS = (
    'date', 'at', 'entry', 'kind', 'code', 'customer', 'customer_id', 'text',
    'account', 'amount', 'currency',
)  # fmt: skip
_INDENT = '  '
_WIDTH = 56


def beancount(
    entries: Iterable[journal.Entry | journal.Closing],
) -> Iterator[str]:
    """Lines, each with its end, for beancount 2 and 3."""
    known: set[str] = set()
    for entry in entries:
        if isinstance(entry, journal.Closing):
            yield from _opened(known, entry.day, entry.account)
            # It holds from the beginning of the day it names; without a
            # tolerance of its own one in the last digit would pass.
            day = entry.day + dt.timedelta(days=1)
            number = money.plain(entry.minor, entry.currency)
            yield (
                f'{day} balance {entry.account}  {number} ~ 0 '
                f'{entry.currency}\n'
            )
            continue
        yield from _commodity(known, entry.currency, entry.day)
        for posting in entry.postings:
            yield from _opened(known, entry.day, posting.account)
        words = [f'{entry.day} *', _quoted(entry.payee), _quoted(entry.text)]
        words += [f'^{_link(link)}' for link in entry.links if _link(link)]
        yield ' '.join(words) + '\n'
        yield f'{_INDENT}kind: {_quoted(entry.kind)}\n'
        yield f'{_INDENT}code: {_quoted(entry.code)}\n'
        if entry.account is not None:
            yield f'{_INDENT}customer: "{entry.account}"\n'
        yield f'{_INDENT}at: "{_instant(entry.at)}"\n'
        yield from _postings(entry)
        yield '\n'


def hledger(
    entries: Iterable[journal.Entry | journal.Closing],
) -> Iterator[str]:
    """Lines, each with its end, that pass `hledger check --strict`."""
    known: set[str] = set()
    for entry in entries:
        yield from _declared(known, entry)
        if isinstance(entry, journal.Closing):
            nothing = _amount(0, entry.currency)
            amount = _amount(entry.minor, entry.currency)
            yield f'{entry.day} * as the books say\n'
            yield f'{_INDENT}{entry.account}  {nothing} =* {amount}\n\n'
            continue
        payee, text = _described(entry.payee), _described(entry.text)
        code = _described(entry.code).replace(')', ']')
        yield f'{entry.day} * ({code}) {payee} | {text}\n'
        tags = [f'kind:{_tag(entry.kind)}']
        tags += [f'link:{_tag(link)}' for link in entry.links]
        if entry.account is not None:
            tags.append(f'customer:{entry.account}')
        tags.append(f'at:{_instant(entry.at)}')
        yield f'{_INDENT}; {", ".join(tags)}\n'
        yield from _postings(entry)
        yield '\n'


def table(
    entries: Iterable[journal.Entry | journal.Closing],
) -> Iterator[str]:
    """CSV with a heading, a line for each posting; assertions are left out."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    yield line.text
    number = 0
    for entry in entries:
        if isinstance(entry, journal.Closing):
            continue
        number += 1
        for posting in entry.postings:
            writer.writerow(
                (
                    entry.day, _instant(entry.at), number, entry.kind,
                    harmless(entry.code), harmless(entry.payee),
                    entry.account or '', harmless(entry.text),
                    posting.account,
                    money.plain(posting.minor, entry.currency),
                    entry.currency,
                )
            )  # fmt: skip
            yield line.text


FORMATS: dict[str, Writer] = {
    'beancount': beancount, 'hledger': hledger, 'csv': table,
}  # fmt: skip


def harmless(text: str) -> str:
    """Anybody's text for a cell: no spreadsheet takes it for a formula."""
    plain = _plain(text)
    return f"'{plain}" if plain.startswith(('=', '+', '-', '@')) else plain


class _Line:
    """What a CSV writer wrote last."""

    text = ''

    def write(self, text: str) -> None:
        self.text = text


def _opened(known: set[str], day: dt.date, account: str) -> Iterator[str]:
    if account not in known:
        known.add(account)
        yield f'{day} open {account}\n'


def _commodity(known: set[str], currency: str, day: dt.date) -> Iterator[str]:
    if currency not in known:
        if not known:
            yield f'option "operating_currency" "{currency}"\n'
        known.add(currency)
        yield f'{day} commodity {currency}\n'


def _declared(
    known: set[str], entry: journal.Entry | journal.Closing
) -> Iterator[str]:
    if entry.currency not in known:
        known.add(entry.currency)
        digits = money.digits(entry.currency)
        # It wants a mark also where no digits follow.
        yield f'commodity 1000.{"0" * digits} {entry.currency}\n'
    names = [entry.account] if isinstance(entry, journal.Closing) else [
        posting.account for posting in entry.postings
    ]  # fmt: skip
    for name in names:
        if name not in known:
            known.add(name)
            yield f'account {name}\n'


def _postings(entry: journal.Entry) -> Iterator[str]:
    for posting in entry.postings:
        amount = _amount(posting.minor, entry.currency)
        yield f'{_INDENT}{posting.account:{_WIDTH}}  {amount:>20}\n'


def _amount(minor: int, currency: str) -> str:
    return f'{money.plain(minor, currency)} {currency}'


def _instant(at: dt.datetime) -> str:
    return f'{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}'


def _plain(text: str) -> str:
    """One line of what can be encoded."""
    kept = (
        ' ' if unicodedata.category(char) == 'Cc' else char
        for char in text
        if unicodedata.category(char) != 'Cs'
    )
    return ' '.join(''.join(kept).split())


def _quoted(text: str) -> str:
    escaped = _plain(text).replace('\\', '\\\\').replace('"', '\\"')
    return f'"{escaped}"'


def _link(text: str) -> str:
    """beancount's links hold these characters and no others."""
    return re.sub(r'[^A-Za-z0-9_./-]+', '-', text).strip('-')


def _described(text: str) -> str:
    """For the first line of an entry, where ; and | have their meanings."""
    return _plain(text).replace(';', ',').replace('|', '/')


def _tag(text: str) -> str:
    """For a tag, which a comma ends; brackets would be read as dates."""
    return re.sub(r'[^\w ./@+-]', '-', _plain(text))
