# SPDX-License-Identifier: Apache-2.0
"""A thin client of the REST API, on an adapter of keystoneauth.

It imports nothing of the service, so that it also works where only the
command line's own libraries are installed.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import re
from typing import Any
from urllib import parse
import uuid

from keystoneauth1 import adapter
from keystoneauth1 import exceptions

SERVICE_TYPE = 'billing'
_VERSION = {'OpenStack-API-Version': f'{SERVICE_TYPE} 1.0'}
# A write that was answered by nobody is sent again: its key makes it one.
_RETRIES = 2
_RETRIED = (503,)

# Their ids are those of keystone and of nova.
_OF_THE_CLOUD = frozenset({'projects', 'servers'})
_CLOUD_ID = re.compile(r'[0-9A-Za-z_-]{1,64}')


class Refused(Exception):  # noqa: N818 - what the service answered
    """The service said no; `code` is stable, the words are for people."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class Client:
    """The API at the end of an adapter, whose session knows who calls."""

    def __init__(self, way: adapter.Adapter) -> None:
        self._way = way

    def get(self, path: str, **query: Any) -> Any:
        """What a path answers. Raises Refused."""
        return self._ask('GET', path, query).json()

    def raw(self, path: str, **query: Any) -> bytes:
        """What is not JSON, as a PDF. Raises Refused."""
        return bytes(self._ask('GET', path, query, accept='*/*').content)

    def items(
        self, collection: str, most: int | None = None, **query: Any
    ) -> Iterator[Any]:
        """All items of a list, or the first so many, page by page."""
        if most is not None:
            query['limit'] = most
        name = collection.rpartition('/')[2].replace('-', '_')
        while True:
            page = self.get(f'/v1/{collection}', **query)
            found = page[name]
            yield from found if most is None else found[:most]
            if most is not None:
                most -= len(found)
            following = page[f'{name}_links']
            if not following or (most is not None and most <= 0):
                return
            asked = parse.urlsplit(following[0]['href']).query
            query = dict(parse.parse_qs(asked, keep_blank_values=True))

    def find(self, collection: str, called: str, **query: Any) -> Any:
        """The item of that name, else of that id. Raises Refused."""
        named = list(self.items(collection, 2, name=called, **query))
        if len(named) == 1:
            return named[0]
        noun = collection.rstrip('s').replace('_', ' ')
        if named:
            raise Refused(
                409, 'billing.client.ambiguous',
                f'more than one {noun} is called {called!r}, say its id',
            )  # fmt: skip
        if _may_be_id(collection, called):
            return self.get(f'/v1/{collection}/{called}')
        raise Refused(
            404, 'billing.client.not_found', f'no {noun} is called {called!r}'
        )

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        dry_run: bool = False,
        key: str | None = None,
    ) -> Any:
        """Change something; what is answered, None where nothing is.

        Sent twice under one key, it is done once. Raises Refused.
        """
        query = {'dry_run': 'true'} if dry_run else {}
        answer = self._ask(
            method, path, query, json=body or {},
            headers={'Idempotency-Key': key or str(uuid.uuid4())},
        )  # fmt: skip
        return answer.json() if answer.content else None

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        accept: str = 'application/json',
        **how: Any,
    ) -> Any:
        given = {k: _told(v) for k, v in query.items() if v is not None}
        url = f'{path}?{parse.urlencode(given, True)}' if given else path
        answer = self._way.request(
            url, method, raise_exc=False, connect_retries=_RETRIES,
            status_code_retries=_RETRIES,
            retriable_status_codes=_RETRIED,
            headers={**_VERSION, 'Accept': accept, **(headers or {})},
            **how,
        )  # fmt: skip
        if answer.status_code >= 400:
            raise _refused(answer)
        return answer


def _may_be_id(collection: str, called: str) -> bool:
    if collection in _OF_THE_CLOUD:
        return _CLOUD_ID.fullmatch(called) is not None
    return called.isascii() and called.isdigit()


def _told(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value


def _refused(answer: Any) -> Refused:
    """In the words of the service, a mistake a line."""
    try:
        told = answer.json()['errors']
        words = [
            f'{each["path"]}: {each["detail"]}'
            if each.get('path')
            else each['detail']
            for each in told
        ]
        code = told[0]['code']
    except (ValueError, LookupError, TypeError):
        words, code = [f'{answer.status_code} {answer.reason}'], ''
    return Refused(answer.status_code, code, '\n'.join(words))


# What a caller meets where the service cannot be reached at all.
Unreachable = exceptions.ClientException
