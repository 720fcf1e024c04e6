# SPDX-License-Identifier: Apache-2.0
"""Whose money it is that another system names a customer of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import foreign
from patrii_billing.store import schema
from patrii_billing.store.views import matching

_accounts = schema.accounts

# What the columns hold.
_LARGEST_ID = 2**63 - 1
_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Match:
    """Whose it is and what it pays first, or why that is not known."""

    account_id: int | None
    invoice_ids: tuple[int, ...] = ()
    why: str = ''


def named(
    conn: sa.Connection,
    names: Sequence[tuple[foreign.Names, str]],
    currency: str,
) -> Match:
    """The one account that is named, and the invoice if one is.

    In doubt it is nobody's: where several customers are named, or one who
    pays in another currency.
    """
    owners: set[int] = set()
    bills: list[int] = []
    for by, value in names:
        if by in (foreign.Names.INVOICE, foreign.Names.REFERENCE):
            found = _invoices(conn, by, value)
            owners |= {row.account_id for row in found}
            bills += [row.id for row in found if row.currency == currency]
        else:
            owners |= {row.id for row in _owners(conn, by, value)}
    if len(owners) != 1:
        why = 'it names several customers' if owners else _nobody(names)
        return Match(None, why=why)
    account_id = owners.pop()
    account = conn.execute(
        _accounts.select().where(_accounts.c.id == account_id)
    ).one()
    if account.currency != currency:
        return Match(None, why=f'{account.name} pays {account.currency}')
    return Match(account_id, tuple(dict.fromkeys(bills)))


def _nobody(names: Sequence[tuple[foreign.Names, str]]) -> str:
    if not names:
        return 'it names nobody'
    said = ', '.join(f'{by} {value}' for by, value in names)
    return f'nobody is known by {said}'


def _owners(
    conn: sa.Connection, by: foreign.Names, value: str
) -> Sequence[sa.Row[Any]]:
    if by is foreign.Names.ACCOUNT_ID:
        if not value.isascii() or not value.isdecimal():
            return ()
        which = _accounts.c.id == min(int(value[:20]), _LARGEST_ID)
    elif by is foreign.Names.ACCOUNT_NAME:
        which = _accounts.c.name == value
    else:
        which = _accounts.c.external_ref == value
    return conn.execute(_accounts.select().where(which)).all()


def _invoices(
    conn: sa.Connection, by: foreign.Names, value: str
) -> Sequence[sa.Row[Any]]:
    if by is foreign.Names.REFERENCE:
        return matching.by_references(conn, [value.replace(' ', '')])
    series, _, number = value.rpartition('-')
    if not number.isascii() or not number.isdecimal():
        return ()
    counted = min(int(number[:20]), _LARGEST_NUMBER)
    row = matching.by_number(conn, series, counted)
    return () if row is None else (row,)
