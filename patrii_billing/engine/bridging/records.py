# SPDX-License-Identifier: Apache-2.0
"""Records of another engine as the books keep what was read last."""

from collections.abc import Mapping
import dataclasses
import datetime as dt
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing import errors

Record = bridge.Customer | bridge.Contract | bridge.Bill | bridge.Payment


# The length of what names a record, and of what is shown of it.
_REF = 200
_SHOWN = 255
# Days that may be meant; an engine's "never" is none of them.
_FIRST, _LAST = dt.date(1970, 1, 1), dt.date(2200, 1, 1)


def is_known_by(record: Record) -> bool:
    """Whether its ref and its customer's can be kept as they are."""
    refs = (record.ref, getattr(record, 'customer', record.ref))
    return all(0 < len(ref) <= _REF and '\0' not in ref for ref in refs)


def check(record: Record) -> None:
    """Raises InvalidInput for what no engine can mean."""
    for name in (field.name for field in dataclasses.fields(record)):
        value = getattr(record, name)
        if name == 'changed_at':
            continue
        if isinstance(value, str) and (len(value) > _SHOWN or '\0' in value):
            raise errors.InvalidInput(
                f'must be of {_SHOWN} characters at most', name
            )
        if isinstance(value, dt.date) and not _FIRST <= value < _LAST:
            raise errors.InvalidInput(f'is no day to go by: {value}', name)
        if isinstance(value, int) and value < 0:
            raise errors.InvalidInput('is below zero', name)
    if isinstance(record, bridge.Bill) and record.owed > record.total:
        raise errors.InvalidInput('is more than its total', 'owed')


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
    if isinstance(value, str):
        return value.replace('\0', '')  # Not every database keeps it.
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
