# SPDX-License-Identifier: Apache-2.0
"""Bill nothing rather than nonsense, and tell the operator."""

from collections.abc import Callable
from collections.abc import Iterable
import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import database
from patrii_billing.store import subscriptions

LOG = logging.getLogger(__name__)


def park(
    conn: sa.Connection, sub: sa.Row[Any], why: str, now: dt.datetime
) -> None:
    """Leave a subscription unbilled until a person has looked at it."""
    accounts.change(conn, sub.account_id, parked_why=why)
    subscriptions.change(conn, sub.id, charge_at=None, settle_at=None)
    tell.operator(
        conn, now, 'account_parked', f'parked:{sub.id}:{now.date()}', why,
        account_id=sub.account_id, subscription_id=sub.id,
    )  # fmt: skip


def told(log: Any, what: str, error: Exception) -> str:
    """Log what has failed and why; the reason in words.

    A database that is away or full is told in a line: it is no mistake here.
    """
    if database.is_of_server(error):
        why = f'the database: {(str(error).splitlines() or [""])[0][:200]}'
        log.warning('%s: %s', what, why)
        return why
    log.error('%s failed', what, exc_info=error)
    return 'an error of this service, see its log'


def each_alone(
    tools: toolbox.Tools,
    due: Iterable[tuple[int, int]],
    step: Callable[
        [sa.Connection, toolbox.Tools, int, int, dt.datetime], None
    ],
    now: dt.datetime,
    work: str,
    until: str,
) -> None:
    """Take a step for each (subscription, account) in its own transaction.

    One that fails by an error of this service is put off and keeps none of
    the others; trouble of the database's is raised, for it is about none of
    them. `until` is the column that says when it is taken again.
    """
    for subscription_id, account_id in due:
        ids = subscription_id, account_id
        try:
            tools.db.write(step, tools, *ids, now)
        except Exception as error:
            if database.is_of_server(error):
                raise
            LOG.exception('subscription %s: no %s', subscription_id, work)
            tools.db.write(put_off, tools, *ids, now, work, until)


def put_off(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    account_id: int,
    now: dt.datetime,
    work: str,
    until: str,
) -> None:
    """Try again later what failed by an error of this service.

    `until` is the column that says when.
    """
    later = now + tools.settings.retry_max
    subscriptions.change(conn, subscription_id, **{until: later})
    tell.operator(
        conn, now, f'{work}_failed', f'{work}:{subscription_id}:{now.date()}',
        'an error of this service, see its log',
        account_id=account_id, subscription_id=subscription_id,
    )  # fmt: skip
