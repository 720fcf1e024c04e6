# SPDX-License-Identifier: Apache-2.0
"""What speaks to customers and operators: words and a way to send them."""

import contextlib
from dataclasses import dataclass
from typing import Protocol

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import compose
from patrii_billing import wording


class Mailer(Protocol):
    """A way to send: SmtpMailer, FolderMailer or NoMailer."""

    def kept(self) -> contextlib.AbstractContextManager[None]: ...

    def send(self, mail: mails.Mail) -> mails.Handover: ...

    def report(self, mail: mails.Mail) -> mails.Report: ...


@dataclass(frozen=True, slots=True)
class Voice:
    """One brand's notices, sent one way; raises InvalidInput."""

    brand: compose.Brand
    mailer: Mailer
    operators: tuple[str, ...] = ()  # who gets the alarms
    operators_locale: str = 'en'

    def __post_init__(self) -> None:
        for operator in self.operators:
            mails.address(operator, '[mail] operators')
        if not wording.is_locale(self.operators_locale):
            raise errors.InvalidInput(
                f'{self.operators_locale!r} is not a locale, as fr or fr_CA',
                '[mail] operators_locale',
            )

    def compose(self, content: mails.NoticeContent) -> mails.Mail:
        """Raises MailRefused or MailNotWritten; see compose.compose."""
        return compose.compose(self.brand, content)

    def kept(self) -> contextlib.AbstractContextManager[None]:
        """Mails sent within may share one connection."""
        return self.mailer.kept()

    def send(self, mail: mails.Mail) -> mails.Handover:
        """Raises MailDeferred, MailRefused or MailUnknown."""
        return self.mailer.send(mail)

    def report(self, mail: mails.Mail) -> mails.Report:
        """Send a mail to try the way; tells all of it, and raises nothing."""
        return self.mailer.report(mail)
