# SPDX-License-Identifier: Apache-2.0
"""The invoice that goes with a notice, written outside any transaction."""

import dataclasses
import hashlib
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import document
from patrii_billing.domain import mail
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store.views import invoice as invoices

LOG = logging.getLogger(__name__)

# They bring a document or ask to pay one. What a deletion rests on stays
# small and plain, so that nothing on its way finds it suspicious.
_WITH_DOCUMENT = frozenset({'invoice', 'reminder', 'grace', 'credit_note'})


def with_document(
    tools: toolbox.Tools, row: sa.Row[Any], content: mail.NoticeContent
) -> mail.NoticeContent:
    """The notice with its invoice; without it where it cannot be written.

    The operator is told once a day of what was wrong.
    """
    wanted = row.invoice_id is not None and row.template in _WITH_DOCUMENT
    if tools.printer is None or not wanted:
        return content
    number = content.invoice_number
    try:
        read = tools.db.read(invoices.by_number, number)
        data = tools.printer.render(read, document.Format.PDF, content.locale)
    except Exception as error:
        # A mail without its document is late by nothing; none would be.
        LOG.exception('%s could not be written', number)
        _complain(tools, row, f'{number}: {_reason(error)}')
        return content
    attachment = mail.Attachment(f'{number}.pdf', data)
    return dataclasses.replace(content, attachments=(attachment,))


def _reason(error: Exception) -> str:
    if isinstance(error, errors.BillingError):
        return str(error)
    return 'an error of this service, see its log'


def _complain(tools: toolbox.Tools, row: sa.Row[Any], why: str) -> None:
    now = tools.now()
    place = hashlib.sha256(why.partition(': ')[2].encode()).hexdigest()[:16]
    tools.db.write(
        tell.operator, now, 'document_not_written',
        f'document:{now.date()}:{place}', why,
        account_id=row.account_id, subscription_id=row.subscription_id,
    )  # fmt: skip
