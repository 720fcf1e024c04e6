# SPDX-License-Identifier: Apache-2.0
"""What an invoice would say: prices, levels, usage, discounts and taxes."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import discount
from patrii_billing.domain import invoice
from patrii_billing.domain import metered
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import quote_posted
from patrii_billing.domain import quote_reading as reading
from patrii_billing.domain import tax
from patrii_billing.domain import terms
from patrii_billing import errors

# More cycles than this is a mistake and no question.
MAX_CYCLES = 240

_FIELDS = reading.COMMON | {
    'period', 'start', 'end', 'until', 'prices', 'levels', 'same_day',
    'usage', 'taxes', 'tax_inclusive', 'tax_rounding', 'discounts', 'posted',
}  # fmt: skip
_PRICE = {
    'kind', 'resource', 'unit_price', 'included', 'tiers', 'tiering',
    'valid_from', 'valid_until', 'at_once', 'per', 'unit',
}  # fmt: skip
_LEVEL = {'at', 'kind', 'resource', 'quantity', 'server'}
_Kind = pricing.PriceKind
_FLAT, _SETUP = 'subscription', 'setup'


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of: the span that is billed, in its cycles."""

    common: reading.Terms
    span: calendar.Period
    cycles: tuple[calendar.Period, ...]
    prices: tuple[pricing.Price, ...]
    same_day: proration.SameDay

    @property
    def term(self) -> terms.Term:
        day = calendar.in_unit(
            self.span.start, calendar.Unit.DAY, self.common.zone
        )
        return terms.Term(day, self.prices)


def answer(asked: reading.Fields) -> dict[str, Any]:
    """Every line and the sums. Raises InvalidInput naming the field."""
    asked.only(_FIELDS)
    common = reading.Terms.read(asked)
    span, cycles = _span(asked, common)
    question = _Question(
        common,
        span,
        cycles,
        tuple(_prices(asked)),
        asked.choice('same_day', proration.SameDay, 'highest'),
    )
    posted = tuple(quote_posted.read(asked, common))
    followed = _followed(asked, question)
    lines = (
        *_setup(question, posted, 'start' in asked.values),
        *_settled(question, followed, posted),
        *_used(asked, question, posted, {key for key, _ in followed}),
    )
    return _written(
        invoice.compose(
            lines,
            posted=posted,
            rates=tax.read(asked.values.get('taxes')),
            discounts=discount.read(
                asked.values.get('discounts'), common.currency
            ),
            inclusive=asked.flag('tax_inclusive'),
            rounding=asked.choice('tax_rounding', tax.Rounding, 'line'),
            cycles=cycles,
            zone=common.zone,
        ),
        common.currency,
    )


def _span(
    asked: reading.Fields, common: reading.Terms
) -> tuple[calendar.Period, tuple[calendar.Period, ...]]:
    """What is billed, as a period or as a life in advance, and its cycles."""
    if 'period' in asked.values:
        for other in ('start', 'end', 'until'):
            if other in asked.values:
                raise errors.InvalidInput('is given beside a period', other)
        span = reading.period(asked.get('period'), common)
        first = reading.cycle_around(span, span.start, common)
        start = common.anchored(span.start)
        if first != start.cycle_of(span.start):
            start = common.anchored(span.end)
        return span, tuple(_cycles(start, span, 'period'))
    first_day, until, end = common.life(asked)
    anchor = common.anchored(first_day)
    last = anchor.cycle_of(until).end
    last = last if end is None else min(last, end)
    if last <= first_day:
        raise errors.InvalidInput('is not after start', 'end')
    span = calendar.Period(first_day, last)
    return span, tuple(_cycles(anchor, span, 'until'))


def _cycles(
    anchor: calendar.Anchor, span: calendar.Period, where: str
) -> Iterator[calendar.Period]:
    for number, cycle in enumerate(anchor.cycles_from(span.start)):
        if cycle.start >= span.end:
            return
        if number == MAX_CYCLES:
            raise errors.InvalidInput(f'is over {MAX_CYCLES} cycles on', where)
        yield cycle


def _prices(asked: reading.Fields) -> Iterator[pricing.Price]:
    for fields in asked.objects('prices'):
        fields.only(_PRICE)
        kind = fields.choice('kind', _Kind)
        named = kind not in (_Kind.FLAT, _Kind.SETUP)
        tiers = tuple(_tiers(fields))
        try:
            yield pricing.Price(
                kind,
                fields.text('resource', '' if not named else None),
                fields.exact('unit_price', '0' if tiers else None),
                fields.day('valid_from'),
                fields.day('valid_until'),
                fields.number('included', '0'),
                tiers,
                fields.choice('tiering', pricing.Tiering, 'graduated'),
                fields.flag('at_once'),
                fields.number('per', '1'),
                fields.text('unit', '') or None,
            )
        except errors.InvalidInput as error:
            if error.where.startswith(fields.path):
                raise
            raise errors.InvalidInput(
                error.reason, fields.path + error.where
            ) from None


