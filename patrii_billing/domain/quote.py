# SPDX-License-Identifier: Apache-2.0
"""What would it cost: questions in JSON, answered by the code that invoices.

`cycle` asks for the charges of a life in advance, `change` for the credit and
the charge of a change in mid-cycle, `invoice` for all that an invoice says.
"""

from collections.abc import Iterable
import dataclasses
import itertools
import json
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import quote_invoice
from patrii_billing.domain import quote_reading as reading
from patrii_billing import errors

# More lines than this is a mistake and no question: nobody is billed for it.
MAX_LINES = 10_000

_CYCLE = reading.COMMON | {'unit_price', 'quantity', 'start', 'end', 'until'}
_CHANGE = reading.COMMON | {
    'at', 'period', 'billed', 'credited', 'old', 'new',
}  # fmt: skip


def answer_line(text: str) -> str:
    """One line of JSON in, one out, whatever it says. Never raises."""
    try:
        question = json.loads(text)
    except (ValueError, RecursionError):
        return _dumped({'error': 'the line is not JSON'})
    return _dumped(answer(question))


def _dumped(answered: dict[str, Any]) -> str:
    return json.dumps(answered, separators=(',', ':'))


def answer(question: Any) -> dict[str, Any]:
    """The lines and their total, or an error that names the field."""
    try:
        asked = reading.Fields.read(question)
        match asked.get('op'):
            case 'cycle':
                return _cycle(asked)
            case 'change':
                return _change(asked)
            case 'invoice':
                return quote_invoice.answer(asked)
        raise errors.InvalidInput('is not cycle, change or invoice', 'op')
    except errors.BillingError as error:
        return {'error': str(error)}


def _cycle(asked: reading.Fields) -> dict[str, Any]:
    asked.only(_CYCLE)
    terms = reading.Terms.read(asked)
    level = asked.level()
    start, until, end = terms.life(asked)
    lines = proration.cycle_lines(
        terms.anchored(start), '', level, terms.currency, start, until, end
    )
    some = tuple(itertools.islice(lines, MAX_LINES + 1))
    if len(some) > MAX_LINES:
        raise errors.InvalidInput(f'is over {MAX_LINES} lines on', 'until')
    return _answer(some, terms.currency, kinds=False)


def _change(asked: reading.Fields) -> dict[str, Any]:
    asked.only(_CHANGE)
    terms = reading.Terms.read(asked)
    period = reading.period(asked.get('period'), terms)
    at = terms.moment(asked.get('at'), 'at')
    if at not in period:
        raise errors.InvalidInput('is outside the period', 'at')
    old = _level(asked, 'old')
    new = pricing.NOTHING
    if asked.get('new') is not None:
        new = _level(asked, 'new')
    before = period.start - terms.unit.step
    lines = proration.settle(
        reading.cycle_around(period, at, terms),
        (
            proration.Change(before, '', old),
            proration.Change(at, '', new),
        ),
        _posted(asked, period, old, terms.currency),
        terms.currency,
        billed=(period,),
    )
    return _answer(lines, terms.currency, kinds=True)


def _level(asked: reading.Fields, name: str) -> pricing.Level:
    fields = reading.Fields.read(asked.get(name), name)
    fields.only({'quantity', 'unit_price'})
    return fields.level()


def _posted(
    asked: reading.Fields,
    period: calendar.Period,
    old: pricing.Level,
    currency: str,
) -> tuple[proration.Posted, ...]:
    """The billed line, and what was credited on it before."""
    billed = asked.amount('billed', currency)
    credited = 0
    if 'credited' in asked.values:
        credited = asked.amount('credited', currency)
    if credited > billed:
        raise errors.InvalidInput('is more than was billed', 'credited')
    if not old.quantity:
        if billed:
            raise errors.InvalidInput(
                'is not zero, but the old quantity is', 'billed'
            )
        return ()
    charge = dataclasses.replace(
        proration.charge('', old, period, period, currency), amount=billed
    )
    # Which days it was for is not asked, so it takes no days with it.
    credit = dataclasses.replace(
        charge,
        kind=proration.LineKind.CREDIT,
        end=period.start,
        amount=-credited,
        corrects='billed',
    )
    return (
        proration.Posted('billed', charge),
        proration.Posted('credited', credit),
    )


def _answer(
    lines: Iterable[proration.Line], currency: str, *, kinds: bool
) -> dict[str, Any]:
    written = []
    total = 0
    for line in lines:
        total += line.amount
        written.append(
            ({'kind': line.kind.value} if kinds else {})
            | {
                'start': reading.written(line.start),
                'end': reading.written(line.end),
                'ratio': str(line.ratio),
                'amount': money.plain(line.amount, currency),
            }
        )
    return {'lines': written, 'total': money.plain(total, currency)}
