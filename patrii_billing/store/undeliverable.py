# SPDX-License-Identifier: Apache-2.0
"""Addresses of customers that mails came back from.

They are written to no more until a person sets the contacts anew.
"""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.store import schema

_marks = schema.undeliverable


def mark(
    conn: sa.Connection,
    account_id: int,
    address: str,
    answer: str,
    notice_id: int,
    now: dt.datetime,
) -> bool:
    """Mark an address, under the account's lock; whether it is new.

    The first answer stays, as what says since when he cannot be reached.
    """
    if address in of(conn, account_id):
        return False
    conn.execute(
        _marks.insert().values(
            account_id=account_id,
            address=address,
            since=now,
            answer=answer,
            notice_id=notice_id,
        )
    )
    return True


def of(conn: sa.Connection, account_id: int) -> Mapping[str, sa.Row[Any]]:
    """The marked addresses of an account, by address."""
    return of_all(conn, [account_id]).get(account_id, {})


def of_all(
    conn: sa.Connection, account_ids: Collection[int]
) -> Mapping[int, Mapping[str, sa.Row[Any]]]:
    """The marked addresses of each account that has some."""
    rows = conn.execute(
        _marks.select()
        .where(_marks.c.account_id.in_(account_ids))
        .order_by(_marks.c.id)
    )
    found: dict[int, dict[str, sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.account_id, {})[row.address] = row
    return found


def clear(
    conn: sa.Connection, account_id: int, addresses: Collection[str]
) -> Sequence[str]:
    """Forget what is marked of these addresses; which were."""
    marked = [one for one in of(conn, account_id) if one in addresses]
    conn.execute(
        _marks.delete().where(
            _marks.c.account_id == account_id, _marks.c.address.in_(marked)
        )
    )
    return marked
