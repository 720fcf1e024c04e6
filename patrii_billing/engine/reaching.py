# SPDX-License-Identifier: Apache-2.0
"""A person said whom to write to: what came back before counts no more."""

from collections.abc import Sequence
import contextlib
import datetime as dt

import sqlalchemy as sa

from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.engine import resending
from patrii_billing import errors
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline
from patrii_billing.store import undeliverable

# What the ladder rests on, and must reach somebody.
_MUST_ARRIVE = ('grace', 'last_warning')


def contacts_set(
    conn: sa.Connection,
    account_id: int,
    contacts: Sequence[str],
    now: dt.datetime,
    by: str,
) -> None:
    """Write to them again, and send anew what nobody of them has got.

    The account's lock is held.
    """
    marked = undeliverable.of(conn, account_id)
    cleared = undeliverable.clear(conn, account_id, marked)
    if cleared:
        timeline.record(
            conn, now, 'account', 'deliverable', ', '.join(cleared),
            account_id=account_id, by=by,
        )  # fmt: skip
    if not contacts and not cleared:
        return
    for sub in subscriptions.of_account(conn, account_id):
        for template in _MUST_ARRIVE:
            _send_anew(conn, sub.id, template, by, now)


def _send_anew(
    conn: sa.Connection,
    subscription_id: int,
    template: str,
    by: str,
    now: dt.datetime,
) -> None:
    row = notices.latest(conn, subscription_id, template)
    if row is not None and row.state == NoticeState.REFUSED:
        # Not where it is not so any more, or on its way already.
        with contextlib.suppress(errors.Conflict):
            resending.resend(conn, row.id, by, now)
