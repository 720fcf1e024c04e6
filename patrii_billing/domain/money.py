# SPDX-License-Identifier: Apache-2.0
"""Amounts in integer minor units, and the one place where they are rounded.

Prices and quantities are exact decimals, ratios exact fractions; nothing here
is ever a float.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
import re

from patrii_billing import errors

# ISO 4217: the active currencies and funds, by digits after the point. Metals,
# test codes and units of account without minor units are not for invoices.
_CODES_BY_DIGITS = {
    0: """
        BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    """,
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL
        BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK
        DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD
        HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR
        LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
        NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR
        SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
        TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER
        ZAR ZMW ZWG
    """,
    3: 'BHD IQD JOD KWD LYD OMR TND',
    4: 'CLF UYW',
}
DIGITS = {
    code: digits
    for digits, codes in _CODES_BY_DIGITS.items()
    for code in codes.split()
}
# So many minor units are in no bill; sums of them fit into 64 bits.
MOST = 10**15
# At most 28 digits: what Decimal's default context subtracts exactly.
_DECIMAL = re.compile(r'-?[0-9]{1,16}(\.[0-9]{1,12})?')


@dataclass(frozen=True, slots=True)
class Ratio:
    """An exact share of a whole, kept unreduced so that it can be read."""

    numerator: int
    denominator: int

    def __str__(self) -> str:
        return f'{self.numerator}/{self.denominator}'

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


WHOLE = Ratio(1, 1)


@dataclass(frozen=True, slots=True)
class Money:
    """So many minor units (cents) of one currency."""

    minor: int
    currency: str

    def __add__(self, other: 'Money') -> 'Money':
        """Raises CurrencyMismatch."""
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: 'Money') -> 'Money':
        """Raises CurrencyMismatch."""
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> 'Money':
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f'{plain(self.minor, self.currency)} {self.currency}'

    def _same(self, other: 'Money') -> None:
        if self.currency != other.currency:
            raise errors.CurrencyMismatch(self.currency, other.currency)


def digits(currency: str, where: str = 'currency') -> int:
    """Digits after the point, by ISO 4217. Raises InvalidInput."""
    if currency not in DIGITS:
        raise errors.InvalidInput(
            f'{currency[:40]!r} is not an active currency of ISO 4217', where
        )
    return DIGITS[currency]


def decimal(text: object, where: str = '') -> Decimal:
    """An exact number from plain digits such as '-10.005'.

    Raises InvalidInput for anything else: numbers of JSON or YAML (they went
    through a float), exponents, signs of infinity, blanks.
    """
    if not isinstance(text, str):
        raise errors.InvalidInput(
            'must be a decimal number in a string, as \'10.00\'', where
        )
    if not _DECIMAL.fullmatch(text):
        raise errors.InvalidInput(
            f'{text[:40]!r} is not a decimal number', where
        )
    return Decimal(text)


def parse(text: object, currency: str, where: str = '') -> Money:
    """An amount from a decimal string of no more digits than the currency's.

    Raises InvalidInput, also for more than MOST.
    """
    numerator, denominator = decimal(text, where).as_integer_ratio()
    minor, rest = divmod(numerator * 10 ** digits(currency), denominator)
    if rest:
        raise errors.InvalidInput(
            f'{text!r} has more digits than {currency} has', where
        )
    if abs(minor) > MOST:
        raise errors.InvalidInput('is more than the books can hold', where)
    return Money(minor, currency)


def plain(minor: int, currency: str) -> str:
    """Minor units as a plain decimal string: 452 of EUR is '4.52'."""
    places = digits(currency)
    if not places:
        return str(minor)
    whole, part = divmod(abs(minor), 10**places)
    return f'{"-" if minor < 0 else ""}{whole}.{part:0{places}}'


def rounded(numerator: int, denominator: int) -> int:
    """The integer nearest to a fraction, half away from zero.

    The denominator is positive.
    """
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -size if numerator < 0 else size


def nearest(exact: Fraction) -> int:
    """The integer nearest to a number, half away from zero."""
    return rounded(exact.numerator, exact.denominator)


def share(minor: int, ratio: Ratio) -> int:
    """The part of an amount that a ratio of it is, rounded."""
    return rounded(minor * ratio.numerator, ratio.denominator)


def split(minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Parts of an amount in proportion; they add up to it.

    The last part of any weight absorbs the rounding, and no part goes beyond
    what is left. Raises InvalidInput unless the weights are zero or more and
    one is more.
    """
    if min(weights, default=0) < 0 or not any(weights):
        raise errors.InvalidInput('needs a weight above zero', 'weights')
    whole = rest = sum(weights)
    left = minor
    parts = []
    for weight in weights:
        part = rounded(minor * weight, whole)
        if weight == rest or abs(part) > abs(left):
            part = left
        parts.append(part)
        left -= part
        rest -= weight
    return tuple(parts)


def spread(minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Parts of an amount in proportion, none of them beyond its weight.

    The amount is zero or more, and at most what the weights sum to. Each
    part is what the weights up to it take, less what those before it took.
    """
    whole = sum(weights) or 1
    reached = 0
    parts = []
    for weight in weights:
        before = rounded(minor * reached, whole)
        reached += weight
        parts.append(rounded(minor * reached, whole) - before)
    return tuple(parts)
