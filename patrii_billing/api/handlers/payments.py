# SPDX-License-Identifier: Apache-2.0
"""Money that came in, where it goes, and what went out again."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import payment as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import document
from patrii_billing.domain import money
from patrii_billing.engine import payments as engine
from patrii_billing.engine import refunds
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store.views import movements

_LONGEST_KEY = 255


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    wanted = movements.Wanted(
        account_id=call.own_account(asked.get('account_id')),
        state=asked.get('state'),
        kind=asked.get('kind'),
        reference=asked.get('reference'),
        key=asked.get('key'),
        unmatched=asked.get('unmatched', False),
        received_since=shapes.maybe(asked.get('received_since')),
        received_before=shapes.maybe(asked.get('received_before')),
    )
    orders = wanted.orders()
    return paging.page(
        call, conn, 'payments', movements.query(wanted), movements.KEYS,
        lambda row: for_caller(call, shown(row)),
        first=f'{orders[0]}:desc', orders=orders,
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = known(call, conn, call.path['payment_id'])
    return for_caller(call, whole(conn, row))


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said = call.body
    account_id, currency = _whose(conn, said)
    payment_id = engine.record(
        conn, call.tools, account_id,
        money.parse(said['amount'], currency, 'amount'), key_of(call),
        call.now,
        reference=said.get('reference', ''), by=call.by,
        pending=said.get('pending', False), invoice_ids=_named(conn, said),
    )  # fmt: skip
    return told(conn, payment_id)


def assign(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said, row = call.body, _mine(call, conn)
    account_id, takes_back = said.get('account_id'), said.get('takes_back')
    if (account_id is None) is (takes_back is None):
        raise errors.InvalidInput(
            'say whose it is, or which payment it takes back', 'account_id'
        )
    if takes_back is not None:
        other = known(call, conn, takes_back)
        refunds.explain(conn, call.tools, row.id, other.id, call.now, call.by)
    else:
        accounts.find(conn, account_id)
        engine.assign(
            conn, call.tools, row.id, account_id, call.now, call.by,
            _named(conn, said),
        )  # fmt: skip
    return told(conn, row.id)


def allocate(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    refunds.allocate(
        conn, call.tools, row.id, _invoice(call, conn), amount_of(call, row),
        call.now, call.by,
    )  # fmt: skip
    return told(conn, row.id)


def undo(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    refunds.undo_allocation(
        conn, call.tools, row.id, _invoice(call, conn), call.now, call.by
    )
    return told(conn, row.id)


def fail(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    engine.fail(conn, call.tools, row.id, call.now, call.by)
    return told(conn, row.id)


def charge_back(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    refunds.charge_back(
        conn, call.tools, row.id, call.now, call.by,
        amount=amount_of(call, row), key=call.body.get('key'),
        why=call.body.get('why', ''),
    )  # fmt: skip
    return told(conn, row.id)


def refund(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    refunds.refund(
        conn, call.tools, row.id, amount_of(call, row), key_of(call),
        call.now, by=call.by, why=call.body.get('why', ''),
        force=call.body.get('force', False),
    )  # fmt: skip
    return told(conn, row.id)


def known(
    call: routes.Call, conn: sa.Connection, payment_id: int
) -> sa.Row[Any]:
    """A movement of money that the caller may see. Raises NotFound."""
    row = movements.one(conn, payment_id)
    if row is None or not call.scope.covers(row.account_id):
        raise errors.NotFound(f'there is no payment {payment_id}')
    return row


def key_of(call: routes.Call) -> str:
    """What makes a movement this one. Raises InvalidInput."""
    key = call.body.get('key') or call.key
    if key is None:
        raise errors.InvalidInput(
            'is missing, and there is no Idempotency-Key', 'key'
        )
    if len(key) > _LONGEST_KEY:
        raise errors.InvalidInput('is too long', 'Idempotency-Key')
    return str(key)


def amount_of(call: routes.Call, row: sa.Row[Any]) -> money.Money | None:
    given = call.body.get('amount')
    if given is None:
        return None
    return money.parse(given, row.currency, 'amount')


def told(conn: sa.Connection, payment_id: int) -> dict[str, Any]:
    """What is there in any case, after what was done with it."""
    row = movements.one(conn, payment_id)
    assert row is not None  # noqa: S101 - it was written just now
    return whole(conn, row)


def for_caller(
    call: routes.Call, told: dict[str, Any]
) -> dict[str, Any]:
    """A customer is not told who of the house it was."""
    return told if call.scope.everything else {**told, 'by': None}


def common(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        'id': row.id,
        'account_id': row.account_id,
        'account_name': row.account,
        'state': row.state,
        'amount': money.plain(row.amount, row.currency),
        'free': money.plain(row.free, row.currency),
        'currency': row.currency,
        'key': row.key,
        'received_at': shapes.instant(row.received_at),
        'ended_at': shapes.instant(row.ended_at),
        'by': row.by,
    }


def shown(row: sa.Row[Any]) -> dict[str, Any]:
    return common(row) | {
        'kind': row.kind,
        'reference': row.reference,
        'in_transit_until': shapes.instant(row.in_transit_until),
        'assigned_at': shapes.instant(row.assigned_at),
        'source': row.source,
        'payer': row.payer,
        'remittance': row.remittance,
        'takes_from': row.refunds,
    }


def whole(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    return shown(row) | uses(conn, row)


def uses(conn: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    """Where it went."""
    return {
        'allocations': [
            {
                'invoice': document.number(part.series, part.number),
                'amount': money.plain(part.amount, row.currency),
                'at': shapes.instant(part.at),
                'undone_at': shapes.instant(part.undone_at),
            }
            for part in movements.used(conn, row.id)
        ],
        'went_out': [
            {
                'id': out.id,
                'kind': out.kind,
                'amount': money.plain(out.amount, out.currency),
                'at': shapes.instant(out.received_at),
                'why': out.reference,
            }
            for out in movements.went_out(conn, row.id)
        ],
    }


def _mine(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    return known(call, conn, call.path['payment_id'])


def _whose(
    conn: sa.Connection, said: dict[str, Any]
) -> tuple[int | None, str]:
    """The account, if it is known, and the currency."""
    given = said.get('currency')
    if said.get('account_id') is None:
        if given is None:
            raise errors.InvalidInput(
                'is needed where there is no account', 'currency'
            )
        money.digits(given)
        return None, str(given)
    account = accounts.find(conn, said['account_id'])
    if given not in (None, account.currency):
        raise errors.InvalidInput(
            f'{account.name} pays in {account.currency}', 'currency'
        )
    return account.id, account.currency


def _invoice(call: routes.Call, conn: sa.Connection) -> int:
    """Raises NotFound for one that the caller may not see."""
    row = credits.by_number(conn, call.body['invoice'])
    if not call.scope.covers(row.account_id):
        raise errors.NotFound(
            f'no invoice is called {call.body["invoice"]!r}'
        )
    return int(row.id)


def _named(conn: sa.Connection, said: dict[str, Any]) -> Sequence[int]:
    return [
        credits.by_number(conn, number).id
        for number in said.get('invoices', ())
    ]


def _verb(
    verb: str, handler: routes.Handler, body: routes.Schema, summary: str,
    description: str = '',
) -> routes.Route:  # fmt: skip
    return routes.Route(
        method='POST', path=f'/v1/payments/{{payment_id}}/{verb}',
        rule=f'billing:payment:{verb.replace("-", "_")}', handler=handler,
        summary=summary, description=description, body=body,
        answer=schemas.WHOLE,
    )  # fmt: skip


ROUTES = (
    routes.Route(
        method='GET', path='/v1/payments', rule='billing:payment:list',
        handler=index, summary='List payments',
        description='All movements of money, of credits too, the newest '
        'first. Those of all accounts are narrowed by state and kind, or by '
        'when they came, or else by their key or reference.',
        query=schemas.LIST, answer=base.page('payments', schemas.PAYMENT),
    ),
    routes.Route(
        method='POST', path='/v1/payments', rule='billing:payment:create',
        handler=create, summary='Record a payment', status=201,
        description='It pays the oldest invoices, cancels what is pending '
        'against the account and restores its servers. The same key again '
        'records nothing; a pending one is recorded again when it arrives. '
        'Without an account it waits until somebody says whose it is.',
        body=schemas.CREATE, answer=schemas.WHOLE,
    ),
    routes.Route(
        method='GET', path='/v1/payments/{payment_id}',
        rule='billing:payment:show', handler=show, summary='Show a payment',
        description='With the invoices it pays or paid, and what of it went '
        'out again.',
        answer=schemas.WHOLE,
    ),
    _verb(
        'assign', assign, schemas.ASSIGN, 'Say whose a payment is',
        'It takes effect as if it came now. What a bank took back is said to '
        'be of a payment instead. One of the wrong account is refunded '
        'there, and recorded for the right one.',
    ),
    _verb(
        'allocate', allocate, schemas.ALLOCATE,
        'Put what is free of a payment on an invoice',
        'Also on one that was written off: that money is recovered.',
    ),
    _verb(
        'undo-allocation', undo, schemas.UNDO,
        'Take a payment off an invoice',
        'The invoice is owed again, due from now on. The money is free and '
        'pays other invoices, but this one only by hand.',
    ),
    _verb(
        'fail', fail, schemas.FAIL, 'Say that a payment did not arrive',
        'Of one that is pending.',
    ),
    _verb(
        'charge-back', charge_back, schemas.CHARGE_BACK,
        'Record that a bank took a payment back',
        'What it paid is due from now on.',
    ),
    _verb(
        'refund', refund, schemas.REFUND,
        'Record that money was paid back',
        'It takes what is free; with `force` also what paid invoices. The '
        'money itself is sent by other means.',
    ),
)  # fmt: skip
