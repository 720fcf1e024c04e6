# SPDX-License-Identifier: Apache-2.0
"""Lists by limit, marker and sort, with a link to the next page."""

from collections.abc import Callable
from collections.abc import Container
from collections.abc import Mapping
import dataclasses
from typing import Any
from urllib import parse

import sqlalchemy as sa

from patrii_billing.api import route
from patrii_billing import errors
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
    orders: Container[str] | None = None,
    marked: Callable[[Any], int] | None = None,
    apart: sa.ColumnElement[Any] | None = None,
) -> dict[str, Any]:
    """A page of what a query finds, under a name.

    `first` is the order unless another is asked for, `orders` those of the
    keys that the filters leave. `ident` is the field of an item that a
    marker names; where that is not the key, `marked` tells the row's id.
    For `apart` see listing.page. Raises InvalidInput.
    """
    wanted = window(call, first)
    if orders is not None and wanted.key not in orders:
        raise errors.InvalidInput(
            'what is narrowed so has no such order', 'sort'
        )
    if marked is not None and wanted.marker is not None:
        wanted = dataclasses.replace(wanted, marker=marked(wanted.marker))
    rows = listing.page(conn, query, keys, wanted, apart)
    items = [shown(row) for row in rows[: wanted.limit]]
    links = []
    if len(rows) > wanted.limit:
        links = [{'rel': 'next', 'href': next_link(call, items[-1][ident])}]
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
        # A customer is not told that there are others' things.
        lost=call.scope.everything,
    )


def next_link(call: route.Call, marker: object) -> str:
    """Where the page behind a marker is."""
    url = parse.urlsplit(call.url)
    asked = parse.parse_qsl(url.query, keep_blank_values=True)
    kept = [(name, text) for name, text in asked if name != 'marker']
    query = parse.urlencode([*kept, ('marker', str(marker))])
    return parse.urlunsplit(url._replace(query=query))
