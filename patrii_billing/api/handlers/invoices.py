# SPDX-License-Identifier: Apache-2.0
"""What was billed, line by line, and what is taken back of it."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.api.handlers import invoice_shapes as told
from patrii_billing.api import paging
from patrii_billing.api import route as routes
from patrii_billing.api.schemas import base
from patrii_billing.api.schemas import invoice as schemas
from patrii_billing.api import shapes
from patrii_billing.domain import document
from patrii_billing.domain import money
from patrii_billing.engine import extra
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import credits
from patrii_billing.store import subscriptions
from patrii_billing.store.views import invoice as readers
from patrii_billing.store.views import invoiced

# No row has it.
_NONE = 0


def index(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    asked = call.query
    wanted = invoiced.Wanted(
        account_id=call.own_account(asked.get('account_id')),
        subscription_id=asked.get('subscription_id'),
        number=_named(asked.get('number')),
        state=asked.get('state'),
        kind=asked.get('kind'),
        due_before=shapes.maybe(asked.get('due_before')),
        overdue_at=call.now if asked.get('overdue') else None,
        issued_since=shapes.maybe(asked.get('issued_since')),
        issued_before=shapes.maybe(asked.get('issued_before')),
    )
    orders = wanted.orders()
    first = 'id:desc' if orders[0] == 'id' else orders[0]
    return paging.page(
        call, conn, 'invoices', invoiced.query(wanted), invoiced.KEYS,
        lambda row: told.shown(row, call.now), first=first, ident='number',
        orders=orders, marked=lambda number: _marked(conn, number),
    )  # fmt: skip


def show(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    return told.whole(conn, _mine(call, conn).id, call.now)


def create(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    said = call.body
    wanted = extra.Wanted(
        account_id=accounts.find(conn, said['account_id']).id,
        lines=[
            _line(line, f'lines[{place}]')
            for place, line in enumerate(said['lines'])
        ],
        subscription_id=said.get('subscription_id'),
        currency=said.get('currency'),
        due_on=_day(said.get('due_on')),
        inclusive=said.get('tax_inclusive', False),
        force=said.get('force', False),
    )
    invoice_id = extra.issue(
        conn, call.tools, wanted, call.now, call.by, said['why']
    )
    return told.whole(conn, invoice_id, call.now)


def create_waiting(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    subscription_id = call.path['subscription_id']
    sub = subscriptions.find(conn, subscription_id)
    if not call.scope.covers(sub.account_id):
        raise errors.NotFound(f'there is no subscription {subscription_id}')
    ids = extra.issue_waiting(
        conn, call.tools, sub.id, call.now, call.by, call.body['why']
    )
    return {'invoices': [told.whole(conn, one, call.now) for one in ids]}


def void(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    voiding.void(
        conn, call.tools, row.id, call.now, call.by, call.body['why'],
        call.body.get('again', False),
    )  # fmt: skip
    return told.whole(conn, row.id, call.now)


def credit(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row, amount = _mine(call, conn), None
    if 'amount' in call.body:
        amount = money.parse(call.body['amount'], row.currency, 'amount')
    voiding.credit(
        conn, call.tools, row.id, amount, call.now, call.by, call.body['why']
    )
    return told.whole(conn, row.id, call.now)


def write_off(call: routes.Call, conn: sa.Connection) -> dict[str, Any]:
    row = _mine(call, conn)
    voiding.write_off(
        conn, call.tools, row.id, call.now, call.by, call.body['why']
    )
    return told.whole(conn, row.id, call.now)


def read(call: routes.Call, conn: sa.Connection) -> document.Invoice:
    """What is written down after the unit of work."""
    row = _mine(call, conn)
    return readers.by_number(conn, told.number(row))


def _mine(call: routes.Call, conn: sa.Connection) -> sa.Row[Any]:
    """Raises NotFound, for another's as for none."""
    number = call.path['number']
    row = credits.by_number(conn, number)
    if not call.scope.covers(row.account_id):
        raise errors.NotFound(f'no invoice is called {number!r}')
    return row


def _named(number: str | None) -> tuple[str, int] | None:
    if number is None:
        return None
    return document.parse_number(number) or ('', _NONE)


def _marked(conn: sa.Connection, number: str) -> int:
    try:
        return int(credits.by_number(conn, number).id)
    except errors.NotFound:
        return _NONE