def _tiers(price: reading.Fields) -> Iterator[pricing.Tier]:
    for fields in price.objects('tiers'):
        fields.only({'up_to', 'unit_price'})
        up_to = None
        if fields.values.get('up_to') is not None:
            up_to = fields.number('up_to')
        yield pricing.Tier(up_to, fields.exact('unit_price'))


def _followed(
    asked: reading.Fields, question: _Question
) -> dict[tuple[str, pricing.PriceKind], list[terms.Held]]:
    """What is held, by what is followed by itself; a flat fee is unasked."""
    start = question.span.start
    followed = {
        (price.resource or _FLAT, _Kind.FLAT): [
            terms.Held(start, price.resource, Decimal(1))
        ]
        for price in question.prices
        if price.kind is _Kind.FLAT
    }
    for fields in asked.objects('levels'):
        fields.only(_LEVEL)
        kind = fields.choice('kind', _Kind)
        if kind not in (_Kind.FLAVOR, _Kind.QUOTA):
            raise errors.InvalidInput(
                'is not flavor or quota', f'{fields.path}kind'
            )
        resource = fields.text('resource')
        key = fields.text('server', resource)
        at = question.common.read_moment(fields.get('at'), f'{fields.path}at')
        held = terms.Held(at, resource, fields.number('quantity'))
        followed.setdefault((key, kind), []).append(held)
    keys = [key for key, _ in followed]
    for key in keys:
        if keys.count(key) > 1:
            raise errors.InvalidInput(
                f'two kinds are called {key[:40]!r}', 'levels'
            )
    return followed


def _settled(
    question: _Question,
    followed: dict[tuple[str, pricing.PriceKind], list[terms.Held]],
    posted: Sequence[invoice.Posted],
) -> Iterator[proration.Line]:
    """The lines of each cycle, and what corrects those that are posted."""
    zone = question.common.zone
    for cycle in question.cycles:
        changes: list[proration.Change] = []
        for (key, kind), held in followed.items():
            try:
                changes += terms.changes(
                    key, kind, held, (question.term,), cycle,
                    same_day=question.same_day, zone=zone,
                )  # fmt: skip
            except errors.NotFound as error:
                raise errors.InvalidInput(str(error), 'prices') from None
        billed = calendar.Period(
            max(cycle.start, question.span.start),
            min(cycle.end, question.span.end),
        )
        yield from proration.settle(
            cycle,
            changes,
            [each for each in posted if each.line.start in cycle],
            question.common.currency,
            billed=(billed,),
            same_day=question.same_day,
            zone=zone,
        )


def _setup(
    question: _Question, posted: Iterable[invoice.Posted], begins: bool
) -> Iterator[proration.Line]:
    """What a life is charged once, where it begins and was not charged."""
    said = {each.line.resource for each in posted}
    day = question.term.since
    for price in question.prices:
        key = price.resource or _SETUP
        if (
            begins
            and price.kind is _Kind.SETUP
            and price.valid_on(day)
            and key not in said
        ):
            yield proration.once(
                key,
                pricing.Level(Decimal(1), price.unit_price),
                question.span.start,
                question.common.currency,
            )


def _used(
    asked: reading.Fields,
    question: _Question,
    posted: Sequence[invoice.Posted],
    held: set[str],
) -> Iterator[proration.Line]:
    """What was used in the one cycle that is asked about."""
    usage = asked.object('usage')
    if usage.values and len(question.cycles) > 1:
        raise errors.InvalidInput('is of one cycle, and so is asked', 'usage')
    for meter in sorted(usage.values):
        volume = usage.number(meter)
        steps = terms.steps(
            (question.term,), _Kind.METER, meter, question.cycles[0],
            question.common.zone,
        )  # fmt: skip
        prices = [step.price for step in steps if step.price is not None]
        if not prices:
            raise errors.InvalidInput('has no price', f'usage.{meter[:40]}')
        if meter in held:
            raise errors.InvalidInput('is held too', f'usage.{meter[:40]}')
        yield from metered.settle(
            prices[0],
            volume,
            question.span,
            [
                each
                for each in posted
                if each.line.resource.partition('#')[0] == meter
            ],
            question.common.currency,
        )


def _written(said: invoice.Invoice, currency: str) -> dict[str, Any]:
    def plain(minor: int) -> str:
        return money.plain(minor, currency)

    return {
        'lines': [quote_posted.written(item, currency) for item in said.items],
        'net': plain(said.net),
        'taxes': [
            {
                'name': each.name,
                'rate': f'{each.rate:f}',
                'base': plain(each.base),
                'amount': plain(each.amount),
            }
            for each in said.taxes
        ],
        'total': plain(said.total),
    }
