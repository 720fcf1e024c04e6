#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long the API takes over the books of a large cloud.

Needs a private server of MariaDB, whose tables should fit in its memory:

    tools/with_services.py mysql -- python benchmarks/door.py
    tools/with_services.py mysql -- \\
        python benchmarks/door.py --customers 10000 --only invoices summary

Every list is asked for a page at its start, in its middle and at its end, in
every order and under every filter that it offers; a page must cost the same
wherever it begins. Then what sums up or looks ahead. All of it goes through
the application itself, without a network. The best of some tries counts.
"""

import argparse
from collections.abc import Iterator
import contextlib
import dataclasses
from dataclasses import dataclass
import pathlib
import sys
import time
from typing import Any
from urllib import parse

from oslo_config import cfg
import sqlalchemy as sa
from werkzeug import test as http

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from patrii_billing.api import app  # noqa: E402
from patrii_billing.api import route as routes  # noqa: E402
from patrii_billing.api import routes as table  # noqa: E402
from patrii_billing.policies import rules  # noqa: E402
from patrii_billing.store import database  # noqa: E402
from patrii_billing.store import migrate  # noqa: E402
from tests import city  # noqa: E402
from tests import crowd  # noqa: E402
from tests.database import backends  # noqa: E402
from tests import doors  # noqa: E402

PAGE = 1000
INVOICES = city.PERIODS  # of each customer
# What a page may cost more at its worst place than at its best.
CONSTANT = 3.0
# Pages that are this quick are not worth to be compared (seconds).
QUICK = 0.03
MEMORY = 4 * 2**30
# Ids that are tried as a marker before a filter is said to leave too little.
TRIES = 120
SOME = 4200  # a customer, who is behind
OFTEN = 3
AGAIN = 4
MOST_VALUES = 6  # of a filter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--backend', default='mysql')
    parser.add_argument('--customers', type=int, default=100_000)
    parser.add_argument('--url', help='of books that are filled already')
    parser.add_argument('--only', nargs='*', help='these nouns')
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, arguments)
        for each in table.ROUTES:
            noun = each.path.rpartition('/')[2]
            if each.method == 'GET' and (
                not arguments.only or noun in arguments.only
            ):
                bench.measure(each)
        bench.end()


@dataclass(order=True)
class Cost:
    """Of the best of some tries: seconds, statements, and what it found."""

    taken: float
    statements: int
    items: int


class Bench:
    """The application over the books of a large cloud."""

    def __init__(
        self, stack: contextlib.ExitStack, arguments: argparse.Namespace
    ) -> None:
        self.customers = arguments.customers
        self.worst = 0.0
        url = arguments.url
        if url is None:
            url = stack.enter_context(backends.Scratch(arguments.backend)).url
        self._books = database.Database(connection=url)
        stack.callback(self._books.engine.dispose)
        if arguments.url is None:
            self._fill()
        self._statements = 0
        sa.event.listen(
            self._books.engine, 'before_cursor_execute', self._count
        )
        self._client = http.Client(application(self._books))

    def _count(self, *_args: Any) -> None:
        self._statements += 1

    def _fill(self) -> None:
        migrate.upgrade(self._books.engine)
        if self._books.engine.dialect.name == 'mysql':
            with self._books.engine.connect() as conn:
                conn.exec_driver_sql(
                    f'SET GLOBAL innodb_buffer_pool_size = {MEMORY}'
                )
        began = time.monotonic()
        city.build(self._books, self.customers)
        with self._books.engine.begin() as conn:
            if conn.dialect.name == 'mysql':
                for name in city.LARGE:
                    conn.exec_driver_sql(f'ANALYZE TABLE {name}')
        taken = time.monotonic() - began
        print(f'{self.customers} customers, filled in {taken:.0f} s')

    def ask(self, path: str, **query: Any) -> Any:
        """What a path answers, None where it refuses."""
        text = parse.urlencode(query)
        token = {'X-Auth-Token': doors.TOKENS['ADMIN']}
        answer = self._client.get(f'{path}?{text}', headers=token)
        if answer.status_code == 400:  # noqa: PLR2004
            return None
        if answer.status_code != 200:  # noqa: PLR2004
            raise SystemExit(f'{path}?{text}: {answer.status} {answer.text}')
        return answer.json

    def cost(self, path: str, **query: Any) -> Cost | None:
        """None where there is no such page."""
        best: Cost | None = None
        for _ in range(OFTEN):
            one = self._once(path, query)
            if one is None:
                return None
            best = one if best is None else min(one, best)
        return best

    def _once(self, path: str, query: dict[str, Any]) -> Cost | None:
        self._statements, began = 0, time.monotonic()
        found = self.ask(path, **query)
        taken = time.monotonic() - began
        if found is None:
            return None
        lists = [one for one in found.values() if isinstance(one, list)]
        return Cost(taken, self._statements, max(map(len, lists), default=1))

    def measure(self, route: routes.Route) -> None:
        route = placed(route)
        if route.path.count('{'):
            return
        orders = route.query.get('properties', {}).get('sort', {})
        if 'enum' in orders:
            for filters in narrowed(route):
                for key in orders['enum']:
                    if ':asc' not in key:
                        self._measure_list(route, key, filters)
        elif route.rule is not None:
            for filters in (*narrowed(route), {'limit': PAGE, 'days': 30}):
                cost = self.cost(route.path, **filters)
                if cost is not None:
                    show(route.path, filters, [cost])

    def _measure_list(
        self, route: routes.Route, order: str, filters: dict[str, Any]
    ) -> None:
        asked = {'limit': PAGE, 'sort': order, **filters}
        start = self._once(route.path, asked)
        if start is None:
            return
        pages = [asked]
        if start.items == PAGE:
            for marker in (
                self._middle(route, asked), self._end(route, asked)
            ):  # fmt: skip
                if marker is not None:
                    pages.append({**asked, 'marker': marker})
        costs = self._side_by_side(route.path, pages)
        show(route.path, {'sort': order, **filters}, costs)
        self.worst = max(self.worst, ratio(costs))

    def _side_by_side(
        self, path: str, pages: list[dict[str, Any]]
    ) -> list[Cost]:
        """The best of each, in turns, since a machine is not always as quick.

        What seems to differ is measured again before it is believed.
        """
        found: dict[int, Cost] = {}
        for turn in range(OFTEN * AGAIN):
            if turn >= OFTEN and ratio([*found.values()]) <= CONSTANT:
                break
            for place, page in enumerate(pages):
                one = self._once(path, page)
                if one is not None:
                    found[place] = min(one, found.get(place, one))
        return [found[place] for place in sorted(found)]

    def _middle(self, route: routes.Route, asked: dict[str, Any]) -> Any:
        """One of the list that is about half way, by the order of ids."""
        noun = route.path.rpartition('/')[2]
        of_each = INVOICES if noun in ('invoices', 'payments') else 1
        middle = self.customers * of_each // 2
        for number in range(middle, middle + TRIES):
            marker = marked(noun, number)
            if self.ask(route.path, **{**asked, 'limit': 1, 'marker': marker}):
                return marker
        return None

    def _end(self, route: routes.Route, asked: dict[str, Any]) -> Any:
        """The last but a page: so much is before it the other way round."""
        key, _, way = asked['sort'].partition(':')
        other = key if way == 'desc' else f'{key}:desc'
        page = self.ask(route.path, **{**asked, 'sort': other})
        links = next(v for k, v in page.items() if k.endswith('_links'))
        if not links:
            return None
        query = parse.parse_qs(parse.urlsplit(links[0]['href']).query)
        return query['marker'][0]

    def end(self) -> None:
        print(f'worst ratio of a page of {PAGE}: {self.worst:.1f}')
        if self.worst > CONSTANT:
            raise SystemExit('a page does not cost the same everywhere')


def application(books: database.Database) -> Any:
    conf = cfg.ConfigOpts()
    conf([], project='patrii_billing', default_config_files=[])
    door = routes.Door(
        tools=crowd.tools(books, city.NOW),
        authorize=rules.enforcer(conf).authorize,
        render=lambda *_args: b'',
        defaults=doors.DEFAULTS,
    )
    return app.noauth(app.build(door))


def ratio(costs: list[Cost]) -> float:
    """How much more the worst of the full pages costs than the best."""
    full = [one.taken for one in costs if one.items >= PAGE - 1]
    if len(full) < 2 or max(full) < QUICK:  # noqa: PLR2004
        return 1.0
    return max(full) / min(full)


def placed(route: routes.Route) -> routes.Route:
    """The route of some customer, where one is in its path."""
    path = route.path
    for name in ('account_id', 'subscription_id', 'payment_id'):
        path = path.replace(f'{{{name}}}', str(SOME))
    for name in ('project', 'server'):
        path = path.replace(f'{{{name}_id}}', f'{name}-{SOME}')
    path = path.replace('{number}', marked('invoices', SOME))
    return dataclasses.replace(route, path=path)


def narrowed(route: routes.Route) -> Iterator[dict[str, Any]]:
    """Without a filter, then with each one, by each value it may have."""
    yield {}
    for name, schema in route.query.get('properties', {}).items():
        if name not in ('limit', 'marker', 'sort', 'dry_run', 'days'):
            for value in values(name, schema):
                yield {name: value}


def values(name: str, schema: dict[str, Any]) -> list[Any]:
    if 'enum' in schema:
        known = [each for each in schema['enum'] if each is not None]
        return known[:MOST_VALUES]
    if schema.get('type') == 'boolean':
        return ['true', 'false']
    if schema.get('format') == 'date-time':
        return [f'{city.NOW - 90 * city.DAY:%Y-%m-%dT%H:%M:%SZ}']
    if schema.get('type') == 'integer':
        return [SOME]
    known = {'project_id': 'project', 'server_id': 'server'}
    if name in known:
        return [f'{known[name]}-{SOME}']
    return []


def marked(noun: str, number: int) -> Any:
    if noun == 'invoices':
        return f'INV-{number:06d}'
    if noun in ('projects', 'servers'):
        return f'{noun.removesuffix("s")}-{number}'
    return number


def show(path: str, query: dict[str, Any], costs: list[Cost]) -> None:
    told = ' '.join(f'{k}={v}' for k, v in query.items())
    times = ' '.join(f'{one.taken * 1000:7.0f}' for one in costs)
    print(
        f'{path:20} {told:44} {times:23} ms'
        f' {costs[0].items:5} items, {costs[0].statements} statements',
        flush=True,
    )


if __name__ == '__main__':
    main()
