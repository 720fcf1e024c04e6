# SPDX-License-Identifier: Apache-2.0
"""What comes of a subscription if nobody pays: the law, walked forward.

It is the law itself that is asked, at each instant at which the engine would
ask it, in a world where each mail is accepted and each server moved at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
import datetime as dt
import enum
from typing import Protocol

from patrii_billing.domain import draft
from patrii_billing.domain import dunning
from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain import policy as policies
from patrii_billing.domain import standing
from patrii_billing.domain import steps

# A law that moves more often at one instant would move for ever.
_MOST_MOVES = 100


class Kind(enum.StrEnum):
    """What is foreseen: documents, mails, and what is done to servers."""

    INVOICE = 'invoice'
    REMINDER = 'reminder'
    GRACE = 'grace'
    LAST_WARNING = 'last_warning'
    SHELVE = 'shelve'
    DELETE = 'delete'
    RESTORE = 'restore'
    QUOTA_CHANGE = 'quota_change'


_ACTS = {
    lifecycle.ActionType.SHELVE: Kind.SHELVE,
    lifecycle.ActionType.DELETE: Kind.DELETE,
    lifecycle.ActionType.RESTORE: Kind.RESTORE,
    lifecycle.ActionType.QUOTA_CHANGE: Kind.QUOTA_CHANGE,
}
_OUTCOMES = {
    Kind.SHELVE: lifecycle.Custody.SHELVED,
    Kind.DELETE: lifecycle.Custody.DELETED,
    Kind.RESTORE: lifecycle.Custody.RESTORED,
}
_TOLD = frozenset({Kind.REMINDER, Kind.GRACE, Kind.LAST_WARNING})


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice to come; `total` in minor units, None where not known.

    `owed` is what a balance leaves of it.
    """

    total: int | None
    owed: int
    due_at: dt.datetime
    announce_at: dt.datetime


class Bills(Protocol):
    """What is to be invoiced, one period after the other."""

    @property
    def next_at(self) -> dt.datetime | None:
        """When the next period is to be looked at."""

    def charge(
        self, status: lifecycle.Status, now: dt.datetime
    ) -> Bill | None:
        """Go on to the period after; the invoice of this one, if any."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Something foreseen.

    `amount` is what an invoice asks for, else what is past due then, in
    minor units; None where it is not known. `names` is the instant that a
    mail names. `not_before` says that it waits for the answer of a mail
    server or of nova: `at` is the earliest it can be.
    """

    at: dt.datetime
    kind: Kind
    amount: int | None
    servers: tuple[str, ...] = ()
    names: dt.datetime | None = None
    not_before: bool = False


def foresee(
    facts: standing.Standing,
    policy: policies.Policy,
    bills: Bills,
    check_at: dt.datetime | None,
    now: dt.datetime,
    until: dt.datetime,
) -> Iterator[Coming]:
    """What comes before an instant, in order.

    `check_at` is when the engine will ask the law next.
    """
    walk = _Walk(facts, policy, bills)
    at = walk.first(check_at, now)
    while at is not None and at < until:
        yield from walk.step(at)
        at = walk.following(at)


