# SPDX-License-Identifier: Apache-2.0
"""A small client for the APIs, as one project's user."""

import http.client
import json
from typing import Any
import urllib.parse

from _minicloud import errors

TIMEOUT_SECONDS = 60


def _call(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urllib.parse.urlsplit(url)
    peer = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    target = f'{parts.path}?{parts.query}' if parts.query else parts.path
    try:
        peer.request(method, target, body=body, headers=headers)
        answer = peer.getresponse()
        return answer, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise errors.MinicloudError(f'{method} {url}: {error!r}') from None
    finally:
        peer.close()


class Session:
    """Calls that carry a token; answers are decoded JSON."""

    def __init__(self, token: str = '') -> None:
        self._token = token

    def call(
        self,
        method: str,
        url: str,
        body: object = None,
        content: bytes | None = None,
    ) -> Any:
        """Send body as JSON, or content as it is.

        :raises MinicloudError: when there is no answer, or an error.
        """
        answer, text = self._send(method, url, body, content)
        if answer.status >= 400:
            shown = text[:300].decode(errors='replace')
            raise errors.MinicloudError(
                f'{method} {url}: {answer.status} {shown}'
            )
        return json.loads(text) if text else None

    def _send(
        self,
        method: str,
        url: str,
        body: object,
        content: bytes | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {'Accept': 'application/json'}
        if self._token:
            headers['X-Auth-Token'] = self._token
        if content is not None:
            headers['Content-Type'] = 'application/octet-stream'
        elif body is not None:
            headers['Content-Type'] = 'application/json'
            content = json.dumps(body).encode()
        return _call(method, url, headers, content)

    def log_in(
        self, auth_url: str, user: str, password: str, project: str
    ) -> 'Session':
        """A session of this user in this project of the default domain."""
        domain = {'id': 'default'}
        who = {'name': user, 'password': password, 'domain': domain}
        request = {
            'auth': {
                'identity': {
                    'methods': ['password'],
                    'password': {'user': who},
                },
                'scope': {'project': {'name': project, 'domain': domain}},
            }
        }
        url = f'{auth_url}/auth/tokens'
        answer, text = self._send('POST', url, request)
        token = answer.getheader('X-Subject-Token')
        if not token:
            raise errors.MinicloudError(
                f'no token for {user}: {text[:300].decode()}'
            )
        return Session(token)

    def ensure(
        self,
        url: str,
        kind: str,
        wanted: dict[str, Any],
        extra: dict[str, Any] | None = None,
    ) -> str:
        """The id of the one that has the wanted fields, made if missing."""
        found = self.call('GET', url)[f'{kind}s']
        for item in found:
            if all(item.get(key) == wanted[key] for key in wanted):
                return str(item['id'])
        body = {kind: {**wanted, **(extra or {})}}
        return str(self.call('POST', url, body)[kind]['id'])
