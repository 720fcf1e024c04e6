# SPDX-License-Identifier: Apache-2.0
"""What is fuzzed, what each begins with, and what must hold of any input.

What reads the input is followed by what believes it: the books, whose unit of
work is taken back each time.
"""

from collections.abc import Callable
from collections.abc import Iterable
import contextlib
from dataclasses import dataclass
import datetime as dt
import functools
import json
import logging
import pathlib
from typing import Any

import sqlalchemy as sa

from patrii_billing.bank import camt
from patrii_billing.bank import delimited
from patrii_billing.domain import facts
from patrii_billing.domain import foreign
from patrii_billing.domain import quote
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import imports
from patrii_billing.engine import observe
from patrii_billing.engine import payment_map
from patrii_billing.engine import samples
from patrii_billing.engine import webhooks
from patrii_billing import errors
from patrii_billing.intake import ceilometer
from patrii_billing.intake import explain
from patrii_billing.intake import nova
from patrii_billing.intake import raw
from patrii_billing.mail import bounces
from patrii_billing.simulation import reading
from patrii_billing.simulation import world as worlds
from patrii_billing.store import database
from patrii_billing.store import inbox
from patrii_billing.store import schema
from tests import doors
from tests.fuzz import mutating
from tests.unit.bank import statements
from tests.unit.intake import known_events
from tests.unit.intake import messages
from tests.unit.intake import metering
from tests.unit.intake import test_nova_decides
from tests.unit.intake import test_raw
from tests.unit.mail import test_bounces
from tests.unit import stories

