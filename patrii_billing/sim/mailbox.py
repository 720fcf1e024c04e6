# SPDX-License-Identifier: Apache-2.0
"""A mail server that can be away, and mailboxes that can die."""

from patrii_billing.domain import mail
from patrii_billing import errors


class Voice:
    """Composes a line where templates would do, and keeps what was sent."""

    operators = ('operator@cloud.example',)

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

    def send(self, composed: mail.Mail) -> str:
        """Accept it, or raise MailDeferred or MailRefused."""
        if self.down:
            raise errors.MailDeferred('the mail server is away')
        if all(address in self.dead for address in composed.to):
            raise errors.MailRefused('550 no such mailbox')
        self.sent.append(composed)
        return '250 accepted'
