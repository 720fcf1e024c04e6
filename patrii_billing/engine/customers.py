# SPDX-License-Identifier: Apache-2.0
"""Customers: entered, changed and deleted one by one, or by an import."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.engine import charge
from patrii_billing.engine.importing import customer
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing.engine import reaching
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

# What each is that is taken away.
_NOTHING: Mapping[str, Any] = {
    'external_ref': None,
    'contacts': [],
    'policy': {},
    'address': None,
    'taxes': [],
    'discounts': [],
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an account or a plan is of which is said no more."""

    currency: str = 'EUR'
    timezone: str = 'UTC'
    locale: str = 'en'
    taxes: Sequence[Mapping[str, Any]] = ()


def create(
    conn: sa.Connection,
    body: Mapping[str, Any],
    defaults: Defaults,
    now: dt.datetime,
    by: str,
) -> int:
    """Enter an account; its id.

    The same again finds the account that is there. Raises InvalidDocument
    by path, Conflict where an account of that name is another one.
    """
    wanted = entries.of_body(entries.patched({}, body), _read)
    name = wanted.name
    row = _found(conn, name)
    given = wanted.currency or (row or defaults).currency
    said = _in_currency(wanted, given)
    if row is None:
        try:
            with conn.begin_nested():
                account_id = add(conn, name, given, said, defaults, now)
        except exception.DBDuplicateEntry:
            # Somebody else entered it this very moment.
            row = accounts.by_name(conn, name)
        else:
            timeline.record(
                conn, now, 'account', 'added', name,
                account_id=account_id, by=by,
            )  # fmt: skip
            return account_id
    other = different(row, {'currency': given, **said})
    if other:
        raise errors.Conflict(
            f'the account {name} is there already, with another '
            f'{", ".join(other)}'
        )
    return int(row.id)


def change(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    body: Mapping[str, Any],
    now: dt.datetime,
    by: str,
) -> Sequence[str]:
    """Change what is said of an account; the names of what is other now.

    Objects are merged, and null takes away. Raises NotFound,
    InvalidDocument by path, and Conflict for a name that another one has.
    """
    accounts.lock(conn, account_id)
    row = accounts.get(conn, account_id)
    gone = _taken_away(body)
    left = {name: body[name] for name in body if name not in gone}
    merged = entries.patched(_objects(row, left), left)
    wanted = entries.of_body({'name': row.name, **merged}, _read)
    if wanted.currency not in (None, row.currency):
        raise errors.Conflict(
            f'{row.name} pays in {row.currency}, which cannot change'
        )
    same = _found(conn, wanted.name)
    if same is not None and same.id != row.id:
        raise errors.Conflict(f'another account is called {wanted.name}')
    said = {'name': wanted.name, **_in_currency(wanted, row.currency), **gone}
    new = write(conn, tools, row, said, now)
    if 'contacts' in said:
        # Said again they are as good as new.
        reaching.contacts_set(conn, row.id, said['contacts'], now, by)
    if new:
        timeline.record(
            conn, now, 'account', 'changed', ', '.join(new),
            account_id=row.id, by=by,
            was={field: getattr(row, field) for field in new}, new=new,
        )  # fmt: skip
    return list(new)


def delete(
    conn: sa.Connection, account_id: int, now: dt.datetime, by: str
) -> None:
    """Delete an account on which nothing hangs.

    What the timeline tells of it stays there. Raises NotFound, Conflict.
    """
    accounts.lock(conn, account_id)
    row = accounts.get(conn, account_id)
    found = accounts.hanging_on(conn, account_id)
    if found:
        raise errors.Conflict(f'{row.name} has {" and ".join(found)}')
    accounts.delete(conn, account_id)
    timeline.record(
        conn, now, 'account', 'deleted', row.name, by=by, account=account_id
    )


def add(
    conn: sa.Connection,
    name: str,
    currency: str,
    said: Mapping[str, Any],
    defaults: Defaults,
    now: dt.datetime,
) -> int:
    """Write a new account as it is said; its id."""
    values = {
        'timezone': defaults.timezone,
        'locale': defaults.locale,
        'taxes': list(defaults.taxes),
        **said,
    }
    return accounts.add(conn, name, now, currency=currency, **values)


def write(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    said: Mapping[str, Any],
    now: dt.datetime,
) -> dict[str, Any]:
    """Write what is said otherwise than booked, and return that.

    By another policy each subscription is judged anew, and its next invoice
    dated anew; a step whose hour was told keeps it. The rest counts by
    itself: with the next mail, the next invoice, the next period.
    """
    new = different(row, said)
    if not new:
        return new
    accounts.lock(conn, row.id)
    accounts.change(conn, row.id, **new)
    if 'policy' in new:
        for sub in subscriptions.of_account(conn, row.id):
            subscriptions.look(conn, sub.id, now)
            if sub.charge_at is not None:
                charge.schedule(conn, tools, sub)
    return new


def different(row: sa.Row[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said otherwise than the books have it."""
    return {
        name: value
        for name, value in said.items()
        if getattr(row, name) != value
    }


def _found(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    try:
        return accounts.by_name(conn, name)
    except errors.NotFound:
        return None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a body says of an account."""

    at: entries.Entry
    name: str
    currency: str | None
    said: Mapping[str, Any]


def _read(entry: entries.Entry) -> _Wanted | None:
    name = entry.needs('name', fields.text)
    currency = entry.takes('currency', fields.currency)
    said = customer.said(entry)
    return _Wanted(entry, name, currency, said) if entry.close() else None


def _in_currency(wanted: _Wanted, currency: str) -> dict[str, Any]:
    """What is said, discounts as the books keep them. Raises InvalidInput."""
    said = dict(wanted.said)
    if 'discounts' in said:
        said['discounts'] = customer.discounts(
            wanted.at, said['discounts'], currency
        )
    return said


def _taken_away(body: Mapping[str, Any]) -> dict[str, Any]:
    """Raises InvalidInput for what an account cannot be without."""
    gone = [name for name, value in body.items() if value is None]
    for name in gone:
        if name not in _NOTHING:
            raise errors.InvalidInput('cannot be taken away', name)
    return {name: _NOTHING[name] for name in gone}


def _objects(row: sa.Row[Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """What of the account a body is merged with."""
    return {
        name: getattr(row, name)
        for name in ('policy', 'address')
        if name in body and getattr(row, name)
    }
