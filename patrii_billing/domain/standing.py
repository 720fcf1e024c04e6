# SPDX-License-Identifier: Apache-2.0
"""Where one subscription stands: all that the law of dunning may know."""

from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import zoneinfo

from patrii_billing.domain import lifecycle


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An issued invoice with something left to pay (minor units)."""

    id: int
    due_at: dt.datetime
    owed: int
    announce_at: dt.datetime  # when its notice should have gone out


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of a notice, by its key."""

    state: lifecycle.NoticeState
    settled_at: dt.datetime | None = None
    accepted_at: dt.datetime | None = None
    servers: frozenset[str] = frozenset()
    names: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """A server of the subscription and what we did to it, if anything."""

    server: str
    custody: lifecycle.Custody | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    type: lifecycle.HoldType
    until: dt.datetime | None = None  # None: until it is released


@dataclass(frozen=True, slots=True)
class Position:
    """The place on the ladder: the next step and when it is due.

    `awaits` is the key of the notice that must be settled before the next
    step gets its deadline. `late` is the delay carried so far (seconds).
    `frozen` is what a hold has left of the span (seconds).
    """

    step: lifecycle.Step = lifecycle.Step.NONE
    reminder: int = 0
    invoice: int | None = None
    due_at: dt.datetime | None = None
    awaits: str | None = None
    case: str | None = None
    round: int = 0
    late: float = 0
    frozen: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts of one subscription at one instant."""

    status: lifecycle.Status
    position: Position
    zone: zoneinfo.ZoneInfo
    new_case: str  # the id a case opened now would get
    invoices: tuple[OpenInvoice, ...] = ()  # oldest due first
    notices: dict[str, Notice] = field(default_factory=dict)  # oldest first
    covered: tuple[Covered, ...] = ()
    holds: tuple[Hold, ...] = ()
    in_transit_until: dt.datetime | None = None
    enforce_from: dt.datetime | None = None
    dry_run: bool = False
    whole_project: bool = True  # and so the project's quota
    quota_frozen: bool = False
    written_off: bool = False  # something is, and was not paid since

    def overdue(self, tolerance: int, now: dt.datetime) -> OpenInvoice | None:
        """The invoice that brought what is past due above the tolerance.

        That is the oldest one, unless so little of it is left to pay (minor
        units) that nobody is dunned for it; None where nothing is owed.
        """
        owed = 0
        for one in self.invoices:
            owed += one.owed
            if one.due_at <= now and owed > tolerance:
                return one
        return None

    def owes(self, tolerance: int, now: dt.datetime) -> bool:
        """Whether more than the tolerance (minor units) is past due."""
        return self.overdue(tolerance, now) is not None

    def last_warning(self) -> tuple[str, Notice] | None:
        """The newest last warning of the case, and its key.

        An older one counts no more: it spoke of another debt or of servers
        that are gone.
        """
        prefix = f'{self.position.case}:last_warning:'
        return next(
            (
                (key, notice)
                for key, notice in reversed(self.notices.items())
                if key.startswith(prefix)
            ),
            None,
        )

    def hold(self, now: dt.datetime) -> Hold | None:
        """The hold in force; abuse before the others."""
        running = [
            one for one in self.holds if one.until is None or now < one.until
        ]
        return min(
            running,
            key=lambda one: one.type is not lifecycle.HoldType.ABUSE,
            default=None,
        )

    def in_custody(self) -> tuple[Covered, ...]:
        return tuple(
            one for one in self.covered if one.custody in lifecycle.IN_CUSTODY
        )
