# SPDX-License-Identifier: Apache-2.0
"""Quotas in nova's units and in those that plans price.

Nova counts RAM in MiB, plans price it in GiB as `ram_gib`; every other key
is the same in both. -1 is without limit, and has no price.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from decimal import Decimal

from patrii_billing import errors

UNLIMITED = -1
# What nova itself has a quota of since microversion 2.57; the first three
# are those every project's servers count against.
SERVERS = ('instances', 'cores', 'ram')
KEYS = (
    *SERVERS,
    'key_pairs',
    'metadata_items',
    'server_groups',
    'server_group_members',
)
# nova/db/constants.py, MAX_INT
_LARGEST = 0x7FFFFFFF
_MIB = 1024


def checked(quota: Mapping[str, int]) -> dict[str, int]:
    """A quota in nova's units that may be asked for.

    Raises InvalidInput naming a key nova has not, or whose value is no
    whole number from -1 on.
    """
    if not quota:
        raise errors.InvalidInput('no quota is named', 'quota')
    for key, value in quota.items():
        if key not in KEYS:
            raise errors.InvalidInput(
                f'nova has no quota of it; it has {", ".join(KEYS)}', key
            )
        if isinstance(value, bool) or not isinstance(value, int):
            raise errors.InvalidInput('must be a whole number', key)
        if not UNLIMITED <= value <= _LARGEST:
            raise errors.InvalidInput(
                f'must be from {UNLIMITED} (no limit) to {_LARGEST}', key
            )
    return dict(quota)


def parse(words: Iterable[str]) -> dict[str, int]:
    """Words such as `cores=12` and `ram_gib=32` in nova's units.

    Raises InvalidInput naming the word or the key.
    """
    quota: dict[str, int] = {}
    for word in words:
        name, equals, value = word.partition('=')
        if not equals:
            raise errors.InvalidInput('write it as cores=12', word)
        key = nova_key(name)
        if key in quota:
            raise errors.InvalidInput('is given twice', name)
        quota[key] = _number(name, value)
    return checked(quota)


def _number(name: str, value: str) -> int:
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise errors.InvalidInput('must be a number', name) from None
    if not number.is_finite() or abs(number) > _LARGEST:
        raise errors.InvalidInput('is no number nova could hold', name)
    if name != nova_key(name) and number != UNLIMITED:
        number *= _MIB
    if number != int(number):
        raise errors.InvalidInput('must be a whole number', name)
    return int(number)


def nova_key(resource: str) -> str:
    """What nova calls that of which a plan prices a unit."""
    return 'ram' if resource == 'ram_gib' else resource


def billed(quota: Mapping[str, int]) -> dict[str, Decimal]:
    """A quota in the units that plans price; -1 stays what it is."""
    return {
        'ram_gib' if key == 'ram' else key: (
            Decimal(value) / _MIB
            if key == 'ram' and value != UNLIMITED
            else Decimal(value)
        )
        for key, value in quota.items()
    }


def in_nova(held: Mapping[str, Decimal]) -> dict[str, int]:
    """What was billed, in nova's units again."""
    return {
        nova_key(resource): int(
            quantity * _MIB if resource == 'ram_gib' else quantity
        )
        for resource, quantity in held.items()
    }


def differing(
    present: Mapping[str, int], wanted: Mapping[str, int]
) -> dict[str, int]:
    """Of what is wanted, that which is not so at present."""
    return {
        key: value
        for key, value in wanted.items()
        if present.get(key) != value
    }


def below_usage(
    wanted: Mapping[str, int], used: Mapping[str, int]
) -> tuple[str, ...]:
    """What is wanted below what is in use, a sentence each."""
    return tuple(
        f'{told({key: used[key]})} in use, {told({key: value})} asked for'
        for key, value in sorted(wanted.items())
        if UNLIMITED < value < used.get(key, 0)
    )


def told(quota: Mapping[str, int]) -> str:
    """A quota for people: 'cores 12, ram_gib 32'."""
    return ', '.join(
        f'{resource} '
        + ('without limit' if value == UNLIMITED else plain(value))
        for resource, value in sorted(billed(quota).items())
    )


def plain(quantity: Decimal) -> str:
    """A number without what it does not need: 8, 1.5."""
    return f'{quantity.normalize():f}'
