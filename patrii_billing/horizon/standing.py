# SPDX-License-Identifier: Apache-2.0
"""Where a subscription stands, in whole sentences."""

from collections.abc import Iterator
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patrii_billing.horizon import figures


def sentences(sub: Mapping[str, Any]) -> Iterator[str]:
    """What is, and what comes next if nobody pays."""
    said = {
        'owed': figures.amount(sub['owed'], sub['currency']),
        'since': figures.instant(sub['status_since']),
        'due': figures.instant(sub['due_at']),
        'until': figures.day(sub['billed_until']),
        'invoice': figures.instant(sub['next_invoice_at']),
        'ends': figures.day(sub['ends_on']),
    }
    for sentence in (*_is(sub), *_comes(sub)):
        yield str(sentence) % said


def _is(sub: Mapping[str, Any]) -> Iterator[Any]:
    owes = Decimal(sub['owed']) > 0
    match sub['billing_status']:
        case 'active' if owes:
            yield _('%(owed)s is to be paid.')
        case 'active':
            yield _('Everything is paid.')
        case 'grace':
            yield _('%(owed)s is overdue.')
        case 'held':
            yield _('The ladder stands still. %(owed)s is open.')
        case 'shelved':
            yield _('The servers are shelved since %(since)s.')
            yield _('%(owed)s is owed; they come back when it is paid.')
        case 'pending_deletion':
            yield _('The servers are shelved, and about to be deleted.')
            yield _('%(owed)s is owed; they come back when it is paid.')
        case 'deleted':
            yield _('The servers were deleted on %(since)s.')


def _comes(sub: Mapping[str, Any]) -> Iterator[Any]:
    if sub['ends_on']:
        yield _('The contract ends on %(ends)s.')
    elif sub['next_invoice_at']:
        yield _('The next invoice is written on %(invoice)s.')
    if sub['held']:
        return
    step = _NEXT.get(sub['next_step'])
    if step and sub['due_at']:
        yield step
    elif step and sub['waits_for']:
        yield _('The next step waits for a mail to arrive.')


_NEXT = {
    'remind': _('A reminder is sent on %(due)s.'),
    'grace': _('It is overdue on %(due)s.'),
    'shelve': _('If it is not paid, the servers are shelved on %(due)s.'),
    'warn': _('If it is not paid, the last warning is sent on %(due)s.'),
    'delete': _('If it is not paid, the servers are deleted on %(due)s.'),
}
