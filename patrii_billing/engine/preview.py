# SPDX-License-Identifier: Apache-2.0
"""How a notice would read if it were sent now; nothing is written or sent."""

import dataclasses
from dataclasses import dataclass
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import mail
from patrii_billing.domain import samples
from patrii_billing.engine import gather
from patrii_billing.engine import telling
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import subscriptions

_WEEK = dt.timedelta(days=7)
_PRICE = '12'


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail as it would be; `invented` names what no book told.

    Without an address of the account's own it goes to those of its project's
    users, which are asked for when it is sent.
    """

    mail: mail.Mail
    recipients: tuple[str, ...]
    locale: str
    invented: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a notice would be as a row, as far as its words need it."""

    template: str
    account_id: int | None
    subscription_id: int | None
    invoice_id: int | None
    servers: list[str]
    names: dt.datetime | None
    context: dict[str, Any]
    created_at: dt.datetime
    message_id: str = 'preview'
    repeats: int | None = None


def of_books(
    conn: sa.Connection,
    tools: toolbox.Tools,
    template: str,
    account_id: int,
    subscription_id: int | None,
    now: dt.datetime,
    locale: str | None = None,
) -> Preview:
    """What an account would be told now, of a subscription if it is of one.

    Raises MailNotWritten for a template that is broken.
    """
    account = accounts.get(conn, account_id)
    sub = None
    if subscription_id is not None:
        sub = subscriptions.get(conn, subscription_id)
    draft, invented = _drafted(conn, tools, template, account, sub, now)
    content = telling.content_of(conn, tools, draft, now)
    return _composed(tools, content, locale, invented)


def of_sample(
    tools: toolbox.Tools,
    template: str,
    now: dt.datetime,
    locale: str | None = None,
) -> Preview:
    """What a customer of the imagination would be told.

    Raises MailNotWritten for a template that is broken.
    """
    content = samples.cases(template, now)[samples.USUAL]
    return _composed(tools, content, locale, ('everything',))


def _drafted(
    conn: sa.Connection,
    tools: toolbox.Tools,
    template: str,
    account: sa.Row[Any],
    sub: sa.Row[Any] | None,
    now: dt.datetime,
) -> tuple[_Draft, tuple[str, ...]]:
    context: dict[str, Any] = dict(samples.OCCASION.get(template, {}))
    invented = [f'context.{name}' for name in context]
    if template in samples.OF_MONEY:
        context |= {'amount': _PRICE, 'currency': account.currency}
        invented.append('amount')
    names = None
    if template == 'deleted' and sub is not None:
        zone = calendar.zone(account.timezone)
        names = gather.policy(conn, tools, sub).undo.after(now, zone)
    elif template in samples.OF_A_DAY:
        names = now + _WEEK
        invented.append('names')
    servers = []
    if template in samples.OF_SERVERS and sub is not None:
        servers = [one.id for one in gather.covered_servers(conn, sub)]
    account_id: int | None = account.id
    if template == 'operator':
        context |= {
            'account_id': account.id, 'subscription_id': sub and sub.id
        }  # fmt: skip
        account_id = None
    draft = _Draft(
        template, account_id, None if sub is None else sub.id,
        _debt(conn, template, account, sub), servers, names, context, now,
    )  # fmt: skip
    return draft, tuple(invented)


def _debt(
    conn: sa.Connection,
    template: str,
    account: sa.Row[Any],
    sub: sa.Row[Any] | None,
) -> int | None:
    """The invoice that it would speak of: the one followed, or the oldest."""
    if template not in samples.OF_A_DEBT:
        return None
    if sub is None:
        found = invoices.open_of_account(conn, account.id)
    elif sub.step_invoice is not None:
        return int(sub.step_invoice)
    else:
        found = invoices.open_of_subscription(conn, sub.id)
    return found[0].id if found else None


def _composed(
    tools: toolbox.Tools,
    content: mail.NoticeContent,
    locale: str | None,
    invented: tuple[str, ...],
) -> Preview:
    read = dataclasses.replace(
        content,
        recipients=(samples.READER,),
        locale=content.locale if locale is None else locale,
    )
    composed = tools.voice.compose(read)
    if composed.fault:
        # A customer gets the packaged mail; who tries his own wants to know.
        raise errors.MailNotWritten(composed.fault)
    return Preview(composed, content.recipients, read.locale, invented)
