# SPDX-License-Identifier: Apache-2.0
"""Send the notices that are due, and settle what the mail server said.

The ladder counts from that answer: a warning that was not accepted never
happened.
"""

import dataclasses
import datetime as dt
import hashlib
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain import mail
from patrii_billing.engine import collect
from patrii_billing.engine import enclosing
from patrii_billing.engine import resending
from patrii_billing.engine import tell
from patrii_billing.engine import telling
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

LOG = logging.getLogger(__name__)

# What the ladder rests on is sent again where its fate is unknown: twice is
# better than never.
_MUST_ARRIVE = frozenset({'grace', 'last_warning'})
# They speak of what is to come, and that no more once it is paid.
_FORETELL = frozenset({'reminder', *_MUST_ARRIVE})


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Send what is due, the most urgent first; how many there were."""
    rows = tools.db.write(
        notices.claim, now, tools.settings.lease, tools.settings.batch
    )
    for row in rows:
        if tools.stopping():
            tools.db.write(notices.give_back, rows)
            break
        try:
            _deliver(tools, row)
        except errors.LeaseLost as error:
            LOG.info('notice %s: %s', row.key, error)
        except Exception:
            # One bad notice must not keep the others.
            LOG.exception('notice %s could not be sent', row.key)
            _put_off(tools, row)
    return len(rows)


def _put_off(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    try:
        _later(tools, row, 'an error of this service, see its log')
    except errors.LeaseLost as error:
        LOG.info('notice %s: %s', row.key, error)


def _deliver(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    now = tools.now()
    if tools.db.write(_outdated, row, now + tools.settings.lease):
        _settle(tools, row, NoticeState.CANCELLED, 'it is not so any more')
        return
    if tools.settings.dry_run and row.account_id is not None:
        _settle(tools, row, NoticeState.SUPPRESSED, 'dry run')
        return
    content = tools.db.read(telling.content_of, tools, row, now)
    content = _addressed(tools, row, content)
    if not content.recipients:
        _settle(tools, row, NoticeState.REFUSED, 'there is no address')
        return
    content = enclosing.with_document(tools, row, content)
    sent: dict[str, Any] = {'names': content.names}
    try:
        composed = tools.voice.compose(content)
        _complain(tools, row, composed)
        sent |= {
            'recipients': list(composed.to),
            'subject': composed.subject,
            'body': composed.text,
        }
        handover = tools.voice.send(composed)
    except errors.MailRefused as error:
        _settle(tools, row, NoticeState.REFUSED, str(error), **sent)
    except errors.MailUnknown as error:
        if row.template in _MUST_ARRIVE:
            _later(tools, row, str(error))
        else:
            _settle(tools, row, NoticeState.UNKNOWN, str(error), **sent)
    except errors.MailError as error:
        _later(tools, row, str(error))
    else:
        _settle(tools, row, NoticeState.ACCEPTED, handover.answer, **sent)


def _complain(
    tools: toolbox.Tools, row: sa.Row[Any], composed: mail.Mail
) -> None:
    """Tell the operator, once, of a template of his that was passed over."""
    if not composed.fault:
        return
    place = composed.fault.partition(': ')[0]
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]
    tools.db.write(
        tell.operator, tools.now(), 'template_broken',
        f'template:{row.template}:{digest}', composed.fault,
    )  # fmt: skip


def _outdated(
    conn: sa.Connection, row: sa.Row[Any], until: dt.datetime
) -> bool:
    """Whether it is not so any more. Renews the lease first.

    The ladder does not wait for it, or what it announces is void.

    Others of the same batch may have taken long, and nobody is to be told
    twice. Raises LeaseLost.
    """
    notices.renew(conn, row, until)
    if row.repeats is not None:
        first = notices.repeated(conn, row)
        return resending.obsolete(conn, first, until) is not None
    if row.template == 'invoice' and row.invoice_id is not None:
        invoice = invoices.get(conn, row.invoice_id)
        return bool(invoice.state == lifecycle.InvoiceState.VOID)
    if row.template not in _FORETELL:
        return False
    return bool(subscriptions.get(conn, row.subscription_id).awaits != row.key)


def _settle(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    state: NoticeState,
    answer: str,
    **values: Any,
) -> None:
    tools.db.write(_write_settled, tools, row, state, answer, values)


def _write_settled(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    state: NoticeState,
    answer: str,
    values: dict[str, Any],
) -> None:
    now = tools.now()
    if row.account_id is not None:
        accounts.lock(conn, row.account_id)
    notices.settle(conn, row, state, now, answer, **values)
    timeline.record(
        conn, now, 'notice', row.template, answer,
        account_id=row.account_id, subscription_id=row.subscription_id,
        result=str(state), key=row.key,
    )  # fmt: skip
    if state is NoticeState.ACCEPTED and row.repeats is not None:
        resending.count(conn, row, answer, values.get('names'), now)
    if state is NoticeState.REFUSED and row.account_id is not None:
        tell.operator(
            conn, now, 'delivery_failed', f'{row.key}:delivery_failed',
            f'{row.template}: {answer}',
            account_id=row.account_id, subscription_id=row.subscription_id,
        )  # fmt: skip
    if row.subscription_id is not None:
        collect.judge(conn, tools, row.subscription_id, now)


def _later(tools: toolbox.Tools, row: sa.Row[Any], answer: str) -> None:
    now = tools.now()
    next_at = now + tools.settings.mail_backoff(row.attempts)
    tools.db.write(notices.again, row, next_at, answer)
    if now - row.created_at > tools.settings.mail_give_up:
        tools.db.write(
            tell.operator, now, 'delivery_late', f'{row.key}:late',
            f'{row.template} was not accepted for long: {answer}',
            account_id=row.account_id, subscription_id=row.subscription_id,
        )  # fmt: skip


def _addressed(
    tools: toolbox.Tools, row: sa.Row[Any], content: mail.NoticeContent
) -> mail.NoticeContent:
    """To the account's own contacts, else to those of its project's users."""
    if content.recipients or row.subscription_id is None:
        return content
    sub = tools.db.read(subscriptions.get, row.subscription_id)
    contacts = tools.cloud.projects.contacts(sub.project)
    return dataclasses.replace(content, recipients=tuple(contacts))
