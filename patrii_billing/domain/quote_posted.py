# SPDX-License-Identifier: Apache-2.0
"""The lines of an answer, and how they are read again as posted ones."""

from collections.abc import Iterator
from decimal import Decimal
import re
from typing import Any

from patrii_billing.domain import invoice
from patrii_billing.domain import money
from patrii_billing.domain import proration
from patrii_billing.domain import quote_reading as reading
from patrii_billing.domain import tax
from patrii_billing import errors

_FIELDS = {
    'key', 'kind', 'resource', 'label', 'start', 'end', 'quantity',
    'unit_price', 'ratio', 'amount', 'discount', 'net', 'taxes', 'reason',
    'corrects',
}  # fmt: skip
_RATIO = re.compile(r'([0-9]{1,18})/([1-9][0-9]{0,17})')


def written(item: invoice.Item, currency: str) -> dict[str, Any]:
    """One line; money as strings."""
    line = item.line
    name, _, tier = line.resource.partition('#')
    return {
        'kind': line.kind.value,
        'resource': line.resource,
        'label': f'{name}, tier {tier}' if tier else name,
        'start': reading.written(line.start),
        'end': reading.written(line.end),
        'quantity': f'{line.quantity:f}',
        'unit_price': f'{line.unit_price:f}',
        'ratio': str(line.ratio),
        'amount': money.plain(line.amount, currency),
        'discount': money.plain(item.discount, currency),
        'net': money.plain(item.net, currency),
        'taxes': [
            {
                'name': each.name,
                'rate': f'{each.rate:f}',
                'amount': money.plain(each.amount, currency),
            }
            for each in item.taxes
        ],
        'reason': line.reason,
    } | ({'corrects': line.corrects} if line.corrects else {})


def read(
    asked: reading.Fields, common: reading.Terms
) -> Iterator[invoice.Posted]:
    """The posted lines, as answers have written them.

    Each has the key it is given, or else its place, from 1 on. Raises
    InvalidInput.
    """
    keys: set[str] = set()
    for number, fields in enumerate(asked.objects('posted'), start=1):
        fields.only(_FIELDS)
        key = fields.text('key', str(number))
        if key in keys:
            raise errors.InvalidInput('is given twice', f'{fields.path}key')
        posted = _posted(key, fields, common)
        if posted.line.corrects not in (None, *keys):
            raise errors.InvalidInput(
                'is no line before it', f'{fields.path}corrects'
            )
        keys.add(key)
        yield posted


def _posted(
    key: str, fields: reading.Fields, common: reading.Terms
) -> invoice.Posted:
    currency = common.currency
    kind = fields.choice('kind', proration.LineKind, 'charge')
    amount = fields.minor('amount', currency)
    discount = fields.minor('discount', currency, '0')
    taxes = tuple(_taxes(fields, currency))
    net = amount - discount
    if 'net' in fields.values:
        net = fields.minor('net', currency)
    included = amount - discount - net
    if included and included != sum(each.amount for each in taxes):
        raise errors.InvalidInput(
            'is not amount less discount, with or without the taxes',
            f'{fields.path}net',
        )
    credit = kind is proration.LineKind.CREDIT
    if amount and (amount < 0) is not credit:
        raise errors.InvalidInput(
            'of a credit is below zero, of a charge above',
            f'{fields.path}amount',
        )
    start = common.moment(fields.get('start'), f'{fields.path}start')
    end = common.moment(fields.get('end'), f'{fields.path}end')
    if end < start:
        raise errors.InvalidInput('is before start', f'{fields.path}end')
    line = proration.Line(
        kind,
        fields.text('resource'),
        start,
        end,
        fields.number('quantity'),
        fields.exact('unit_price'),
        _ratio(fields),
        amount,
        currency,
        fields.text('reason', ''),
        fields.text('corrects') if credit else None,
    )
    return invoice.Posted(key, line, discount, net, taxes)


def _ratio(fields: reading.Fields) -> money.Ratio:
    match = _RATIO.fullmatch(fields.text('ratio', '1/1'))
    if match is None:
        raise errors.InvalidInput('is not a ratio', f'{fields.path}ratio')
    return money.Ratio(int(match[1]), int(match[2]))


def _taxes(fields: reading.Fields, currency: str) -> Iterator[tax.Tax]:
    for each in fields.objects('taxes'):
        each.only({'name', 'rate', 'amount'})
        rate: Decimal = each.exact('rate')
        yield tax.Tax(each.text('name'), rate, each.minor('amount', currency))
