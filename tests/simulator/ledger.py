# SPDX-License-Identifier: Apache-2.0
"""What really happened, as those outside of the service know it.

The judges rest on this and on plain rows of the books, and on nothing that
the service works out itself.
"""

import collections
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import json
from typing import Any

from tests.simulator import books

GRACE = dt.timedelta(hours=48)
WARNING = dt.timedelta(days=2)
UNDO = dt.timedelta(days=2)
_HOUR = dt.timedelta(hours=1)


def instant(text: str | None) -> dt.datetime | None:
    """As SQLite keeps an instant."""
    if text is None:
        return None
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@dataclass
class Sent:
    """A mail that the mail server took."""

    at: dt.datetime
    template: str
    text: str
    message_id: str
    returned: bool = False
    doubted: bool = False  # whoever sent it may not know that it was


@dataclass
class Asked:
    """The law was asked for an action, and allowed it."""

    owner: str
    at: dt.datetime
    sins: list[str]


@dataclass
class Ledger:
    """Money in, mails out, and what the service must have noticed."""

    books: books.Books
    now: Any
    received: dict[str, int] = field(default_factory=dict)  # by key
    taken_back: set[str] = field(default_factory=set)
    pending: dict[str, dt.datetime] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    asked: dict[int, Asked] = field(default_factory=dict)
    committed: list[tuple[dt.datetime, str, int]] = field(default_factory=list)
    counted_from: dt.datetime | None = None
    distrusted: int | None = None  # only restores after that turn
    stopped: bool = False
    swept: dt.datetime | None = None
    heard: dt.datetime | None = None
    before: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    quota_before: dict[str, int] | None = None
    deletes: dict[str, dt.datetime] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    wishes: set[str] = field(default_factory=set)  # servers given up
    owed_nothing: dt.datetime | None = None
    fleet: dict[str, list[Any]] = field(
        default_factory=lambda: collections.defaultdict(list)
    )

    def owed(self, at: dt.datetime) -> int:
        """What is past due less what came in, of the account `acme`.

        What is owed less than nothing of lowers the rest at any time.
        """
        rows = self.books.ask(
            'SELECT total, due_at FROM invoices WHERE state NOT IN '
            "('draft', 'void') AND account_id = 1"
        )
        due = sum(
            total
            for total, due_at in rows
            if total < 0 or (due_at and _by(due_at, at))
        )
        return int(due) - self.money_in()

    def money_in(self) -> int:
        return sum(
            amount
            for key, amount in self.received.items()
            if key not in self.taken_back
        )

    def note_debt(self) -> None:
        """Called whenever it may have changed: since when nothing is owed."""
        if self.owed(self.now()) <= 0:
            self.owed_nothing = self.now()

    def told(self, template: str, since: dt.timedelta) -> list[Sent]:
        """Mails of this debt that were given at least so long ago."""
        return [
            one
            for one in self.sent
            if one.template == template
            and not one.returned
            and one.at + since <= self.now()
            and (self.owed_nothing is None or one.at >= self.owed_nothing)
        ]

    def held(self, subscription: int) -> list[str]:
        """The types of the holds in force."""
        now = self.now()
        return [
            kind
            for kind, starts, until, ended in self.books.ask(
                'SELECT type, starts_at, until, ended_at FROM holds '
                'WHERE subscription_id = ?', subscription,
            )
            if _by(starts, now)
            and not (until and _by(until, now))
            and not (ended and _by(ended, now))
        ]  # fmt: skip

    def in_transit(self) -> bool:
        return any(until > self.now() for until in self.pending.values())

    def within_hour(self, *kinds: str) -> int:
        since = self.now() - _HOUR
        if self.counted_from is not None:
            since = max(since, self.counted_from)
        return len(
            {
                action
                for at, its, action in self.committed
                if its in kinds and at >= since
            }
        )

    def rows(self, table: str) -> list[dict[str, Any]]:
        cursor = self.books.raw.execute(f'SELECT * FROM {table} ORDER BY id')
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def _by(text: str, at: dt.datetime) -> bool:
    found = instant(text)
    return found is not None and found <= at


def names(value: str | None) -> list[str]:
    """A list as the books keep it."""
    return json.loads(value) if value else []


def details(value: str | None) -> dict[str, Any]:
    """A mapping as the books keep it."""
    return json.loads(value) if value else {}
