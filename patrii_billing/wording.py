# SPDX-License-Identifier: Apache-2.0
"""Times, money and names in the locale of who reads a mail or an invoice."""

from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import re
import textwrap
from typing import Literal
import unicodedata
import zoneinfo

import babel
from babel import dates
from babel import numbers

from patrii_billing.domain import money

WIDTH = 78  # RFC 5322, 2.1.1
LONGEST_NAME = 255  # Nova's and keystone's own limit
# They could turn around what stands next to a name: embeddings, overrides
# and isolates (Unicode Standard Annex 9, 2.1 to 2.5).
_TURNING = frozenset('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')
# A currency's code that stands at its number without a blank: CHF5.00.
_TOUCHING = re.compile(r'(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])')
_BREAKING = frozenset({'Cc', 'Zl', 'Zp'})
# What the lines after the first are indented by: a bullet or an aligned label.
_LEAD = re.compile(r' *- | +|[^:]{1,24}: {2,}')
_ISOLATE, _END = '\u2068', '\u2069'


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in words: in full, short for a subject, and its day."""

    full: str
    short: str
    day: str


def locale(name: str) -> babel.Locale:
    """The locale by name ('fr', 'fr_CA', 'fr-CA'); English if unknown."""
    try:
        return babel.Locale.parse(name.replace('-', '_'))
    except (babel.UnknownLocaleError, ValueError):
        return babel.Locale('en')


def is_locale(name: str) -> bool:
    """Whether there is a locale of that name."""
    try:
        babel.Locale.parse(name.replace('-', '_'))
    except (babel.UnknownLocaleError, ValueError):
        return False
    return True


def moment(
    instant: dt.datetime, zone: zoneinfo.ZoneInfo, locale: babel.Locale
) -> Moment:
    """An instant in a zone, with the zone's name and offset.

    The clock has 24 hours in every locale: 00:00 can only be the beginning
    of its day, where 12:00 AM or midnight is read as its end.
    """
    local = instant.astimezone(zone)
    time = dates.format_time(local, 'HH:mm', locale=locale)
    name = dates.get_timezone_name(local, 'long', locale=locale)
    offset = dates.format_datetime(local, 'ZZZZ', tzinfo=zone, locale=locale)
    zone_words = name if name == offset else f'{name}, {offset}'

    def day(length: Literal['full', 'long', 'medium']) -> str:
        words = dates.format_date(local, length, locale=locale)
        if locale.language == 'fr' and local.day == 1:
            # The only ordinal among its days, which CLDR's formats leave out.
            return re.sub(r'\b1 ', '1er ', words, count=1)
        return words

    def joined(length: Literal['full', 'medium']) -> str:
        pattern = dates.get_datetime_format(length, locale=locale)
        return str(pattern).replace("'", '').format(time, day(length))

    return Moment(
        full=f'{joined("full")} ({zone_words})',
        short=joined('medium'),
        day=day('long'),
    )


def amount(value: money.Money, locale: babel.Locale) -> str:
    """Money in the locale's form, to the digits that ISO 4217 gives it.

    Babel's own digits differ for some currencies (none for IQD and ALL) and
    would round away what is owed.
    """
    return _in_currency(
        Decimal(money.plain(value.minor, value.currency)),
        value.currency, money.digits(value.currency), locale,
    )  # fmt: skip


def price(value: Decimal, currency: str, locale: babel.Locale) -> str:
    """A price with all its digits, and no fewer than the currency has."""
    return _in_currency(
        value, currency, max(money.digits(currency), _places(value)), locale
    )


def number(value: Decimal, locale: babel.Locale) -> str:
    """A quantity or a rate with all its digits, and no zeros behind them."""
    places = _places(value)
    pattern = '#,##0.' + '0' * places if places else '#,##0'
    return numbers.format_decimal(value, pattern, locale=locale)


def _places(value: Decimal) -> int:
    """How many digits after the point say something."""
    _, _, tail = f'{value:f}'.partition('.')
    return len(tail.rstrip('0'))


def _in_currency(
    value: Decimal, currency: str, digits: int, locale: babel.Locale
) -> str:
    pattern = re.sub(
        r'\.0+',
        '.' + '0' * digits if digits else '',
        locale.currency_formats['standard'].pattern,
    )
    words = numbers.format_currency(
        value, currency, pattern, locale=locale, currency_digits=False
    )
    return _TOUCHING.sub('\xa0', words)


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Anybody's text as a harmless part of a line.

    Line breaks and control characters become blanks, what cannot be encoded
    or reorders the text goes, and what is too long ends in an ellipsis.
    """
    kept = ''.join(
        ' ' if unicodedata.category(char) in _BREAKING else char
        for char in text
        if char not in _TURNING and unicodedata.category(char) != 'Cs'
    )
    # Blanks that hold a line together stay: French sets them before a colon.
    words = ' '.join(filter(None, kept.split(' '))).strip()
    return words if len(words) <= longest else f'{words[: longest - 1]}…'


def name(text: str, longest: int = LONGEST_NAME) -> str:
    """A name as a part of a sentence, kept apart if it runs to the left."""
    words = one_line(text, longest)
    if any(unicodedata.bidirectional(char) in ('R', 'AL') for char in words):
        return f'{_ISOLATE}{words}{_END}'
    return words


def paragraphs(text: str) -> str:
    """Plain text in lines of at most WIDTH, as far as words allow it.

    One blank line at most stands between them.
    """
    lines = '\n'.join(_folded(line.rstrip()) for line in text.splitlines())
    return re.sub(r'\n{3,}', '\n\n', lines).strip('\n') + '\n'


def _folded(line: str) -> str:
    lead = _LEAD.match(line)
    return textwrap.fill(
        line,
        WIDTH,
        subsequent_indent=' ' * (lead.end() if lead else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )
