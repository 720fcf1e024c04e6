# SPDX-License-Identifier: Apache-2.0
"""An Odoo 19 on loopback, as far as its JSON-2 API shows it.

Statuses, headers and words are those of Odoo's own documentation, its
dispatcher and the tests of both. What a proxy in front of it may do, and a
network, are the server's `trouble`.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
import decimal
from http import server
import inspect
import json
import re
import threading
from typing import Any

import fixtures

from tests.odoo import faults
from tests.odoo import modules
from tests.odoo import orm

KEY = '6578616d706c65206a736f6e20617069206b6579'
DATABASE = 'mycompany'

_PATH = re.compile(r'/json/2/([^/]+)/([^/]+)')
_HTML = 'text/html; charset=utf-8'
_JSON = 'application/json; charset=utf-8'
_NOT_FOUND = (
    '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n'
    '<h1>Not Found</h1>\n<p>The requested URL was not found on the server. '
    'If you entered the URL manually please check your spelling and try '
    'again.</p>\n'
)
# What an API-model method may be called without, and what it may not have.
_ON_MODEL = {
    'create',
    'fields_get',
    'search',
    'search_count',
    'search_read',
}
_WORDS = {
    'read': 'access',
    'write': 'modify',
    'create': 'create',
    'unlink': 'delete',
}


class Json2(fixtures.Fixture):
    """`models` are what is installed; tests write to `orm` directly.

    `trouble` is asked before each request: it may answer (status, headers,
    body) in Odoo's place, or 'hang', 'drop' (nothing was done) or 'lose'
    (done, and the answer lost).
    """

    def __init__(self, *installed: Sequence[orm.Model]) -> None:
        self.time = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
        self.orm = orm.Orm(
            modules.together(modules.odoo(), *installed), lambda: self.time
        )
        self.databases = (DATABASE,)
        self.denied: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.trouble: Callable[[str, str], Any] = lambda _model, _method: None
        self.version = '19.0'
        self.released = threading.Event()

    def _setUp(self) -> None:
        self.orm.create('res.currency', {'name': 'EUR'})
        httpd = _Quiet(('127.0.0.1', 0), _handler(self))
        self.port = httpd.server_port
        self.url = f'http://127.0.0.1:{self.port}'
        threading.Thread(
            target=httpd.serve_forever, args=(0.02,), daemon=True
        ).start()
        self.addCleanup(httpd.server_close)
        self.addCleanup(httpd.shutdown)
        self.addCleanup(self.released.set)

    def called(self, method: str) -> list[dict[str, Any]]:
        return [body for _, name, body in self.calls if name == method]

    # What Odoo does with a request.

    def answer(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], str]:
        found = _PATH.fullmatch(path)
        named = headers.get('x-odoo-database')
        if named not in self.databases and (named or len(self.databases) > 1):
            return 404, {'content-type': _HTML}, _NOT_FOUND
        if not found:
            return 404, {'content-type': _HTML}, _NOT_FOUND
        if not headers.get('content-type', '').startswith('application/json'):
            return 415, {'content-type': _HTML}, 'Request inferred type ...'
        try:
            self._authenticate(headers)
            result = self._call(*found.groups(), body)
        except faults.OdooError as error:
            more = (
                {'www-authenticate': 'Bearer'} if error.status == 401 else {}
            )
            return (
                error.status,
                {'content-type': _JSON, **more},
                _dumped(error.body()),
            )
        return 200, {'content-type': _JSON}, _dumped(result)

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        said = re.fullmatch(
            r'bearer\s+(.+)', headers.get('authorization', ''), re.IGNORECASE
        )
        if not said:
            raise faults.Unauthorized(
                'User not authenticated, use an API Key with a Bearer '
                'Authorization header.'
            )
        if said[1] != KEY:
            raise faults.Unauthorized('Invalid apikey')

    def _call(self, model: str, method: str, body: bytes) -> Any:
        try:
            given = json.loads(body, parse_float=decimal.Decimal)
        except ValueError as error:
            raise faults.BadRequest(
                f'could not parse the body as json: {error.args[0]}'
            ) from None
        ids, context = given.pop('ids', ()), given.pop('context', {})
        said = {'ids': ids, 'context': context, **given}
        self.calls.append((model, method, said))
        if model not in self.orm.models:
            raise faults.NotFound(f'the model {model!r} does not exist')
        function = self._method(model, method)
        if method in _ON_MODEL and ids:
            raise faults.Unprocessable(
                f'cannot call {model}.{method} with ids'
            )
        records = _Records(self.orm, model, ids, context)
        signature = inspect.signature(function)
        try:
            signature.bind(records, **given)
        except TypeError as error:
            raise faults.Unprocessable(error.args[0]) from None
        self._allowed(model, method)
        return function(records, **given)

    def _method(self, model: str, method: str) -> Callable[..., Any]:
        if method.startswith('_'):
            raise faults.AccessError(
                f"Private methods (such as '{model}.{method}') cannot be "
                'called remotely.'
            )
        own = self.orm.models[model].methods.get(method)
        if own:
            return _on_rows(own)
        function = getattr(_Records, method, None)
        if function is None:
            raise faults.NotFound(
                f"The method '{model}.{method}' does not exist"
            )
        return function  # type: ignore[no-any-return]

    def _allowed(self, model: str, method: str) -> None:
        operation = method if method in _WORDS else 'write'
        if method.startswith('search'):
            operation = 'read'
        if method in ('fields_get', 'message_post'):
            operation = 'read'
        if (model, operation) in self.denied:
            label = self.orm.models[model].label
            raise faults.AccessError(
                f'You are not allowed to {_WORDS[operation]} {label!r} '
                f'({model}) records.\n\nThis operation is allowed for the '
                'following groups:\n\t- Invoicing/Billing\n\nContact your '
                'administrator to request access if necessary.'
            )


class _Records:
    """The methods of all models; `self` is the records of `ids`."""

    def __init__(
        self, of: orm.Orm, model: str, ids: Sequence[int], context: Any
    ) -> None:
        self.orm = of
        self.model = model
        self.ids = ids
        self.active_test = context.get('active_test', True)

    def search(
        self,
        domain: Any,
        offset: int = 0,
        limit: Any = None,
        order: Any = None,
    ) -> list[int]:
        rows = self.orm.order(
            self.orm.find(self.model, domain, self.active_test), order
        )
        end = offset + limit if limit else None
        return [row['id'] for row in rows[offset:end]]

    def search_count(self, domain: Any, limit: Any = None) -> int:
        return len(self.search(domain, limit=limit))

    def search_read(
        self,
        domain: Any = None,
        fields: Any = None,
        offset: int = 0,
        limit: Any = None,
        order: Any = None,
    ) -> Any:
        ids = self.search(domain, offset, limit, order)
        found = _Records(self.orm, self.model, ids, {})
        return found.read(fields)

    def read(self, fields: Any = None, load: Any = '_classic_read') -> Any:
        rows = self.orm.browse(self.model, self.ids)
        names = fields or list(self.orm.models[self.model].fields)
        for name in names:
            self.orm.field(self.model, name)
        return [
            {'id': row['id']}
            | {name: self.orm.shown(row, name, load) for name in names}
            for row in rows
        ]

    def create(self, vals_list: Any) -> list[int]:
        several = vals_list if isinstance(vals_list, list) else [vals_list]
        return [self.orm.create(self.model, vals) for vals in several]

    def write(self, vals: Any) -> bool:
        for row in self.orm.browse(self.model, self.ids):
            self.orm.write(row, vals)
        return True

    def unlink(self) -> bool:
        for row in self.orm.browse(self.model, self.ids):
            del self.orm.rows[self.model][row['id']]
        return True

    def fields_get(self, allfields: Any = None, attributes: Any = None) -> Any:
        known = self.orm.models[self.model].fields
        return {
            name: _described(held, attributes)
            for name, held in known.items()
            if not allfields or name in allfields
        }


def _described(held: orm.Field, attributes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        'type': held.kind,
        'required': held.required,
        'relation': held.of,
        'selection': [[option, option.title()] for option in held.options],
    }
    return {
        name: value
        for name, value in said.items()
        if value not in ('', []) and (not attributes or name in attributes)
    }


def _on_rows(own: Callable[..., Any]) -> Callable[..., Any]:
    """A method of one model, which is given the ORM and the rows."""

    def method(records: _Records, **given: Any) -> Any:
        rows = records.orm.browse(records.model, records.ids)
        return own(records.orm, rows, **given)

    signature = inspect.signature(own)
    first, _rows, *rest = signature.parameters.values()
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[first, *rest]
    )
    return method


def _dumped(value: Any) -> str:
    return json.dumps(value, default=float)


class _Quiet(server.ThreadingHTTPServer):
    # A test that times out leaves a thread behind: nobody waits for it.
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_args: Any) -> None:
        pass


def _handler(odoo: Json2) -> type[server.BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        # Headers and body in one packet: else each waits for an answer.
        wbufsize = -1

        def do_GET(self) -> None:
            if self.path == '/web/version':
                said = {'version': odoo.version, 'version_info': [19, 0]}
                self.reply(200, {'content-type': _JSON}, json.dumps(said))
            else:
                self.reply(404, {'content-type': _HTML}, _NOT_FOUND)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers['content-length']))
            headers = {
                name.lower(): value for name, value in self.headers.items()
            }
            found = _PATH.fullmatch(self.path)
            odd = odoo.trouble(*found.groups()) if found else None
            if odd == 'hang':
                odoo.released.wait(30)
                odd = 'drop'
            if odd == 'drop':
                self.close_connection = True
                return
            if isinstance(odd, tuple):
                self.reply(*odd)
                return
            with lock:
                answer = odoo.answer(self.path, headers, body)
            if odd == 'lose':
                self.close_connection = True
                return
            self.reply(*answer)

        def reply(
            self, status: int, headers: Mapping[str, str], text: str
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header('content-length', str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args: Any) -> None:
            pass

    return Handler
