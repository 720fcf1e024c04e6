# SPDX-License-Identifier: Apache-2.0
"""Read bounces: reports as RFC 3464 has them, and those of other servers.

Whatever bytes come, something is answered: anybody may write to a mailbox.
"""

from collections.abc import Iterator
import email
from email import message
from email import parser
from email import utils
import logging
import re
from typing import Any

from flufl import bounce as foreign

from patrii_billing.domain import bounce

LOG = logging.getLogger(__name__)

_REPORTS = ('message/delivery-status', 'message/global-delivery-status')
_RETURNED = (
    'message/rfc822', 'message/global', 'text/rfc822-headers',
    'message/global-headers',
)  # fmt: skip
_FATES = {
    'fail': bounce.Fate.FAILED,
    'erro': bounce.Fate.FAILED,  # OpenSMTPD
    'dela': bounce.Fate.DELAYED,
    'deli': bounce.Fate.PASSED,
    'rela': bounce.Fate.PASSED,
    'expa': bounce.Fate.PASSED,
}
_DAEMON = re.compile(
    r'\b(mailer[-_ ]?daemon|postmaster|mail[-_ ]delivery|mailsystem)',
    re.IGNORECASE,
)
_ID = re.compile(r'<\s*([^<>@\s]{1,128})@[^<>@\s]+\s*>')
# Our ids, where anything else may stand beside them.
_OWN_ID = re.compile(r'\b([0-9a-f]{32})@')
_XTEXT = re.compile(r'\+([0-9A-Fa-f]{2})|\\x\{([0-9A-Fa-f]{2,6})\}')
_LONGEST_ANSWER = 500
_LONGEST_TEXT = 100_000
_MOST_VERDICTS = 100


def read(data: bytes) -> bounce.Report | None:
    """What a mail says of one that came back; None where it is no bounce.

    Without ids or verdicts it is a bounce that is not understood.
    """
    try:
        return _read(email.message_from_bytes(data))
    except Exception as error:
        # The parsers were not made for those who mean harm.
        LOG.warning('a mail could not be parsed: %r', error)
        return bounce.Report()


def _read(letter: message.Message) -> bounce.Report | None:
    verdicts = tuple(_reported(letter))[:_MOST_VERDICTS]
    if not verdicts:
        if not (_is_report(letter) or _is_from_a_server(letter)):
            return None
        verdicts = tuple(_guessed(letter))[:_MOST_VERDICTS]
    return bounce.Report(_ids(letter), verdicts)


def _is_report(letter: message.Message) -> bool:
    kind = str(letter.get_param('report-type', '')).lower()
    return letter.get_content_type() == 'multipart/report' and kind in (
        'delivery-status', 'global-delivery-status',
    )  # fmt: skip


def _is_from_a_server(letter: message.Message) -> bool:
    """An answer of a program in its owner's absence has his name."""
    if letter.get('X-Failed-Recipients'):
        return True
    if letter.get_content_type() == 'multipart/report':
        return False  # that it was read, or taken for spam
    return _DAEMON.search(str(letter.get('From', ''))[:1000]) is not None


def _reported(letter: message.Message) -> Iterator[bounce.Verdict]:
    for part in letter.walk():
        if part.get_content_type() not in _REPORTS:
            continue
        for block in _blocks(part):
            fate = _FATES.get(_words(block.get('Action', ''))[:4].lower())
            addresses = tuple(_recipients(block))
            if fate is None or not addresses:
                continue
            answer = _words(block.get('Diagnostic-Code', ''))
            answer = re.sub(r'^[\w-]+\s*;\s*', '', answer)
            status = bounce.status(_words(block.get('Status', '')))
            if not status or status.endswith('.0.0'):
                status = bounce.status(answer) or status
            if status not in answer:
                answer = f'{status} {answer}'.strip()
            yield bounce.Verdict(
                fate, addresses, status, answer[:_LONGEST_ANSWER]
            )


def _blocks(part: message.Message) -> Iterator[message.Message]:
    """The groups of fields of a report, however it is encoded."""
    inner: Any = part.get_payload()
    if isinstance(inner, str):
        yield from _grouped(_text(part))
        return
    for each in inner:
        yield each
        if isinstance(each.get_payload(), str):
            yield from _grouped(_text(each))


def _grouped(text: str) -> Iterator[message.Message]:
    for group in re.split(r'\r?\n[ \t]*\r?\n', text):
        if group.strip():
            yield parser.HeaderParser().parsestr(group.lstrip('\r\n'))


def _recipients(block: message.Message) -> Iterator[str]:
    for field in ('Original-Recipient', 'Final-Recipient'):
        text = _words(block.get(field, ''))
        kind, semicolon, address = text.partition(';')
        if not semicolon:
            address = kind
        elif kind.strip().lower() not in ('rfc822', 'utf-8'):
            continue
        address = _XTEXT.sub(_decoded, address.strip())
        address = utils.parseaddr(address)[1] or address
        if '@' in address:
            yield _words(address)
            written = _words(utils.parseaddr(text.partition(';')[2])[1])
            if '@' in written and written != address:
                yield written  # a plus that was never meant to be a code


def _decoded(found: re.Match[str]) -> str:
    code = int(found[1] or found[2], 16)
    return chr(code) if code < 0x110000 else found[0]


def _guessed(letter: message.Message) -> Iterator[bounce.Verdict]:
    """Of the many forms that servers had before there was a standard."""
    delayed, failed = foreign.all_failures(letter)
    words = ' '.join(_texts(letter))[:_LONGEST_TEXT]
    status = bounce.status(words)
    answer = _words(letter.get('Subject', ''))[:_LONGEST_ANSWER]
    answer = f'{answer} {status}'.strip()
    for fate, addresses in (
        (bounce.Fate.FAILED, failed), (bounce.Fate.DELAYED, delayed),
    ):  # fmt: skip
        for each in sorted(addresses):
            address = _words(each.decode('utf-8', 'replace'))
            yield bounce.Verdict(fate, (address,), status, answer)


def _ids(letter: message.Message) -> tuple[str, ...]:
    """Those of what came back; else of what is spoken of."""
    found = [
        found[1]
        for head in _returned(letter)
        if (found := _ID.search(_words(head.get('Message-ID', ''))))
    ]
    if not found:
        spoken_of = [
            _words(letter.get(field, ''))
            for field in ('In-Reply-To', 'References')
        ]
        found = _OWN_ID.findall(' '.join([*spoken_of, *_texts(letter)]))
    return tuple(dict.fromkeys(found))[:_MOST_VERDICTS]


def _returned(letter: message.Message) -> Iterator[message.Message]:
    for part in letter.walk():
        if part is letter or part.get_content_type() not in _RETURNED:
            continue
        inner: Any = part.get_payload()
        if isinstance(inner, str):
            yield parser.HeaderParser().parsestr(_text(part).lstrip('\r\n'))
        else:
            yield from inner


def _texts(letter: message.Message) -> Iterator[str]:
    for part in letter.walk():
        if part.get_content_maintype() == 'text':
            yield _text(part)[:_LONGEST_TEXT]


def _text(part: message.Message) -> str:
    data: Any = part.get_payload(decode=True)
    return data.decode('utf-8', 'replace') if data else ''


def _words(value: object) -> str:
    """In one line, without what a database or a page would not take."""
    text = ''.join(c if c.isprintable() else ' ' for c in str(value))
    return ' '.join(text.encode('utf-8', 'replace').decode().split())
