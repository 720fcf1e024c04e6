# SPDX-License-Identifier: Apache-2.0
"""The commands, run against the API in process, without a network."""

import io
import types
from typing import Any
from urllib import parse

from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
import requests
from requests import adapters
from werkzeug import test as http

from patrii_billing import client
from patrii_billing.osc import commands
from tests import doors

_URL = 'http://billing.example'


class _Wire(adapters.BaseAdapter):
    """Hands requests to an application, and its answers back."""

    def __init__(self, application: Any) -> None:
        super().__init__()
        self._client = http.Client(application)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        url = parse.urlsplit(str(request.url))
        answer = self._client.open(
            url.path, base_url=_URL, method=request.method or 'GET',
            query_string=url.query, data=request.body,
            headers=dict(request.headers),
        )  # fmt: skip
        found = requests.Response()
        found.status_code = answer.status_code
        found.reason = answer.status.partition(' ')[2]
        found.headers.update(answer.headers)
        found.url, found.request = str(request.url), request
        found.raw = io.BytesIO(answer.data)
        return found

    def close(self) -> None:
        pass


def api(door: doors.Door, token: str = 'ADMIN') -> client.Client:
    """The client of a caller; the token may be a persona's name."""
    wire = requests.Session()
    wire.mount(_URL, _Wire(door))
    said = token_endpoint.Token(_URL, doors.TOKENS.get(token, token))
    way = session.Session(said, session=wire)
    return client.Client(adapter.Adapter(way, endpoint_override=_URL))


def run(
    door: doors.Door,
    command: type[commands.Command],
    *arguments: str,
    token: str = 'ADMIN',
) -> str:
    """What a command writes on stdout. Raises CommandError."""
    app: Any = types.SimpleNamespace(
        stdout=io.StringIO(),
        client_manager=types.SimpleNamespace(billing=api(door, token)),
        options=types.SimpleNamespace(),
    )
    one = command(app, None)
    parser = one.get_parser('openstack')
    one.run(parser.parse_args(list(arguments)))
    return str(app.stdout.getvalue())
