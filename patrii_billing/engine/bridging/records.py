# SPDX-License-Identifier: Apache-2.0
"""Records of another engine as the books keep what was read last."""

from collections.abc import Mapping
import dataclasses
import datetime as dt
from typing import Any

from patrii_billing.domain import bridge

Record = bridge.Customer | bridge.Contract | bridge.Bill | bridge.Payment


def written(record: Record) -> dict[str, Any]:
    """As JSON; of two that say the same, the same but for their time."""
    said = dataclasses.asdict(record)
    said.pop('changed_at')
    return {name: _plain(value) for name, value in said.items()}


def customer(said: Mapping[str, Any], at: dt.datetime) -> bridge.Customer:
    contacts = said['contacts']
    return bridge.Customer(
        **{
            **said,
            'contacts': None if contacts is None else tuple(contacts),
            'changed_at': at,
        }
    )


def contract(said: Mapping[str, Any], at: dt.datetime) -> bridge.Contract:
    days = ('start', 'paid_until', 'period_start', 'ends_on')
    return bridge.Contract(
        **{
            **said,
            **{name: _day(said[name]) for name in days},
            'holds': tuple(_held(one) for one in said['holds']),
            'changed_at': at,
        }
    )


def bill(said: Mapping[str, Any], at: dt.datetime) -> bridge.Bill:
    days = ('issued_on', 'due_on')
    return bridge.Bill(
        **{
            **said,
            **{name: _day(said[name]) for name in days},
            'state': bridge.BillState(said['state']),
            'changed_at': at,
        }
    )


def payment(said: Mapping[str, Any], at: dt.datetime) -> bridge.Payment:
    return bridge.Payment(
        **{
            **said,
            'received_on': _day(said['received_on']),
            'invoices': tuple(said['invoices']),
            'changed_at': at,
        }
    )


def held(hold: bridge.Held) -> dict[str, Any]:
    """A hold as it stands in what is written of its contract."""
    plain: dict[str, Any] = _plain(dataclasses.asdict(hold))
    return plain


def _held(said: Mapping[str, Any]) -> bridge.Held:
    until = said['until']
    return bridge.Held(
        **{
            **said,
            'type': bridge.Hold(said['type']),
            'until': until and dt.datetime.fromisoformat(until),
        }
    )


def _day(said: str | None) -> dt.date | None:
    return None if said is None else dt.date.fromisoformat(said)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
