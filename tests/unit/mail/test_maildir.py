# SPDX-License-Identifier: Apache-2.0
"""Letters are taken from a maildir once, and never lost."""

import pathlib

import fixtures
from oslotest import base

from patrii_billing.domain import bounce
from patrii_billing import errors
from patrii_billing.mail import maildir
from tests.unit.mail import test_bounces as samples


class MaildirTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('new', 'cur', 'tmp'):
            (self.path / name).mkdir()
        self.taken: list[bounce.Letter] = []
        self.tray = bounce.Tray.READ

    def test_a_bounce_is_shown_once_and_kept(self) -> None:
        self.deliver('1')

        self.assertEqual(1, self.read())
        self.assertEqual(0, self.read())
        (letter,) = self.taken
        self.assertEqual(
            (samples.ID,), letter.report.message_ids if letter.report else ()
        )
        self.assertEqual(
            samples.report(samples.FAILED),
            (self.path / '.Read' / 'new' / '1').read_bytes(),
        )

    def test_what_a_person_has_looked_at_is_read_as_well(self) -> None:
        self.deliver('1:2,S', 'cur')

        self.assertEqual(1, self.read())
        self.assertTrue((self.path / '.Read' / 'cur' / '1:2,S').exists())

    def test_each_kind_has_a_folder(self) -> None:
        for tray, folder in (
            (bounce.Tray.OTHER, '.Other'),
            (bounce.Tray.UNCLEAR, '.Unclear'),
        ):
            self.tray = tray
            self.deliver('1')
            self.read()

            self.assertTrue((self.path / folder / 'new' / '1').exists())

    def test_a_crash_leaves_the_letter_to_the_next(self) -> None:
        self.deliver('1')

        def crash(letter: bounce.Letter) -> bounce.Tray:
            raise ValueError

        self.assertRaises(ValueError, self.mailbox().read, crash, 10)
        self.assertEqual(1, self.read())

    def test_two_who_read_the_same_letter_do_not_mind(self) -> None:
        self.deliver('1')

        def slow(letter: bounce.Letter) -> bounce.Tray:
            self.read()
            return bounce.Tray.READ

        self.mailbox().read(slow, 10)

        self.assertEqual(1, len(self.taken))
        self.assertEqual(0, self.read())

    def test_a_full_mailbox_is_read_in_batches(self) -> None:
        for n in range(25):
            self.deliver(f'{n:02}')

        self.assertEqual([10, 10, 5, 0], [self.read() for _ in range(4)])
        self.assertEqual(25, len({one.place for one in self.taken}))

    def test_of_a_long_letter_only_the_beginning_is_read(self) -> None:
        long = samples.report(samples.FAILED) + b'x' * 100_000
        (self.path / 'new' / '1').write_bytes(long)

        self.read()

        self.assertTrue(self.taken[0].report)
        self.assertEqual(
            len(long), (self.path / '.Read' / 'new' / '1').stat().st_size
        )

    def test_a_maildir_that_is_not_there_is_told(self) -> None:
        self.assertRaises(
            errors.MailboxAway,
            maildir.Maildir(str(self.path / 'none'), 100).read,
            self.take,
            10,
        )

    def deliver(self, name: str, folder: str = 'new') -> None:
        path = self.path / folder / name
        path.write_bytes(samples.report(samples.FAILED))

    def mailbox(self) -> maildir.Maildir:
        return maildir.Maildir(str(self.path), 10_000)

    def read(self) -> int:
        return self.mailbox().read(self.take, 10)

    def take(self, letter: bounce.Letter) -> bounce.Tray:
        self.taken.append(letter)
        return self.tray
