# SPDX-License-Identifier: Apache-2.0
"""Keystone's lists, whole or not at all."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from urllib import parse

from patrii_billing.cloud import answers
from patrii_billing.cloud import session
from patrii_billing import errors


def listed(
    connection: session.Connection,
    collection: str,
    query: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """All entries of a collection, page by page where there is a limit.

    :raises CloudUnavailable: keystone cut the list short and shows no way to
        the rest, as releases do that know `list_limit` but no paging
    """
    asked = dict(query or {})
    while True:
        page = connection.json(
            'identity', 'GET', f'/{collection}', params=asked
        )
        with answers.understood(collection):
            entries = list(page[collection])
            marker = _marker(page)
        yield from entries
        if entries and marker and marker != asked.get('marker'):
            asked['marker'] = marker
            continue
        if entries and page.get('truncated'):
            raise errors.CloudUnavailable(
                f'keystone shows only the first {len(entries)} of its '
                f'{collection}; raise its list_limit'
            )
        return


def _marker(page: Mapping[str, Any]) -> str:
    """Where the next page begins; keystone names it in a whole address."""
    onward = (page.get('links') or {}).get('next') or ''
    return parse.parse_qs(parse.urlsplit(onward).query).get('marker', [''])[0]