class _Walk:
    """The facts as they will be, from one instant to the next."""

    def __init__(
        self,
        facts: standing.Standing,
        policy: policies.Policy,
        bills: Bills,
    ) -> None:
        self._facts = facts
        self._policy = policy
        self._bills = bills
        self._check_at: dt.datetime | None = None
        self._idle = False
        self._assumed = False
        self._ended = False
        self._issued = 0
        self._asked: set[tuple[Kind, str | None]] = set()

    def first(
        self, check_at: dt.datetime | None, now: dt.datetime
    ) -> dt.datetime | None:
        """The first instant to look at; at once where it waits for others."""
        place = self._facts.position
        under_way = place.awaits or (place.case and not place.due_at)
        if under_way:
            check_at = now
        self._check_at = None if check_at is None else max(check_at, now)
        at = self._next()
        return None if at is None else max(at, now)

    def following(self, now: dt.datetime) -> dt.datetime | None:
        """The next instant at which something may happen, if any.

        Who only waits is looked at each day; but nothing comes of that
        before another of his invoices is due.
        """
        if self._idle and self._check_at is not None:
            ahead = [
                one.due_at for one in self._facts.invoices if one.due_at > now
            ]
            later = min(ahead, default=None)
            while later is not None and self._check_at < later:
                self._check_at += draft.LOOK_AGAIN
            if later is None:
                self._check_at = None
        return self._next()

    def _next(self) -> dt.datetime | None:
        bill_at = None if self._ended else self._bills.next_at
        moments = [self._check_at, bill_at]
        return min((one for one in moments if one is not None), default=None)

    def step(self, now: dt.datetime) -> Iterator[Coming]:
        """All that happens at an instant."""
        bill_at = self._bills.next_at
        if not self._ended and bill_at is not None and bill_at <= now:
            bill = self._bills.charge(self._facts.status, now)
            if bill is not None:
                yield Coming(now, Kind.INVOICE, bill.total)
                self._issue(bill, now)
                self._check_at = now
        if self._check_at is not None and self._check_at <= now:
            yield from self._judge(now)

    def _issue(self, bill: Bill, now: dt.datetime) -> None:
        if bill.owed <= 0:
            return
        self._issued -= 1  # no invoice of the books has such an id
        opened = standing.OpenInvoice(
            self._issued, bill.due_at, bill.owed, bill.announce_at
        )
        invoices = sorted(
            (*self._facts.invoices, opened), key=lambda one: one.due_at
        )
        self._facts = replace(self._facts, invoices=tuple(invoices))
        self._accept(steps.invoice_key(opened.id), now)

    def _judge(self, now: dt.datetime) -> Iterator[Coming]:
        """Ask the law, and do as it says, until it has nothing to add."""
        for _ in range(_MOST_MOVES):
            self._settle_pending(now)
            before = self._facts
            said = dunning.decide(before, self._policy, now)
            self._check_at = said.check_at
            self._facts = replace(
                before, status=said.status, position=said.position
            )
            yield from self._carry_out(said.intents, now)
            if self._facts == before:
                self._idle = self._only_waits(now)
                return
        raise AssertionError(f'the law does not come to rest at {now}')

    def _only_waits(self, now: dt.datetime) -> bool:
        marks = [self._facts.position.due_at, self._facts.in_transit_until]
        marks += [hold.until for hold in self._facts.holds]
        return (
            self._check_at == now + draft.LOOK_AGAIN
            and self._check_at not in marks
        )

    def _settle_pending(self, now: dt.datetime) -> None:
        awaits = self._facts.position.awaits
        notice = self._facts.notices.get(awaits) if awaits else None
        if awaits and notice and notice.settled_at is None:
            self._assumed = True
            self._accept(awaits, now, notice.servers, notice.names)

    def _accept(
        self,
        key: str,
        now: dt.datetime,
        servers: frozenset[str] = frozenset(),
        names: dt.datetime | None = None,
    ) -> None:
        notice = standing.Notice(
            lifecycle.NoticeState.ACCEPTED, now, now, servers, names
        )
        if self._facts.dry_run:
            notice = replace(
                notice,
                state=lifecycle.NoticeState.SUPPRESSED,
                accepted_at=None,
            )
        notices = {**self._facts.notices, key: notice}
        self._facts = replace(self._facts, notices=notices)

    def _carry_out(
        self, wanted: tuple[intents.Intent, ...], now: dt.datetime
    ) -> Iterator[Coming]:
        acts: dict[Kind, list[intents.Act]] = {}
        for intent in wanted:
            match intent:
                case intents.Notify():
                    yield from self._tell(intent, now)
                case intents.Act():
                    acts.setdefault(_ACTS[intent.type], []).append(intent)
                case intents.EndContract():
                    self._ended = True
                case intents.EndHold():
                    self._facts = replace(
                        self._facts,
                        holds=tuple(
                            hold
                            for hold in self._facts.holds
                            if hold.type is not intent.type
                        ),
                    )
        for kind, asked in acts.items():
            yield from self._act(kind, asked, now)

    def _tell(
        self, intent: intents.Notify, now: dt.datetime
    ) -> Iterator[Coming]:
        if intent.template in _TOLD:
            yield self._coming(
                Kind(intent.template), now, intent.servers, intent.names
            )
        self._assumed = True
        self._accept(
            intent.key, now, frozenset(intent.servers), intent.names
        )

    def _act(
        self, kind: Kind, asked: list[intents.Act], now: dt.datetime
    ) -> Iterator[Coming]:
        """In a dry run it is asked for, and nothing comes of it."""
        new = {(kind, one.server) for one in asked} - self._asked
        if not new:
            return
        servers = tuple(sorted(server for _, server in new if server))
        yield self._coming(kind, now, servers)
        self._assumed = True
        if self._facts.dry_run:
            self._asked |= new
        elif kind is Kind.QUOTA_CHANGE:
            self._facts = replace(self._facts, quota_frozen=asked[0].freeze)
        else:
            self._facts = replace(
                self._facts,
                covered=tuple(
                    replace(one, custody=_OUTCOMES[kind])
                    if one.server in servers
                    else one
                    for one in self._facts.covered
                ),
            )

    def _coming(
        self,
        kind: Kind,
        now: dt.datetime,
        servers: tuple[str, ...] = (),
        names: dt.datetime | None = None,
    ) -> Coming:
        owed = self._facts.invoices
        if kind is Kind.REMINDER:
            due = [
                one for one in owed if one.id == self._facts.position.invoice
            ]
        else:
            due = [one for one in owed if one.due_at <= now]
        amount = sum(one.owed for one in due)
        return Coming(now, kind, amount, servers, names, self._assumed)
