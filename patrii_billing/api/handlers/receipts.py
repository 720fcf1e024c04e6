# SPDX-License-Identifier: Apache-2.0
"""What other systems tell by webhook, and what became of it."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import problems
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import receipt as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import webhooks
from patrii_billing import errors
from patrii_billing.store.views import received


def admit(
    call: routes.Call,
) -> tuple[admitting.Source, signature.Message, errors.Late | None]:
    """Let in what a known source has signed; what is late, to be kept.

    Raises what they raise.
    """
    name = call.path['source']
    source = call.door.sources.get(name)
    if source is None:
        raise errors.NotFound(f'nobody is known as {name}')
    headers = {key.lower(): value for key, value in call.headers.items()}
    message = signature.message(source.scheme, headers, call.raw)

    def tell(why: str) -> None:
        call.tools.db.write(webhooks.tell_refused, source, call.now, why)

    try:
        admitted = call.door.porter.admit(source, message, call.now, tell)
        return source, admitted, None
    except errors.Late as late:
        return source, admitting.identified(source, message), late


def receive(call: routes.Call, conn: sa.Connection) -> Any:
    source, message, late = call.prepared
    if late is not None:
        webhooks.keep_late(conn, source, message, call.now, str(late))
        said = problems.body(problems.of(late), 'webhooks', call.request_id)
        return routes.Answer(said, status=401)
    outcome = webhooks.receive(conn, call.tools, source, message, call.now)
    return {
        'state': outcome.state,
        'why': outcome.why,
        'payment_id': outcome.payment_id,
    }


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    query = received.query(state=asked.get('state'), key=asked.get('key'))
    return paging.page(
        call, conn, 'receipts', query, received.KEYS, _shown, first='id:desc'
    )


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return _whole(_known(call, conn))


def retry(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn)
    source = call.door.sources.get(row.source)
    if source is None:
        raise errors.Conflict(
            f'{row.source} is no more in [webhooks] sources'
        )
    webhooks.retry(conn, call.tools, source, row, call.now, call.by)
    return _whole(_known(call, conn))


def dismiss(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _known(call, conn)
    webhooks.dismiss(conn, row, call.body['why'], call.now, call.by)
    return _whole(_known(call, conn))


def _known(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    receipt_id = call.path['receipt_id']
    row = received.one(conn, receipt_id)
    if row is None or not call.scope.everything:
        raise errors.NotFound(f'there is no receipt {receipt_id}')
    return row


def _whole(row: sa.Row[Any]) -> dict[str, Any]:
    return {**_shown(row), 'body': row.body}


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'source': row.source,
        'message_id': row.message_id,
        'type': row.type,
        'state': row.state,
        'why': row.why,
        'key': row.key,
        'payment_id': row.payment_id,
        'received_at': shapes.instant(row.received_at),
    }


_ONE = '/v1/receipts/{receipt_id}'
ROUTES = (
    routes.Route(
        method='POST', path='/v1/webhooks/{source}', rule=None,
        prepare=admit, handler=receive, summary='Tell of a payment',
        description='For systems in [webhooks] sources, signed as Standard '
        'Webhooks has it (webhook-id, webhook-timestamp, webhook-signature) '
        'or as Stripe does (Stripe-Signature). The same message is heard '
        'once. What is of no known type is ignored; what cannot be done is '
        'kept for a person: both are answered with success, since sending it '
        'again changes nothing. What is not signed by a known secret is '
        'refused with 401; so is what was signed too long ago, which is kept '
        'for a person all the same.',
        answer=schemas.OUTCOME,
    ),
    routes.Route(
        method='GET', path='/v1/receipts', rule='billing:receipt:list',
        handler=index, summary='List what webhooks told',
        description='The newest first. What is parked waits for a person.',
        query=schemas.LIST, answer=base.page('receipts', schemas.RECEIPT),
    ),
    routes.Route(
        method='GET', path=_ONE, rule='billing:receipt:show', handler=show,
        summary='Show what a webhook told', answer=schemas.WHOLE,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/retry', rule='billing:receipt:retry',
        handler=retry, summary='Try again what could not be done',
        description='Once the mapping or the books are as they should be.',
        body=schemas.RETRY, answer=schemas.WHOLE,
    ),
    routes.Route(
        method='POST', path=f'{_ONE}/dismiss',
        rule='billing:receipt:dismiss', handler=dismiss,
        summary='Let go of what cannot be done',
        description='Where it was settled by hand, or is of no account.',
        body=schemas.DISMISS, answer=schemas.WHOLE,
    ),
)  # fmt: skip