def _line(said: Mapping[str, Any], where: str) -> extra.Line:
    return extra.Line(
        label=said['label'],
        unit_price=money.decimal(said['unit_price'], f'{where}.unit_price'),
        quantity=money.decimal(said.get('quantity', '1'), f'{where}.quantity'),
        unit=said.get('unit'),
        starts=_day(said.get('starts')),
        ends=_day(said.get('ends')),
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def _written(
    wanted: document.Format, media_type: str, summary: str
) -> routes.Route:
    """An invoice written down, as a file to be kept."""

    def present(call: routes.Call, found: document.Invoice) -> routes.Answer:
        locale = call.query.get('locale', '')
        try:
            written = call.door.render(found, wanted, locale)
        except errors.InvalidDocument as error:
            # It is the invoice that lacks something, not the request.
            raise errors.Conflict(str(error)) from error
        name = f'{found.number}{wanted.suffix}'
        shown_as = f'inline; filename="{name}"'
        return routes.Answer(
            written,
            headers={
                'Content-Disposition': shown_as,
                # Nothing in it is to run, whoever wrote the labels.
                'Content-Security-Policy': 'sandbox',
            },
        )

    return routes.Route(
        method='GET', path=f'/v1/invoices/{{number}}/{wanted}',
        rule=f'billing:invoice:{wanted}', handler=read, present=present,
        summary=summary, query=schemas.WRITTEN, media_type=media_type,
        description='What was billed and to whom is as it was issued; the '
        'looks are those of now. 501 where the extra that writes it is not '
        'installed.',
        answer={'type': 'string', 'format': 'binary'},
    )  # fmt: skip


def _verb(
    verb: str, handler: routes.Handler, body: routes.Schema, summary: str,
    description: str,
) -> routes.Route:  # fmt: skip
    return routes.Route(
        method='POST', path=f'/v1/invoices/{{number}}/{verb}',
        rule=f'billing:invoice:{verb.replace("-", "_")}', handler=handler,
        summary=summary, description=description, body=body,
        answer=schemas.WHOLE,
    )  # fmt: skip


ROUTES = (
    routes.Route(
        method='GET', path='/v1/invoices', rule='billing:invoice:list',
        handler=index, summary='List invoices',
        description='Invoices and credit notes, the newest first, or by when '
        'they are due where that is asked for. `id` is the order of issue. '
        'Those of all accounts are narrowed by kind and state, or by state '
        'and due instant, or by when they were issued.',
        query=schemas.LIST, answer=base.page('invoices', schemas.INVOICE),
    ),
    routes.Route(
        method='POST', path='/v1/invoices', rule='billing:invoice:create',
        handler=create, summary='Write an invoice by hand', status=201,
        description='It is numbered, announced by mail and dunned as any '
        'other. Taxed at the rates of the account on the first day of a '
        'line, or today; the discounts of plans are not given. A dry run '
        'shows it as it would be.',
        body=schemas.CREATE, answer=schemas.WHOLE,
    ),
    routes.Route(
        method='POST', path='/v1/subscriptions/{subscription_id}/invoice',
        rule='billing:invoice:create_waiting', handler=create_waiting,
        summary='Invoice now what waits for the next invoice', status=201,
        description='The corrections of what is billed, and the usage of it '
        'so far. A dry run shows them.',
        body=schemas.CREATE_WAITING, answer=schemas.ISSUED,
    ),
    routes.Route(
        method='GET', path='/v1/invoices/{number}',
        rule='billing:invoice:show', handler=show, summary='Show an invoice',
        description='Each line with its period, quantity, price, share, '
        'taxes and reason; what was paid on it, and whether its mails '
        'arrived.',
        answer=schemas.WHOLE,
    ),
    _written(
        document.Format.PDF, 'application/pdf', 'Read an invoice as a PDF'
    ),
    _written(
        document.Format.HTML, 'text/html; charset=utf-8',
        'Read an invoice as a page',
    ),
    _written(
        document.Format.FACTURX, 'application/pdf',
        'Read an invoice as an e-invoice (Factur-X, ZUGFeRD)',
    ),
    _verb(
        'void', void, schemas.VOID, 'Take a wrong invoice back',
        'One on which nothing was paid. A credit note negates it, and its '
        'time is not billed, or anew with `again`. To forgive the money of a '
        'right one, credit it.',
    ),
    _verb(
        'credit', credit, schemas.CREDIT,
        'Give back a part of an invoice, or all that is left of it',
        'A credit note carries the taxes. It lowers what is owed; what was '
        'paid already becomes balance. The time stays billed.',
    ),
    _verb(
        'write-off', write_off, schemas.WRITE_OFF,
        'Ask for an invoice no more',
        'It becomes uncollectible, and its customer stands as if he owed '
        'nothing of it: servers that are shelved for it come back.',
    ),
)  # fmt: skip
