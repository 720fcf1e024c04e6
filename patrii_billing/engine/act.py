# SPDX-License-Identifier: Apache-2.0
"""Carry out what is asked of the cloud: the only place that changes it.

An action is claimed, its next move chosen from what Nova shows, permitted
and committed, then called for, then looked at again until Nova confirms.
"""

import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.engine import deleting
from patrii_billing.engine import moves
from patrii_billing.engine import parking
from patrii_billing.engine import purging
from patrii_billing.engine import quota_change
from patrii_billing.engine import restoring
from patrii_billing.engine import shelving
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import actions

LOG = logging.getLogger(__name__)

# Somebody waits for these: tell the operator after so many failures.
_AWAITED = (ActionType.RESTORE, ActionType.QUOTA_CHANGE)
_PATIENCE = 3
# Nobody waits for the others; that is a quarter of an hour by default.
_ENDURANCE = 9

# Few, since a restore that is asked for meanwhile waits for their end.
_AT_A_TIME = 16

_HANDLERS = {
    ActionType.SHELVE: shelving.advance,
    ActionType.RESTORE: restoring.advance,
    ActionType.DELETE: deleting.advance,
    ActionType.QUOTA_CHANGE: quota_change.advance,
    ActionType.PURGE: purging.advance,
}


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Advance what is due by as far as Nova lets it; how many there were."""
    limit = min(_AT_A_TIME, tools.settings.batch)
    rows = tools.db.write(actions.claim, now, tools.settings.lease, limit)
    tools.each(lambda row: _advance(tools, row), rows)
    if tools.stopping():
        tools.db.write(actions.give_back, rows)
    return len(rows)


def _advance(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    if tools.stopping():
        return
    try:
        _HANDLERS[ActionType(row.type)](tools, row)
    except errors.LeaseLost as error:
        LOG.info('%s %s: %s', row.type, row.server or row.project, error)
    except errors.CloudError as error:
        LOG.warning('%s %s: %s', row.type, row.server or row.project, error)
        _later(tools, row, str(error))
    except Exception as error:
        # One bad action must not stop the others; it is tried again.
        what = f'{row.type} {row.server or row.project}'
        _later(tools, row, parking.told(LOG, what, error))


def _later(tools: toolbox.Tools, row: sa.Row[Any], why: str) -> None:
    """Unknown means no action: look again after a growing while."""
    attempts = row.attempts + 1
    if row.type in _AWAITED and attempts == _PATIENCE:
        moves.alarm(tools, row, f'{row.type}_stuck', why)
    if row.type not in _AWAITED and attempts == _ENDURANCE:
        tools.db.write(_complain, row, why, tools.now())
    next_at = tools.now() + tools.settings.backoff(attempts)
    try:
        tools.db.write(actions.again, row, next_at, why, attempts)
    except errors.LeaseLost:
        LOG.info('%s %s was claimed by another', row.type, row.id)


def _complain(
    conn: sa.Connection, row: sa.Row[Any], why: str, now: dt.datetime
) -> None:
    """Tell the operator, once an hour however many of a type fail."""
    tell.operator(
        conn, now, 'actions_stuck',
        f'actions_stuck:{row.type}:{now:%Y-%m-%dT%H}', f'{row.type}: {why}',
        account_id=row.account_id, subscription_id=row.subscription_id,
        server=row.server,
    )  # fmt: skip
