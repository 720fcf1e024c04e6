# SPDX-License-Identifier: Apache-2.0
"""What another service has rated, brought into the books as usage."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from patrii_billing.domain import rated as law
from patrii_billing.engine import samples
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import usage

_ZERO = Decimal(0)


@dataclass(slots=True)
class Difference:
    """What becomes of a project's usage of one meter."""

    done: law.Done
    project: str
    meter: str
    why: str = ''
    points: int = 0
    quantity: Decimal = _ZERO
    price: Decimal = _ZERO


def bring(
    conn: sa.Connection,
    tools: toolbox.Tools,
    told: Iterable[law.Rated],
    now: dt.datetime,
    dry_run: bool = False,
) -> Sequence[Difference]:
    """Record what the books lack; what became of all that was told.

    Refused is what is of no account, what no plan has a price of, what is
    too old to be added up again, and what would become less.
    """
    merged = law.merged(told)
    projects = {each.project for each in merged}
    known = usage.timezones(conn, projects)
    priced = usage.priced_meters(conn)
    earliest = now - tools.settings.sample_age
    booked = usage.deltas(conn, [each.where for each in merged])
    found: dict[tuple[str, ...], Difference] = {}
    readings = []
    for each in merged:
        why, parts = '', None
        try:
            _check(each, known, priced, earliest)
            parts = booked.get(each.where)
            there = sum(parts, _ZERO) if parts else None
            done, lacks = law.missing(each, there)
        except errors.InvalidInput as error:
            done, lacks, why = law.Done.REFUSED, _ZERO, error.reason
        if done in (law.Done.NEW, law.Done.CHANGED):
            readings.append(each.reading(lacks, len(parts or ())))
        _count(found, done, each, why)
    if readings and not dry_run:
        samples.record(conn, tools, readings, now)
    return sorted(
        found.values(), key=lambda one: (one.project, one.meter, one.done)
    )


def _check(
    each: law.Rated,
    known: Iterable[str],
    priced: Iterable[str],
    earliest: dt.datetime,
) -> None:
    if each.project not in known:
        raise errors.InvalidInput('the project belongs to no account')
    if each.meter not in priced:
        raise errors.InvalidInput('no plan has a price of it')
    if each.begin < earliest:
        raise errors.InvalidInput(
            f'is from before {earliest:%Y-%m-%d}, [ceilometer] sample_age'
        )


def _count(
    found: dict[tuple[str, ...], Difference],
    done: law.Done,
    each: law.Rated,
    why: str,
) -> None:
    key = done, each.project, each.meter, why
    one = found.setdefault(
        key, Difference(done, each.project, each.meter, why)
    )
    one.points += 1
    one.quantity += each.quantity
    one.price += each.price
