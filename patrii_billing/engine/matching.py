# SPDX-License-Identifier: Apache-2.0
"""Whose money an entry of a bank statement is, by what its payer wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
import re
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import reference
from patrii_billing.domain import statement
from patrii_billing.engine import balance
from patrii_billing.store import accounts
from patrii_billing.store import payments
from patrii_billing.store.views import matching

# A shorter one would be found by chance in what people write.
_SHORTEST_REF = 4
_WORD = re.compile(r'[^\s,;:()\[\]"\']+')
# A number that the column holds, and that is not the year of a date.
_NUMBER = r'(?<![A-Z0-9])({})[\s#:./-]*([0-9]{{1,9}})(?![0-9]|[-./][0-9])'


@dataclass(frozen=True, slots=True)
class Match:
    """Whose it is, what it pays first, and how or why not that was told."""

    account_id: int | None
    invoices: tuple[sa.Row[Any], ...] = ()
    why: str = ''


class Matcher:
    """What is the same for all entries is read once."""

    def __init__(self, conn: sa.Connection) -> None:
        self._refs = matching.external_refs(conn)
        self._series = {name.upper(): name for name in matching.series(conn)}
        self._number = re.compile(
            _NUMBER.format('|'.join(map(re.escape, self._series)) or '(?!)'),
            re.IGNORECASE,
        )

    def whose(self, conn: sa.Connection, entry: statement.Entry) -> Match:
        """By reference, by number, by the account's own: the first found.

        What names invoices of several accounts, or pays in another currency
        than theirs, is for a person to tell.
        """
        if entry.doubt:
            return Match(None, why=entry.doubt)
        said = ' '.join((*entry.references, entry.end_to_end, entry.text))
        found = self._by_reference(conn, entry, said)
        how = 'by reference'
        if not found:
            found, how = self._by_number(conn, said), 'by number'
        if found:
            return _of_invoices(found, entry, how)
        return self._by_account(conn, entry, said)

    def _by_reference(
        self, conn: sa.Connection, entry: statement.Entry, said: str
    ) -> Sequence[sa.Row[Any]]:
        given = dict.fromkeys(
            (
                *entry.references,
                *(
                    one
                    for part in (*entry.references, said)
                    for one in reference.found(part)
                ),
            )
        )
        return matching.by_references(conn, list(given))

    def _by_number(
        self, conn: sa.Connection, said: str
    ) -> Sequence[sa.Row[Any]]:
        named = {
            (self._series[name.upper()], int(number)): None
            for name, number in self._number.findall(said)
        }
        found = (matching.by_number(conn, *one) for one in named)
        return [one for one in found if one is not None]

    def _by_account(
        self, conn: sa.Connection, entry: statement.Entry, said: str
    ) -> Match:
        words = {
            word.strip('.').casefold()
            for word in _WORD.findall(said)
            if len(word) >= _SHORTEST_REF
        }
        ids = {one for word in words for one in self._refs.get(word, ())}
        if len(ids) != 1:
            why = 'it names several customers' if ids else 'names nobody'
            return Match(None, why=why)
        account = accounts.get(conn, ids.pop())
        if account.currency != entry.currency:
            return Match(None, why=f'{account.name} pays {account.currency}')
        return Match(account.id, why='by customer')


def taken_back(
    conn: sa.Connection, entry: statement.Entry
) -> sa.Row[Any] | None:
    """The one payment that an entry reverses, if it can be told.

    Whole, of the same amount, and with the same reference or, where neither
    has one, the same words.
    """
    reference, words = naming(entry)
    found = [
        row
        for row in payments.of_bank(conn, entry.amount, entry.currency)
        if (reference and row.reference == reference)
        or (words and not reference and row.remittance == words)
    ]
    if len(found) != 1 or payments.here(conn, found[0]) != entry.amount:
        return None
    return found[0]


def naming(entry: statement.Entry) -> tuple[str, str]:
    """The reference and the words by which the books know an entry.

    What the bank calls it stands in for a reference; it calls a reversal
    otherwise.
    """
    given = [*entry.references, entry.end_to_end]
    if entry.does is not statement.Does.TAKEN_BACK:
        given.append(entry.bank_id)
    return next((one for one in given if one), '')[:255], entry.text


def _of_invoices(
    found: Sequence[sa.Row[Any]], entry: statement.Entry, how: str
) -> Match:
    if len({one.account_id for one in found}) > 1:
        return Match(None, why='it names invoices of several customers')
    [first, *_] = found
    if {one.currency for one in found} != {entry.currency}:
        return Match(
            None, why=f'{balance.number(first)} is in {first.currency}'
        )
    return Match(first.account_id, tuple(found), how)
