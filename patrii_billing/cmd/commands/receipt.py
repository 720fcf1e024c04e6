# SPDX-License-Identifier: Apache-2.0
"""`receipt`: what payment sources told by webhook, and doing it again."""

from collections.abc import Iterator
import json
import pathlib
import sys
from typing import Any

import sqlalchemy as sa

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import webhooks
from patrii_billing import errors
from patrii_billing.store.views import received
from patrii_billing import wiring


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'receipt', help='what payment sources told by webhook'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser('list', help='list it, the newest first')
    action.add_argument(
        '--state', choices=['done', 'ignored', 'unmatched', 'parked'],
        help='only those; what is parked or unmatched awaits a person',
    )  # fmt: skip
    action.add_argument(
        '--limit', type=int, default=100,
        help='how many at most (default: %(default)s)',
    )  # fmt: skip
    action.set_defaults(run=_list)
    action = actions.add_parser(
        'replay',
        help='do again what was kept, or what a source says it has sent',
        description='Do what is parked, by its ids. With a file: do what '
        'was never received, such as what a source was asked for after its '
        'deliveries had failed for too long. What was done is not done '
        'twice.',
    )
    action.add_argument('id', nargs='*', type=int, help='of a receipt')
    action.add_argument(
        '--file', help='events as JSON: a list of them, what Stripe answers '
        'to /v1/events, or one on each line; - for stdin',
    )  # fmt: skip
    action.add_argument('--source', help='whose events they are')
    action.set_defaults(run=_replay)


def _list(desk: desks.Desk) -> None:
    query = received.query(state=desk.options.state)
    rows = desk.read(_newest, query, desk.options.limit)
    if not rows:
        print('There are none.')
        return
    shown = [
        (row.id, text.instant(row.received_at), row.source, row.type,
         row.state, row.why)
        for row in rows
    ]  # fmt: skip
    header = ('ID', 'RECEIVED', 'SOURCE', 'TYPE', 'STATE', 'WHY')
    print(*text.table(header, shown), sep='\n')


def _newest(
    conn: sa.Connection, query: sa.Select[Any], limit: int
) -> list[sa.Row[Any]]:
    order = received.KEYS['id'].desc()
    return list(conn.execute(query.order_by(order).limit(limit)))


def _replay(desk: desks.Desk) -> None:
    asked = desk.options
    if bool(asked.file) is not bool(asked.source):
        raise errors.InvalidInput('--file and --source go together')
    if bool(asked.file) is bool(asked.id):
        raise errors.InvalidInput('say either ids or --file')
    sources = wiring.sources(desk.conf)
    done = (
        _told(desk, _source(sources, asked.source))
        if asked.file
        else _again(desk, sources)
    )
    header = ('WHICH', 'STATE', 'WHY')
    rows = [(name, out.state, out.why) for name, out in done]
    print(*text.table(header, rows), sep='\n')


def _source(
    sources: dict[str, admitting.Source], name: str
) -> admitting.Source:
    if name not in sources:
        raise errors.NotFound(f'{name} is not in [webhooks] sources')
    return sources[name]


def _again(
    desk: desks.Desk, sources: dict[str, admitting.Source]
) -> Iterator[tuple[str, webhooks.Outcome]]:
    for receipt_id in desk.options.id:
        row = desk.read(received.one, receipt_id)
        if row is None:
            raise errors.NotFound(f'there is no receipt {receipt_id}')
        source = _source(sources, row.source)
        outcome = desk.write(
            webhooks.retry, desk.tools, source, row, desk.now, desk.by
        )
        yield str(receipt_id), outcome


def _told(
    desk: desks.Desk, source: admitting.Source
) -> Iterator[tuple[str, webhooks.Outcome]]:
    name = desk.options.file
    content = (
        sys.stdin.buffer.read()
        if name == '-'
        else pathlib.Path(name).read_bytes()
    )
    for body in _events(content, name):
        # It is an operator who says so, not a signature.
        message = admitting.identified(
            source, signature.Message('', '', '', body)
        )
        yield message.id, _receive(desk, source, message)


def _receive(
    desk: desks.Desk, source: admitting.Source, message: signature.Message
) -> webhooks.Outcome:
    try:
        return desk.write(
            webhooks.receive, desk.tools, source, message, desk.now
        )
    except errors.Conflict:
        # The same event, written otherwise: it is known by its id.
        row = desk.read(received.of_message, source.name, message.id)
        return webhooks.as_before(row)


def _events(content: bytes, name: str) -> Iterator[bytes]:
    """The events of a file, each as a body. Raises InvalidInput."""
    for number, each in _values(content, name):
        if not isinstance(each, dict):
            raise errors.InvalidInput('is no JSON object', f'{name}:{number}')
        yield json.dumps(each).encode()


def _values(content: bytes, name: str) -> Iterator[tuple[int, Any]]:
    try:
        whole = json.loads(content)
    except ValueError:
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield number, _value(line, f'{name}:{number}')
        return
    if isinstance(whole, dict) and whole.get('object') == 'list':
        # Stripe answers with the newest first.
        whole = list(reversed(whole.get('data', [])))
    for each in whole if isinstance(whole, list) else [whole]:
        yield 1, each


def _value(line: bytes, where: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise errors.InvalidInput('is not JSON', where) from None
