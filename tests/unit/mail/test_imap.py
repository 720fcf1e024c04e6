# SPDX-License-Identifier: Apache-2.0
"""What was read is known again, by whatever marks the server keeps."""

from collections.abc import Iterator
import contextlib
from typing import Any

from oslotest import base

from patrii_billing.domain import bounce
from patrii_billing import errors
from patrii_billing.mail import imap
from tests.unit.mail import test_bounces as samples


class Server:
    """The commands of IMAP that are used, over letters and their flags."""

    def __init__(self, keywords: bool) -> None:
        self.keywords = keywords
        self.validity = b'1'
        self.flags: dict[int, set[str]] = {}

    def response(self, code: str) -> tuple[str, list[bytes]]:
        marks = rb'(\Seen \Flagged \*)' if self.keywords else rb'(\Seen)'
        return code, [self.validity if code == 'UIDVALIDITY' else marks]

    def uid(self, command: str, *given: str) -> tuple[str, list[Any]]:
        match command, given:
            case 'SEARCH', (wanted,):
                lacks = {'UNSEEN': '\\Seen'}.get(wanted, wanted.split()[-1])
                found = [
                    n for n, has in self.flags.items() if lacks not in has
                ]
                return 'OK', [' '.join(map(str, found)).encode()]
            case 'FETCH', (uid, _):
                data = samples.report(samples.FAILED)
                return 'OK', [(f'{uid} (UID'.encode(), data), b')']
            case 'STORE', (uid, _, mark):
                self.flags[int(uid)].add(mark)
                return 'OK', [None]
        raise AssertionError(command)


class Mailbox(imap.ImapMailbox):
    def __init__(self, server: Server) -> None:
        super().__init__(imap.Server('host', 993, '', ''), 1000)
        self.fake = server

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        yield self.fake


class ImapTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = Server(keywords=True)
        self.server.flags = {1: set(), 2: set(), 3: {'\\Seen'}}
        self.trays = [
            bounce.Tray.READ, bounce.Tray.OTHER, bounce.Tray.UNCLEAR
        ]  # fmt: skip

    last = bounce.Tray.OTHER

    def take(self, letter: bounce.Letter) -> bounce.Tray:
        return self.trays.pop(0)

    def read(self, mailbox: Mailbox, limit: int = 10) -> int:
        return mailbox.read(self.take, limit)

    def test_a_keyword_leaves_them_as_unread_as_they_were(self) -> None:
        self.assertEqual(3, self.read(Mailbox(self.server)))

        self.assertEqual(
            {
                1: {'PatriiRead'},
                2: {'PatriiRead'},
                3: {'PatriiRead', '\\Seen', '\\Flagged'},
            },
            self.server.flags,
        )
        self.assertEqual(0, self.read(Mailbox(self.server)))

    def test_without_keywords_only_what_is_settled_is_seen(self) -> None:
        self.server.keywords = False
        self.server.flags[3] = set()
        mailbox = Mailbox(self.server)

        self.assertEqual(3, self.read(mailbox))

        self.assertEqual(
            {1: {'\\Seen'}, 2: set(), 3: {'\\Seen', '\\Flagged'}},
            self.server.flags,
        )
        self.assertEqual(0, self.read(mailbox))

    def test_after_the_server_numbers_anew_all_are_looked_at(self) -> None:
        self.server.keywords = False
        mailbox = Mailbox(self.server)
        self.read(mailbox)
        self.server.validity = b'2'
        self.trays = [bounce.Tray.OTHER]

        self.assertEqual(1, self.read(mailbox))

    def test_what_is_to_wait_is_shown_again(self) -> None:
        self.server.flags[3] = set()
        for self.server.keywords in (True, False):
            mailbox = Mailbox(self.server)
            mailbox.read(
                lambda letter: None if 'UID 1 ' in letter.place else self.last,
                10,
            )

            self.assertEqual(1, self.read(mailbox))
            self.server.flags = {1: set(), 2: set(), 3: set()}

    def test_many_are_read_in_batches(self) -> None:
        mailbox = Mailbox(self.server)

        self.assertEqual(
            [2, 1, 0], [self.read(mailbox, limit=2) for _ in range(3)]
        )

    def test_a_server_that_is_not_there_is_told(self) -> None:
        server = imap.Server('localhost', 1, 'ann', 'secret', timeout=1)

        self.assertRaises(
            errors.MailboxAway, imap.ImapMailbox(server, 10).read, self.take, 1
        )
