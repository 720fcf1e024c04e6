# SPDX-License-Identifier: Apache-2.0
"""What a mail server and we say to each other, for a person to read."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
import re
import smtplib
import ssl
from typing import Any

from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain import mail as mails
from patrii_billing import errors

_RECIPIENT = re.compile('TO:<(.*?)>', re.IGNORECASE)
# The next line of a login: it holds a password.
_GO_ON_LOGGING_IN = 334
_LOGGED_IN = 235


@dataclass(slots=True)
class Dialogue:
    """What was said so far; `tls` is the version, `logged_in` as it shows."""

    lines: list[str] = field(default_factory=list)
    tls: str = ''
    logged_in: bool = False
    recipients: dict[str, str] = field(default_factory=dict)

    def said(self, line: str, secret: bool) -> None:
        verb = line.split(' ')[0]
        if secret:
            line = '***'
        elif verb.upper() == 'AUTH':
            line = ' '.join([*line.split(' ')[:2], '***'])
        self.lines.append(f'> {line}')

    def heard(self, code: int, text: bytes) -> str:
        """Note an answer, and what it tells; gives it back in one line."""
        words = ' '.join(text.decode('utf-8', 'replace').split())
        self.lines.append(f'< {code} {words}')
        self.logged_in = self.logged_in or code == _LOGGED_IN
        return f'{code} {words}'


class Plain(smtplib.SMTP):
    """A connection that is listened to."""

    def __init__(self, dialogue: Dialogue, *given: Any, **more: Any) -> None:
        self._dialogue = dialogue
        self._asks = ''
        self._answered = 0
        super().__init__(*given, **more)

    def putcmd(self, cmd: str, args: str = '') -> None:
        line = f'{cmd} {args}'.strip()
        self._dialogue.said(line, self._answered == _GO_ON_LOGGING_IN)
        self._asks = line
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()
        self._answered = code
        words = self._dialogue.heard(code, text)
        recipient = _RECIPIENT.search(self._asks)
        if self._asks.lower().startswith('rcpt') and recipient:
            self._dialogue.recipients[recipient[1]] = words
        if isinstance(self.sock, ssl.SSLSocket):
            self._dialogue.tls = self.sock.version() or ''
        return code, text


class Secure(Plain, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def told(
    send: Callable[[mails.Mail], mails.Handover], mail: mails.Mail
) -> tuple[Attempt, str]:
    """What came of sending a mail, in place of an error."""
    try:
        return Attempt.ACCEPTED, send(mail).answer
    except errors.MailUnknown as error:
        return Attempt.UNKNOWN, str(error)
    except errors.MailRefused as error:
        return Attempt.REFUSED, str(error)
    except errors.MailDeferred as error:
        return Attempt.DEFERRED, str(error)
