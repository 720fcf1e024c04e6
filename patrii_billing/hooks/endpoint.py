# SPDX-License-Identifier: Apache-2.0
"""Webhooks out: one POST per event, signed as Standard Webhooks has it."""

from collections.abc import Callable
from collections.abc import Sequence
import contextlib
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import threading
from typing import Any
from urllib import parse

import requests

from patrii_billing.domain import events
from patrii_billing.domain import signature
from patrii_billing import errors

_TLS = 'https'
# What these say is about the endpoint and not about the event: it is not
# there, wants another secret or a rest, or its own servers are away.
_AWAY = frozenset({401, 403, 404, 407, 408, 410, 425, 429, 502, 503, 504})
# Bytes of an answer that are looked at, and characters that are kept.
_ANSWER = 4096
_KEPT = 200
# All of it may take so many times as long as a step of it: else one who
# answers a letter at a time would have a thread for ever.
WHOLE = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to send; `timeout` (seconds) is for each step of an answer."""

    url: str
    keys: Sequence[bytes] = field(repr=False)
    timeout: float = 10
    cafile: str = ''

    def __post_init__(self) -> None:
        """Raises InvalidInput for what is no such URL."""
        parts = parse.urlsplit(self.url)
        if parts.scheme not in ('http', _TLS) or not parts.hostname:
            raise errors.InvalidInput('is not the URL of an endpoint', 'url')
        if parts.username or parts.password:
            raise errors.InvalidInput(
                'must hold no password: logs would show it', 'url'
            )

    @property
    def is_protected(self) -> bool:
        return parse.urlsplit(self.url).scheme == _TLS


class HttpPublisher:
    """Sends events to one endpoint, over one connection that is kept."""

    def __init__(
        self, endpoint: Endpoint, now: Callable[[], dt.datetime]
    ) -> None:
        self._endpoint = endpoint
        self._now = now
        self._session = _session()

    def publish(self, event: events.Event) -> str:
        """Send the event; 2xx is success, and no redirect is followed.

        Raises ListenerRefused where the endpoint says no to this event, and
        ListenerAway in any other case.
        """
        try:
            code, answer = self._in_time(event)
        except (requests.RequestException, OSError) as error:
            raise errors.ListenerAway(_reason(error)) from error
        if 200 <= code < 300:
            return f'{code} {answer}'.rstrip()
        if 300 <= code < 400:
            raise errors.ListenerAway(f'{code}: redirects are not followed')
        if code in _AWAY:
            raise errors.ListenerAway(f'{code} {answer}'.rstrip())
        raise errors.ListenerRefused(answer, code)

    def _in_time(self, event: events.Event) -> tuple[int, str]:
        """Send it within a time. Raises ListenerAway or as requests does."""
        found: list[Any] = []

        def work() -> None:
            try:
                found.append(self._post(event))
            except Exception as error:
                found.append(error)

        limit = WHOLE * self._endpoint.timeout
        # A daemon: nobody waits for it when the service ends.
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(limit)
        if not found:
            self._session = _session()
            raise errors.ListenerAway(f'no whole answer in {limit:g} seconds')
        [answer] = found
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def _post(self, event: events.Event) -> tuple[int, str]:
        endpoint, body = self._endpoint, event.body.encode()
        signed = signature.headers(
            endpoint.keys, event.key, self._now(), body
        )
        response = self._session.post(
            endpoint.url,
            data=body,
            headers={
                'content-type': 'application/json',
                'accept-encoding': 'identity',
                'user-agent': 'patrii-billing',
                **signed,
            },
            timeout=endpoint.timeout,
            verify=endpoint.cafile or True,
            allow_redirects=False,
            stream=True,
        )
        with contextlib.closing(response):
            return response.status_code, _beginning(response)


def _beginning(response: requests.Response) -> str:
    """The first of an answer; one that goes on is not read to its end."""
    with contextlib.suppress(requests.RequestException, OSError):
        for part in response.iter_content(_ANSWER):
            return _words(part.decode('utf-8', 'replace'))
    return ''


def _reason(error: Exception) -> str:
    """What kept us from it, without the wrapping of the libraries."""
    cause = error.args[0] if error.args else error
    return _words(str(getattr(cause, 'reason', cause)))


def _words(text: str) -> str:
    return ' '.join(text.replace('\0', '').split())[:_KEPT]


def _session() -> requests.Session:
    session = requests.Session()
    # No password that this machine keeps for a host goes to an endpoint.
    session.auth = _no_login
    return session


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
