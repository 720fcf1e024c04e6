# SPDX-License-Identifier: Apache-2.0
"""What an invoice says to its reader, whatever it is written on."""

from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import enum
import re
import zoneinfo

from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import tax

_NUMBER = re.compile(r'([A-Za-z][A-Za-z0-9_]{0,31})-([0-9]{1,18})')


class Kind(enum.StrEnum):
    INVOICE = 'invoice'
    CREDIT_NOTE = 'credit_note'


class Format(enum.StrEnum):
    """What an invoice is written as."""

    HTML = 'html'
    PDF = 'pdf'
    FACTURX = 'facturx'  # PDF/A-3 with the XML of EN 16931 in it

    @property
    def suffix(self) -> str:
        return '.html' if self is Format.HTML else '.pdf'


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys; `country` is a code of ISO 3166-1, as FR."""

    name: str
    lines: tuple[str, ...] = ()  # the address, without the country
    country: str = ''
    tax_id: str = ''  # for VAT with the prefix of its country


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is billed or given back; sums are in minor units.

    `amount` is the list amount, `discount` is taken off it, `net` is what is
    left without taxes. `starts` and `ends` are half-open local days; where
    the plan counts seconds, `starts_at` and `ends_at` are the instants.
    """

    label: str
    quantity: Decimal
    unit_price: Decimal
    ratio: money.Ratio
    amount: int
    net: int
    discount: int = 0
    taxes: tuple[tax.Tax, ...] = ()
    unit: str = ''
    starts: dt.date | None = None
    ends: dt.date | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    corrects: str = ''  # the number of the invoice whose line it corrects
    reason: str = ''  # in the words of who wrote the line


@dataclass(frozen=True, slots=True)
class Payment:
    """What of a payment or a credit was used on the invoice."""

    at: dt.datetime
    amount: int
    kind: lifecycle.PaymentKind = lifecycle.PaymentKind.PAYMENT
    reference: str = ''


@dataclass(frozen=True, slots=True)
class Carried:
    """An older invoice that was open when this one was issued."""

    number: str
    owed: int
    due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice or a credit note; sums are in minor units.

    `total` is net and taxes; `owed` is what of it is to be paid still. What
    is carried is no part of either. `customer` is as it was on the day of
    issue, whatever became of the account since.
    """

    number: str
    state: lifecycle.InvoiceState
    currency: str
    customer: Party
    issued_at: dt.datetime
    lines: tuple[Line, ...]
    net: int
    total: int
    owed: int
    kind: Kind = Kind.INVOICE
    taxes: tuple[tax.Sum, ...] = ()
    due_at: dt.datetime | None = None
    period_start: dt.date | None = None  # half-open local days
    period_end: dt.date | None = None
    subscription: str = ''
    reference: str = ''  # what the payer is to write
    payments: tuple[Payment, ...] = ()
    carried: tuple[Carried, ...] = ()
    corrects: str = ''  # the invoice that a credit note negates
    corrects_issued_at: dt.datetime | None = None
    why: str = ''  # of a credit note, a void, a write-off
    locale: str = 'en'
    zone: zoneinfo.ZoneInfo = zoneinfo.ZoneInfo('UTC')

    @property
    def paid(self) -> int:
        return sum(payment.amount for payment in self.payments)

    @property
    def due(self) -> int:
        """What somebody is asked for: nothing, once it is written off."""
        is_open = self.state == lifecycle.InvoiceState.OPEN
        return max(self.owed, 0) if is_open else 0

    @property
    def waived(self) -> int:
        """What nobody has paid and nobody is asked for any more."""
        return max(self.total, 0) - self.paid - self.due

    @property
    def carried_sum(self) -> int:
        return sum(older.owed for older in self.carried)

    @property
    def owed_at_issue(self) -> int:
        """What was to be paid of it in the moment it was issued."""
        used = sum(
            payment.amount
            for payment in self.payments
            if payment.at <= self.issued_at
        )
        return max(self.total, 0) - used


def number(series: str, ordinal: int) -> str:
    """What an invoice is called: INV-000017."""
    return f'{series}-{ordinal:06d}'


def parse_number(text: str) -> tuple[str, int] | None:
    """The series and the number in it; None if it is no such number."""
    match = _NUMBER.fullmatch(text)
    return (match[1], int(match[2])) if match else None
