# SPDX-License-Identifier: Apache-2.0
"""A CloudKitty that answers as its second API is documented to.

Over real HTTP on loopback: pages, filters, the 404 of nothing found, the
errors of its own, and numbers that are floats.
"""

import datetime as dt
import json
import threading
from typing import Any
from urllib import parse
from wsgiref import simple_server

import fixtures


class CloudKitty(fixtures.Fixture):
    """`points` are rows of (project, metric, id, begin, qty, price)."""

    def __init__(self, token: str = 'secret') -> None:  # noqa: S107
        self.points: list[tuple[str, str, str, dt.datetime, Any, Any]] = []
        self.asked: list[str] = []
        self.limit = 1000
        self.status: int | None = None
        self.added: list[Any] = []
        self._token = token

    def _setUp(self) -> None:
        server = simple_server.make_server(
            '127.0.0.1', 0, self._answer, handler_class=_Quiet
        )
        self.url = f'http://127.0.0.1:{server.server_port}'
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

    def rate(
        self, metric: str, begin: dt.datetime, qty: Any, price: Any,
        project: str = 'acme-prod-id', id_: str = 'thing-1',
    ) -> None:  # fmt: skip
        self.points.append((project, metric, id_, begin, qty, price))

    def _answer(self, environ: Any, start_response: Any) -> Any:
        path = environ['PATH_INFO']
        query = dict(parse.parse_qsl(environ['QUERY_STRING']))
        self.asked.append(f'{path}?{environ["QUERY_STRING"]}')
        status, said = self._said(path, query, environ)
        body = json.dumps(said).encode()
        start_response(
            f'{status} told',
            [('Content-Type', 'application/json'),
             ('Content-Length', str(len(body)))],
        )  # fmt: skip
        return [body]

    def _said(
        self, path: str, query: dict[str, str], environ: Any
    ) -> tuple[int, Any]:
        if environ.get('HTTP_X_AUTH_TOKEN') != self._token:
            return 401, {'message': 'Authentication required'}
        if self.status is not None:
            return self.status, {'message': 'told to'}
        begin, end = (
            dt.datetime.fromisoformat(query[name])
            for name in ('begin', 'end')
        )
        wanted = dict(
            each.split(':', 1)
            for each in query.get('filters', '').split(',') if each
        )  # fmt: skip
        found = [
            point for point in self.points
            if begin <= point[3] < end
            and wanted.get('project_id', point[0]) == point[0]
        ]  # fmt: skip
        offset, limit = int(query['offset']), int(query['limit'])
        page = slice(offset, offset + min(limit, self.limit))
        if path == '/v2/summary':
            return 200, self._summary(found, page, query)
        if path != '/v2/dataframes':
            return 404, {'message': 'The requested URL was not found'}
        if self.added and offset:
            found += [self.added.pop()]
        if not found:
            return 404, {
                'message': 'No resource found for provided filters.'
            }
        return 200, {
            'total': len(found),
            'dataframes': [_frame(*point) for point in found[page]],
        }

    def _summary(
        self, found: list[Any], page: slice, query: dict[str, str]
    ) -> Any:
        sums: dict[str, list[float]] = {}
        for project, _, _, _, qty, price in found:
            one = sums.setdefault(project, [0.0, 0.0])
            one[0] += float(qty)
            one[1] += float(price)
        rows = [
            [query['begin'], query['end'], qty, rate, project]
            for project, (qty, rate) in sorted(sums.items())
        ]
        columns = ['begin', 'end', 'qty', 'rate', 'project_id']
        return {
            'columns': columns if rows else [], 'results': rows[page],
            'total': len(rows),
        }  # fmt: skip


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def _frame(
    project: str, metric: str, id_: str, begin: dt.datetime, qty: Any,
    price: Any,
) -> Any:  # fmt: skip
    group = {'project_id': project, 'user_id': 'u-1'}
    if id_:
        group['id'] = id_
    point = {
        'vol': {'unit': 'GiB', 'qty': float(qty)},
        'rating': {'price': float(price)},
        'groupby': group,
        'metadata': {'volume_type': 'ssd'},
    }
    end = begin + dt.timedelta(hours=1)
    return {
        'period': {'begin': begin.isoformat(), 'end': end.isoformat()},
        'usage': {metric: [point]},
    }
