# SPDX-License-Identifier: Apache-2.0
"""Where the bars of a chart stand: geometry alone, in units of a drawing.

The words and figures beside them are told in tables, for who cannot see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of one colour; `kind` is the name of its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Groups of columns side by side, and lines to read them by."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    centres: tuple[float, ...]  # of each group
    lines: tuple[tuple[float, Decimal], ...]  # y, value


def columns(
    groups: Sequence[Sequence[tuple[str, Decimal]]],
    width: float = 720,
    height: float = 200,
) -> Columns:
    """Columns of values; a negative one is drawn as none."""
    most = max(
        (value for group in groups for _, value in group),
        default=Decimal(0),
    )
    top = nice(most)
    step = width / max(len(groups), 1)
    bars: list[Bar] = []
    centres = []
    for place, group in enumerate(groups):
        inner = step * 0.7
        each = inner / max(len(group), 1)
        left = place * step + (step - inner) / 2
        centres.append(place * step + step / 2)
        for number, (kind, value) in enumerate(group):
            tall = _share(value, top) * height
            bars.append(
                Bar(
                    kind,
                    _round(left + number * each),
                    _round(height - tall),
                    _round(each * 0.9),
                    _round(tall),
                )
            )
    lines = tuple(
        (_round(height - height * part / 4), top * part / 4)
        for part in range(5)
    )
    return Columns(width, height, tuple(bars), tuple(centres), lines)


def row(
    parts: Sequence[tuple[str, Decimal]], width: float = 720
) -> tuple[Bar, ...]:
    """Parts of a whole, one behind the other; what is there can be seen."""
    whole = sum((value for _, value in parts), Decimal(0))
    at, bars = 0.0, []
    for kind, value in parts:
        wide = _share(value, whole) * width
        if value > 0:
            bars.append(Bar(kind, _round(at), 0, _round(max(wide, 3)), 28))
        at += wide
    return tuple(bars)


def nice(value: Decimal) -> Decimal:
    """The next of 1, 2, 4, 5, 10, 20... that is no less."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(10) ** value.adjusted()
    for factor in (1, 2, 4, 5, 10):
        if factor * power >= value:
            return factor * power
    raise AssertionError(value)


def _share(value: Decimal, whole: Decimal) -> float:
    return float(max(value, Decimal(0)) / whole) if whole > 0 else 0.0


def _round(value: float) -> float:
    return round(value, 1)
