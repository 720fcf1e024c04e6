# SPDX-License-Identifier: Apache-2.0
"""What is told to other systems: which entries of the timeline, in what words.

The body follows Standard Webhooks: a type, a timestamp, data.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
import fnmatch
import json
from typing import Any

from patrii_billing import errors

# Goes up where a reader of the older body would misread the new one.
VERSION = 1

# What a result on the timeline is called as an event.
_INVOICE = {
    'open': 'issued',
    'paid': 'paid',
    'unpaid': 'reopened',
    'overdue': 'overdue',
    'void': 'voided',
    'credit note': 'credited',
    'written off': 'written_off',
    'recovered': 'recovered',
    'external': 'handed_over',
}
_PAYMENT = {
    'pending': 'pending',
    'received': 'received',
    'failed': 'failed',
    'charged_back': 'charged_back',
    'refunded': 'refunded',
    'credit': 'credit_given',
}
_ACTION = {
    'done': 'done',
    'failed': 'failed',
    'cancelled': 'cancelled',
    'blocked': 'blocked',
}
# Of these the name says what became of them.
_BY_NAME = {
    'account': ('added', 'changed', 'deleted'),
    'subscription': ('added', 'changed'),
}
_QUOTA_CHANGED = 'billing.quota.changed'
_REQUESTED = 'billing.quota.requested'
_STATUS = 'billing.subscription.status'
_CONTRACT = 'billing.subscription.contract'
_HOLD = 'billing.subscription.hold'
_ALARM = 'billing.operator.alarm'

TYPES = frozenset({
    *(f'billing.invoice.{word}' for word in _INVOICE.values()),
    *(f'billing.payment.{word}' for word in _PAYMENT.values()),
    *(f'billing.action.{word}' for word in _ACTION.values()),
    *(
        f'billing.{what}.{name}'
        for what, names in _BY_NAME.items()
        for name in names
    ),
    _QUOTA_CHANGED,
    _REQUESTED,
    _STATUS,
    _CONTRACT,
    _HOLD,
    _ALARM,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """As it is sent; the same at each try. `key` is how others know it."""

    key: str
    type: str
    at: dt.datetime
    body: str

    @property
    def payload(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]


def types_of(
    what: str, name: str, detail: Mapping[str, Any]
) -> tuple[str, ...]:
    """The events that an entry of the timeline is; mostly one or none."""
    result = str(detail.get('result'))
    match what:
        case 'status':
            return (_STATUS,)
        case 'contract':
            return (_CONTRACT,)
        case 'hold':
            return (_HOLD,)
        case 'alarm':
            return (_ALARM,)
        case _ if name in _BY_NAME.get(what, ()):
            return (f'billing.{what}.{name}',)
        case 'invoice' if result in _INVOICE:
            return (f'billing.invoice.{_INVOICE[result]}',)
        case 'payment' if result in _PAYMENT:
            return (f'billing.payment.{_PAYMENT[result]}',)
        case 'action':
            return _of_action(result, detail)
        case 'request' if name == 'quota_change':
            return (_REQUESTED,)
        case 'fact' if name == 'QuotaChanged':
            return (_QUOTA_CHANGED,)
    return ()


def _of_action(result: str, detail: Mapping[str, Any]) -> tuple[str, ...]:
    state = detail.get('state', result)
    if state not in _ACTION:
        return ()
    event = f'billing.action.{_ACTION[state]}'
    if state == 'done' and detail.get('purpose') == 'change':
        return event, _QUOTA_CHANGED
    return (event,)


def check(patterns: Sequence[str], where: str) -> tuple[str, ...]:
    """The patterns. Raises InvalidInput for one that no event ever has."""
    if not patterns:
        raise errors.InvalidInput('names no event', where)
    for pattern in patterns:
        if not any(wanted((pattern,), name) for name in TYPES):
            raise errors.InvalidInput(
                f'no event is called {pattern!r}; there are '
                f'{", ".join(sorted(TYPES))}',
                where,
            )
    return tuple(patterns)


def wanted(patterns: Sequence[str], name: str) -> bool:
    """Whether one of the patterns, such as billing.invoice.*, is of it."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def written(body: Mapping[str, Any]) -> str:
    """The body as it is signed and sent."""
    return json.dumps(
        body, ensure_ascii=False, separators=(',', ':'), sort_keys=True
    )


def instant(at: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    if at is None:
        return None
    return at.astimezone(dt.UTC).isoformat().replace('+00:00', 'Z')
