# SPDX-License-Identifier: Apache-2.0
"""Hand mails over to a mail server, and know what became of each."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import contextlib
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import enum
import functools
import re
import smtplib
import socket
import ssl
import threading
from typing import NoReturn

from patrii_billing.domain import mail as mails
from patrii_billing import errors
from patrii_billing.mail import message
from patrii_billing.mail import overheard

# RFC 5321, 4.2.3.
_CLOSING = 421
_GO_ON = 354
# Says that we are to log in: no word about the mail (RFC 4954, 6).
_LOG_IN = 530
_NO_ROOM = 552
_NO_SERVICE = 554
# As many timeouts as one mail may take in all.
ANSWERS = 10
# Then it is cut off, and again so many seconds later what was begun meanwhile.
_CUT_AGAIN = 0.5
# A permanent status without its class (RFC 3463), and those that say that
# there is no such mailbox, or none any more.
_STATUS = re.compile(rb'\s*5\.(\d{1,3}\.\d{1,3})\b')
_DEAD = frozenset({'1.0', '1.1', '1.2', '1.3', '1.6', '1.10', '2.1'})
# And those that are about the sender, the dialogue or somebody's policy.
_OURS = re.compile(r'1\.[78]$|5\.|7\.')
_GREETING = 220
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
    """A connection per mail or per batch; may be used by many threads."""

    def __init__(
        self,
        server: Server,
        letterhead: message.Letterhead,
        dialogue: overheard.Dialogue | None = None,
    ) -> None:
        self._server = server
        self._dialogue = dialogue  # where what is said is to be noted
        self._letterhead = letterhead
        self._threads = threading.local()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Mails that this thread sends within share one connection."""
        with self._line():
            yield

    def send(self, mail: mails.Mail) -> mails.Handover:
        """Hand over to the mail server; its answer on acceptance.

        Accepted for one recipient is accepted; the answer then names the
        others. What the server holds against us and not against the mail
        (login, TLS, the sender's address, relaying) is deferred: it is ours
        to mend.
        Raises MailAway where it was not reached or takes nothing of ours,
        MailDeferred, MailRefused, or MailUnknown where the whole mail was
        sent and no answer came.
        """
        data = message.written(mail, self._letterhead, dt.datetime.now(dt.UTC))
        patience = ANSWERS * self._server.timeout
        with self._line() as line, line.within(patience):
            try:
                refusals = self._handed(line, mail.to, data)
                answer = _verdict(line.smtp)
            except BaseException:
                # Nobody knows what the server still waits for.
                line.drop()
                raise
        left_out = [
            f'not {recipient}: {_words(refusal)}'
            for recipient, refusal in refusals.items()
        ]
        return mails.Handover(
            '; '.join([answer, *left_out]),
            _at_fault(refusals),
            tuple(refusals),
        )

    def report(self, mail: mails.Mail) -> mails.Report:
        """Send a mail, and tell all that was said; raises nothing."""
        dialogue = overheard.Dialogue()
        mailer = SmtpMailer(self._server, self._letterhead, dialogue)
        result, answer = overheard.told(mailer.send, mail)
        return mails.Report(
            result,
            answer,
            f'{self._server.host}:{self._server.port}',
            dialogue.tls,
            self._server.user if dialogue.logged_in else '',
            dialogue.recipients,
            tuple(dialogue.lines),
        )

    def _handed(
        self, line: '_Line', to: Sequence[str], data: bytes
    ) -> dict[str, _Answer]:
        """Send the mail whole; who of the recipients was not accepted."""
        try:
            self._begin(line)
            refusals = _name(line.smtp, to)
            _transmit(line.smtp, data)
        # smtplib's errors are OSErrors.
        except OSError as error:
            raise errors.MailDeferred(self._where(error)) from error
        return refusals

    def _begin(self, line: '_Line') -> None:
        """Open a mail, on the connection that is there or on a new one.

        The server may have had enough of the old one, or of its silence.
        """
        sender = self._letterhead.bounces_to()
        if line.is_open:
            with contextlib.suppress(OSError):
                if _is_positive(line.smtp.mail(sender)[0]):
                    return
            line.drop()
        # A name or password that cannot be encoded is a UnicodeError.
        try:
            self._connect(line)
            self._introduce(line.smtp)
            answer = line.smtp.mail(sender)
        except (OSError, UnicodeError) as error:
            raise errors.MailAway(self._where(error)) from error
        if not _is_positive(answer[0]):
            raise errors.MailAway(_words(answer))

    def _where(self, error: Exception) -> str:
        return f'{self._server.host}:{self._server.port}: {error}'

    @contextlib.contextmanager
    def _line(self) -> Iterator['_Line']:
        """This thread's line, hung up where it was begun."""
        line = getattr(self._threads, 'line', None)
        if line is not None:
            yield line
            return
        line = self._threads.line = _Line(self._server.timeout)
        try:
            yield line
        finally:
            del self._threads.line
            line.drop()

    def greet(self) -> str:
        """Connect, log in where that is asked, and leave; the answer.

        Raises MailAway where that fails.
        """
        patience = ANSWERS * self._server.timeout
        with self._line() as line, line.within(patience):
            try:
                self._connect(line)
                self._introduce(line.smtp)
                return _words(line.smtp.noop())
            except (OSError, UnicodeError) as error:
                raise errors.MailAway(self._where(error)) from error

    def _connect(self, line: '_Line') -> None:
        """Open the line; it can be cut off from the first byte on."""
        server = self._server
        line.smtp = smtp = self._new()
        # Else it would connect at once; what it trusts goes by this name.
        smtp._host = server.host  # type: ignore[attr-defined]
        answer = smtp.connect(server.host, server.port)
        if answer[0] != _GREETING:
            raise smtplib.SMTPConnectError(*answer)

    def _new(self) -> smtplib.SMTP:
        plain: Callable[..., smtplib.SMTP] = smtplib.SMTP
        secure: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL
        if self._dialogue is not None:
            plain = functools.partial(overheard.Plain, self._dialogue)
            secure = functools.partial(overheard.Secure, self._dialogue)
        timeout = self._server.timeout
        if self._server.tls is Tls.TLS:
            return secure(timeout=timeout, context=self._trust())
        return plain(timeout=timeout)

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


