# SPDX-License-Identifier: Apache-2.0
"""What another system's message says of a payment, by a mapping of its fields.

A path names fields one inside the other, apart by points, a number the place
in a list: data.object.id. Several paths, apart by |, are tried in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import enum
import json
from typing import Any

from patrii_billing.domain import money
from patrii_billing import errors

_LONGEST = 100  # of what becomes part of a key: one may hold two of them


class Tells(enum.StrEnum):
    """What a message may say of a payment."""

    PENDING = 'pending'
    RECEIVED = 'received'
    FAILED = 'failed'
    CHARGED_BACK = 'charged_back'
    REFUNDED = 'refunded'


class Names(enum.StrEnum):
    """By what a value names a customer, in the order they are tried."""

    ACCOUNT_ID = 'account_id'
    ACCOUNT_NAME = 'account_name'
    EXTERNAL_REF = 'external_ref'
    INVOICE = 'invoice'  # its number, INV-000017
    REFERENCE = 'reference'  # what the payer was asked to write


class Unit(enum.StrEnum):
    DECIMAL = 'decimal'  # '12.00', in a string
    MINOR = 'minor'  # 1200


@dataclass(frozen=True, slots=True)
class Fields:
    """Where what is to be known stands; an empty path: nowhere.

    `payment` is what the payment is called there, the same in all that is
    told of it; `movement` what a charge back or a refund of it is called.
    """

    types: Mapping[str, Tells]
    whose: Mapping[Names, str]
    payment: str
    type: str = 'type'
    movement: str = ''
    amount: str = ''
    unit: Unit = Unit.DECIMAL
    currency: str = ''
    why: str = ''


# Our own shape, for those who write a sender for us.
PATRII = Fields(
    types={f'payment.{tells}': tells for tells in Tells},
    whose={
        Names.ACCOUNT_ID: 'data.account',
        Names.ACCOUNT_NAME: 'data.account_name',
        Names.EXTERNAL_REF: 'data.external_ref',
        Names.INVOICE: 'data.invoice',
        Names.REFERENCE: 'data.reference',
    },
    payment='data.payment',
    movement='data.movement',
    amount='data.amount',
    currency='data.currency',
    why='data.why',
)
# Events as Stripe shapes them: minor units, codes in small letters, and the
# customer in the metadata that the shop gave with the payment.
STRIPE = Fields(
    types={
        'payment_intent.processing': Tells.PENDING,
        'payment_intent.succeeded': Tells.RECEIVED,
        'payment_intent.payment_failed': Tells.FAILED,
        'payment_intent.canceled': Tells.FAILED,
        'charge.dispute.funds_withdrawn': Tells.CHARGED_BACK,
        'refund.created': Tells.REFUNDED,
    },
    whose={
        Names.ACCOUNT_ID: 'data.object.metadata.account_id',
        Names.ACCOUNT_NAME: 'data.object.metadata.account',
        Names.EXTERNAL_REF: 'data.object.metadata.external_ref',
        Names.INVOICE: 'data.object.metadata.invoice',
        Names.REFERENCE: 'data.object.metadata.reference',
    },
    payment='data.object.payment_intent|data.object.id',
    movement='data.object.id',
    amount='data.object.amount_received|data.object.amount',
    unit=Unit.MINOR,
    currency='data.object.currency',
    why='data.object.reason|data.object.last_payment_error.message',
)
# All of it is to be said.
NOTHING = Fields(types={}, whose={}, payment='')
KNOWN = {'patrii': PATRII, 'stripe': STRIPE}


@dataclass(frozen=True, slots=True)
class PaymentTold:
    """What was said; the amount is None where it was not (all of it)."""

    tells: Tells
    type: str
    payment: str
    movement: str
    amount: money.Money | None
    whose: tuple[tuple[Names, str], ...]
    why: str = ''


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message of a type that says nothing of a payment."""

    type: str


def read(fields: Fields, body: bytes) -> PaymentTold | Ignored:
    """What a message says. Raises InvalidInput that names the path."""
    payload = _object(body)
    name = _text(payload, fields.type)
    if name not in fields.types:
        return Ignored(name)
    tells = fields.types[name]
    payment = _text(payload, fields.payment)
    movement = _text(payload, fields.movement)
    if not 0 < len(payment) <= _LONGEST:
        raise errors.InvalidInput(
            f'must be 1 to {_LONGEST} characters', fields.payment
        )
    if len(movement) > _LONGEST:
        raise errors.InvalidInput(
            f'must be up to {_LONGEST} characters', fields.movement
        )
    amount = _amount(payload, fields)
    if amount is None and tells in (Tells.RECEIVED, Tells.PENDING):
        raise errors.InvalidInput('is missing', fields.amount or 'amount')
    named = (
        (by, _text(payload, fields.whose[by]))
        for by in Names
        if by in fields.whose
    )
    return PaymentTold(
        tells=tells,
        type=name,
        payment=payment,
        movement=movement,
        amount=amount,
        whose=tuple((by, value) for by, value in named if value),
        why=_text(payload, fields.why)[:255],
    )


def type_of(fields: Fields, body: bytes) -> str:
    """What the sender calls a message; empty where that cannot be read."""
    try:
        return _text(_object(body), fields.type)
    except errors.InvalidInput:
        return ''


def _object(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise errors.InvalidInput('is not JSON', 'body') from None
    if not isinstance(payload, dict):
        raise errors.InvalidInput('is not a JSON object', 'body')
    return payload


def _amount(
    payload: Mapping[str, Any], fields: Fields
) -> money.Money | None:
    value = _at(payload, fields.amount)
    if value is None:
        return None
    currency = _text(payload, fields.currency).upper()
    money.digits(currency, fields.currency or 'currency')
    if fields.unit is Unit.DECIMAL:
        amount = money.parse(value, currency, fields.amount)
    elif isinstance(value, int) and not isinstance(value, bool):
        amount = money.Money(value, currency)
    else:
        raise errors.InvalidInput(
            'must be a whole number of minor units', fields.amount
        )
    if not 0 < amount.minor < 10**15:
        raise errors.InvalidInput(
            'must be above zero and not beyond all measure', fields.amount
        )
    return amount


def _text(payload: Mapping[str, Any], paths: str) -> str:
    """A text or a whole number as text; empty where there is none."""
    value = _at(payload, paths)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ''
    # Half a surrogate and NUL are JSON, and no text of a database.
    text = str(value).encode('utf-8', 'replace').decode()
    return text.replace('\0', '').strip()


def _at(payload: Mapping[str, Any], paths: str) -> Any:
    """The first that says anything: neither empty nor zero."""
    for path in paths.split('|'):
        found = _follow(payload, path.strip())
        if found:
            return found
    return None


def _follow(value: Any, path: str) -> Any:
    for name in path.split('.'):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal():
            place = int(name)
            value = value[place] if place < len(value) else None
        else:
            return None
    return value
