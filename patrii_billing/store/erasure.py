# SPDX-License-Identifier: Apache-2.0
"""Taking a person out of the books, which stay whole.

No row of money is deleted, nor is an amount, a date or a number changed.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
import datetime as dt
import json
import re
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.store import holdings
from patrii_billing.store import inbox
from patrii_billing.store import schema

# What a word that names the person is replaced by; what is theirs alone.
_GONE = 'erased'
_BLANK: Mapping[sa.Table, Mapping[str, Any]] = {
    schema.projects: {'name': _GONE},
    schema.holds: {'reason': ''},
    schema.servers: {'name': _GONE},
    schema.levels: {'why': ''},
    schema.custody: {'why': '', 'kept': None, 'before': None},
    schema.actions: {'why': '', 'args': {}},
    schema.notices: {
        'context': {}, 'servers': [], 'recipients': None, 'subject': None,
        'body': None, 'answer': None,
    },
    schema.attempts: {'answer': None, 'recipients': []},
    schema.timeline: {'why': '', 'detail': {}},
    schema.receipts: {'body': '', 'why': ''},
    schema.links: {'said': {}, 'why': None, 'state': LinkState.ERASED},
}  # fmt: skip
# Entries of the timeline whose names are others' words: that of a payment
# is what its payer wrote.
_OF_OTHERS = ('import', 'payment', 'webhook')
# In this order, for the one refers to the other.
_DROPPED = (schema.undeliverable, schema.deliveries, schema.events)
# What a country has one keep for years.
DOCUMENTS = (schema.invoices, schema.lines, schema.payments)
# First the lines: they are found by their invoices.
_BLANK_DOCUMENTS: Mapping[sa.Table, Mapping[str, Any]] = {
    schema.lines: {'label': None, 'reason': ''},
    schema.invoices: {'customer': None, 'carried': None, 'why': None},
    schema.payments: {'payer': None, 'remittance': None, 'reference': ''},
}
# Where names may stand without an account that they are of.
_OF_NOBODY = (schema.timeline, schema.notices, schema.events)
# By which the same request is known again, whatever others are called.
_KEYS = frozenset({schema.requests.c.caller, schema.requests.c.key})
# A shorter word would be found in the middle of much else.
_SHORTEST = 3


def blank(conn: sa.Connection, account_id: int) -> None:
    """Empty what was written about an account in words of its own."""
    for table, values in _BLANK.items():
        whose = holdings.HELD[table](account_id)
        conn.execute(table.update().where(whose).values(values))
    told = schema.timeline
    conn.execute(
        told.update()
        .where(
            holdings.HELD[told](account_id), told.c.what.in_(_OF_OTHERS)
        )
        .values(name=_GONE)
    )
    for table in _DROPPED:
        whose = holdings.HELD[table](account_id)
        conn.execute(table.delete().where(whose))


def blank_documents(
    conn: sa.Connection, account_id: int, before: dt.datetime
) -> None:
    """Empty those of an account that need not be kept any longer."""
    for table, values in _BLANK_DOCUMENTS.items():
        whose = _old_of(table, account_id, before)
        conn.execute(table.update().where(whose).values(values))


def documents_kept(
    conn: sa.Connection, account_id: int, before: dt.datetime
) -> int:
    """Invoices and payments of an account that law has one keep."""
    invoices, _, payments = DOCUMENTS
    return sum(
        holdings.count(
            conn, table, account_id, sa.not_(_is_old(table, before))
        )
        for table in (invoices, payments)
    )


def replace(
    conn: sa.Connection,
    account_id: int,
    words: Collection[str],
    new: str,
) -> None:
    """Put a new name for what names the person wherever it still stands.

    In all that is held of the account but its documents, and in what was
    noted without an account: operators' alarms, messages, answers.
    """
    found = _to_be_found(words)
    if not found:
        return
    for table, among in _places(account_id):
        if table not in DOCUMENTS:
            _replace(conn, table, among, found, new)
    _drop_messages(conn, found)


def replace_in_documents(
    conn: sa.Connection,
    account_id: int,
    before: dt.datetime,
    words: Collection[str],
    new: str,
) -> None:
    """The same in the documents that need not be kept any longer."""
    found = _to_be_found(words)
    if not found:
        return
    for table in DOCUMENTS:
        whose = _old_of(table, account_id, before)
        _replace(conn, table, whose, found, new)


def _to_be_found(words: Collection[str]) -> set[str]:
    return {each for each in words if len(each) >= _SHORTEST}


def _old_of(
    table: sa.Table, account_id: int, before: dt.datetime
) -> sa.ColumnElement[bool]:
    return sa.and_(holdings.HELD[table](account_id), _is_old(table, before))


def _is_old(table: sa.Table, before: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether a document, or what a line stands on, need not be kept."""
    invoices, lines, payments = DOCUMENTS
    if table is payments:
        return payments.c.received_at <= before
    if table is lines:
        old = sa.select(invoices.c.id).where(_is_old(invoices, before))
        return lines.c.invoice_id.in_(old)
    issued = sa.func.coalesce(invoices.c.issued_at, invoices.c.announce_at)
    return issued <= before


