# SPDX-License-Identifier: Apache-2.0
"""What every step of the engine is handed."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
from typing import Any
import uuid

import sqlalchemy as sa

from patrii_billing.engine import ports
from patrii_billing.engine import settings as engine_settings
from patrii_billing.store import database

Work = Callable[[sa.Row[Any]], None]


def one_by_one(work: Work, rows: Sequence[sa.Row[Any]]) -> None:
    for row in rows:
        work(row)


def _random_case() -> str:
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Tools:
    """The database, the outside behind its ports, and the settings.

    `each` runs work over claimed rows, one by one or in a pool. `new_case`
    gives an id that no other case ever had, so that a lock found in Nova
    tells whether the books know it. `stopping` says that what is not begun
    is to be left to others. `listeners` are told what happens, by name;
    `bridges` lead to other subscription engines. Without a `printer` mails
    bring no documents.
    """

    db: database.Database
    cloud: ports.Cloud
    voice: ports.Voice
    clock: ports.Clock
    settings: engine_settings.Settings = field(
        default_factory=engine_settings.Settings
    )
    each: Callable[[Work, Sequence[sa.Row[Any]]], None] = one_by_one
    new_case: Callable[[], str] = _random_case
    stopping: Callable[[], bool] = lambda: False
    listeners: Mapping[str, ports.Listener] = field(default_factory=dict)
    printer: ports.Printer | None = None
    bridges: Mapping[str, ports.Bridge] = field(default_factory=dict)

    def now(self) -> dt.datetime:
        return self.clock.now()
