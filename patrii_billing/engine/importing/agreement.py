# SPDX-License-Identifier: Apache-2.0
"""Read what is agreed in a contract: its days, and how it is enforced."""

from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import fields
from patrii_billing import strict_yaml


@dataclass(frozen=True, slots=True)
class Agreed:
    """Days are local ones of the account; None is what is not said."""

    start: dt.date
    paid_until: dt.date | None
    anchor_day: int | None
    enforces: bool
    enforce_from: dt.datetime | dt.date | None
    policy: Mapping[str, Any] | None

    def said(self, zone: dt.tzinfo) -> dict[str, Any]:
        """What may change later on, as the books keep it."""
        return fields.without_none(
            {
                'policy': self.policy,
                'enforce_from': instant(self.enforce_from, zone),
            }
        )


def read(entry: entries.Entry) -> Agreed:
    """Mistakes are kept in the entry; what has any must not be used."""
    start = entry.needs('start', fields.day)
    paid_until = entry.takes('paid_until', fields.day)
    if start and paid_until and paid_until < start:
        entry.refuse(entry.wrong('is before start', 'paid_until'))
    return Agreed(
        start,
        paid_until,
        entry.takes('anchor_day', fields.anchor_day),
        entry.takes('enforces', strict_yaml.Node.flag) is not False,
        entry.takes('enforce_from', fields.instant_or_day),
        entry.policy(),
    )


def instant(
    value: dt.datetime | dt.date | None, zone: dt.tzinfo
) -> dt.datetime | None:
    """An instant; of a day that is its beginning in a zone."""
    if value is None or isinstance(value, dt.datetime):
        return value
    return calendar.start_of_day(value, zone)
