# SPDX-License-Identifier: Apache-2.0
"""What comes in the next days if nobody pays.

Bills are made by the engine's own bill, one after the other, as if those
before had been issued; the ladder by the law. Nothing is written.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
import datetime as dt
import itertools
import types
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import forecast
from patrii_billing.domain import lifecycle
from patrii_billing.engine import charge as charging
from patrii_billing.engine import gather
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import issuing
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import ladder
from patrii_billing.store import payments

MOST_DAYS = 366
_Pot = dict[tuple[int, str], int]

# What comes of the next step of the ladder.
STEPS = {
    forecast.Kind.REMINDER: lifecycle.Step.REMIND,
    forecast.Kind.GRACE: lifecycle.Step.GRACE,
    forecast.Kind.SHELVE: lifecycle.Step.SHELVE,
    forecast.Kind.LAST_WARNING: lifecycle.Step.WARN,
    forecast.Kind.DELETE: lifecycle.Step.DELETE,
}


@dataclass(frozen=True, slots=True)
class Marker:
    """The subscription that a page ended with, and when it is looked at.

    `near` is one whose next step is of a kind that was asked for.
    """

    at: dt.datetime
    subscription_id: int
    near: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What comes, and of which subscription; money in its `currency`."""

    subscription_id: int
    subscription: str
    account_id: int
    account: str
    project: str
    currency: str
    coming: forecast.Coming


@dataclass(frozen=True, slots=True)
class Page:
    """What comes of some subscriptions, in the order of time.

    `after` is where the next page begins, None behind the last one.
    """

    events: Sequence[Foreseen]
    after: Marker | None = None


def page(
    conn: sa.Connection,
    tools: toolbox.Tools,
    now: dt.datetime,
    days: int,
    limit: int,
    after: Marker | None = None,
    account_id: int | None = None,
    subscription_id: int | None = None,
    kinds: Collection[forecast.Kind] = (),
) -> Page:
    """What comes of at most so many subscriptions, the soonest ones first.

    Those of which nothing is due by then are not looked at. Of some `kinds`
    those come first whose next step it is; what comes of the others is the
    law's to say, so that a page of them may be empty and yet not the last.
    """
    until = now + dt.timedelta(days=days)
    stages = _stages(kinds)
    if after is not None and not after.near:
        stages = stages[-1:]
    due: list[Marker] = []
    for near in stages:
        is_near = near is not None and near.those
        behind = None
        if after is not None and after.near is is_near:
            behind = after.at, after.subscription_id
        found = ladder.due(
            conn, until, limit + 1 - len(due), behind, account_id,
            subscription_id, near,
        )  # fmt: skip
        due += [Marker(at, each, is_near) for at, each in found]
        if len(due) > limit:
            break
    ids = [each.subscription_id for each in due[:limit]]
    events = of_some(conn, tools, ladder.some(conn, ids), now, until)
    return Page(
        [one for one in events if not kinds or one.coming.kind in kinds],
        due[limit - 1] if len(due) > limit else None,
    )


def _stages(
    kinds: Collection[forecast.Kind],
) -> Sequence[ladder.Near | None]:
    if not kinds:
        return (None,)
    near = ladder.Near(
        [STEPS[kind] for kind in kinds if kind in STEPS],
        forecast.Kind.INVOICE in kinds,
    )
    return near, replace(near, those=False)


def of_some(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subs: Sequence[sa.Row[Any]],
    now: dt.datetime,
    until: dt.datetime,
) -> Sequence[Foreseen]:
    """What comes of these subscriptions before an instant, in its order."""
    facts = gather.several(conn, tools, subs, now)
    pot = payments.balances(conn, {sub.account_id for sub in subs})
    found: list[Foreseen] = []
    for ground in grounds.read(conn, tools, subs):
        sub = ground.sub
        bills = _Bills(conn, tools, ground, pot)
        comings = forecast.foresee(
            facts[sub.id], ground.policy, bills, sub.check_at, now, until
        )
        found += _told(ground, comings)
    return sorted(found, key=lambda each: each.coming.at)


def _told(
    ground: grounds.Ground, comings: Iterator[forecast.Coming]
) -> Iterator[Foreseen]:
    sub, account = ground.sub, ground.account
    currency = ground.terms[-1].plan.currency
    for coming in comings:
        yield Foreseen(
            sub.id, sub.name, account.id, account.name, sub.project, currency,
            coming,
        )  # fmt: skip


class _Bills:
    """The bills of a subscription to come, see domain.forecast.Bills."""

    def __init__(
        self,
        conn: sa.Connection,
        tools: toolbox.Tools,
        ground: grounds.Ground,
        pot: _Pot,
    ) -> None:
        self._conn = conn
        self._tools = tools
        self._ground = ground
        self._pot = pot
        self.next_at: dt.datetime | None = ground.sub.charge_at
        # What is only foreseen has ids of its own.
        self._ids = itertools.count(-1, -1)

    def charge(
        self, status: lifecycle.Status, now: dt.datetime
    ) -> forecast.Bill | None:
        """Bill what is due; what cannot be billed is not foreseen."""
        self._change(billing_status=status)
        try:
            found = charging.following(
                self._conn, self._tools, self._ground, now
            )
        except (errors.InvalidInput, errors.NotFound):
            self.next_at = None
            return None
        self.next_at = found.charge_at
        self._go_on(found)
        if found.draft is None:
            return None
        return self._bill(found.draft)

    def _bill(self, draft: issuing.Draft) -> forecast.Bill:
        key = draft.account.id, draft.currency
        total, balance = draft.said.total, self._pot.get(key, 0)
        used = min(balance, total)
        self._pot[key] = balance - used
        return forecast.Bill(
            total, total - used, draft.due_at, draft.announce_at
        )

    def _change(self, **values: Any) -> None:
        sub: Any = types.SimpleNamespace(
            **{**_values(self._ground.sub), **values}
        )
        self._ground = replace(self._ground, sub=sub)

    def _go_on(self, found: charging.Next) -> None:
        """Stand where the books will, once this is issued."""
        invoice_id = next(self._ids) if found.draft else None
        spans: list[Any] = [
            types.SimpleNamespace(**link)
            for link in charging.links_of(found, invoice_id)
        ]
        self._change(billed_until=found.billed_until, contract=found.contract)
        self._ground = replace(
            self._ground, spans=[*self._ground.spans, *spans]
        )
        if found.draft is not None:
            self._issue(found.draft, invoice_id)

    def _issue(self, draft: issuing.Draft, invoice_id: int | None) -> None:
        lines: list[Any] = [
            types.SimpleNamespace(
                **line,
                id=next(self._ids),
                invoice_id=invoice_id,
                invoice_state=lifecycle.InvoiceState.OPEN,
            )
            for line in draft.lines
        ]
        previous: Any = self._ground.previous
        if draft.period is not None and draft.kind != issuing.EXTRA:
            previous = types.SimpleNamespace(
                total=draft.said.total,
                period_start=draft.period.start,
                period_end=draft.period.end,
            )
        self._ground = replace(
            self._ground,
            lines=[*self._ground.lines, *lines],
            billed=self._ground.billed + draft.said.total,
            previous=previous,
        )


def _values(sub: Any) -> dict[str, Any]:
    if isinstance(sub, types.SimpleNamespace):
        return vars(sub)
    return dict(sub._asdict())
