# SPDX-License-Identifier: Apache-2.0
"""What customers and operators are told, and tell once more."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import notice as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import document
from patrii_billing.engine import evidence
from patrii_billing.engine import preview as engine
from patrii_billing.engine import resending
from patrii_billing.engine import trying
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import attempts
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store.views import notices as view


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    query = view.query(
        account_id=call.own_account(asked.get('account_id')),
        subscription_id=asked.get('subscription_id'),
        template=asked.get('template'), state=asked.get('state'),
        key=asked.get('key'),
    )  # fmt: skip
    return paging.page(
        call, conn, 'notices', query, view.KEYS, _shown, first='id:desc'
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return _whole(conn, _known(call, conn, call.path['notice_id']))


def resend(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn, call.path['notice_id'])
    copy = resending.resend(conn, row.id, call.by, call.now)
    return _whole(conn, _known(call, conn, copy.id))


def record(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn, call.path['notice_id'])
    evidence.record(
        conn, call.tools, row.key, shapes.day_or_moment(call.body['date']),
        call.body['evidence'], call.by, call.now,
    )  # fmt: skip
    return _whole(conn, _known(call, conn, row.id))


def preview(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    template, locale = asked['template'], asked.get('locale')
    account_id = _of(call, conn)
    if account_id is None:
        found = engine.of_sample(call.tools, template, call.now, locale)
    else:
        found = engine.of_books(
            conn, call.tools, template, account_id,
            asked.get('subscription_id'), call.now, locale,
        )  # fmt: skip
    return {
        'template': template,
        'locale': found.locale,
        'recipients': list(found.recipients),
        'subject': found.mail.subject,
        'text': found.mail.text,
        'html': found.mail.html,
        'invented': list(found.invented),
    }


def send_test(call: routes.Call) -> trying.Tried:
    """Sent before the unit of work, which may be done twice."""
    asked = call.body
    return trying.send(
        call.tools.voice, asked.get('template', 'invoice'), asked['to'],
        asked.get('locale', 'en'), call.now, rehearsal=call.dry_run,
    )  # fmt: skip


def test(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    tried: trying.Tried = call.prepared
    trying.record(conn, tried, call.by, call.now)
    report = tried.report
    return {
        'template': tried.template,
        'to': tried.to,
        'subject': tried.subject,
        'result': str(report.result) if report else None,
        'answer': report.answer if report else '',
        'advice': tried.advice,
        'server': report.server if report else '',
        'tls': (report.tls or None) if report else None,
        'user': (report.user or None) if report else None,
        'recipients': dict(report.recipients) if report else {},
        'dialogue': list(report.dialogue) if report else [],
        'fault': tried.fault or None,
    }


def _of(call: routes.Call, conn: sa.Connection) -> int | None:
    """Whose account is meant. Raises NotFound and InvalidInput."""
    account_id = call.query.get('account_id')
    subscription_id = call.query.get('subscription_id')
    if subscription_id is not None:
        sub = subscriptions.find(conn, subscription_id)
        if not call.scope.covers(sub.account_id):
            raise errors.NotFound(f'there is no subscription {sub.id}')
        if account_id not in (None, sub.account_id):
            raise errors.InvalidInput(
                'is of another account', 'subscription_id'
            )
        return int(sub.account_id)
    if account_id is not None:
        account = accounts.find(conn, account_id)
        if not call.scope.covers(account.id):
            raise errors.NotFound(f'there is no account {account_id}')
    return None if account_id is None else int(account_id)


def _known(
    call: routes.Call, conn: sa.Connection, notice_id: int
) -> sa.Row[Any]:
    """Raises NotFound, also for what the caller must not see."""
    row = view.one(conn, notice_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no notice {notice_id}')
    return row


def _whole(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    copies = notices.copies(conn, row.id)
    return {
        **_shown(row),
        'text': row.body,
        'copies': [copy.id for copy in copies],
        'history': [
            {
                'number': one.number,
                'at': shapes.instant(one.at),
                'result': one.result,
                'answer': one.answer,
                'recipients': one.recipients,
            }
            for one in attempts.of(conn, row.id)
        ],
    }


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    number = None
    if row.number is not None:
        number = document.number(row.series, row.number)
    return {
        'id': row.id,
        'key': row.key,
        'template': row.template,
        'state': row.state,
        'account_id': row.account_id,
        'account_name': row.account,
        'subscription_id': row.subscription_id,
        'subscription_name': row.subscription,
        'invoice': number,
        'server_ids': row.servers,
        'names': shapes.instant(row.names),
        'repeats': row.repeats,
        'attempts': row.attempts,
        'answer': row.answer,
        'recipients': row.recipients,
        'subject': row.subject,
        'next_at': shapes.instant(row.next_at),
        'created_at': shapes.instant(row.created_at),
        'settled_at': shapes.instant(row.settled_at),
        'accepted_at': shapes.instant(row.accepted_at),
    }


_ONE = '/v1/notices/{notice_id}'
ROUTES = (
    routes.Route(
        method='GET', path='/v1/notices', rule='billing:notice:list',
        handler=index, summary='List notices',
        description='What customers and operators were told, or are to be '
        'told, the newest first.',
        query=schemas.LIST, answer=base.page('notices', schemas.NOTICE),
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:notice:show', handler=show,
        summary='Show a notice', answer=schemas.WHOLE,
    ),
    routes.Route(
        method='GET', path='/v1/notice-preview',
        rule='billing:notice:preview', handler=preview,
        summary='Preview a notice',
        description='How it would be written now, to an account or of a '
        'subscription, or with sample data. Nothing is sent.',
        query=schemas.PREVIEW, answer=schemas.PREVIEWED,
    ),
    routes.Route(
        method='POST', path='/v1/notice-test', rule='billing:notice:test',
        prepare=send_test, handler=test, summary='Send a test',
        description='A sample of a notice, with your brand and templates and '
        'marked as a test, goes to an address by the mail server that is '
        'set. Tells what the server answered. It is no notice.',
        body=schemas.TEST, answer=schemas.TESTED,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/resend', rule='billing:notice:resend',
        handler=resend, summary='Send a notice again', status=201,
        description='A copy of its own, to the addresses of today. The '
        'ladder does not count from it, unless it is a last warning that '
        'nobody accepted before.',
        body=schemas.RESEND, answer=schemas.WHOLE,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/record', rule='billing:notice:record',
        handler=record, summary='Record that a notice was given',
        description='By letter or by phone, where no mail server accepted '
        'it. The ladder goes on from then: a deletion may rest on it.',
        body=schemas.RECORD, answer=schemas.WHOLE,
    ),
)  # fmt: skip
