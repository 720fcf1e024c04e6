# SPDX-License-Identifier: Apache-2.0
"""Import what an account had, or owed, before this service billed it."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.engine import balance
from patrii_billing.engine import collect
from patrii_billing.engine import gather
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import unit as units
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import invoices
from patrii_billing.store import payments
from patrii_billing.store import subscriptions
from patrii_billing.store.views import imported


def write(unit: units.Unit, wanted: document.Account) -> None:
    """A credit, or a debt that is due after the usual net days; once."""
    account = unit.find(accounts.by_name, wanted.name)
    if account is None or wanted.opening is None:
        return
    try:
        amount = money.parse(wanted.opening, account.currency)
    except errors.InvalidInput as error:
        unit.refuse(wanted.at, error.reason, 'opening_balance')
        return
    booked = _booked(unit.conn, account.id)
    if booked is None and amount.minor:
        accounts.lock(unit.conn, account.id)
        if amount.minor > 0:
            _credit(unit, account, amount.minor)
        else:
            _debt(unit, account, -amount.minor)
        collect.judge_account(unit.conn, unit.tools, account.id, unit.now)
        unit.tell('added', 'balance', wanted.name, str(amount), account.id)
    elif amount.minor != (booked or 0):
        was = money.Money(booked or 0, account.currency)
        unit.refuse(
            wanted.at,
            f'is {was} in the books and cannot change; record a payment',
            'opening_balance',
        )


def _booked(conn: sa.Connection, account_id: int) -> int | None:
    """What was imported before, in minor units."""
    credit = payments.by_key(conn, _key(account_id))
    if credit is not None:
        return int(credit.amount)
    debt = imported.opening_debt(conn, account_id)
    return None if debt is None else -debt


def _credit(unit: units.Unit, account: sa.Row[Any], minor: int) -> None:
    key = _key(account.id)
    payments.add(
        unit.conn, account_id=account.id, kind='credit',
        state=lifecycle.PaymentState.RECEIVED, amount=minor, free=minor,
        currency=account.currency, key=key,
        body_hash=balance.body_hash(key=key), reference='opening balance',
        received_at=unit.now, by=unit.by,
    )  # fmt: skip
    balance.allocate(unit.conn, account.id, unit.now)


def _debt(unit: units.Unit, account: sa.Row[Any], minor: int) -> None:
    """An open invoice; the account's first subscription answers for it."""
    sub = next(iter(subscriptions.of_account(unit.conn, account.id)), None)
    policy = unit.tools.settings.policy.reading(account.policy)
    if sub is not None:
        policy = gather.policy(unit.conn, unit.tools, sub)
    line = {
        'subscription_id': sub.id if sub is not None else None,
        'kind': 'charge',
        'resource': 'opening balance',
        'starts': None,
        'ends': None,
        'quantity': Decimal(1),
        'unit_price': Decimal(money.plain(minor, account.currency)),
        'ratio': str(money.WHOLE),
        'amount': minor,
        'reason': 'owed before this service billed',
        'corrects': None,
    }
    invoice_id = invoices.issue(
        unit.conn, unit.now, [line],
        account_id=account.id, subscription_id=line['subscription_id'],
        kind='opening', currency=account.currency,
        due_at=policy.net.after(unit.now, calendar.zone(account.timezone)),
        announce_at=unit.now,
    )  # fmt: skip
    balance.announce_invoice(unit.conn, unit.tools, invoice_id, unit.now)


def _key(account_id: int) -> str:
    return f'opening:{account_id}'
