# SPDX-License-Identifier: Apache-2.0
"""A mail to oneself, to see whether mails go out, and how they look.

It is no notice: no row is written for it, and no ladder counts from it.
"""

import dataclasses
from dataclasses import dataclass
import datetime as dt
import uuid

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain import mail
from patrii_billing.domain import samples
from patrii_billing.engine import ports
from patrii_billing.store import timeline

# What whoever asked may do about it.
_ADVICE = {
    Attempt.ACCEPTED: 'The mail server took it. Look whether it arrives, and '
    'not among the spam: its domain should have SPF, DKIM and DMARC.',
    Attempt.DEFERRED: 'It was not taken now; notices would be tried again, '
    'and the ladder would wait for them. See what was answered, and [mail] '
    'smtp_host, smtp_port, smtp_tls, smtp_cafile, smtp_user and '
    'smtp_password.',
    Attempt.REFUSED: 'It was refused for good: a customer with such an '
    'address would not be told, and not be enforced. See what was answered '
    'to the address, and whether [mail] sender may send by this server.',
    Attempt.UNKNOWN: 'The whole mail was sent and no answer came: it may '
    'arrive. If this happens again, raise [mail] timeout.',
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A test mail and what came of it; `report` is None if it stayed here.

    `fault` says why a template of the operator's own was passed over.
    """

    template: str
    to: str
    subject: str
    fault: str
    report: mail.Report | None = None

    @property
    def advice(self) -> str:
        return _ADVICE[self.report.result] if self.report else ''


def send(
    voice: ports.Voice,
    template: str,
    to: str,
    locale: str,
    now: dt.datetime,
    *,
    rehearsal: bool = False,
) -> Tried:
    """Send a sample of a notice, marked as a test, and tell what came of it.

    A rehearsal writes it, and sends nothing. Raises InvalidInput for what is
    no address.
    """
    reader = mail.address(to, 'to')
    sample = dataclasses.replace(
        samples.cases(template, now, locale)[samples.USUAL],
        recipients=(reader,), message_id=f'test-{uuid.uuid4().hex}',
        references='', attachments=(),
    )  # fmt: skip
    composed = voice.compose(sample)
    marked = dataclasses.replace(
        composed, subject=f'[test] {composed.subject}'
    )
    report = None if rehearsal else voice.report(marked)
    return Tried(template, reader, marked.subject, composed.fault, report)


def record(
    conn: sa.Connection, tried: Tried, by: str, now: dt.datetime
) -> None:
    """Note who sent a test to whom, and what was answered."""
    report = tried.report
    timeline.record(
        conn, now, 'notice', 'test', report.answer if report else '', by=by,
        result=str(report.result) if report else 'tried',
        template=tried.template, to=tried.to,
    )  # fmt: skip
