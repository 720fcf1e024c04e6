# SPDX-License-Identifier: Apache-2.0
"""What accounts are found by, however it is written.

Each account has the words that a search may begin with: of its name each word
and what follows it, its external reference, its mail addresses and their
domains. Letters are small and without accents.
"""

from collections.abc import Collection
from collections.abc import Sequence
from typing import Any
import unicodedata

import sqlalchemy as sa

from patrii_billing.store import schema

_accounts = schema.accounts
_sought = schema.sought

# The fields of an account that words are made of.
FIELDS = frozenset({'name', 'external_ref', 'contacts'})
_LONGEST = 255
_CHUNK = 500
# A name has few words; more of them find nothing more.
_MOST = 20


def plain(text: str) -> str:
    """Small letters without accents, as is searched and searched for.

    What is nothing but accents stays as it is: nothing would mean all.
    """
    small = text.casefold()
    letters = unicodedata.normalize('NFKD', small)
    found = ''.join(one for one in letters if not unicodedata.combining(one))
    found = ' '.join(found.split()) or small
    return found[:_LONGEST].strip()


def words(
    name: str, external_ref: str | None, contacts: Collection[str]
) -> set[str]:
    """All that an account is found by."""
    said = plain(name).split()
    found = {' '.join(said[place:]) for place in range(len(said[:_MOST]))}
    found.add(plain(external_ref or ''))
    for address in contacts:
        whole = plain(address)
        found |= {whole, whole.rpartition('@')[2]}
    return found - {''}


def write(conn: sa.Connection, accounts: Sequence[sa.Row[Any]]) -> None:
    """Have accounts found by what they are now, and by nothing else."""
    rows = [
        {'account_id': row.id, 'word': word}
        for row in accounts
        for word in sorted(words(row.name, row.external_ref, row.contacts))
    ]
    mine = _sought.c.account_id.in_([row.id for row in accounts])
    conn.execute(_sought.delete().where(mine))
    if rows:
        conn.execute(_sought.insert(), rows)


def forget(conn: sa.Connection, account_id: int) -> None:
    conn.execute(_sought.delete().where(_sought.c.account_id == account_id))


def fill(conn: sa.Connection) -> None:
    """Write of all accounts that have no word: books of an older release."""
    known = sa.exists().where(_sought.c.account_id == _accounts.c.id)
    last = 0
    while True:
        rows = conn.execute(
            sa.select(
                _accounts.c.id,
                _accounts.c.name,
                _accounts.c.external_ref,
                _accounts.c.contacts,
            )
            .where(_accounts.c.id > last, ~known)
            .order_by(_accounts.c.id)
            .limit(_CHUNK)
        ).all()
        if not rows:
            return
        write(conn, rows)
        last = rows[-1].id
