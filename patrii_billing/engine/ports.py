# SPDX-License-Identifier: Apache-2.0
"""What the engine needs of the outside; wiring joins real parts or fakes.

Every method that talks to the cloud raises CloudUnavailable where the
outcome is unknown (timeout, 5xx, no token) and CloudRefused where the cloud
said no. None of them retries a call that changes something.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from typing import Protocol

from patrii_billing.domain import bounce
from patrii_billing.domain import bridge
from patrii_billing.domain import cloud
from patrii_billing.domain import document
from patrii_billing.domain import events
from patrii_billing.domain import mail as mails
from patrii_billing.domain import server as servers


class Clock(Protocol):
    def now(self) -> dt.datetime:
        """The present instant, UTC."""


class Servers(Protocol):
    """Nova's servers, seen and moved as an administrator."""

    def get(self, server_id: str) -> servers.Server | None:
        """The server now; None only where Nova answers 404."""

    def pages(
        self, changes_since: dt.datetime | None = None
    ) -> Iterator[Sequence[servers.Server]]:
        """All servers of all projects, page by page, by a stable key.

        With `changes_since` (UTC) only those changed since, the deleted
        ones among them.
        """

    def locker(self, server: servers.Server) -> servers.Locker | None:
        """Who holds the lock, by the last lock in Nova's action list."""

    def lock(self, server_id: str, reason: str) -> str:
        """Lock as administrator; each move answers its request id."""

    def lock_as_owner(self, server: servers.Server, reason: str | None) -> str:
        """Lock in the name of the owner's project, as he had it."""

    def unlock(self, server_id: str) -> str: ...

    def shelve(self, server_id: str) -> str: ...

    def unshelve(self, server_id: str) -> str: ...

    def stop(self, server_id: str) -> str: ...

    def start(self, server_id: str) -> str: ...

    def pause(self, server_id: str) -> str: ...

    def suspend(self, server_id: str) -> str: ...

    def delete(self, server_id: str) -> str: ...


class Keeper(Protocol):
    """What survives a delete: protected snapshots and volumes."""

    def keep(self, server: servers.Server) -> cloud.Kept:
        """Protect what would go with the server; idempotent."""

    def hand_over(self, kept: cloud.Kept, project: str) -> tuple[str, ...]:
        """Give what was kept to the project; says in words what it did."""

    def purge(self, kept: cloud.Kept) -> None:
        """Remove what was kept; already gone is success."""


class Quotas(Protocol):
    """A project's compute quota: those of domain.quota.KEYS, ram in MiB."""

    def get(self, project: str) -> Mapping[str, int]:
        """The limits in force; empty where the cloud has none."""

    def usage(self, project: str) -> Mapping[str, int]: ...

    def set(
        self, project: str, quota: Mapping[str, int], *, force: bool = False
    ) -> None:
        """Write, read back, compare; CloudRefused where it did not take.

        Only with `force` may it be below what is in use.
        """


class Projects(Protocol):
    """Keystone's projects."""

    def get(self, project: str) -> cloud.KeystoneProject | None:
        """The project by id; None only where keystone answers 404."""

    def all(self) -> Sequence[cloud.KeystoneProject]: ...

    def contacts(self, project: str) -> Sequence[str]:
        """Mail addresses of the project's users, sorted."""


class Mailer(Protocol):
    def kept(self) -> contextlib.AbstractContextManager[None]:
        """Mails sent within may share one connection."""

    def send(self, mail: mails.Mail) -> mails.Handover:
        """Hand over to the mail server; its answer on acceptance.

        Raises MailDeferred (MailAway where it is about no mail, but about
        the server), MailRefused or MailUnknown.
        """


class Voice(Mailer, Protocol):
    """Notices put into words, and sent."""

    @property
    def operators(self) -> tuple[str, ...]:
        """Who gets the alarms."""

    @property
    def operators_locale(self) -> str:
        """The language that they read."""

    def compose(self, content: mails.NoticeContent) -> mails.Mail: ...

    def report(self, mail: mails.Mail) -> mails.Report:
        """Send a mail to try the way; tells all of it, and raises nothing."""


class Printer(Protocol):
    """Invoices written down."""

    def render(
        self,
        invoice: document.Invoice,
        wanted: document.Format = document.Format.HTML,
        locale: str = '',
    ) -> bytes:
        """The document; raises BillingError where it cannot be written."""


class Returns(Protocol):
    """The mailbox that bounces come to; nothing in it is ever deleted."""

    def read(
        self, take: Callable[[bounce.Letter], bounce.Tray | None], limit: int
    ) -> int:
        """Show letters nobody took yet, oldest first; how many there were.

        Each is put where `take` says; one that it says nothing of stays, and
        is shown again. Raises MailboxAway.
        """


class Publisher(Protocol):
    """The way to one system that is told what happens."""

    def publish(self, event: events.Event) -> str:
        """Hand the event over; the answer, in words.

        Raises ListenerRefused where it was reached and said no, and
        ListenerAway in any other case.
        """


class SubscriptionEngine(Protocol):
    """Another engine that customers are subscribed in; see domain.bridge.

    Each method raises EngineUnavailable where the outcome is unknown (not
    reached, timeout, 5xx, 429 for too long) and EngineRefused where it said
    no. What is read is never guessed: what cannot be understood is `unread`.
    """

    @property
    def invoices(self) -> bridge.Owner:
        """Who draws up the invoices that the ladder is about.

        Theirs: bills are read, and lines are written for the next ones.
        Ours: invoices are written to be collected there, and payments read.
        """

    def look(self) -> bridge.Sight:
        """What answers there, and what it lacks; writes nothing."""

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        """What changed at or after an instant of the engine's own clock.

        None: all there is. Read in pages by a stable key, so that what
        changes meanwhile comes twice rather than never.
        """

    def bills(self, customer: str) -> Sequence[bridge.Bill]:
        """A customer's bills that are not paid, by his ref, as of now.

        Invoices of ours that are collected there are none of them.
        """

    def payments(self, customer: str) -> Sequence[bridge.Payment]:
        """What of a customer's money pays our invoices, as of now."""

    def write_line(self, line: bridge.Line) -> str:
        """Put it on the next invoice there; once by its key; its ref."""

    def write_invoice(self, invoice: bridge.Invoice) -> str:
        """Have an invoice of ours collected there; once by its key; its ref.
        """

    def write_status(self, status: bridge.Status) -> None:
        """Say how a contract stands; the same again changes nothing."""

    def write_note(self, note: bridge.Note) -> str:
        """Say what was done, where people there read; once; its ref."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """An engine by its name, and what of its customers is kept here.

    `new_account` says what a new account has that the engine does not know:
    locale, timezone, taxes. `trouble` says in sentences what the cloud's side
    lacks, as it is now.
    """

    name: str
    engine: SubscriptionEngine
    ours: frozenset[str] = frozenset()
    new_account: Mapping[str, object] = field(default_factory=dict)
    trouble: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told which events, by patterns of their types."""

    publisher: Publisher
    wants: tuple[str, ...] = ('billing.*',)


@dataclass(frozen=True, slots=True)
class Cloud:
    """The hands, together; one per region."""

    servers: Servers
    keeper: Keeper
    quotas: Quotas
    projects: Projects
