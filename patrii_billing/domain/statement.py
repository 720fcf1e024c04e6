# SPDX-License-Identifier: Apache-2.0
"""What a bank says was paid into or taken out of our account."""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
import datetime as dt
import enum
import hashlib


class Does(enum.StrEnum):
    """What an entry did to our account."""

    PAID_IN = 'paid in'
    TAKEN_BACK = 'taken back'  # of what was paid in
    PAID_OUT = 'paid out'  # by us, and none of our business here
    RETURNED = 'returned'  # of what was paid out


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One transfer on a statement; the amount in minor units, above zero.

    `where` is its place in the file. `bank_id` is the bank's own name for
    it, `end_to_end` the payer's. `references` are what he gave as structured
    references, `text` all that he wrote. `doubt` says why only a person can
    tell whose it is. `key` is what makes it this transfer, in whatever file
    it stands.
    """

    where: str
    booked: dt.date
    amount: int
    currency: str
    does: Does
    payer: str = ''
    text: str = ''
    references: tuple[str, ...] = ()
    end_to_end: str = ''
    bank_id: str = ''
    doubt: str = ''
    key: str = ''


def keyed(entries: Iterable[Entry], account: str) -> Iterator[Entry]:
    """The entries of one statement of a bank account, each with its key.

    The key is made of what the bank calls it or, where it has no name, of
    all that is said of it. Those that are the same are told apart by a
    running number within their day: a statement has all of a day, so that
    the next one that has them counts the same. A bank that gives a name
    twice loses no money so.
    """
    counts: collections.Counter[str] = collections.Counter()
    for entry in entries:
        said = (
            (entry.payer, entry.text, *entry.references, entry.end_to_end)
            if not entry.bank_id
            else (entry.bank_id,)
        )
        digest = hashlib.sha256(
            '\n'.join(
                (
                    account, str(entry.booked), str(entry.amount),
                    entry.currency, entry.does, *map(_flat, said),
                )
            ).encode()
        ).hexdigest()[:20]  # fmt: skip
        counts[digest] += 1
        again = f'-{counts[digest]}' if counts[digest] > 1 else ''
        key = f'bank:{entry.booked}:{digest}{again}'
        yield replace(entry, key=key)


def _flat(text: str) -> str:
    return ' '.join(text.split())
