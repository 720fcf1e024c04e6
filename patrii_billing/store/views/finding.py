# SPDX-License-Identifier: Apache-2.0
"""Which accounts are meant, by the beginning of something they have.

Where few are, their ids are looked up first and the list is made of those;
where many are, each account that a list comes to is asked, in the order of
the list. So neither a rare word nor a common one costs a walk through all.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import itertools
import re
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.store import schema
from patrii_billing.store import sought

_accounts = schema.accounts
_invoices = schema.invoices
_projects = schema.projects
_servers = schema.servers
_sought = schema.sought
_subs = schema.subscriptions

# So many accounts are few.
FEW = 5000
_LAST = '\U0010ffff'  # comes behind every letter
_ID = re.compile('[0-9A-Za-z_-]{1,64}')
# To ask for whom these are, and whose they are.
_Way = tuple[sa.Select[Any], sa.Column[Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """What is true of the accounts that are meant, and whether few are."""

    condition: sa.ColumnElement[bool]
    few: bool


def by_text(
    conn: sa.Connection, text: str, account_id: int | None = None
) -> Found:
    """Those of which something begins with a text.

    A word of the name or what follows it, the external reference, a mail
    address or its domain, the name or the id of a project or a server; or
    the whole number or reference of an invoice. Of one account only that is
    asked.
    """
    return _found(conn, [*_ways(text.strip())], account_id)


def by_plan(
    conn: sa.Connection, plan_id: int, account_id: int | None = None
) -> Found:
    """Those with a contract for a plan that has not ended."""
    has = sa.select(_subs.c.account_id).where(
        _subs.c.plan_id == plan_id,
        _subs.c.contract != lifecycle.Contract.ENDED,
    )
    return _found(conn, [(has, _subs.c.account_id)], account_id)


def _ways(text: str) -> Iterator[_Way]:
    word = sought.plain(text)
    yield (
        sa.select(_sought.c.account_id).where(
            _sought.c.word >= word, _sought.c.word < word + _LAST
        ),
        _sought.c.account_id,
    )
    of_projects = sa.select(_projects.c.account_id)
    of_servers = of_projects.join(
        _servers, _servers.c.project == _projects.c.id
    )
    owner = _projects.c.account_id
    yield of_projects.where(_named(_projects.c.lower_name, text)), owner
    yield of_servers.where(_named(_servers.c.lower_name, text)), owner
    if _ID.fullmatch(text):
        yield of_projects.where(_known_as(_projects.c.id, text)), owner
        yield of_servers.where(_known_as(_servers.c.id, text)), owner
    of_invoices = sa.select(_invoices.c.account_id)
    owner = _invoices.c.account_id
    number = document.parse_number(text.upper())
    if number is not None:
        series, ordinal = number
        is_it = sa.and_(
            _invoices.c.series == series, _invoices.c.number == ordinal
        )
        yield of_invoices.where(is_it), owner
    reference = ''.join(text.upper().split())
    yield of_invoices.where(_invoices.c.reference == reference), owner


def _named(column: sa.Column[Any], text: str) -> sa.ColumnElement[bool]:
    """Made small by the database, as what is in the column was."""
    begins = sa.func.lower(text)
    return sa.and_(column >= begins, column < sa.func.lower(text + _LAST))


def _known_as(column: sa.Column[Any], text: str) -> sa.ColumnElement[bool]:
    """Ids of digits and small letters: every language has them in order."""
    small = text.lower()
    return sa.and_(
        column >= small,
        column <= f'{small}z',
        column.startswith(small, autoescape=True),
    )


def _found(
    conn: sa.Connection, ways: Sequence[_Way], account_id: int | None
) -> Found:
    if account_id is not None:
        return Found(sa.or_(*_asked(ways)), few=True)
    parts = [
        sa.select(sa.literal_column(str(place)).label('way'), part)
        for place, (way, _) in enumerate(ways)
        for part in [way.distinct().limit(FEW + 1).subquery()]
    ]
    rows = conn.execute(sa.union_all(*parts).order_by('way')).all()
    ids: set[int] = set()
    many = []
    for place, group in itertools.groupby(rows, lambda row: row.way):
        some = {row.account_id for row in group}
        if len(some) > FEW:
            many.append(ways[place])
        else:
            ids |= some
    conditions = [_accounts.c.id.in_(ids), *_asked(many)]
    return Found(sa.or_(*conditions), few=not many)


def _asked(ways: Iterable[_Way]) -> Iterator[sa.ColumnElement[bool]]:
    """Of one account; as a value, which no database turns into a join."""
    for way, owner in ways:
        one = way.where(owner == _accounts.c.id).limit(1)
        yield one.correlate(_accounts).scalar_subquery().is_not(None)
