# SPDX-License-Identifier: Apache-2.0
"""A mail as it goes over the wire or into a file (RFC 5322)."""

from dataclasses import dataclass
import datetime as dt
import email.headerregistry
import email.message
import email.policy
import email.utils

from patrii_billing.domain import mail as mails
from patrii_billing import errors

_HEADERS = email.headerregistry.HeaderRegistry()
# Else an id that is longer than a line would be encoded as if it were words.
_HEADERS.map_to_type(
    'references',
    email.headerregistry.MessageIDHeader,  # type: ignore[arg-type]  # a mixin
)
# ASCII on the wire, so that no relay has to recode it and break a signature.
_POLICY = email.policy.SMTP.clone(cte_type='7bit', header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Whom mails come from, whom answers and bounces go to.

    `sender` may have a display name: 'Acme Cloud <billing@acme.example>'.
    Without `envelope_from` bounces go to the sender. Raises InvalidInput.
    """

    sender: str
    reply_to: str = ''
    envelope_from: str = ''

    def __post_init__(self) -> None:
        self.author()
        if self.reply_to:
            mails.address(self.reply_to, '[mail] reply_to')
        if self.envelope_from:
            mails.address(self.envelope_from, '[mail] envelope_from')

    def author(self) -> email.headerregistry.Address:
        name, address = email.utils.parseaddr(self.sender)
        return email.headerregistry.Address(
            name, addr_spec=mails.address(address, '[mail] sender')
        )

    def bounces_to(self) -> str:
        return mails.address(self.envelope_from or self.author().addr_spec)


def written(
    mail: mails.Mail, letterhead: Letterhead, date: dt.datetime
) -> bytes:
    """The whole message with CRLF line ends, as ASCII.

    Raises MailRefused if it cannot be put into headers and parts.
    """
    message = email.message.EmailMessage(_POLICY)
    try:
        message['From'] = letterhead.author()
        message['To'] = [
            email.headerregistry.Address(addr_spec=mails.address(to))
            for to in mail.to
        ]
        if letterhead.reply_to:
            message['Reply-To'] = letterhead.reply_to
        message['Subject'] = mail.subject
        message['Date'] = date
        message['Message-ID'] = mail.message_id
        if mail.references:
            message['References'] = mail.references
        # No out-of-office answers, please (RFC 3834, 5).
        message['Auto-Submitted'] = 'auto-generated'
        message.set_content(mail.text)
        if mail.html:
            _add_page(message, mail)
        for each in mail.attachments:
            message.add_attachment(
                each.data, 'application', each.kind, filename=each.name
            )
        return message.as_bytes()
    except (errors.InvalidInput, ValueError) as error:
        raise errors.MailRefused(f'not a mail: {error}') from error


def _add_page(message: email.message.EmailMessage, mail: mails.Mail) -> None:
    """The page, with its pictures inside it and not beside it."""
    page = email.message.EmailMessage(_POLICY)
    page.set_content(mail.html, subtype='html')
    for picture in mail.pictures:
        page.add_related(
            picture.data, 'image', picture.kind, cid=f'<{picture.id}>',
            disposition='inline', filename=f'logo.{picture.kind}',
        )  # fmt: skip
    del page['MIME-Version']
    message.make_alternative()
    message.attach(page)
