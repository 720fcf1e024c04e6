# SPDX-License-Identifier: Apache-2.0
"""What another system's message says of a payment, by a mapping of its fields.

A path names fields one inside the other, apart by points, a number the place
in a list: data.object.id. Several paths, apart by |, are tried in order.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
from dataclasses import field
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
    # One try of it failed; another may succeed, or has.
    ATTEMPT_FAILED = 'attempt_failed'
    # What a bank had taken back it gave back: a dispute that was won.
    REINSTATED = 'reinstated'
    # Nothing a program should decide.
    FOR_A_PERSON = 'for_a_person'


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
class Rule:
    """What one type of message says, where it stands otherwise than usual.

    `when` holds paths and the values of which one must stand there. `tells`
    is None for what says nothing of a payment. `total`: the amount is all
    that went back so far, not what went back now. `optional`: without a
    payment it says nothing, since other messages say it.
    """

    type: str
    tells: Tells | None
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    payment: str | None = None
    movement: str | None = None
    amount: str | None = None
    why: str | None = None
    total: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """Where what is to be known stands; an empty path: nowhere.

    `payment` is what the payment is called there, the same in all that is
    told of it; `movement` what a charge back or a refund of it is called;
    `id` what the message is, where no header says so. The first of the
    `rules` that fits is taken, else what `types` says. `digits` are those of
    a sender's minor units where they are not those of ISO 4217.
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
    id: str = ''
    rules: tuple[Rule, ...] = ()
    digits: Mapping[str, int] = field(default_factory=dict)


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
# All of it is to be said.
NOTHING = Fields(types={}, whose={}, payment='')


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
    total: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that says nothing of a payment."""

    type: str
    why: str = 'a type that says nothing of a payment'


def read(fields: Fields, body: bytes) -> PaymentTold | Ignored:
    """What a message says. Raises InvalidInput that names the path."""
    payload = _object(body)
    name = _text(payload, fields.type)
    rule = _rule(fields, name, payload)
    if rule.tells is None:
        return Ignored(name)
    fields = _replaced(fields, rule)
    payment = _text(payload, fields.payment)
    if rule.optional and not payment:
        return Ignored(name, 'names no payment: other messages tell of it')
    _check(payment, 1, fields.payment)
    movement = _text(payload, fields.movement)
    _check(movement, 0, fields.movement)
    amount = _amount(payload, fields)
    needed = rule.total or rule.tells in (Tells.RECEIVED, Tells.PENDING)
    if amount is None and needed:
        raise errors.InvalidInput('is missing', fields.amount or 'amount')
    if rule.total and amount is not None:
        movement = f'total:{amount.minor}'
    return PaymentTold(
        tells=rule.tells,
        type=name,
        payment=payment,
        movement=movement,
        amount=amount,
        whose=tuple(_named(payload, fields)),
        why=_text(payload, fields.why)[:255],
        total=rule.total,
    )


def went_back(
    told: Iterable[PaymentTold], booked: Mapping[str, int] | None = None
) -> int:
    """Minor units that were refunded, by all that was told of it.

    Told as parts or as totals, twice and in any order, it is the same: the
    sum of the parts, or the largest total. `booked` holds what is in the
    books by its movement; what nothing tells of any more is a part, too.
    """
    totals, parts = [0], {}
    told_of = set()
    for each in told:
        minor = 0 if each.amount is None else each.amount.minor
        told_of.add(each.movement)
        if each.total:
            totals.append(minor)
        else:
            parts[each.movement] = minor
    old = sum(
        minor
        for movement, minor in (booked or {}).items()
        if movement not in told_of
    )
    return max(*totals, old + sum(parts.values()))


def id_of(fields: Fields, body: bytes) -> str:
    """What a message calls itself; empty where it does not, or not well."""
    try:
        found = _text(_object(body), fields.id)
    except errors.InvalidInput:
        return ''
    return found if len(found) <= _LONGEST else ''


def type_of(fields: Fields, body: bytes) -> str:
    """What the sender calls a message; empty where that cannot be read."""
    try:
        return _text(_object(body), fields.type)
    except errors.InvalidInput:
        return ''


def _rule(fields: Fields, name: str, payload: Mapping[str, Any]) -> Rule:
    for rule in fields.rules:
        if rule.type == name and all(
            _text(payload, path) in values
            for path, values in rule.when.items()
        ):
            return rule
    return Rule(name, fields.types.get(name))


def _replaced(fields: Fields, rule: Rule) -> Fields:
    """The fields as they are for a rule."""
    paths = {
        'payment': rule.payment, 'movement': rule.movement,
        'amount': rule.amount, 'why': rule.why,
    }  # fmt: skip
    said: dict[str, Any] = {
        name: path for name, path in paths.items() if path is not None
    }
    return dataclasses.replace(fields, **said)


def _named(
    payload: Mapping[str, Any], fields: Fields
) -> Iterator[tuple[Names, str]]:
    for by in Names:
        if by in fields.whose and (value := _text(payload, fields.whose[by])):
            yield by, value


def _check(text: str, least: int, path: str) -> None:
    """Raises InvalidInput for what cannot be part of a key."""
    if not least <= len(text) <= _LONGEST:
        said = f'{least} to' if least else 'up to'
        raise errors.InvalidInput(
            f'must be {said} {_LONGEST} characters', path
        )


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
        amount = _ours(value, currency, fields)
    else:
        raise errors.InvalidInput(
            'must be a whole number of minor units', fields.amount
        )
    if not 0 < amount.minor < 10**15:
        raise errors.InvalidInput(
            'must be above zero and not beyond all measure', fields.amount
        )
    return amount


def _ours(value: int, currency: str, fields: Fields) -> money.Money:
    """An amount in a sender's minor units in ours."""
    apart = fields.digits.get(currency, money.DIGITS[currency])
    apart -= money.DIGITS[currency]
    if apart <= 0:
        return money.Money(value * 10**-apart, currency)
    whole, rest = divmod(value, 10**apart)
    if rest:
        raise errors.InvalidInput(
            f'is less than the smallest amount of {currency}', fields.amount
        )
    return money.Money(whole, currency)


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
