# SPDX-License-Identifier: Apache-2.0
"""The last look before a call: past its lease a claim is worth nothing.

A process may stand still between any two lines, for as long as its host
likes. What it then does, another worker has done, and a payment undone.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import actions


def renew(tools: toolbox.Tools, row: sa.Row[Any]) -> None:
    """Begin a lease for the call that follows. Raises LeaseLost."""
    since = tools.now()
    until = since + tools.settings.lease
    tools.db.write(actions.renew, row, since, until)
    check(tools, since)


def check(tools: toolbox.Tools, since: dt.datetime) -> None:
    """Whether a lease that began not before then still runs.

    Raises LeaseLost, also where nobody else has taken the row yet.
    """
    if tools.now() - since >= tools.settings.lease:
        raise errors.LeaseLost(f'it stood still since {since:%H:%M:%S} UTC')
