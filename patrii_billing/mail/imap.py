# SPDX-License-Identifier: Apache-2.0
"""Bounces from a mailbox on another host, by IMAP.

Letters stay where they are and as unread as they were; which were read is
kept with them by a keyword, or by their mark as seen where the server knows
no keywords of others.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from dataclasses import field
import imaplib
import ssl
from typing import Any

from patrii_billing.domain import bounce
from patrii_billing import errors
from patrii_billing.mail import bounces
from patrii_billing.mail.smtp import Tls

_SEEN = '\\Seen'
_FLAGGED = '\\Flagged'
_KEYWORD = 'PatriiRead'


@dataclass(frozen=True, slots=True)
class Server:
    """The server, whom to be on it, and in which folder to look."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = 'INBOX'
    tls: Tls = Tls.TLS
    timeout: float = 30
    cafile: str = ''


class ImapMailbox:
    """Connects anew each time; reads at most `max_size` bytes a letter."""

    def __init__(self, server: Server, max_size: int) -> None:
        self._server = server
        self._max_size = max_size
        # What is no bounce has no mark where there are no keywords: their
        # UIDs, which mean something with a UIDVALIDITY (RFC 3501, 2.3.1.1).
        self._validity = b''
        self._others: set[int] = set()

    def read(
        self, take: Callable[[bounce.Letter], bounce.Tray | None], limit: int
    ) -> int:
        """See ports.Returns."""
        try:
            with self._connected() as imap:
                return self._read(imap, take, limit)
        except (OSError, imaplib.IMAP4.error) as error:
            raise errors.MailboxAway(
                f'{self._server.host}: {error}'
            ) from error

    def _read(
        self,
        imap: imaplib.IMAP4,
        take: Callable[[bounce.Letter], bounce.Tray | None],
        limit: int,
    ) -> int:
        marks = b' '.join(
            each or b'' for each in imap.response('PERMANENTFLAGS')[1]
        )
        has_keywords = b'\\*' in marks
        validity = (imap.response('UIDVALIDITY')[1] or [b''])[0] or b''
        if self._validity != validity:
            self._validity, self._others = validity, set()
        unread = f'UNKEYWORD {_KEYWORD}' if has_keywords else 'UNSEEN'
        uids = [
            int(each)
            for each in _answer(imap.uid('SEARCH', unread))[0].split()
        ]
        uids = sorted(set(uids) - self._others)[:limit]
        for uid in uids:
            data = self._fetch(imap, uid)
            place = f'UID {uid} of {self._server.folder}'
            tray = take(bounce.Letter(place, bounces.read(data)))
            if tray is None:
                continue
            for mark in _marks(tray, has_keywords):
                _answer(imap.uid('STORE', str(uid), '+FLAGS.SILENT', mark))
            if tray is bounce.Tray.OTHER and not has_keywords:
                self._others.add(uid)
        return len(uids)

    def _fetch(self, imap: imaplib.IMAP4, uid: int) -> bytes:
        fetched = imap.uid(
            'FETCH', str(uid), f'(BODY.PEEK[]<0.{self._max_size}>)'
        )
        for part in _answer(fetched):
            if isinstance(part, tuple):
                return bytes(part[1])
        return b''  # somebody else has taken it out

    @contextlib.contextmanager
    def _connected(self) -> Iterator[imaplib.IMAP4]:
        server = self._server
        trust = ssl.create_default_context(cafile=server.cafile or None)
        imap: imaplib.IMAP4
        if server.tls is Tls.TLS:
            imap = imaplib.IMAP4_SSL(
                server.host, server.port, ssl_context=trust,
                timeout=server.timeout,
            )  # fmt: skip
        else:
            imap = imaplib.IMAP4(
                server.host, server.port, timeout=server.timeout
            )
        try:
            if server.tls is Tls.STARTTLS:
                imap.starttls(trust)
            imap.login(server.user, server.password)
            _answer(imap.select(f'"{server.folder}"'))
            yield imap
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imap.logout()


def _marks(tray: bounce.Tray, has_keywords: bool) -> Iterator[str]:
    if tray is bounce.Tray.UNCLEAR:
        yield _FLAGGED
    if has_keywords:
        yield _KEYWORD
    elif tray is not bounce.Tray.OTHER:
        yield _SEEN


def _answer(given: tuple[str, list[Any]]) -> list[Any]:
    """What the server answered. Raises IMAP4.error where it was no OK."""
    kind, data = given
    if kind != 'OK':
        raise imaplib.IMAP4.error(f'{kind} {data!r}'[:200])
    return data or [b'']
