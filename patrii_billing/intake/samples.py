# SPDX-License-Identifier: Apache-2.0
"""From a stored message of ceilometer's to samples in the books."""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.engine import samples
from patrii_billing.engine import tools as toolbox
from patrii_billing.intake import ceilometer
from patrii_billing.intake import nova
from patrii_billing.store import inbox

LOG = logging.getLogger(__name__)

# Hosts' clocks may differ by that much; a sample of later is nonsense, and
# every counter would begin anew after it.
_SLACK = dt.timedelta(minutes=15)
# So many reasons are told of one message.
_TOLD = 5


def read(
    conn: sa.Connection,
    tools: toolbox.Tools,
    source: ceilometer.Source,
    row: sa.Row[Any],
    message: Mapping[str, Any],
) -> None:
    """Record what can be read, and settle the message.

    It is parked where a sample of it cannot be read, and says which; read
    again, the others are known by their keys. Where all are recorded the
    message has nothing more to tell, and such are too many to keep.
    """
    now = tools.now()
    earliest = now - tools.settings.sample_age
    said = ceilometer.parse(message, source, earliest, now + _SLACK)
    match said:
        case nova.Ignored(reason):
            inbox.settle(conn, row, inbox.IGNORED, reason)
        case nova.Parked(reason):
            _park(conn, row, [reason])
        case ceilometer.Heard(readings, parked):
            samples.record(conn, tools, readings, now)
            if parked:
                _park(conn, row, parked)
            else:
                inbox.forget(conn, row)


def _park(
    conn: sa.Connection, row: sa.Row[Any], reasons: Sequence[str]
) -> None:
    why = '; '.join(reasons[:_TOLD])
    if len(reasons) > _TOLD:
        why += f'; and {len(reasons) - _TOLD} more'
    LOG.warning('samples of %s are parked: %s', row.message_id, why)
    inbox.settle(conn, row, inbox.PARKED, why)
