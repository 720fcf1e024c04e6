# SPDX-License-Identifier: Apache-2.0
"""Lists by limit, marker and sort, with a link to the next page."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from urllib import parse

import sqlalchemy as sa

from patrii_billing.api import route
from patrii_billing.store.views import listing


def page(
    call: route.Call,
    conn: sa.Connection,
    name: str,
    query: sa.Select[Any],
    keys: Mapping[str, sa.ColumnElement[Any]],
    shown: Callable[[sa.Row[Any]], Mapping[str, Any]],
    *,
    first: str = 'id',
    ident: str = 'id',
) -> dict[str, Any]:
    """A page of what a query finds, under a name.

    `first` is the order unless another is asked for; `ident` is the field of
    an item that a marker names.
    """
    wanted = window(call, first)
    rows = listing.page(conn, query, keys, wanted)
    items = [shown(row) for row in rows[: wanted.limit]]
    links = []
    if len(rows) > wanted.limit:
        links = [{'rel': 'next', 'href': _next(call, items[-1][ident])}]
    return {name: items, f'{name}_links': links}


def window(call: route.Call, first: str = 'id') -> listing.Window:
    """What the query of a call asks for."""
    most = call.door.max_limit
    key, _, way = call.query.get('sort', first).partition(':')
    return listing.Window(
        limit=min(call.query.get('limit', most), most),
        marker=call.query.get('marker'),
        key=key,
        descending=way == 'desc',
    )


def _next(call: route.Call, marker: object) -> str:
    url = parse.urlsplit(call.url)
    asked = parse.parse_qsl(url.query, keep_blank_values=True)
    kept = [(name, text) for name, text in asked if name != 'marker']
    query = parse.urlencode([*kept, ('marker', str(marker))])
    return parse.urlunsplit(url._replace(query=query))
