# SPDX-License-Identifier: Apache-2.0
"""Bounces from a maildir, which the mail server delivers to.

A letter that was read is moved to a folder of the maildir by one rename: any
number of hosts may read at once, and a crash leaves it where it was.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import os
import pathlib

from patrii_billing.domain import bounce
from patrii_billing import errors
from patrii_billing.mail import bounces

# As mail servers and programs show folders (Maildir++).
_FOLDERS = {
    bounce.Tray.READ: '.Read',
    bounce.Tray.OTHER: '.Other',
    bounce.Tray.UNCLEAR: '.Unclear',
}


class Maildir:
    """Reads no more than `max_size` bytes of a letter."""

    def __init__(self, path: str, max_size: int) -> None:
        self._path = pathlib.Path(path)
        self._max_size = max_size

    def read(
        self, take: Callable[[bounce.Letter], bounce.Tray | None], limit: int
    ) -> int:
        """See ports.Returns."""
        try:
            letters = sorted(self._letters(), key=lambda one: one.name)
            for letter in letters[:limit]:
                self._read(letter, take)
        except OSError as error:
            raise errors.MailboxAway(str(error)) from error
        return min(len(letters), limit)

    def _letters(self) -> Iterator[pathlib.Path]:
        # A person's mail program moves those that it has shown to cur.
        for name in ('new', 'cur'):
            with os.scandir(self._path / name) as found:
                for entry in found:
                    if not entry.name.startswith('.') and entry.is_file():
                        yield pathlib.Path(entry.path)

    def _read(
        self,
        path: pathlib.Path,
        take: Callable[[bounce.Letter], bounce.Tray | None],
    ) -> None:
        try:
            with path.open('rb') as letter:
                data = letter.read(self._max_size)
        except FileNotFoundError:
            return  # another was quicker
        tray = take(bounce.Letter(str(path), bounces.read(data)))
        if tray is None:
            return
        with contextlib.suppress(FileNotFoundError):
            path.rename(self._folder(tray) / path.parent.name / path.name)

    def _folder(self, tray: bounce.Tray) -> pathlib.Path:
        folder = self._path / _FOLDERS[tray]
        for name in ('tmp', 'new', 'cur'):
            (folder / name).mkdir(0o700, parents=True, exist_ok=True)
        (folder / 'maildirfolder').touch(0o600)
        return folder
