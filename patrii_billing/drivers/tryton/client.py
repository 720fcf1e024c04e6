# SPDX-License-Identifier: Apache-2.0
"""Tryton's REST API: records read in pages, created and written.

What reads is tried again where the server is away for a moment. What writes
is sent once: whoever asks for it looks first whether it is there.
"""

import base64
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import html
import re
import time
from typing import Any
from urllib import parse

import requests

from patrii_billing.drivers.tryton import wire
from patrii_billing import errors

Row = Mapping[str, Any]
Domain = Sequence[Any]
# Records in an answer: some hundred kilobytes, a second of Tryton's time.
PAGE = 100
# How often what reads is tried, and seconds between; a server that asks for
# a longer rest is away.
_TRIES = 3
_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
_AWAY = frozenset({408, 425, 429, 502, 503, 504})
# What is about none of the records.
_NEEDS = {
    401: 'it does not take the key: see the applications of its user',
    403: 'it lets nobody ask what is asked',
    404: 'it has no such database, or is older than 8.0',
}
_KEPT = 300


@dataclass(frozen=True, slots=True)
class Place:
    """Which database of which server; `timeout` (seconds) is for each step."""

    url: str
    database: str
    key: str = field(repr=False)
    timeout: float = 30
    cafile: str = ''
    allow_http: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidInput."""
        parts = parse.urlsplit(self.url)
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise errors.InvalidInput('is not the URL of a server', 'url')
        if parts.scheme == 'http' and not self.allow_http:
            raise errors.InvalidInput(
                'sends the key in the clear; see allow_http', 'url'
            )
        if parts.username or parts.password:
            raise errors.InvalidInput('must hold no password', 'url')
        for name in ('database', 'key'):
            if not getattr(self, name):
                raise errors.InvalidInput('is needed', name)


class _AwayError(errors.EngineUnavailable):
    """It may be there again after a pause (seconds)."""

    def __init__(self, reason: str, pause: float = _PAUSE) -> None:
        super().__init__(reason)
        self.pause = pause


class NeedError(errors.EngineUnavailable):
    """It refuses anything until somebody sees to it; says to what."""


class Client:
    """Speaks for one user of Tryton; see engine.ports on what is raised."""

    def __init__(
        self, place: Place, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._place = place
        self._sleep = sleep
        self._root = f'{place.url.rstrip("/")}/'
        self._models = f'{parse.quote(place.database)}/rest/model/'
        self._session = requests.Session()
        self._session.verify = place.cafile or True
        self._session.auth = self._sign

    def release(self) -> str:
        """Which release answers, such as 8.2; needs no valid key."""
        call = {'id': 0, 'method': 'common.server.version', 'params': []}
        answer = self._patiently('POST', 'rpc/', json=call)
        return str(_part(answer, 'result'))

    def rows(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        order: Sequence[tuple[str, str]] = (('id', 'ASC'),),
        limit: int | None = None,
        company: int | None = None,
    ) -> list[Row]:
        """The records of a domain; a field a.b is within the field a."""
        asked = {'d': _packed(domain), 'f': list(fields), 'o': _packed(order)}
        if limit is not None:
            asked['s'] = str(limit)
        found = self._patiently(
            'GET', self._models + model, params=asked, headers=_in(company)
        )
        if not isinstance(found, list):
            raise errors.EngineUnavailable('Tryton answered with no records')
        return found

    def changed(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        since: dt.datetime | None,
    ) -> Iterator[list[Row]]:
        """The records that changed since an instant, in that order.

        What changes meanwhile comes again, as the last.
        """
        after: Domain = [['last_modified_at', '>=', since]] if since else []
        while True:
            found = self.rows(
                model, [*domain, *after],
                [*fields, 'last_modified_at'],
                (('last_modified_at', 'ASC'), ('id', 'ASC')),
                PAGE,
            )  # fmt: skip
            if found:
                yield found
            if len(found) < PAGE:
                return
            at = found[-1]['last_modified_at']
            after = [
                [
                    'OR',
                    ['last_modified_at', '>', at],
                    [
                        ['last_modified_at', '=', at],
                        ['id', '>', found[-1]['id']],
                    ],
                ]
            ]

    def create(
        self, model: str, values: Row, company: int | None = None
    ) -> int:
        """Make a record; its id."""
        made = self._once(
            'POST', self._models + model, data=values, company=company
        )
        return int(_part(made, 'id'))

    def write(
        self, model: str, record: int, values: Row, company: int | None = None
    ) -> None:
        path = f'{self._models}{model}/{record}'
        self._once('PUT', path, data=values, company=company)

    def press(
        self, model: str, record: int, button: str, company: int | None = None
    ) -> None:
        """As a clerk presses a button of a record."""
        path = f'{self._models}{model}/{record}/{button}'
        self._once('POST', path, data={}, company=company)

    def _once(
        self, method: str, path: str, data: Row, company: int | None
    ) -> Any:
        kind = {'content-type': 'application/json'}
        return self._ask(
            method,
            path,
            data=wire.dumps(data),
            headers={**kind, **_in(company)},
        )

    def _patiently(self, method: str, path: str, **rest: Any) -> Any:
        """Ask again where it is away; only for what changes nothing."""
        for _ in range(_TRIES - 1):
            try:
                return self._ask(method, path, **rest)
            except _AwayError as away:
                if away.pause > _LONGEST_PAUSE:
                    raise
                self._sleep(away.pause)
        return self._ask(method, path, **rest)

    def _ask(self, method: str, path: str, **rest: Any) -> Any:
        try:
            response = self._session.request(
                method,
                self._root + path,
                timeout=self._place.timeout,
                allow_redirects=False,
                **rest,
            )
        except (requests.RequestException, OSError) as error:
            cause = error.args[0] if error.args else error
            why = _words(str(getattr(cause, 'reason', cause)))
            raise _AwayError(f'{self._place.url}: {why}') from error
        return _read(response)

    def _sign(
        self, request: requests.PreparedRequest
    ) -> requests.PreparedRequest:
        """No other password that this machine keeps for a host is sent."""
        request.headers['authorization'] = f'Bearer {self._place.key}'
        return request


def _read(response: requests.Response) -> Any:
    """What was answered. Raises EngineError."""
    code = response.status_code
    if code == 204:
        return None
    if 200 <= code < 300:
        try:
            return wire.loads(response.text)
        except (ValueError, KeyError, TypeError) as error:
            raise errors.EngineUnavailable(
                f'Tryton answered what cannot be read: {_words(str(error))}'
            ) from error
    if code in _AWAY:
        asked = response.headers.get('retry-after', '')
        pause = float(asked) if asked.isdigit() else _PAUSE
        raise _AwayError(f'Tryton answered {code}', pause)
    if code >= 500:
        raise errors.EngineUnavailable(
            f'Tryton answered {code}: {_reason(response)}'
        )
    if code in _NEEDS or code < 400:
        need = _NEEDS.get(code, 'its URL is another one: it redirects')
        raise NeedError(f'{need} ({code})')
    raise errors.EngineRefused(_reason(response), code)


def _reason(response: requests.Response) -> str:
    """Why it said no, in its own words where they are for people."""
    try:
        said = response.json()
        text = f'{said["message"]} {said["description"]}'
    except (ValueError, KeyError, TypeError):
        # A page whose paragraph says it; of an error of its own, the value
        # that it could not do with.
        found = re.search(r'<p>(.*?)</p>', response.text, re.DOTALL)
        text = html.unescape(found[1]) if found else response.reason
    return _words(text)


def _part(answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise errors.EngineUnavailable(f'Tryton answered without {name}')
    return answer[name]


def _packed(value: Any) -> str:
    return base64.urlsafe_b64encode(wire.dumps(value).encode()).decode()


def _in(company: int | None) -> dict[str, str]:
    """What belongs to a company, such as its accounts, needs to know it."""
    if company is None:
        return {}
    return {'x-tryton-context': _packed({'company': company})}


def _words(text: str) -> str:
    return ' '.join(text.replace('\0', '').split())[:_KEPT]