class _Line:
    """A connection that may be kept for the next mail."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._smtp: smtplib.SMTP | None = None

    @property
    def is_open(self) -> bool:
        return self._smtp is not None

    @property
    def smtp(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected('no connection')
        return self._smtp

    @smtp.setter
    def smtp(self, smtp: smtplib.SMTP) -> None:
        self.drop()
        self._smtp = smtp

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Hang up on a server that takes longer in all.

        It may answer a little at a time, and each time before the timeout.
        """
        done = threading.Event()
        threading.Thread(
            target=self._watch, args=(done, seconds), daemon=True
        ).start()
        try:
            yield
        finally:
            done.set()

    def _watch(self, done: threading.Event, seconds: float) -> None:
        while not done.wait(seconds):
            self._cut()
            seconds = _CUT_AGAIN

    def _cut(self) -> None:
        """End the connection under whoever waits for an answer."""
        smtp = self._smtp
        sock = None if smtp is None else smtp.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        """Hang up; a connection that ends badly takes nothing back."""
        smtp = self._smtp
        if smtp is None:
            return
        with contextlib.suppress(OSError), self.within(self._timeout):
            smtp.quit()
        smtp.close()
        self._smtp = None


def _name(
    smtp: smtplib.SMTP, recipients: Sequence[str]
) -> dict[str, _Answer]:
    """Name the recipients; who was not accepted, if somebody was."""
    refusals: dict[str, _Answer] = {}
    for recipient in recipients:
        answer = smtp.rcpt(mails.address(recipient))
        if answer[0] == _CLOSING:
            # Not away: it may do so for this recipient, and not for others.
            raise errors.MailDeferred(_words(answer))
        if not _is_positive(answer[0]):
            refusals[recipient] = answer
    if len(refusals) < len(recipients):
        return refusals
    for answer in refusals.values():
        # A recipient who may yet be accepted decides for all.
        if answer[0] < 500 or _is_full(answer) or _is_ours(answer):
            raise errors.MailDeferred(_words(answer))
    raise errors.MailRefused(
        _words(min(refusals.values())), _at_fault(refusals)
    )


def _at_fault(refusals: Mapping[str, _Answer]) -> dict[str, str]:
    """Whose address is of no use, as the server says: not we, not now."""
    return {
        recipient: _words(answer)
        for recipient, answer in refusals.items()
        if _is_dead(answer)
    }


def _is_dead(answer: _Answer) -> bool:
    """Whether there is no such mailbox (RFC 3463, 3.2; RFC 5321, 4.2.2).

    Other refusals are about us, as that the server does not relay.
    """
    code, text = answer
    status = _STATUS.match(text)
    if status is not None:
        return status[1].decode() in _DEAD
    # Exim and others say so without a status.
    return code in (550, 551, 553) and b'relay' not in text.lower()


def _is_ours(answer: _Answer) -> bool:
    """Whether we are refused, and not the recipient: that can be mended.

    As that it does not relay for us, or wants a login, or another sender.
    """
    code, text = answer
    status = _STATUS.match(text)
    if status is not None:
        return _OURS.match(status[1].decode()) is not None
    return code in (_LOG_IN, _NO_SERVICE) or b'relay' in text.lower()


def _is_full(answer: _Answer) -> bool:
    """Whether there is no room in it now; it may be emptied."""
    code, text = answer
    status = _STATUS.match(text)
    return status[1] == b'2.2' if status else code == _NO_ROOM


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
