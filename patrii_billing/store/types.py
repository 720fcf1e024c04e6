# SPDX-License-Identifier: Apache-2.0
"""Column types that mean the same on SQLite, MariaDB and PostgreSQL."""

import datetime as dt
import decimal
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

# SQLite gives row ids by itself only to INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
Minor = sa.BigInteger
# Found by how it begins: in the order of its letters alone. Most languages
# have PostgreSQL order and compare otherwise.
Sought = sa.String(255).with_variant(
    sa.String(255, collation='C'), 'postgresql'
)
# Made once: for each value json.dumps would make one of its own.
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
LongText = sa.Text().with_variant(mysql.LONGTEXT(), 'mysql', 'mariadb')


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """An instant, kept as naive UTC with microseconds."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if dialect.name in ('mysql', 'mariadb'):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(
        self, value: dt.datetime | None, dialect: sa.Dialect
    ) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is dt.UTC:
            return value.replace(tzinfo=None)
        if value.tzinfo is None:
            raise ValueError('an instant needs its zone')
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(
        self, value: dt.datetime | None, dialect: sa.Dialect
    ) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class Exact(sa.types.TypeDecorator[decimal.Decimal]):
    """An exact decimal kept as text (SQLite's NUMERIC is a float)."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(
        self, value: decimal.Decimal | None, dialect: sa.Dialect
    ) -> str | None:
        return None if value is None else format(value, 'f')

    def process_result_value(
        self, value: str | None, dialect: sa.Dialect
    ) -> decimal.Decimal | None:
        return None if value is None else decimal.Decimal(value)


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value with sorted keys; None is SQL's NULL."""

    impl = LongText
    cache_ok = True

    def process_bind_param(
        self, value: Any, dialect: sa.Dialect
    ) -> str | None:
        if value is None:
            return None
        return _encode(value)

    def process_result_value(
        self, value: str | None, dialect: sa.Dialect
    ) -> Any:
        return None if value is None else json.loads(value)
