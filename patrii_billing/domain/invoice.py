# SPDX-License-Identifier: Apache-2.0
"""What an invoice says: lines with their discounts and taxes, and the sums.

A credit carries what the line it corrects was given and taxed, and nothing of
what counts today.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
import functools

from patrii_billing.domain import calendar
from patrii_billing.domain import discount
from patrii_billing.domain import money
from patrii_billing.domain import proration
from patrii_billing.domain import tax

_CREDIT = proration.LineKind.CREDIT
_NONE = money.Ratio(0, 1)


@dataclass(frozen=True, slots=True)
class Item:
    """A line as an invoice says it; minor units of the line's currency.

    The discount is taken off the line's amount and has its sign; `net` is
    without taxes.
    """

    line: proration.Line
    discount: int
    net: int
    taxes: tuple[tax.Tax, ...] = ()

    @property
    def total(self) -> int:
        return self.net + sum(each.amount for each in self.taxes)


@dataclass(frozen=True, slots=True)
class Posted(proration.Posted):
    """An item of an issued invoice, under the key that credits name.

    It serves `proration.settle` as it is.
    """

    discount: int
    net: int
    taxes: tuple[tax.Tax, ...] = ()

    @property
    def inclusive(self) -> bool:
        """Whether its amount holds its taxes."""
        return self.net != self.line.amount - self.discount


@dataclass(frozen=True, slots=True)
class Invoice:
    """The items, and what they come to in minor units.

    A sum below zero is nothing to pay: it becomes balance.
    """

    items: tuple[Item, ...]
    net: int
    taxes: tuple[tax.Sum, ...]
    total: int


def compose(
    lines: Iterable[proration.Line],
    *,
    posted: Iterable[Posted],
    rates: Sequence[tax.Rate],
    discounts: Sequence[discount.Discount],
    inclusive: bool,
    rounding: tax.Rounding,
    cycles: Iterable[calendar.Period] = (),
    zone: dt.tzinfo = dt.UTC,
) -> Invoice:
    """The invoice that says these lines.

    Charges get the discounts and taxes of the local day they start on.
    Credits get their share of the posted line they correct, so `posted` are
    all lines corrected here and all earlier credits on them. `cycles` are
    the anchored cycles the lines belong to, by default all to one: an amount
    of discount is given once in each, and what of it stands in `posted` is
    not given again. Raises KeyError for a credit of a line not in `posted`.
    """
    lines = tuple(lines)
    discounted = _Discounts(discounts, zone)
    is_needed = discounted.amounts or any(
        line.kind is _CREDIT for line in lines
    )
    posted = tuple(posted) if is_needed else ()
    credits = _credits(lines, posted)
    charges = [line for line in lines if line.kind is not _CREDIT]
    given = discounted.given(charges, posted, credits, cycles)
    taxes = tax.taken(
        [
            (line.amount - off, tax.valid_on(rates, discounted.day(line)))
            for line, off in zip(charges, given, strict=True)
        ],
        inclusive,
        rounding,
    )
    charged = map(
        functools.partial(_item, inclusive=inclusive), charges, given, taxes
    )
    credited = iter(credits)
    return summed(
        next(credited if line.kind is _CREDIT else charged) for line in lines
    )


def summed(items: Iterable[Item]) -> Invoice:
    """An invoice of these items, whatever they are."""
    items = tuple(items)
    sums: dict[tuple[str, Decimal], tax.Sum] = {}
    for item in items:
        for each in item.taxes:
            key = each.name, each.rate
            so_far = sums.get(key, tax.Sum(*key, 0, 0))
            sums[key] = tax.Sum(
                *key, so_far.base + item.net, so_far.amount + each.amount
            )
    net = sum(item.net for item in items)
    taxes = tuple(sums.values())
    return Invoice(items, net, taxes, net + sum(one.amount for one in taxes))


@dataclass(frozen=True, slots=True)
class _Discounts:
    """What the discounts give to charges, by the local days they start on."""

    discounts: Sequence[discount.Discount]
    zone: dt.tzinfo

    @property
    def amounts(self) -> bool:
        """Whether any gives an amount, of which some may be given already."""
        return any(each.amount is not None for each in self.discounts)

    def day(self, line: proration.Line) -> dt.date:
        return calendar.in_unit(line.start, calendar.Unit.DAY, self.zone)

    def given(
        self,
        charges: Sequence[proration.Line],
        posted: Iterable[Posted],
        credits: Sequence[Item],
        cycles: Iterable[calendar.Period],
    ) -> list[int]:
        """What is taken off each of the charges."""
        given = [self._by_percent(line) for line in charges]
        if not self.amounts:
            return given
        cycles = tuple(cycles)
        standing = {}
        if cycles:
            standing = self._standing(posted, credits, cycles)
        groups: dict[calendar.Period | None, list[int]] = {}
        for number, line in enumerate(charges):
            group = groups.setdefault(_cycle_of(line, cycles), [])
            group.append(number)
        for cycle, group in groups.items():
            parts = discount.by_amount(
                [
                    (charges[n].amount - given[n], self.day(charges[n]))
                    for n in group
                ],
                self.discounts,
                standing.get(cycle, 0),
            )
            for number, part in zip(group, parts, strict=True):
                given[number] += part
        return given

    def _by_percent(self, line: proration.Line) -> int:
        return discount.by_percent(line.amount, self.discounts, self.day(line))

    def _standing(
        self,
        posted: Iterable[Posted],
        credits: Iterable[Item],
        cycles: Sequence[calendar.Period],
    ) -> dict[calendar.Period | None, int]:
        """What each cycle has been given of amounts and keeps.

        Which discount gave what is not written: it is what percentages of
        today would not have given.
        """
        posted = tuple(posted)
        corrections = _by_corrected((*posted, *credits))
        standing: dict[calendar.Period | None, int] = {}
        for entry in posted:
            line = entry.line
            if line.kind is _CREDIT or not line.amount:
                continue
            taken = corrections.get(entry.key, [])
            left = line.amount + sum(each.line.amount for each in taken)
            kept = entry.discount + sum(each.discount for each in taken)
            kept -= money.share(
                self._by_percent(line), money.Ratio(left, line.amount)
            )
            cycle = _cycle_of(line, cycles)
            standing[cycle] = standing.get(cycle, 0) + max(kept, 0)
        return standing


def _cycle_of(
    line: proration.Line, cycles: Iterable[calendar.Period]
) -> calendar.Period | None:
    unit = calendar.Unit.of(line.start)
    return next(
        (
            each
            for each in cycles
            if calendar.Unit.of(each.start) is unit and line.start in each
        ),
        None,
    )


def _by_corrected(
    entries: Iterable[Posted | Item],
) -> dict[str, list[Posted | Item]]:
    """The credits among them, by the key of the line they correct."""
    credits: dict[str, list[Posted | Item]] = {}
    for entry in entries:
        line = entry.line
        if line.corrects is not None:
            credits.setdefault(line.corrects, []).append(entry)
    return credits


def _credits(
    lines: Iterable[proration.Line], posted: Sequence[Posted]
) -> list[Item]:
    """The credits among the lines, each after those before it."""
    corrected = {entry.key: entry for entry in posted}
    earlier = _by_corrected(posted)
    items = []
    for line in lines:
        if line.kind is not _CREDIT:
            continue
        key = line.corrects or ''
        taken = earlier.setdefault(key, [])
        items.append(_credit(line, corrected[key], taken))
        taken.append(items[-1])
    return items


def _credit(
    line: proration.Line, of: Posted, earlier: Sequence[Posted | Item]
) -> Item:
    """A credit's share of the discount and the taxes of its line.

    It is the share of all credits so far less what those before it took, so
    that a line given back is given back to its last minor unit.
    """
    so_far = -line.amount - sum(each.line.amount for each in earlier)
    ratio = money.Ratio(so_far, of.line.amount) if of.line.amount else _NONE
    off = -money.share(of.discount, ratio)
    off -= sum(each.discount for each in earlier)
    taxes = tuple(
        dataclasses.replace(
            each,
            amount=-money.share(each.amount, ratio) - _taken(each, earlier),
        )
        for each in of.taxes
    )
    return _item(line, off, taxes, of.inclusive)


def _item(
    line: proration.Line,
    off: int,
    taxes: tuple[tax.Tax, ...],
    inclusive: bool,
) -> Item:
    net = line.amount - off
    if inclusive:
        net -= sum(each.amount for each in taxes)
    return Item(line, off, net, taxes)


def _taken(one: tax.Tax, earlier: Iterable[Posted | Item]) -> int:
    """What earlier credits say of a tax."""
    return sum(
        each.amount
        for credit in earlier
        for each in credit.taxes
        if (each.name, each.rate) == (one.name, one.rate)
    )
