# SPDX-License-Identifier: Apache-2.0
"""What this service and another subscription engine tell each other.

A driver turns the other's records into these, and these into the other's
records. Each record has a `ref`, by which the engine knows it for ever; each
thing written there has a `key`, by which it is written once. Money is in
minor units, instants are aware UTC, days are the customer's local ones.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from decimal import Decimal
import enum


class Owner(enum.StrEnum):
    """Whose word counts."""

    OURS = 'ours'
    THEIRS = 'theirs'


class BillState(enum.StrEnum):
    OPEN = 'open'  # posted, and something of it is owed
    PAID = 'paid'
    VOID = 'void'  # cancelled, or negated as a whole


class Hold(enum.StrEnum):
    """As lifecycle.HoldType; abuse is set by support here and nowhere else."""

    PROMISE = 'promise'
    PAUSE = 'pause'


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who subscribes. None is what the engine does not know or say.

    `address` has the keys of an account's: name, lines, country, tax_id.
    """

    ref: str
    name: str
    currency: str
    changed_at: dt.datetime
    contacts: tuple[str, ...] | None = None
    locale: str | None = None
    timezone: str | None = None
    address: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A hold on a contract; `until` None: until it is lifted there."""

    ref: str
    type: Hold
    reason: str
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a customer subscribed.

    `project` is keystone's id, `plan` the name of a plan here; without one of
    them the contract is reported and not taken over. `paid_until` is the end
    of what the engine has invoiced, `period_start` the day on which its
    period that runs began: where the engine draws up the invoices, changes
    are prorated from that day on. `status` is the engine's own billing
    status, in its words.
    """

    ref: str
    customer: str  # its ref
    name: str
    start: dt.date
    changed_at: dt.datetime
    project: str | None = None
    server: str | None = None
    plan: str | None = None
    paid_until: dt.date | None = None
    period_start: dt.date | None = None
    anchor_day: int | None = None
    ends_on: dt.date | None = None
    status: str = ''
    holds: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice of the engine's, and what is owed on it now.

    `contract` is the ref of the contract that answers for it, if one does.
    A credit note there lowers `owed` of what it credits, and is no bill.
    """

    ref: str
    customer: str  # its ref
    number: str
    currency: str
    total: int
    owed: int
    state: BillState
    issued_on: dt.date
    due_on: dt.date
    changed_at: dt.datetime
    contract: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came in there, and what of it pays invoices of ours now.

    `amount` falls where it is taken back or was used for something else; a
    payment that was told once is told again when that happens, if need be
    with 0. Of `free`, which it has besides, it is not known yet what it pays,
    and `why` says so: nothing of that is booked, but nobody is enforced for
    as much. `invoices` are the keys of those of ours that it pays.
    """

    ref: str
    customer: str  # its ref
    number: str  # as people there call it
    currency: str
    amount: int
    received_on: dt.date
    changed_at: dt.datetime
    invoices: tuple[str, ...] = ()
    free: int = 0
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records of the engine, in the order of their change.

    Customers come before their contracts, those before their bills and
    payments, over all pages of one reading.
    """

    customers: Sequence[Customer] = ()
    contracts: Sequence[Contract] = ()
    bills: Sequence[Bill] = ()
    payments: Sequence[Payment] = ()
    # What could not be read: the ref, and why. It stops nothing else.
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is there, as an operator wants to read it.

    `what` names the engine and its release. `needs` says in sentences what
    is missing before the bridge can work; nothing: it can.
    """

    what: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something for the engine's next invoice: usage, or a prorated change.

    `amount` is net, signed and already rounded: what an invoice there must
    show, to the cent. Quantity, price and ratio explain it.
    """

    key: str
    customer: str
    contract: str | None
    label: str
    amount: int
    currency: str
    quantity: Decimal
    unit_price: Decimal
    ratio: str
    reason: str
    unit: str | None = None
    starts: dt.date | None = None
    ends: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice of ours, to be collected there.

    `owed` is all that is to be collected, taxes and what was paid already
    taken into account; the document itself is ours. `key` is its number.
    """

    key: str
    customer: str
    contract: str | None
    label: str
    currency: str
    owed: int
    issued_on: dt.date
    due_on: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The billing status that a contract has here from now on."""

    contract: str
    status: str  # lifecycle.Status
    since: dt.datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something done, in a sentence that a reader there understands."""

    key: str
    customer: str
    contract: str | None
    at: dt.datetime
    text: str
