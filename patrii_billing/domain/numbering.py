# SPDX-License-Identifier: Apache-2.0
"""The numbers of a series that no document has, and why.

An auditor of taxes asks for an unbroken series, or for the reason of each
break (Council Directive 2006/112/EC, article 226 (2)).
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers of a series, both ends among them."""

    series: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Skip:
    """A run that a person left out, and what he said of it."""

    run: Run
    why: str
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of no document; without a skip nobody has explained it."""

    run: Run
    skip: Skip | None


def explained(
    missing: Iterable[Run], skips: Sequence[Skip]
) -> Iterator[Gap]:
    """What is missing, cut where the explanation of it changes.

    Skips of a series do not overlap, since its numbers only go forward.
    """
    ordered = sorted(skips, key=lambda skip: skip.run.first)
    for run in missing:
        at = run.first
        for skip in ordered:
            known = skip.run
            if known.series != run.series:
                continue
            if known.last < at or known.first > run.last:
                continue
            if at < known.first:
                yield Gap(Run(run.series, at, known.first - 1), None)
                at = known.first
            last = min(known.last, run.last)
            yield Gap(Run(run.series, at, last), skip)
            at = last + 1
        if at <= run.last:
            yield Gap(Run(run.series, at, run.last), None)
