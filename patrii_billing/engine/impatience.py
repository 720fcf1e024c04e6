# SPDX-License-Identifier: Apache-2.0
"""Tell the operator of payers for whom nothing happens at all.

A restore that fails is told of when it failed. One in the hands of a worker
that hangs, as Nova may for minutes, can only be told of by another worker.
"""

import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import tell
from patrii_billing.store import actions

# With the mail to the operator it has to be within a minute.
PATIENCE = dt.timedelta(seconds=30)


def watch(
    conn: sa.Connection, now: dt.datetime, due: dt.datetime | None
) -> None:
    """Look for restores that should have been advanced by now.

    :param due: since when the oldest action of any kind is to be advanced
    """
    if due is None or now - due <= PATIENCE:
        return
    late, since = actions.late(conn, ActionType.RESTORE, now - PATIENCE)
    if since is not None:
        complain(
            conn, now,
            f'paid servers that are waited for: {late}; nothing has come of '
            f'it since {since:%Y-%m-%d %H:%M:%S} UTC',
        )  # fmt: skip


def complain(conn: sa.Connection, now: dt.datetime, why: str) -> None:
    """Tell the operator, once an hour however many wait."""
    hour = f'restores_late:{now:%Y-%m-%dT%H}'
    tell.operator(conn, now, 'restores_late', hour, why)
