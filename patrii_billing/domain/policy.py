# SPDX-License-Identifier: Apache-2.0
"""The spans and choices of the ladder, set per plan and per account."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace
import enum
from typing import Any

from patrii_billing.domain import span
from patrii_billing.domain import windows
from patrii_billing import errors

D = span.Span


class Drift(enum.StrEnum):
    """What becomes of a quota that somebody changed past the books."""

    BILL = 'bill'  # billed from when it was found
    REVERT = 'revert'  # set back to what the books say
    REPORT = 'report'  # left to the operator


class Changes(enum.StrEnum):
    """When what changed within a billed period is invoiced."""

    NEXT = 'next'  # with the next period
    AT_ONCE = 'at_once'  # by an invoice of its own


@dataclass(frozen=True, slots=True)
class Policy:
    """One customer's ladder; the defaults are the operator's."""

    invoice_lead: span.Span = D(days=7)
    net: span.Span = D(days=7)  # due date of first and extra invoices
    reminders: tuple[span.Span, ...] = (D(days=-3), D(days=-1))
    shelve_grace: span.Span = D(seconds=48 * 3600)
    shelved_span: span.Span = D(days=23)
    deletion_warning: span.Span = D(days=7)
    undo: span.Span = D(days=14)
    in_transit: span.Span = D(days=3)  # a pending payment stops the ladder
    settle: span.Span = D(seconds=3600)  # wait for a running task
    tolerance: int = 0  # minor units that may stay unpaid (bank fees)
    settle_fees: bool = False  # close what a payment left of that size
    changes: Changes = Changes.NEXT
    freeze_quota: bool = False
    quota_drift: Drift = Drift.BILL
    pause_billed: bool = False
    write_off: bool = False  # what is owed when all is deleted
    shelve_window: windows.Window = windows.ALWAYS
    delete_window: windows.Window = windows.ALWAYS

    def reading(self, given: Mapping[str, Any], where: str = '') -> 'Policy':
        """This policy with what is given in place of its own.

        Raises InvalidInput naming the key that is unknown or wrong.
        """
        if not given:
            return self
        known = {field.name for field in fields(self)}
        changes: dict[str, Any] = {}
        for key, value in given.items():
            path = f'{where}.{key}' if where else key
            if key not in known:
                raise errors.InvalidInput('unknown policy', path)
            changes[key] = _read(getattr(self, key), value, path)
        return replace(self, **changes)

    def demand_time(self) -> None:
        """Whoever is told that his servers go must have time to pay.

        Raises InvalidInput naming the span that is nothing.
        """
        for name in ('shelve_grace', 'deletion_warning'):
            if getattr(self, name) == span.Span():
                raise errors.InvalidInput(
                    'must not be nothing: nobody could pay in time', name
                )


def _read(default: Any, value: Any, where: str) -> Any:
    match default:
        case bool():
            if not isinstance(value, bool):
                raise errors.InvalidInput('must be true or false', where)
            return value
        case int():
            if not isinstance(value, int) or isinstance(value, bool):
                raise errors.InvalidInput('must be a whole number', where)
            if value < 0:
                raise errors.InvalidInput('must not be negative', where)
            return value
        case enum.StrEnum():
            known = [str(one) for one in type(default)]
            if value not in known:
                raise errors.InvalidInput(
                    f'must be one of {", ".join(known)}', where
                )
            return type(default)(value)
        case tuple():
            return _reminders(value, where)
        case windows.Window():
            return windows.Window.parse(value, where)
    read = span.Span.parse(value, where)
    if read.days < 0 or read.seconds < 0:
        raise errors.InvalidInput('must not be negative', where)
    return read


def _reminders(value: Any, where: str) -> tuple[span.Span, ...]:
    if not isinstance(value, (list, tuple)):
        raise errors.InvalidInput('must be a list of spans', where)
    read = tuple(
        span.Span.parse(text, f'{where}[{n}]') for n, text in enumerate(value)
    )
    lengths = [one.days * 86400 + one.seconds for one in read]
    if lengths != sorted(lengths) or any(each >= 0 for each in lengths):
        raise errors.InvalidInput(
            'must be spans before the due date, the longest first', where
        )
    return read
