# SPDX-License-Identifier: Apache-2.0
"""The journal: what happened to money as entries whose postings sum to 0.

A customer's invoice is a receivable until money is used on it. Money that
came in is his credit, a liability, until then; so is what a credit note gives
back. The names of accounts hold an id each, so that they stay what they are
whoever is called the same, and are fit for beancount and hledger alike.
"""

from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import re
import unicodedata

RECEIVABLE = 'Assets:Receivable'
CREDIT = 'Liabilities:Credit'
UNMATCHED = 'Liabilities:Unmatched'
FEES = 'Expenses:Bank-Fees'
GOODWILL = 'Expenses:Goodwill'
WRITE_OFFS = 'Expenses:Write-Offs'
OPENING = 'Equity:Opening-Balances'
# What the sum of an invoice differs by from its lines and taxes.
ROUNDING = 'Income:Rounding'

_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Posting:
    """Minor units to an account: above zero a debit, below it a credit."""

    account: str
    minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in one currency.

    `code` is the number of the document or the key of the payment, `payee`
    the customer; `links` are the numbers of invoices that belong to it. With
    `account` (the customer's id) and `at` it is found in his timeline.
    """

    at: dt.datetime
    day: dt.date
    kind: str
    code: str
    payee: str
    text: str
    currency: str
    postings: tuple[Posting, ...]
    links: tuple[str, ...] = ()
    account: int | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """What an account, with those below it, must be at the end of a day."""

    day: dt.date
    account: str
    minor: int
    currency: str


def receivable(name: str, ident: int) -> str:
    return f'{RECEIVABLE}:{_part(name, ident)}'


def credit(name: str, ident: int) -> str:
    return f'{CREDIT}:{_part(name, ident)}'


def sales(plan: str, ident: int) -> str:
    return f'Income:Sales:{_part(plan, ident)}'


def other_sales() -> str:
    """Of lines that belong to no subscription."""
    return 'Income:Sales:Other'


def tax(name: str, rate: Decimal) -> str:
    percent = f'{rate.normalize():f}'.replace('.', '-')
    return f'Liabilities:Taxes:{_word(name)}-{percent}'


def money(source: str) -> str:
    """Where money is, by who tells of it: a bank, a person, a service."""
    return f'Assets:Money:{_word(source)}'


def _part(name: str, ident: int) -> str:
    return f'{_word(name)}-{ident}'


def _word(name: str) -> str:
    """Letters and digits of ASCII, the first of them no small letter."""
    plain = unicodedata.normalize('NFKD', name).encode('ascii', 'ignore')
    word = re.sub(r'[^A-Za-z0-9]+', '-', plain.decode())[:_LONGEST].strip('-')
    return f'{word[0].upper()}{word[1:]}' if word else 'X'
