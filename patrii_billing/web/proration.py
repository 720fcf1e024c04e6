# SPDX-License-Identifier: Apache-2.0
"""The time that a line bills, drawn on the cycle that it is a part of."""

from dataclasses import dataclass
import datetime as dt
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` are of the whole, from 0 to 100.

    The whole is the period of the invoice, or what reaches beyond it.
    """

    start: str
    end: str
    x: float
    width: float
    part: str
    whole: str


def bar(
    period_start: str | None,
    period_end: str | None,
    starts: str | None,
    ends: str | None,
    ratio: str | None,
) -> Bar | None:
    """None for a line that bills a whole period, or no time."""
    if not (period_start and period_end and starts and ends and ratio):
        return None
    part, _, whole = ratio.partition('/')
    if not whole or Fraction(int(part), int(whole)) == 1:
        return None
    first, last = min(period_start, starts), max(period_end, ends)
    days = _days(first, last)
    if days <= 0:
        return None
    return Bar(
        first,
        last,
        round(100 * _days(first, starts) / days, 2),
        round(100 * max(_days(starts, ends), 0) / days, 2),
        part,
        whole,
    )


def _days(start: str, end: str) -> int:
    """Between days, or the days of instants."""
    return (
        dt.date.fromisoformat(end[:10]) - dt.date.fromisoformat(start[:10])
    ).days
