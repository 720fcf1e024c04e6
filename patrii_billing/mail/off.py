# SPDX-License-Identifier: Apache-2.0
"""No mail at all: notices wait, and the ladder waits for them."""

import contextlib
from typing import NoReturn

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import overheard


class NoMailer:
    """Nobody was told, and so nothing may follow from having told him."""

    def kept(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def send(self, mail: mails.Mail) -> NoReturn:
        """Raises MailAway, always."""
        raise errors.MailAway('no mail is sent: [mail] driver is none')

    def report(self, mail: mails.Mail) -> mails.Report:
        return mails.Report(*overheard.told(self.send, mail), 'none')
