# SPDX-License-Identifier: Apache-2.0
"""The states of the house, each a word of the trade, nothing else."""

import enum


class Contract(enum.StrEnum):
    TRIAL = 'trial'
    LIVE = 'live'
    ENDING = 'ending'
    ENDED = 'ended'


class Status(enum.StrEnum):
    """A subscription's billing status; written when it is true."""

    ACTIVE = 'active'
    GRACE = 'grace'
    HELD = 'held'
    SHELVED = 'shelved'
    PENDING_DELETION = 'pending_deletion'
    DELETED = 'deleted'


class Step(enum.StrEnum):
    """The next step of the ladder for the oldest open invoice."""

    NONE = 'none'
    REMIND = 'remind'
    GRACE = 'grace'
    SHELVE = 'shelve'
    WARN = 'warn'
    DELETE = 'delete'
    END = 'end'


class HoldType(enum.StrEnum):
    """Why the ladder stands still."""

    PROMISE = 'promise'  # the customer promised to pay by a date
    PAUSE = 'pause'  # neither ladder nor invoices run
    ABUSE = 'abuse'  # set by support; no payment lifts it


class Custody(enum.StrEnum):
    """What became of a server under enforcement."""

    TAKEN = 'taken'  # remembered, not yet where we want it
    SHELVED = 'shelved'
    STOPPED = 'stopped'
    EXEMPT = 'exempt'
    ABSENT = 'absent'
    DELETED = 'deleted'
    RESTORED = 'restored'


# Servers whose owner was put out by us and who gets them back on payment.
IN_CUSTODY = frozenset({Custody.TAKEN, Custody.SHELVED, Custody.STOPPED})
# A server with one of these needs nothing more for its project to be shelved.
CONCLUDED = frozenset(
    {
        Custody.SHELVED,
        Custody.STOPPED,
        Custody.EXEMPT,
        Custody.ABSENT,
        Custody.DELETED,
    }
)


class ActionType(enum.StrEnum):
    SHELVE = 'shelve'
    RESTORE = 'restore'
    DELETE = 'delete'
    QUOTA_CHANGE = 'quota_change'
    PURGE = 'purge'


# What takes a customer's servers from him; a payment withdraws it.
ENFORCEMENT = frozenset({ActionType.SHELVE, ActionType.DELETE})


class Ground(enum.StrEnum):
    """Why a server may be deleted; there is no third."""

    LADDER = 'ladder'  # unpaid to the end, and warned
    OWNER = 'owner'  # his own request


class ActionState(enum.StrEnum):
    PENDING = 'pending'
    DONE = 'done'
    CANCELLED = 'cancelled'
    FAILED = 'failed'


class NoticeState(enum.StrEnum):
    PENDING = 'pending'
    ACCEPTED = 'accepted'
    REFUSED = 'refused'  # by the mail server for good, or bounced later
    UNKNOWN = 'unknown'  # it may have been accepted; not sent again
    SUPPRESSED = 'suppressed'  # dry run: composed, not sent
    CANCELLED = 'cancelled'


class Attempt(enum.StrEnum):
    """What came of handing a mail over once."""

    BEGUN = 'begun'  # under way, or its worker died before the answer
    ACCEPTED = 'accepted'
    DEFERRED = 'deferred'
    REFUSED = 'refused'
    UNKNOWN = 'unknown'
    BOUNCED = 'bounced'  # accepted, and sent back later


# A notice that will not change by itself any more; the ladder goes on.
SETTLED = frozenset(NoticeState) - {NoticeState.PENDING}


class InvoiceState(enum.StrEnum):
    DRAFT = 'draft'
    OPEN = 'open'
    PAID = 'paid'
    VOID = 'void'
    UNCOLLECTIBLE = 'uncollectible'
    EXTERNAL = 'external'  # asked for by another engine, not by this one


class PaymentKind(enum.StrEnum):
    """What money was: a customer's, or what became of it."""

    PAYMENT = 'payment'
    CREDIT = 'credit'  # goodwill, or the balance that a document leaves
    FEE = 'fee'  # what a bank kept, let go of
    REFUND = 'refund'  # paid back by us
    CHARGE_BACK = 'charge_back'  # taken back by a bank
    WITHDRAWAL = 'withdrawal'  # a credit or a fee undone


class PaymentState(enum.StrEnum):
    PENDING = 'pending'  # money in transit
    RECEIVED = 'received'
    FAILED = 'failed'
    REFUNDED = 'refunded'
    CHARGED_BACK = 'charged_back'


class DeliveryState(enum.StrEnum):
    """Of an event, to one listener."""

    PENDING = 'pending'
    DELIVERED = 'delivered'
    DEAD = 'dead'  # given up; a person may have it sent again


class ReceiptState(enum.StrEnum):
    """What became of a message of another system."""

    DONE = 'done'
    UNMATCHED = 'unmatched'  # money that is nobody's yet
    IGNORED = 'ignored'
    PARKED = 'parked'  # not understood, or against the books: for a person


class LinkState(enum.StrEnum):
    """What a record of another engine is in these books."""

    LINKED = 'linked'
    WAITING = 'waiting'  # read, and not taken over: the reason says why
    GONE = 'gone'  # not there any more
    ERASED = 'erased'  # a person asked to be forgotten; not read again
