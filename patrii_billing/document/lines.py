# SPDX-License-Identifier: Apache-2.0
"""What a line says to its reader: what, how much, for when, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
import re
import zoneinfo

from patrii_billing.document import words as wordings
from patrii_billing.domain import calendar
from patrii_billing.domain import document
from patrii_billing.domain import tax
from patrii_billing import wording

# A reason that the columns and the phrases below say in the reader's words.
_COMPUTED = re.compile(r'-?[0-9.]+ [A-Z]{3} (x|once|billed|of)\b')
_PHRASES = (
    (re.compile(r' once$'), 'once'),
    (re.compile(r' not used at this price'), 'corrected'),
    (re.compile(r' not used(?! at this price)'), 'unused'),
    (re.compile(r', what is left of it$'), 'rest'),
    (re.compile(r', to what earlier credits left of it$'), 'capped'),
)
_GIVEN_BACK = re.compile(r' of \S+ [A-Z]{3} given back')
_LENGTHS = (('hour', 3600), ('minute', 60), ('second', 1))


@dataclass(frozen=True, slots=True)
class Row:
    """A line in finished words."""

    label: str
    details: tuple[str, ...]
    quantity: str
    price: str
    tax: str
    amount: str


def row(
    line: document.Line,
    currency: str,
    zone: zoneinfo.ZoneInfo,
    words: wordings.Words,
) -> Row:
    quantity = words.number(line.quantity)
    if line.unit:
        quantity = f'{quantity}\xa0{wording.name(line.unit)}'
    return Row(
        label=wording.name(line.label),
        details=tuple(details(line, currency, zone, words)),
        quantity=quantity,
        price=words.price(line.unit_price, currency),
        tax=', '.join(rate(each, words) for each in line.taxes),
        amount=words.amount(line.net, currency),
    )


def rate(taken: tax.Tax | tax.Sum, words: wordings.Words) -> str:
    return words.say(
        'lines.rate', name=wording.name(taken.name),
        rate=words.number(taken.rate),
    )


def details(
    line: document.Line,
    currency: str,
    zone: zoneinfo.ZoneInfo,
    words: wordings.Words,
) -> Iterator[str]:
    """The period, the share of it, the reason, and what changed the sum."""
    if line.starts_at and line.ends_at:
        starts = words.moment(line.starts_at, zone)
        yield f'{starts} – {words.moment(line.ends_at, zone)} ({zone.key})'
    elif line.starts and line.ends:
        yield words.days(line.starts, line.ends)
    if share := _share(line, currency, words):
        yield share
    yield from _reason(line, words)
    if line.discount:
        yield words.say(
            'lines.discount',
            discount=words.amount(line.discount, currency),
            amount=words.amount(line.amount, currency),
        )
    gross = line.amount - line.discount
    if gross != line.net:
        # The price has the taxes in it: what the columns say is not the sum.
        yield words.say(
            'lines.inclusive', amount=words.amount(gross, currency)
        )


def _share(line: document.Line, currency: str, words: wordings.Words) -> str:
    """How much of the whole is billed, in the unit that reads best."""
    part, whole = line.ratio.numerator, line.ratio.denominator
    if _GIVEN_BACK.search(line.reason):
        return words.say(
            'lines.given_back', part=words.amount(part, currency),
            whole=words.amount(whole, currency),
        )  # fmt: skip
    if _length(line) != part:
        same = part == whole
        return '' if same else words.say('lines.share', part=part, count=whole)
    unit = 'day'
    if line.starts_at:
        unit, size = next(
            each for each in _LENGTHS
            if part % each[1] == 0 and whole % each[1] == 0
        )  # fmt: skip
        part, whole = part // size, whole // size
    if part == whole:
        return words.count(f'lines.length_{unit}', whole)
    said = words.number(Decimal(part))
    return words.count(f'lines.share_{unit}', whole, part=said)


def _length(line: document.Line) -> int | None:
    if line.starts_at and line.ends_at:
        return calendar.length(line.starts_at, line.ends_at)
    if line.starts and line.ends:
        return calendar.length(line.starts, line.ends)
    return None


def _reason(line: document.Line, words: wordings.Words) -> Iterator[str]:
    if not _COMPUTED.match(line.reason):
        if line.reason:
            yield words.reason(line.reason)
    else:
        for pattern, phrase in _PHRASES:
            if pattern.search(line.reason):
                yield words.say(f'lines.{phrase}')
    if line.corrects:
        yield words.say('lines.billed_on', number=line.corrects)
