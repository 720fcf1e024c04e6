# SPDX-License-Identifier: Apache-2.0
"""What a subscription holds in one cycle, and how a bill says it."""

import collections
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.domain import proration
from patrii_billing.domain import steady
from patrii_billing.domain import terms
from patrii_billing.engine import ground as grounds

# What a flat price is followed by that names no resource.
_FLAT = 'subscription'
_ONE = Decimal(1)
_Kind = pricing.PriceKind


def whole(resource: str) -> str:
    """What a line's resource is a portion of: `cores` of `cores#2`."""
    return resource.partition('#')[0]


def _changes(told: Sequence[sa.Row[Any]]) -> Sequence[sa.Row[Any]]:
    """Levels without those that only say again what was held before.

    Of a day with several changes these would count as one of them. Where two
    claim the same instant the law decides.
    """
    if len(told) == 1:
        return told
    claims = collections.Counter(row.at for row in told)
    kept: list[sa.Row[Any]] = []
    for row in told:
        if (
            kept
            and claims[row.at] == claims[kept[-1].at] == 1
            and row.resource == kept[-1].resource
            and row.quantity == kept[-1].quantity
        ):
            continue
        kept.append(row)
    return kept


class Rates:
    """The levels of a ground, at the prices of each of its cycles."""

    def __init__(self, ground: grounds.Ground) -> None:
        self._ground = ground
        self._terms = tuple(term.law for term in ground.terms)
        told: dict[str, list[sa.Row[Any]]] = {}
        for row in ground.levels:
            told.setdefault(row.server or row.resource, []).append(row)
        self._levels = {key: _changes(rows) for key, rows in told.items()}
        self._held = tuple(self._followed())

    def changes(
        self, cycle: calendar.Period, same_day: proration.SameDay
    ) -> Iterator[proration.Change]:
        """What the fold is to know of a cycle, as the plan counts it.

        Raises NotFound for what has no price.
        """
        for key, kind, held in self._held:
            yield from terms.changes(
                key, kind, held, self._terms, cycle,
                same_day=same_day, zone=self._ground.zone,
            )  # fmt: skip

    def steady(
        self, cycle: calendar.Period
    ) -> Mapping[str, pricing.Level] | None:
        """What is held all through a cycle of days, by the key of its line.

        None where something in it may change.
        """
        term = self._ground.term_on(cycle.start)
        if term.law.since > cycle.start or any(
            other.law.since in cycle and other is not term
            for other in self._ground.terms
        ):
            return None
        zone = self._ground.zone
        start = calendar.start_of_day(cycle.start, zone)
        end = calendar.start_of_day(cycle.end, zone)
        found: dict[str, pricing.Level] = {}
        for key, kind, history in self._held:
            held = steady.throughout(history, start, end, zone)
            if held is None:
                return None
            for each in held:
                levels = term.tariff.levels(
                    kind, each.resource, each.quantity, cycle
                )
                if levels is None:
                    return None
                for number, level in enumerate(levels):
                    found[pricing.tier_key(key, number)] = level
        return found

    def told(self, line: proration.Line) -> tuple[str, str | None]:
        """The resource of a charge in a reader's words.

        And what one of it is called, where its price says so.
        """
        key, day = whole(line.resource), self._day(line.start)
        row = self._row_of(key, day)
        if row is not None and row.server is not None:
            name = self._ground.names.get(row.server) or row.server
            return f'{name} ({row.resource})'[:255], None
        term = self._ground.term_on(day)
        label = str(term.plan.name) if key == _FLAT else key
        return label, None if row is None else _unit(term, row.resource)

    def _followed(
        self,
    ) -> Iterator[tuple[str, pricing.PriceKind, tuple[terms.Held, ...]]]:
        """What is followed by itself, and what was held of it since when."""
        start = self._ground.sub.start
        for resource in sorted(self._flat()):
            fee = (terms.Held(start, resource, _ONE),)
            yield resource or _FLAT, _Kind.FLAT, fee
        for key, rows in self._levels.items():
            kind = _Kind.FLAVOR if rows[0].server else _Kind.QUOTA
            held = tuple(
                terms.Held(row.at, row.resource, row.quantity) for row in rows
            )
            yield key, kind, held

    def _flat(self) -> set[str]:
        return {
            price.resource
            for term in self._terms
            for price in term.prices
            if price.kind is _Kind.FLAT
        }

    def _row_of(self, key: str, day: dt.date) -> sa.Row[Any] | None:
        """The level that a charge bills: the last of its first day."""
        after = calendar.start_of_day(
            day + dt.timedelta(days=1), self._ground.zone
        )
        rows = [
            row
            for row in self._levels.get(key, ())
            if row.at < after and row.quantity
        ]
        return rows[-1] if rows else None

    def _day(self, moment: calendar.Moment) -> dt.date:
        return calendar.in_unit(
            moment, calendar.Unit.DAY, self._ground.zone
        )


def _unit(term: grounds.Term, resource: str) -> str | None:
    """What the first price of a quota calls one of it."""
    return next(
        (
            price.unit
            for price in term.law.prices
            if price.kind is _Kind.QUOTA and price.resource == resource
        ),
        None,
    )
