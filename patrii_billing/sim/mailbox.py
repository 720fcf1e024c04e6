# SPDX-License-Identifier: Apache-2.0
"""A mail server that can be away, and mailboxes that can die."""

import contextlib

from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain import mail
from patrii_billing import errors

_GONE = '550 no such mailbox'


class Voice:
    """Composes a line where templates would do, and keeps what was sent."""

    operators = ('operator@cloud.example',)
    operators_locale = 'en'

    def __init__(self) -> None:
        self.down = False
        self.dead: set[str] = set()
        self.sent: list[mail.Mail] = []

    def compose(self, content: mail.NoticeContent) -> mail.Mail:
        names = ', '.join(name for _, name in content.servers)
        when = content.names.isoformat() if content.names else ''
        return mail.Mail(
            to=content.recipients,
            subject=f'{content.template}: {content.account}',
            text=f'{content.subscription} {names} {when}'.strip(),
            message_id=content.message_id,
            attachments=content.attachments,
        )

    def kept(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def send(self, composed: mail.Mail) -> mail.Handover:
        """Accept it, or raise MailAway or MailRefused."""
        if self.down:
            raise errors.MailAway('the mail server is away')
        dead = {one: _GONE for one in composed.to if one in self.dead}
        if len(dead) == len(composed.to):
            raise errors.MailRefused(_GONE, dead)
        self.sent.append(composed)
        return mail.Handover('250 accepted', dead, tuple(dead))

    def report(self, composed: mail.Mail) -> mail.Report:
        try:
            answer = self.send(composed).answer
        except errors.MailRefused as error:
            return mail.Report(Attempt.REFUSED, str(error), 'simulated')
        except errors.MailDeferred as error:
            return mail.Report(Attempt.DEFERRED, str(error), 'simulated')
        return mail.Report(Attempt.ACCEPTED, answer, 'simulated')
