# SPDX-License-Identifier: Apache-2.0
"""What was read of another engine and waits, for people to read."""

from typing import Any

import sqlalchemy as sa

from patrii_billing.store import bridges
from patrii_billing.store import schema

_links = schema.links

# What a list of them may be ordered by.
KEYS = {'id': _links.c.id}


def query(bridge: str, *, kind: str | None = None) -> sa.Select[Any]:
    found = sa.select(_links).where(_links.c.bridge == bridge, bridges.WAITS)
    if kind is not None:
        found = found.where(_links.c.kind == kind)
    return found
