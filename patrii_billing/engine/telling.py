# SPDX-License-Identifier: Apache-2.0
"""What a notice says, read from the books at the moment it is sent."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import deadlines
from patrii_billing.domain import lifecycle
from patrii_billing.domain import mail
from patrii_billing.domain import money
from patrii_billing.engine import gather
from patrii_billing.engine import resending
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import plans
from patrii_billing.store import servers
from patrii_billing.store import subscriptions

# Their step follows so long after they were accepted, and not before.
_BEFORE_GRACE = frozenset({'invoice', 'reminder'})
_NAMES_A_STEP = frozenset(
    {'grace', 'shelved', 'last_warning', 'deletion_requested'}
)


def content_of(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: Any,
    now: dt.datetime,
) -> mail.NoticeContent:
    """What the notice says, read from the books at this attempt."""
    if row.account_id is None:
        return _for_operator(conn, tools, row)
    account = accounts.get(conn, row.account_id)
    sub = None
    if row.subscription_id is not None:
        sub = subscriptions.get(conn, row.subscription_id)
    context = dict(row.context)
    amount = None
    if 'amount' in context:
        amount = money.parse(context.pop('amount'), context.pop('currency'))
    invoice = invoices.get(conn, row.invoice_id) if row.invoice_id else None
    content = {
        'template': row.template,
        'account': account.name,
        'recipients': tuple(account.contacts),
        'message_id': row.message_id,
        'locale': account.locale,
        'zone': calendar.zone(account.timezone),
        'subscription': sub.name if sub is not None else '',
        'plan': plans.get(conn, sub.plan_id).name if sub is not None else '',
        'servers': _names_of(conn, row.servers),
        'names': _named_instant(conn, tools, row, sub, now),
        'soonest': _soonest(conn, tools, row, sub, now),
        'amount': amount,
        'amount_due': _amount_due(conn, account),
        'references': f'account-{account.id}',
        'context': context,
    }
    if invoice is not None:
        content |= {
            'invoice_number': f'{invoice.series}-{invoice.number:06d}',
            'invoice_total': money.Money(invoice.total, invoice.currency),
            'invoice_owed': money.Money(invoice.owed, invoice.currency),
            'due_at': invoice.due_at if invoice.total > 0 else None,
        }
    return mail.NoticeContent(**content)


def _for_operator(
    conn: sa.Connection, tools: toolbox.Tools, row: sa.Row[Any]
) -> mail.NoticeContent:
    given = row.context
    account, sub = _whose(conn, given)
    ids = {'account': given.get('account_id'),
           'subscription': given.get('subscription_id'),
           'server': next(iter(row.servers), None)}  # fmt: skip
    return mail.NoticeContent(
        template='operator',
        locale=tools.voice.operators_locale,
        ids={name: str(one) for name, one in ids.items() if one},
        account=account,
        recipients=tools.voice.operators,
        message_id=row.message_id,
        subscription=sub,
        servers=_names_of(conn, row.servers),
        references='operator',
        context={'name': given['name'], 'why': given['why']},
        also=tuple(_also(conn, one) for one in given.get('also', ())),
    )


def _also(conn: sa.Connection, given: dict[str, Any]) -> dict[str, str]:
    """What else an alarm tells of, by the names of templates."""
    account, sub = _whose(conn, given)
    return {
        'account': account,
        'subscription': sub,
        'server': given['server'] or '',
        'why': given['why'],
    }


def _whose(conn: sa.Connection, given: dict[str, Any]) -> tuple[str, str]:
    """The names of the account and the subscription of an alarm, or ''."""
    account = sub = ''
    if given.get('account_id'):
        account = accounts.get(conn, given['account_id']).name
    if given.get('subscription_id'):
        sub = subscriptions.get(conn, given['subscription_id']).name
    return account, sub


def _names_of(
    conn: sa.Connection, ids: list[str]
) -> tuple[tuple[str, str], ...]:
    rows = [(one, servers.get(conn, one)) for one in ids]
    return tuple((one, row.name if row else one) for one, row in rows)


def _named_instant(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    sub: sa.Row[Any] | None,
    now: dt.datetime,
) -> dt.datetime | None:
    """The instant a notice names; a late warning names a later one."""
    if row.template == 'payment_failed':
        return _next_step(conn, row.account_id, now)
    if sub is not None and row.template == 'hold_ended':
        return sub.due_at  # type: ignore[no-any-return]
    if sub is None or row.template not in _NAMES_A_STEP:
        return row.names  # type: ignore[no-any-return]
    first = notices.repeated(conn, row)
    policy = gather.policy(conn, tools, sub)
    zone = calendar.zone(accounts.get(conn, sub.account_id).timezone)
    if row.template == 'deletion_requested':
        # It was not deleted then, and is kept for so long from then on.
        return policy.undo.after(first.created_at, zone)
    if first is not row and not resending.begins_span(first):
        # A copy says what is so, and moves nothing.
        return sub.due_at or first.names  # type: ignore[no-any-return]
    match row.template:
        case 'last_warning':
            return deadlines.deletion(policy, now, zone)
        case 'shelved':
            return policy.shelved_span.after(now, zone)
    return deadlines.shelving(policy, now, zone)


def _next_step(
    conn: sa.Connection, account_id: int, now: dt.datetime
) -> dt.datetime | None:
    """When the ladder of an account goes on, if it is known."""
    due = [sub.due_at for sub in subscriptions.of_account(conn, account_id)]
    return min((at for at in due if at is not None and at > now), default=None)


def _soonest(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: Any,
    sub: sa.Row[Any] | None,
    now: dt.datetime,
) -> dt.datetime | None:
    """Before when what the notice is to prevent cannot come.

    Only where that is certain: no older debt is followed, and there is
    something that could be shelved.
    """
    if sub is None or tools.settings.dry_run:
        return None
    policy = gather.policy(conn, tools, sub)
    zone = calendar.zone(accounts.get(conn, sub.account_id).timezone)
    if row.template == 'shelved' and row.repeats is None:
        warned = policy.shelved_span.after(now, zone)
        return deadlines.deletion(policy, warned, zone)
    if row.template not in _BEFORE_GRACE or row.invoice_id is None:
        return None
    followed = sub.step_invoice in (None, row.invoice_id)
    active = sub.billing_status == lifecycle.Status.ACTIVE
    invoice = invoices.get(conn, row.invoice_id)
    if not (followed and active and invoice.owed > policy.tolerance):
        return None
    if not gather.covered_servers(conn, sub):
        return None
    grace = max(invoice.due_at, sub.enforce_from or invoice.due_at, now)
    return deadlines.shelving(policy, grace, zone)


def _amount_due(conn: sa.Connection, account: sa.Row[Any]) -> money.Money:
    owed = [
        one
        for one in invoices.open_of_account(conn, account.id)
        if one.currency == account.currency
    ]
    return money.Money(sum(one.owed for one in owed), account.currency)
