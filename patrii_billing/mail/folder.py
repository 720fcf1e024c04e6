# SPDX-License-Identifier: Apache-2.0
"""Mails as numbered files in a folder, to try things out and to look at."""

import contextlib
import datetime as dt
import itertools
import pathlib

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import message
from patrii_billing.mail import overheard


class FolderMailer:
    """Writes 00001.eml, 00002.eml and so on, whatever else writes there."""

    def __init__(self, folder: str, letterhead: message.Letterhead) -> None:
        self._folder = pathlib.Path(folder)
        self._letterhead = letterhead
        self._numbers = itertools.count(self._last() + 1)

    def kept(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def send(self, mail: mails.Mail) -> mails.Handover:
        """Write the mail; says which file it is. Raises MailDeferred."""
        data = message.written(mail, self._letterhead, dt.datetime.now(dt.UTC))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return mails.Handover(f'written to {self._write(data)}')
        except OSError as error:
            raise errors.MailDeferred(f'{self._folder}: {error}') from error

    def report(self, mail: mails.Mail) -> mails.Report:
        return mails.Report(*overheard.told(self.send, mail), 'a folder')

    def _write(self, data: bytes) -> str:
        while True:
            path = self._folder / f'{next(self._numbers):05}.eml'
            try:
                file = path.open('xb')
            except FileExistsError:
                continue
            with file:
                file.write(data)
            return path.name

    def _last(self) -> int:
        names = (path.stem for path in self._folder.glob('*.eml'))
        return max(
            (int(name) for name in names if name.isdecimal()), default=0
        )
