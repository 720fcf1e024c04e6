# SPDX-License-Identifier: Apache-2.0
"""Hand mails over to a mail server, and know what became of each."""

from collections.abc import Sequence
import contextlib
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import enum
import re
import smtplib
import ssl
from typing import NoReturn

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import message

# RFC 5321, 4.2.3.
_CLOSING = 421
_GO_ON = 354
# Says that we are to log in: no word about the mail (RFC 4954, 6).
_LOG_IN = 530
_Answer = tuple[int, bytes]


class Tls(enum.StrEnum):
    NONE = 'none'
    STARTTLS = 'starttls'
    TLS = 'tls'  # from the first byte (RFC 8314)


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mail server is; `timeout` (seconds) is for each answer."""

    host: str = 'localhost'
    port: int = 25
    tls: Tls = Tls.NONE
    user: str = ''
    password: str = field(default='', repr=False)
    timeout: float = 30
    cafile: str = ''
    insecure: bool = False


class SmtpMailer:
    """One connection per mail; may be used by many threads."""

    def __init__(self, server: Server, letterhead: message.Letterhead) -> None:
        self._server = server
        self._letterhead = letterhead

    def send(self, mail: mails.Mail) -> str:
        """Hand over to the mail server; its answer on acceptance.

        Accepted for one recipient is accepted; the answer then names the
        others. What the server holds against us and not against the mail
        (login, TLS, the sender's address) is deferred: it is ours to mend.
        Raises MailDeferred, MailRefused, or MailUnknown where the whole mail
        was sent and no answer came.
        """
        data = message.written(mail, self._letterhead, dt.datetime.now(dt.UTC))
        with contextlib.ExitStack() as stack:
            try:
                smtp = self._connect()
                stack.callback(_leave, smtp)
                self._introduce(smtp)
                left_out = self._address(smtp, mail.to)
                _transmit(smtp, data)
            # smtplib's errors are OSErrors; a name or password that cannot
            # be encoded is a UnicodeError.
            except (OSError, UnicodeError) as error:
                raise errors.MailDeferred(
                    f'{self._server.host}:{self._server.port}: {error}'
                ) from error
            answer = _verdict(smtp)
        return '; '.join([answer, *left_out])

    def greet(self) -> str:
        """Connect, log in where that is asked, and leave; the answer.

        Raises MailDeferred where that fails.
        """
        server = self._server
        with contextlib.ExitStack() as stack:
            try:
                smtp = self._connect()
                stack.callback(_leave, smtp)
                self._introduce(smtp)
                return _words(smtp.noop())
            except (OSError, UnicodeError) as error:
                raise errors.MailDeferred(
                    f'{server.host}:{server.port}: {error}'
                ) from error

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls is Tls.TLS:
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout,
                context=self._trust(),
            )  # fmt: skip
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout)

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        if self._server.tls is Tls.STARTTLS:
            smtp.starttls(context=self._trust())
        smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(
            cafile=self._server.cafile or None
        )
        if self._server.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _address(
        self, smtp: smtplib.SMTP, recipients: Sequence[str]
    ) -> list[str]:
        """Name sender and recipients; says who was not accepted."""
        answer = smtp.mail(self._letterhead.bounces_to())
        if not _is_positive(answer[0]):
            raise errors.MailDeferred(_words(answer))
        refusals: dict[str, _Answer] = {}
        for recipient in recipients:
            answer = smtp.rcpt(mails.address(recipient))
            if answer[0] == _CLOSING:
                _refuse(answer)
            if not _is_positive(answer[0]):
                refusals[recipient] = answer
        if len(refusals) == len(recipients):
            # A recipient who may yet be accepted decides for all.
            _refuse(min(refusals.values()))
        return [
            f'not {recipient}: {_words(answer)}'
            for recipient, answer in refusals.items()
        ]


def _transmit(smtp: smtplib.SMTP, data: bytes) -> None:
    """Send the mail whole; where this fails, its end did not leave."""
    answer = smtp.docmd('DATA')
    if answer[0] != _GO_ON:
        _refuse(answer)
    # No line of it may look like the end (RFC 5321, 4.5.2).
    smtp.send(re.sub(rb'(?m)^\.', b'..', data) + b'.\r\n')


def _verdict(smtp: smtplib.SMTP) -> str:
    """The answer to the mail; from here on it may have been accepted."""
    try:
        answer = smtp.getreply()
    except OSError as error:
        raise errors.MailUnknown(
            f'the mail was sent and no answer came: {error}'
        ) from error
    if _is_positive(answer[0]):
        return _words(answer)
    if 400 <= answer[0] < 600:
        _refuse(answer)
    raise errors.MailUnknown(f'not an answer to a mail: {_words(answer)}')


def _refuse(answer: _Answer) -> NoReturn:
    """Raises MailRefused where it is for good, else MailDeferred."""
    for_good = 500 <= answer[0] < 600 and answer[0] != _LOG_IN
    kind = errors.MailRefused if for_good else errors.MailDeferred
    raise kind(_words(answer))


def _is_positive(code: int) -> bool:
    return 200 <= code < 300


def _words(answer: _Answer) -> str:
    code, text = answer
    return f'{code} {" ".join(text.decode("utf-8", "replace").split())}'


def _leave(smtp: smtplib.SMTP) -> None:
    """A connection that ends badly takes nothing back."""
    with contextlib.suppress(OSError):
        smtp.quit()
    smtp.close()
