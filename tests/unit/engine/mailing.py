# SPDX-License-Identifier: Apache-2.0
"""A worker that sends what is due once, to be killed while it does.

    python -m tests.unit.engine.mailing DATABASE_URL PORT
"""

import datetime as dt
import sys
from typing import Any

from patrii_billing.domain import mail as mails
from patrii_billing.engine import notify
from patrii_billing.engine import settings
from patrii_billing.engine import tools as toolbox
from patrii_billing.mail import message
from patrii_billing.mail import off
from patrii_billing.mail import smtp
from patrii_billing.mail import voice
from patrii_billing.sim import clock as clocks
from patrii_billing.store import database
from tests import books


class Voice(voice.Voice):
    """Says in a line what templates would say."""

    def compose(self, content: mails.NoticeContent) -> mails.Mail:
        return mails.Mail(
            content.recipients, content.template, 'Dear customer',
            f'<{content.message_id}@cloud.example>',
        )  # fmt: skip


def tools(url: str, port: int, now: dt.datetime) -> toolbox.Tools:
    """An engine on those books, with that mail server on loopback."""
    nothing: Any = None
    mailer: voice.Mailer = off.NoMailer()
    if port:
        mailer = smtp.SmtpMailer(
            smtp.Server(host='127.0.0.1', port=port),
            message.Letterhead('billing@cloud.example'),
        )
    return toolbox.Tools(
        db=database.Database(connection=url),
        cloud=nothing,
        voice=Voice(nothing, mailer),
        clock=clocks.Clock(now),
        settings=settings.Settings(dry_run=False),
    )


if __name__ == '__main__':
    notify.run(tools(sys.argv[1], int(sys.argv[2]), books.NOW), books.NOW)
