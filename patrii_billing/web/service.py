# SPDX-License-Identifier: Apache-2.0
"""Ask the REST API, in this process and in the name of who looks."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Any
from urllib import parse

from werkzeug import test as wsgi

from patrii_billing import errors
from patrii_billing.web import person as persons


@dataclass(frozen=True, slots=True)
class Service:
    """The API as one person may use it.

    Each method raises NotServed with what the API said, which names what is
    wrong and where.
    """

    application: Any
    person: persons.Person
    request_id: str | None = None

    def get(self, path: str, **query: Any) -> Any:
        return self._ask('GET', path, query)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        rehearse: bool = False,
    ) -> Any:
        """Have something done: once for a key, or only told of."""
        query = {'dry_run': 'true'} if rehearse else {}
        return self._ask(method, path, query, body, key)

    def file(self, path: str, **query: Any) -> bytes:
        """What is no JSON: an invoice as PDF."""
        return bytes(self._answer('GET', path, query).data)

    def every(self, path: str, name: str, **query: Any) -> Iterator[Any]:
        """All items of a list, page after page."""
        while True:
            page = self.get(path, **query)
            yield from page[name]
            marker = following(page, name)
            if marker is None:
                return
            query = {**query, 'marker': marker}

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        key: str | None = None,
    ) -> Any:
        response = self._answer(method, path, query, body, key)
        return json.loads(response.data) if response.data else None

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Any = None,
        key: str | None = None,
    ) -> wsgi.TestResponse:
        given = {
            name: value
            for name, value in query.items()
            if value not in (None, '')
        }
        environ = self.person.environ()
        if self.request_id:
            environ['openstack.request_id'] = self.request_id
        response = wsgi.Client(self.application, use_cookies=False).open(
            path=path,
            method=method,
            query_string=given,
            json=body,
            headers={'Idempotency-Key': key} if key else None,
            environ_overrides=environ,
        )
        if response.status_code >= 400:
            raise _refusal(response)
        return response


def following(page: Mapping[str, Any], name: str) -> str | None:
    """The marker of the page after this one, if there is one."""
    for link in page.get(f'{name}_links', ()):
        if link['rel'] == 'next':
            asked = parse.parse_qs(parse.urlsplit(link['href']).query)
            return str(asked['marker'][0])
    return None


def _refusal(response: wsgi.TestResponse) -> errors.NotServed:
    faults = json.loads(response.data)['errors']
    return errors.NotServed(
        response.status_code,
        [
            errors.InvalidInput(one['detail'], one.get('path') or '')
            for one in faults
        ],
    )