def _places(
    account_id: int,
) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    for table, of in holdings.HELD.items():
        yield table, of(account_id)
    for table in _OF_NOBODY:
        yield table, table.c.account_id.is_(None)
    yield schema.receipts, schema.receipts.c.payment_id.is_(None)
    # Not dropped: by its key the same request again does nothing.
    yield schema.requests, sa.true()


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    """Each word, also as JSON has it, where it does not go on."""
    written = {form for word in words for form in _forms(word)}
    longest_first = sorted(written, key=len, reverse=True)
    told = '|'.join(map(re.escape, longest_first))
    return re.compile(rf'(?<!\w)(?:{told})(?!\w)', re.IGNORECASE)


def _forms(word: str) -> set[str]:
    return {word, json.dumps(word, ensure_ascii=False)[1:-1]}


def _texts(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that words may stand in; not keys, nor what is computed."""
    return [
        column
        for column in table.columns
        if not column.primary_key
        and not column.foreign_keys
        and column.computed is None
        and column not in _KEYS
        and isinstance(_kept_as(column), sa.String)
    ]


def _kept_as(column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    return kind


def _holds(
    columns: Collection[sa.ColumnElement[Any]], words: Collection[str]
) -> sa.ColumnElement[bool]:
    return sa.or_(
        *(
            sa.func.lower(column).contains(form.lower(), autoescape=True)
            for column in columns
            for word in words
            for form in _forms(word)
        )
    )


def _replace(
    conn: sa.Connection,
    table: sa.Table,
    among: sa.ColumnElement[bool],
    words: Collection[str],
    new: str,
) -> None:
    # As they are kept, JSON as text.
    texts = {
        column.name: sa.type_coerce(column, sa.Text)
        for column in _texts(table)
    }
    if not texts:
        return
    pattern = _pattern(words)
    key = list(table.primary_key)
    rows = conn.execute(
        sa.select(*key, *(text.label(name) for name, text in texts.items()))
        .where(among, _holds(texts.values(), words))
    ).all()  # fmt: skip
    for row in rows:
        values = {
            table.c[name]: sa.literal(put, sa.Text)
            for name in texts
            if (was := getattr(row, name)) is not None
            and (put := pattern.sub(new, was)) != was
        }
        if values:
            same = [column == getattr(row, column.name) for column in key]
            conn.execute(table.update().where(*same).values(values))


def _drop_messages(conn: sa.Connection, words: Collection[str]) -> None:
    """Messages that were dealt with go as a whole: nobody needs them."""
    box = schema.inbox
    settled = box.c.state.in_((inbox.DONE, inbox.IGNORED))
    conn.execute(box.delete().where(settled, _holds([box.c.body], words)))
