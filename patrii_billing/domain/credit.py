# SPDX-License-Identifier: Apache-2.0
"""What is given back of issued lines: money, but no time.

A credit is a share of a line with its discount and its taxes, cumulated over
all credits on it, so that the last one gives back the last minor unit.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from patrii_billing.domain import money
from patrii_billing import errors


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of a line in minor units; a credit's are not above zero.

    `amount` is the list amount, `discount` is taken off it; `net` is without
    the taxes, each of which has its place in `taxes`.
    """

    amount: int
    discount: int
    net: int
    taxes: tuple[int, ...] = ()

    @property
    def gross(self) -> int:
        return self.net + sum(self.taxes)

    @property
    def inclusive(self) -> bool:
        """Whether the price already held the taxes."""
        return self.amount - self.discount != self.net

    def less(self, taken: 'Sums') -> 'Sums':
        """What is left when a credit has taken its part."""
        return Sums(
            self.amount + taken.amount,
            self.discount + taken.discount,
            self.net + taken.net,
            tuple(map(sum, zip(self.taxes, taken.taxes, strict=True))),
        )

    def __neg__(self) -> 'Sums':
        return Sums(
            -self.amount, -self.discount, -self.net,
            tuple(-tax for tax in self.taxes),
        )  # fmt: skip


def left_of(lines: Iterable[Sums], most: int) -> int:
    """How much can be given back: of the lines, and `most` of their whole."""
    return max(min(sum(max(one.gross, 0) for one in lines), most), 0)


def spread(left: Sequence[Sums], gross: int, most: int) -> tuple[int, ...]:
    """How much of a sum each line gives back, in proportion to what it has.

    `left` is what earlier credits left of the lines, `most` what they left
    of the invoice as a whole. Raises InvalidInput for a sum that is not
    above zero, Conflict for more than is left.
    """
    if gross <= 0:
        raise errors.InvalidInput('must be above zero', 'amount')
    if gross > left_of(left, most):
        raise errors.Conflict(
            'that is more than earlier credits left of the invoice'
        )
    return money.split(gross, [max(one.gross, 0) for one in left])


def share(line: Sums, left: Sums, gross: int) -> Sums:
    """The credit of so much of a line, taxes and discount carried.

    `gross` is above zero and at most what is left of the line.
    """
    ratio = money.Ratio(line.gross - left.gross + gross, line.gross)

    def part(whole: int, rest: int) -> int:
        # What went before was rounded by itself, so stay within the rest.
        wanted = money.share(whole, ratio) - (whole - rest)
        return min(max(wanted, 0), max(rest, 0))

    taxes = tuple(map(part, line.taxes, left.taxes))
    discount = part(line.discount, left.discount)
    net = gross - sum(taxes)
    amount = gross + discount if line.inclusive else net + discount
    return -Sums(amount, discount, net, taxes)
