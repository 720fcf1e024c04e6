# SPDX-License-Identifier: Apache-2.0
"""How a bridge stands, as the books have it: green, or why it is amber.

The service works with a bridge that is amber; only what the other engine
says moves nobody up the ladder meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import settings as engine_settings
from patrii_billing.store import bridges


class State(enum.StrEnum):
    """Only `active` is green."""

    ACTIVE = 'active'
    # Something is missing, or the first reading has not come to its end.
    PASSIVE = 'passive'
    # It was read once, and not within [bridge] read_age.
    UNREAD = 'unread'


@dataclass(frozen=True, slots=True)
class Standing:
    """`row` is what store.bridges has of it; None before the first try."""

    name: str
    state: State
    row: sa.Row[Any] | None
    records: Mapping[tuple[str, str], int]  # by kind and state


def look(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    name: str,
    now: dt.datetime,
) -> Standing:
    row = bridges.get(conn, name)
    return Standing(
        name, state(row, settings, now), row, bridges.counted(conn, name)
    )


def state(
    row: sa.Row[Any] | None,
    settings: engine_settings.Settings,
    now: dt.datetime,
) -> State:
    if row is None or row.needs or row.read_at is None:
        return State.PASSIVE
    # What a clock that was wrong dated ahead proves nothing.
    fresh = -settings.clock_slack <= now - row.read_at <= settings.read_age
    return State.ACTIVE if fresh else State.UNREAD


def amber(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    name: str,
    now: dt.datetime,
) -> str | None:
    """Why nobody is enforced for what it says, for anybody to read.

    What exactly is missing may name hosts, and is for the operator.
    """
    match state(bridges.get(conn, name), settings, now):
        case State.PASSIVE:
            return f'{name} is passive, something is missing'
        case State.UNREAD:
            return f'{name} was not read lately'
    return None
