# SPDX-License-Identifier: Apache-2.0
"""What the law wants done: commands in the imperative, written as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
import datetime as dt

from patrii_billing.domain import lifecycle


@dataclass(frozen=True, slots=True)
class SetStatus:
    status: lifecycle.Status
    why: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the customer; `key` makes it happen once."""

    template: str
    key: str
    servers: tuple[str, ...] = ()
    names: dt.datetime | None = None  # the instant the notice names
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell the operator; `key` makes it happen once."""

    name: str
    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Act:
    """Move a server, or the project's quota where server is None."""

    type: lifecycle.ActionType
    server: str | None = None
    freeze: bool = False  # quota only: freeze, else thaw


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraw the actions of these types that are not yet committed."""

    types: frozenset[lifecycle.ActionType]
    why: str


@dataclass(frozen=True, slots=True)
class EndHold:
    type: lifecycle.HoldType
    why: str


@dataclass(frozen=True, slots=True)
class EndContract:
    why: str


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Ask no more for what the subscription owes."""

    why: str


Intent = (
    SetStatus
    | Notify
    | Alarm
    | Act
    | Cancel
    | EndHold
    | EndContract
    | WriteOff
)
