# SPDX-License-Identifier: Apache-2.0
"""The grounds of those who are due, of most of whom nothing has changed.

What was posted for their older cycles is not read line by line, if a look
shows that it is what these cycles cost.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import calendar
from patrii_billing.domain import pricing
from patrii_billing.engine import bill
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import rating
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import invoices


def read(
    conn: sa.Connection, tools: toolbox.Tools, subs: Sequence[sa.Row[Any]]
) -> list[grounds.Ground]:
    """As grounds.read; without lines for those that it calls quiet."""
    looked = grounds.read(conn, tools, subs, glance=True)
    since = {
        each.sub.id: day
        for each in looked
        if (day := grounds.corrected_from(each.spans)) and _is_simple(each)
    }
    said = _said(conn, since)
    quiet = {}
    for each in looked:
        rates, lines = rating.Rates(each), said.get(each.sub.id)
        if not each.spans or bill.is_said(each, rates, lines):
            quiet[each.sub.id] = replace(each, quiet=rates)
    rest = [sub for sub in subs if sub.id not in quiet]
    read = grounds.read(conn, tools, rest) if rest else []
    found = quiet | {each.sub.id: each for each in read}
    return [found[sub.id] for sub in subs]


def tell_all(spans: Sequence[sa.Row[Any]]) -> bool:
    """Whether the newest spans say of the corrected cycles all there is.

    Where there may be older ones, none of them lies in such a cycle: it
    would begin before what was read does.
    """
    if len(spans) < grounds.GLANCED:
        return True
    oldest, since = spans[0], grounds.corrected_from(spans)
    cut = oldest.cycle_starts, oldest.cycle_ends
    return (
        since is not None
        and since > oldest.starts
        and all(
            span.cycle_starts > oldest.starts
            or (span.cycle_starts, span.cycle_ends) == cut
            for span in spans
        )
    )


def _is_simple(ground: grounds.Ground) -> bool:
    """Whether only the fold of its cycles could ask for its lines.

    So do credits of what was metered, and an amount of discount that is not
    to be given twice; and what was paused is taken out of a cycle.
    """
    if any(term.plan.unit != calendar.Unit.DAY for term in ground.terms):
        return False
    if not tell_all(ground.spans):
        return False
    if ground.pauses or any(
        each.get('amount') for each in ground.account.discounts or ()
    ):
        return False
    if any(
        price.kind is pricing.PriceKind.METER
        for term in ground.terms
        for price in term.law.prices
    ):
        return False
    following = bill.next_cycle(ground, ground.sub.billed_until)
    return bool(ground.spans[-1].cycle_ends == following.start)


def _said(
    conn: sa.Connection, since: Mapping[int, dt.date]
) -> Mapping[int, Sequence[str]]:
    """The lines of each that reach past its own day."""
    if not since:
        return {}
    first = min(since.values())
    found = invoices.said(conn, since.keys(), first, pricing.APART)
    return {
        subscription_id: lines
        if since[subscription_id] == first
        else _without_ended(lines, since[subscription_id].isoformat())
        for subscription_id, lines in found.items()
    }


def _without_ended(lines: Sequence[str], day: str) -> Sequence[str]:
    return [line for line in lines if not _ended(line, day)]


def _ended(line: str, day: str) -> bool:
    """Whether it ended by a day; what is no line at all is not left out."""
    _, *said = line.rsplit(invoices.BAR, 3)
    return bool(said) and said[0] <= day
