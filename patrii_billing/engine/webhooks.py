# SPDX-License-Identifier: Apache-2.0
"""What other systems tell of payments, brought into the books once.

Money nobody can be found for is recorded as nobody's. What is not understood,
or goes against the books, is kept with its reason and the operator is told:
the sender could do nothing about it by sending it again.
"""

from dataclasses import dataclass
import datetime as dt
import hashlib
from typing import Any

from oslo_db import exception
import sqlalchemy as sa

from patrii_billing.domain import foreign
from patrii_billing.domain.lifecycle import ReceiptState
from patrii_billing.domain import signature
from patrii_billing.engine import admitting
from patrii_billing.engine import reported
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import receipts
from patrii_billing.store import timeline

_WHY = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message."""

    state: ReceiptState
    why: str = ''
    payment_id: int | None = None
    key: str | None = None
    type: str = ''


def keep_late(
    conn: sa.Connection,
    source: admitting.Source,
    message: signature.Message,
    now: dt.datetime,
    why: str,
) -> None:
    """Keep for a person what was signed by the sender at another time.

    Nothing of it is done, unless it is sent again in time, or a person tries
    it again. What was received before is left as it is.
    """
    if receipts.by_message(conn, source.name, message.id) is not None:
        return
    # Without a key: no other message has it done.
    name = foreign.type_of(source.fields, message.body)
    late = Outcome(ReceiptState.PARKED, why, type=name)
    _keep(conn, source, message, now, late)
    tell.operator(
        conn, now, 'webhook_parked', f'late:{source.name}:{now:%Y-%m-%d}',
        f'{source.name} told of {name or "something"}: {why}',
    )  # fmt: skip


def tell_refused(
    conn: sa.Connection, source: admitting.Source, now: dt.datetime, why: str
) -> None:
    """Tell the operator, once a day, of signatures that do not fit.

    Somebody tries, or the secret is another now and the source is not heard.
    """
    tell.operator(
        conn, now, 'webhook_refused', f'refused:{source.name}:{now:%Y-%m-%d}',
        f'{source.name}: {why}',
    )  # fmt: skip


def receive(
    conn: sa.Connection,
    tools: toolbox.Tools,
    source: admitting.Source,
    message: signature.Message,
    now: dt.datetime,
) -> Outcome:
    """Do what an admitted message says, once for each of its ids.

    What was kept for a person is looked at again when it is sent again.
    Raises Conflict for an id that came with another body.
    """
    digest = hashlib.sha256(message.body).hexdigest()
    known = receipts.by_message(conn, source.name, message.id)
    if known is not None:
        if known.body_hash != digest:
            raise errors.Conflict(
                f'{message.id!r} was received with another body'
            )
        if known.state != ReceiptState.PARKED:
            return as_before(known)
    outcome = _attempt(conn, tools, source, message.body, now)
    if known is None:
        receipt_id = _keep(conn, source, message, now, outcome)
    else:
        receipt_id = known.id
        receipts.change(conn, receipt_id, **_values(outcome))
    if outcome.state is ReceiptState.PARKED:
        tell.operator(
            conn, now, 'webhook_parked', f'receipt:{receipt_id}',
            f'{source.name} told of {outcome.type or "something"}: '
            f'{outcome.why}',
        )  # fmt: skip
    elif outcome.key is not None:
        _catch_up(conn, tools, source, outcome.key, now)
    return outcome


def retry(
    conn: sa.Connection,
    tools: toolbox.Tools,
    source: admitting.Source,
    row: sa.Row[Any],
    now: dt.datetime,
    by: str,
) -> Outcome:
    """Do what was kept for a person. Raises Conflict for anything else."""
    _must_wait(row)
    outcome = _attempt(conn, tools, source, row.body.encode(), now)
    receipts.change(conn, row.id, **_values(outcome))
    _tell(conn, row, now, by, f'tried again: {outcome.state}', outcome.why)
    if outcome.key is not None and outcome.state is not ReceiptState.PARKED:
        _catch_up(conn, tools, source, outcome.key, now)
    return outcome


def dismiss(
    conn: sa.Connection,
    row: sa.Row[Any],
    why: str,
    now: dt.datetime,
    by: str,
) -> None:
    """Let go of what was kept for a person. Raises Conflict as `retry`."""
    _must_wait(row)
    receipts.change(conn, row.id, state=ReceiptState.IGNORED, why=why)
    _tell(conn, row, now, by, 'dismissed', why)


def _must_wait(row: sa.Row[Any]) -> None:
    if row.state != ReceiptState.PARKED:
        raise errors.Conflict(f'it is {row.state}')


def _tell(
    conn: sa.Connection,
    row: sa.Row[Any],
    now: dt.datetime,
    by: str,
    result: str,
    why: str,
) -> None:
    timeline.record(
        conn, now, 'webhook', f'{row.source} {row.message_id}'[:255], why,
        by=by, result=result, receipt=row.id,
    )  # fmt: skip


def _keep(
    conn: sa.Connection,
    source: admitting.Source,
    message: signature.Message,
    now: dt.datetime,
    outcome: Outcome,
) -> int:
    text = message.body.decode('utf-8', 'replace').replace('\0', '')
    try:
        return receipts.add(
            conn, source=source.name, message_id=message.id,
            body_hash=hashlib.sha256(message.body).hexdigest(), body=text,
            received_at=now, **_values(outcome),
        )  # fmt: skip
    except exception.DBDuplicateEntry:
        raise errors.StaleWrite(
            'the same message is just being received; try again'
        ) from None


def _catch_up(
    conn: sa.Connection,
    tools: toolbox.Tools,
    source: admitting.Source,
    key: str,
    now: dt.datetime,
) -> None:
    """Do what came before that which it follows from, as far as it goes."""
    done = True
    while done:
        done = False
        for row in receipts.parked(conn, key):
            outcome = _attempt(conn, tools, source, row.body.encode(), now)
            receipts.change(conn, row.id, **_values(outcome))
            done = done or outcome.state is not ReceiptState.PARKED


def _values(outcome: Outcome) -> dict[str, Any]:
    return {
        'state': outcome.state, 'type': outcome.type[:255],
        'why': outcome.why[:_WHY], 'key': outcome.key,
        'payment_id': outcome.payment_id,
    }  # fmt: skip


def as_before(row: sa.Row[Any]) -> Outcome:
    """What became of what is kept."""
    return Outcome(
        ReceiptState(row.state), row.why, row.payment_id, row.key, row.type
    )


def _attempt(
    conn: sa.Connection,
    tools: toolbox.Tools,
    source: admitting.Source,
    body: bytes,
    now: dt.datetime,
) -> Outcome:
    """Do it whole or not at all; what stands against it parks it."""
    try:
        told = foreign.read(source.fields, body)
    except errors.InvalidInput as error:
        name = foreign.type_of(source.fields, body)
        return Outcome(ReceiptState.PARKED, str(error), type=name)
    if isinstance(told, foreign.Ignored):
        return Outcome(ReceiptState.IGNORED, told.why, type=told.type)
    key = f'{source.name}:{told.payment}'
    try:
        with conn.begin_nested():
            desk = reported.Desk(conn, tools, source, told, key, now)
            state, why, payment_id = desk.do()
    except (errors.Conflict, errors.InvalidInput, errors.NotFound) as error:
        parked = ReceiptState.PARKED
        return Outcome(parked, str(error), key=key, type=told.type)
    return Outcome(state, why, payment_id, key, told.type)
