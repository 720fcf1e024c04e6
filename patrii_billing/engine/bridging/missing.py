# SPDX-License-Identifier: Apache-2.0
"""What of another engine could not be taken over, or is not there any more."""

from collections.abc import Sequence
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine.bridging import records
from patrii_billing.engine import collect
from patrii_billing.engine import ports
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import bridges
from patrii_billing.store import credits
from patrii_billing.store import invoices

_LEAST = 1
_LONGEST = 500


def put_off(
    conn: sa.Connection,
    by: ports.Bridge,
    kind: str,
    record: records.Record,
    why: str,
    now: dt.datetime,
) -> None:
    """Remember a record that waits; one that is linked stays so."""
    known = bridges.link(conn, by.name, kind, record.ref)
    linked = known is not None and known.state != LinkState.WAITING
    customer = getattr(record, 'customer', record.ref)
    if known is not None and linked:
        # Whose it was: it is for a person to say that it is another's.
        customer = known.customer
        if kind == bridges.CONTRACT:
            tell.operator(
                conn, now, 'contract_unlike',
                f'bridge:{by.name}:unlike:{known.id}:{now.date()}',
                f'{known.said["name"]} in {by.name}: {why}'[:_LONGEST],
                account_id=known.account_id,
                subscription_id=known.subscription_id,
            )  # fmt: skip
    bridges.put(
        conn, by.name, kind, record.ref, now, customer=customer,
        said=records.written(record), why=why[:_LONGEST],
        state=LinkState.LINKED if linked else LinkState.WAITING,
    )  # fmt: skip


def unread(
    conn: sa.Connection,
    by: ports.Bridge,
    ref: str,
    why: str,
    now: dt.datetime,
) -> None:
    """A record that makes no sense: what is known of it is in doubt."""
    for kind in (bridges.CONTRACT, bridges.BILL, bridges.PAYMENT):
        known = bridges.link(conn, by.name, kind, ref)
        if known is not None:
            bridges.change(
                conn, known.id, why=why[:_LONGEST], seen_at=now,
                missed_at=None,
            )  # fmt: skip


def mind(
    conn: sa.Connection,
    tools: toolbox.Tools,
    by: ports.Bridge,
    began: dt.datetime,
    now: dt.datetime,
) -> None:
    """What a reading of all did not show: twice in a row, it is gone.

    Unless it is too much at once: then the answer is not believed.
    """
    counted = bridges.counted(conn, by.name)
    for kind in (bridges.CONTRACT, bridges.BILL, bridges.PAYMENT):
        missing = bridges.count_unseen(conn, by.name, kind, began)
        known = counted.get((kind, LinkState.LINKED), 0)
        most = max(_LEAST, known * tools.settings.max_gone_share // 100)
        if missing > most:
            tell.operator(
                conn, now, 'bridge_shrunk',
                f'bridge:{by.name}:{kind}:{now.date()}',
                f'{by.name} shows {missing} of {known} {kind}s no more: '
                'nothing follows from that before it shows them, or fewer '
                'are missing',
            )  # fmt: skip
        else:
            rows = bridges.unseen(conn, by.name, kind, began)
            _miss(conn, tools, rows, now)


def _miss(
    conn: sa.Connection,
    tools: toolbox.Tools,
    rows: Sequence[sa.Row[Any]],
    now: dt.datetime,
) -> None:
    for row in rows:
        if row.missed_at is None:
            bridges.change(conn, row.id, missed_at=now)
            continue
        why = f'{row.bridge} does not have it any more'
        bridges.change(conn, row.id, state=LinkState.GONE, why=why)
        if row.kind == bridges.BILL:
            _forgive(conn, tools, row, why, now)
        elif row.kind == bridges.PAYMENT:
            _tell_lost(conn, row, why, now)
        else:
            _tell_gone(conn, row, why, now)


def _forgive(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    why: str,
    now: dt.datetime,
) -> None:
    """Nobody asks for a bill that is not there."""
    if row.invoice_id is None:
        return
    accounts.lock(conn, row.account_id)
    invoice = invoices.get(conn, row.invoice_id)
    if invoice.state == lifecycle.InvoiceState.OPEN:
        credits.close(
            conn, invoice.id, lifecycle.InvoiceState.VOID, why, now
        )
        collect.judge_account(conn, tools, invoice.account_id, now)


def _tell_gone(
    conn: sa.Connection, row: sa.Row[Any], why: str, now: dt.datetime
) -> None:
    """Nothing is done to its servers; see engine.bridging.doubt."""
    tell.operator(
        conn, now, 'contract_gone', f'bridge:{row.bridge}:gone:{row.id}',
        f'{row.said["name"]}: {why}. End the subscription here, or not',
        account_id=row.account_id, subscription_id=row.subscription_id,
    )  # fmt: skip


def _tell_lost(
    conn: sa.Connection, row: sa.Row[Any], why: str, now: dt.datetime
) -> None:
    """What it paid stays paid: that money went back is told, not missed."""
    tell.operator(
        conn, now, 'payment_gone', f'bridge:{row.bridge}:gone:{row.id}',
        f'{row.said["number"]}: {why}. Take it back here, or not',
        account_id=row.account_id,
    )  # fmt: skip