_ROOT = pathlib.Path(__file__).parents[2]
_ROOM = 50_000
_KEY = b'0123456789abcdef0123456789abcdef'
_AGES = dt.datetime(1900, 1, 1, tzinfo=dt.UTC), doors.START


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises for what must not be; `change` makes new inputs."""

    seeds: Callable[[], Iterable[bytes]]
    check: Callable[[bytes], None]
    change: Callable[[bytes, int, int, mutating.Mutate], bytes]


class _Back(Exception):  # noqa: N818 - an end of the unit, no error
    """Nothing of it is kept."""


@functools.cache
def world() -> doors.Door:
    """The books with two customers in them."""
    # Whatever a reader logs of what it is given, millions of times.
    logging.disable(logging.CRITICAL)
    world = doors.Door()
    world.let_in()
    return world


def _rehearsed(work: Callable[[sa.Connection], Any]) -> None:
    db: database.Database = world().tools.db

    def unit(conn: sa.Connection) -> None:
        work(conn)
        raise _Back

    with contextlib.suppress(_Back):
        db.write(unit)


# Nova's notifications


def _notifications() -> Iterable[bytes]:
    for event_type in (
        known_events.VERSIONED_SERVER + known_events.LEGACY_SERVER
    ):
        message = test_raw.as_sent(test_nova_decides.build(event_type))
        yield (
            json.dumps(message)
            .replace(messages.SERVER, worlds.server_id('acme-web'))
            .replace(messages.PROJECT, 'acme-project')
            .encode()
        )


def _notification(data: bytes) -> None:
    text = data.decode('utf-8', 'surrogateescape')
    json.loads(explain.explain_line(text))
    sent = _json(data)
    if not isinstance(sent, dict):
        return
    nova.is_routine(sent.get('event_type'), sent.get('payload'))
    stored = raw.message(sent, _ROOM)
    kept = json.loads(stored.body)
    said = nova.parse(kept)
    assert repr(said) == repr(nova.parse(kept)), 'read twice, it differs'
    if raw.why_unfit(kept) is None and isinstance(said, facts.ServerFact):
        json.dumps(facts.to_dict(said), allow_nan=False)
        _rehearsed(functools.partial(_observed, stored, said))


def _observed(
    stored: inbox.Letter, said: facts.Fact, conn: sa.Connection
) -> None:
    """What is told changes what is known of a server, and no invoice."""
    tools = world().tools
    before = _money(conn)
    inbox.store(conn, [stored], tools.now())
    observe.observe(conn, tools, said, tools.now())
    assert before == _money(conn), 'a notification billed somebody'


def _money(conn: sa.Connection) -> list[Any]:
    return [
        conn.execute(sa.select(sa.func.count()).select_from(table)).scalar()
        for table in (schema.invoices, schema.payments, schema.actions)
    ]


# Ceilometer's samples


def _samples() -> Iterable[bytes]:
    yield json.dumps(metering.recorded()).encode()
    one = metering.sample(doors.START - dt.timedelta(hours=1))
    yield json.dumps(metering.message(one)).encode()


@functools.cache
def _signed() -> frozenset[str]:
    """What was really signed, all that may ever be believed."""
    return frozenset(
        repr(each)
        for data in _samples()
        for each in _heard(json.loads(data), metering.SOURCE).readings
    )


def _heard(
    message: dict[str, Any], source: ceilometer.Source
) -> ceilometer.Heard:
    said = ceilometer.parse(message, source, *_AGES)
    if isinstance(said, ceilometer.Heard):
        return said
    assert said.reason
    return ceilometer.Heard((), ())


def _sample(data: bytes) -> None:
    message = _json(data)
    if not isinstance(message, dict):
        return
    ceilometer.with_meters(message, frozenset({'traffic'}))
    stored = json.loads(raw.message(message, _ROOM).body)
    for each in _heard(stored, metering.SOURCE).readings:
        assert repr(each) in _signed(), f'forged: {each}'
    unsigned = ceilometer.Source(metering.SOURCE.event_type, '')
    readings = _heard(stored, unsigned).readings
    if readings:
        tools = world().tools
        _rehearsed(
            lambda conn: samples.record(conn, tools, readings, tools.now())
        )


# Webhooks


_MAPS = {name: payment_map.known(name) for name in ('patrii', 'stripe')}


def _webhooks() -> Iterable[bytes]:
    for tells in foreign.Tells:
        data = {
            'payment': 'pay-1', 'movement': 'm-1', 'amount': '1.00',
            'currency': 'EUR', 'account': '1', 'account_name': 'acme',
            'external_ref': 'C-1', 'invoice': 'INV-000001',
            'reference': 'RF18', 'why': 'because',
        }  # fmt: skip
        yield json.dumps({'type': f'payment.{tells}', 'data': data}).encode()
    for name in sorted({rule.type for rule in _MAPS['stripe'].rules}):
        thing = {
            'id': 'pi_1', 'payment_intent': 'pi_1', 'amount': 100,
            'amount_received': 100, 'currency': 'eur', 'reason': 'fraud',
            'metadata': {'account': 'acme', 'invoice': 'INV-000001'},
        }  # fmt: skip
        yield json.dumps({'type': name, 'data': {'object': thing}}).encode()


def _webhook(data: bytes) -> None:
    now = world().tools.now()
    forged = signature.Message(
        'msg-1', str(int(now.timestamp())), data.decode('latin-1'), data
    )
    try:
        signature.verify([_KEY], forged, now, dt.timedelta(minutes=5))
    except errors.Unauthentic:
        pass
    else:
        raise AssertionError('a signature was guessed')
    for name, fields in _MAPS.items():
        source = admitting.Source(name, (_KEY,), fields)
        signed = signature.headers([_KEY], 'msg-1', now, data)
        message = signature.Message(*signed.values(), data)
        signature.verify([_KEY], message, now, dt.timedelta(minutes=5))
        _rehearsed(functools.partial(_received, source, message))


def _received(
    source: admitting.Source, message: signature.Message, conn: sa.Connection
) -> None:
    tools = world().tools
    first = webhooks.receive(conn, tools, source, message, tools.now())
    told = len(conn.execute(schema.payments.select()).all())
    again = webhooks.receive(conn, tools, source, message, tools.now())
    assert told == len(conn.execute(schema.payments.select()).all())
    assert first.state == again.state, (first, again)


# Files that operators hand in


def _scenarios() -> Iterable[bytes]:
    yield stories.text('at: 02-03T00:00:00, pay: acme').encode()
    yield (_ROOT / 'tests/fixtures/scenario.yaml').read_bytes()


def _scenario(data: bytes) -> None:
    with contextlib.suppress(errors.InvalidInput):
        reading.read(data.decode('utf-8', 'replace'), 'scenario.yaml')


def _imports() -> Iterable[bytes]:
    example = _ROOT / 'etc/patrii_billing/import-example.yaml'
    yield example.read_bytes()
    yield doors.CUSTOMERS.format(
        plan='vps', flavor='s1', acme='acme', rival='rival', sub='acme-1',
        rival_sub='rival-1', acme_project='acme-project',
        rival_project='rival-project', today='2026-11-22',
    ).encode()  # fmt: skip


def _import(data: bytes) -> None:
    with contextlib.suppress(
        errors.InvalidInput, errors.InvalidDocument, errors.CloudError
    ):
        imports.run(
            world().tools, data, 'file.yaml', 'fuzz', doors.DEFAULTS,
            dry_run=True,
        )  # fmt: skip


_LAYOUT = delimited.Layout(
    {
        'day': ['Date'], 'amount': ['Amount'], 'payer': ['Name'],
        'text': ['Purpose'],
    },
    currency='EUR',
)  # fmt: skip


def _statements() -> Iterable[bytes]:
    for version in (2, 8):
        yield statements.camt(
            statements.entry(
                '10.00', statements.tx('INV-000001', version=version),
                version=version, own='A1',
            ),
            version=version,
        )  # fmt: skip
    yield b'Date,Amount,Name,Purpose\n2026-02-03,10.00,Ada,INV-000001\n'


def _statement(data: bytes) -> None:
    for read in (camt.read, functools.partial(_delimited, _LAYOUT)):
        with contextlib.suppress(errors.InvalidInput):
            for entry in read([data], 'bank'):
                assert 0 < entry.amount and entry.key, entry


def _delimited(
    layout: delimited.Layout, chunks: Iterable[bytes], source: str
) -> Any:
    return delimited.read(chunks, source, layout)


# Mails that came back, and questions


def _bounces() -> Iterable[bytes]:
    yield test_bounces.report(test_bounces.FAILED)
    yield test_bounces.letter(
        'MAILER-DAEMON@mx.example', test_bounces.FAILED
    )


def _bounce(data: bytes) -> None:
    read = bounces.read(data)
    for each in read.verdicts if read else ():
        for text in (*each.addresses, each.answer, each.status):
            assert text.isprintable()
            text.encode()


def _quotes() -> Iterable[bytes]:
    yield (
        b'{"op":"cycle","currency":"USD","unit_price":"10.00","quantity":"1",'
        b'"cycle":"month","anchor_day":15,"timezone":"UTC",'
        b'"start":"2011-01-01","end":"2011-02-27","until":"2011-03-01"}'
    )
    yield (
        b'{"op":"change","currency":"USD","cycle":"month","anchor_day":1,'
        b'"timezone":"UTC","at":"2012-05-12","period":["2012-05-01",'
        b'"2012-06-01"],"billed":"249.95","credited":"0.00",'
        b'"old":{"quantity":"1","unit_price":"249.95"},'
        b'"new":{"quantity":"2","unit_price":"249.95"}}'
    )


def _quote(data: bytes) -> None:
    json.loads(quote.answer_line(data.decode('utf-8', 'surrogateescape')))


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


TARGETS = {
    'notification': Target(
        _notifications, _notification, mutating.json_like
    ),
    'sample': Target(_samples, _sample, mutating.json_like),
    'webhook': Target(_webhooks, _webhook, mutating.json_like),
    'scenario': Target(_scenarios, _scenario, mutating.by_lines),
    'import': Target(_imports, _import, mutating.by_lines),
    'statement': Target(_statements, _statement, mutating.by_lines),
    'bounce': Target(_bounces, _bounce, mutating.by_lines),
    'quote': Target(_quotes, _quote, mutating.json_like),
}
