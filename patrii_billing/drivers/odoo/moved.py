# SPDX-License-Identifier: Apache-2.0
"""Debt that Lynx moved from an unpaid invoice to the next.

The old invoice is reversed then, and its lines stand on the new one. Here the
debt stays with the invoice it arose on: else who never pays would owe nothing
that is past due each time that he gets a new invoice.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import reading

# Debt is followed over at most so many invoices: four years of months.
_MOST = 48


@dataclass(frozen=True, slots=True)
class Part:
    """So much on an invoice (`to`) arose on an older one (`source`)."""

    to: int
    source: int
    amount: Decimal


def parts(
    client: json2.Client, field: str, numbers: Iterable[int]
) -> Sequence[Part]:
    """What was moved to and from invoices, and further on and back.

    `field` of an invoice's line names the older invoice.
    """
    found: dict[int, Part] = {}
    known: set[int] = set()
    asked = set(numbers) if field else set()
    for _ in range(_MOST):
        if not asked:
            break
        known |= asked
        ids = sorted(asked)
        for line in client.find(
            reading.LINE,
            [
                (field, '!=', False),
                ('move_id.move_type', '=', 'out_invoice'),
                ('parent_state', '=', 'posted'),
                *json2.either(('move_id', 'in', ids), (field, 'in', ids)),
            ],
            ['move_id', field, 'price_total'],
        ):
            to, source = (
                reading.id_of(line['move_id']),
                reading.id_of(line[field]),
            )
            # Older ones have lower ids, so that nothing goes round.
            if source < to:
                amount = Decimal(line['price_total'])
                found[line['id']] = Part(to, source, amount)
        asked = {
            number
            for part in found.values()
            for number in (part.to, part.source)
        } - known
    return list(found.values())


def spread(
    owed: Mapping[int, int],
    totals: Mapping[int, int],
    moved: Mapping[tuple[int, int], int],
) -> Mapping[int, int]:
    """What is owed on each invoice, by where the debt arose.

    `owed` is what is left of open invoices, `totals` are their amounts and
    `moved` those from one (the first) to another, all in minor units. What
    was paid was the oldest debt: so what is left is the newest.
    """
    sources: dict[int, list[int]] = collections.defaultdict(list)
    for source, to in moved:
        sources[to].append(source)
    left = collections.Counter(owed)
    # From the newest back: each passes on what is not its own.
    for number in sorted({*owed, *totals}, reverse=True):
        came = sources[number]
        own = totals.get(number, 0) - sum(moved[one, number] for one in came)
        rest = left[number] - max(0, own)
        for source in sorted(came, reverse=True):
            part = max(0, min(rest, moved[source, number]))
            left[source] += part
            left[number] -= part
            rest -= part
    return {number: amount for number, amount in left.items() if amount > 0}
