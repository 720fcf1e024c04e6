# SPDX-License-Identifier: Apache-2.0
"""Mails that came back: what their bounces say, and of whom."""

from collections.abc import Collection
from dataclasses import dataclass
import enum
import re

from patrii_billing.domain import mail
from patrii_billing import errors

_STATUS = re.compile(r'(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])')
# What is so now and may pass, or lies with us and not with the address (RFC
# 3463): a full mailbox, too large, their system, what we sent, their policy.
_PASSING = re.compile(r'4\.|5\.(2\.[23]|3\.|6\.|7\.)')


class Fate(enum.StrEnum):
    """What became of a mail for one recipient (RFC 3464, 2.3.3)."""

    FAILED = 'failed'  # nobody tries any more
    DELAYED = 'delayed'  # it may yet arrive
    PASSED = 'passed'  # delivered, relayed or expanded


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bounce says of one recipient.

    `addresses` are those that it may be known by, as it was written first.
    `status` is that of RFC 3463, or empty; `answer` are the words of the
    server that knew.
    """

    fate: Fate
    addresses: tuple[str, ...]
    status: str = ''
    answer: str = ''

    @property
    def is_lasting(self) -> bool:
        """Whether mails for that address will come back in future too."""
        if self.fate is not Fate.FAILED or not self.addresses:
            return False
        return not _PASSING.match(self.status)


@dataclass(frozen=True, slots=True)
class Report:
    """A bounce; `message_ids` have no domain, and name what came back."""

    message_ids: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """What lay in the mailbox and where; no report where it is no bounce."""

    place: str
    report: Report | None


class Tray(enum.StrEnum):
    """Where a letter goes that was read."""

    READ = 'read'  # a bounce of ours, settled
    OTHER = 'other'  # no bounce, or not of a mail of ours
    UNCLEAR = 'unclear'  # a bounce that nobody understands: for a person


def status(text: str) -> str:
    """The first status of RFC 3463 in a text, or nothing."""
    found = _STATUS.search(text)
    return found[0] if found else ''


def recipient(
    verdict: Verdict,
    recipients: Collection[str],
    before: Collection[str] = (),
) -> str | None:
    """Which recipient of the mail a verdict is of.

    A mail with one recipient came back from him, wherever he had it
    forwarded to, unless it speaks of one of those whom the mail was sent to
    before. None where it cannot be told.
    """
    known = {_folded(one): one for one in (*before, *recipients)}
    for each in verdict.addresses:
        if _folded(each) in known:
            return known[_folded(each)]
    return next(iter(recipients)) if len(recipients) == 1 else None


def _folded(address: str) -> str:
    """Hardly a server minds the case, and bounces do not keep it."""
    try:
        address = mail.address(address)
    except errors.InvalidInput:
        pass
    return address.casefold()
