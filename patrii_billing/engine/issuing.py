# SPDX-License-Identifier: Apache-2.0
"""Issue invoices, many of them in a few statements.

All that can be wrong with a bill is found before anything is written; the
row of the series, which all workers want, is locked last and shortly.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bounds
from patrii_billing.domain import calendar
from patrii_billing.domain import discount
from patrii_billing.domain import invoice as invoicing
from patrii_billing.domain import lifecycle
from patrii_billing.domain import steps
from patrii_billing.domain import tax
from patrii_billing.engine import balance
from patrii_billing.engine import bill
from patrii_billing.engine import ground as grounds
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import payments
from patrii_billing.store import timeline

EXTRA = 'extra'


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An invoice that only lacks its number; `period` is in local days.

    `told` is what the timeline says of it beside the usual: by, why. What
    another `engine` asks for is only recorded here.
    """

    account: sa.Row[Any]
    subscription_id: int | None
    currency: str
    kind: str
    period: calendar.Period | None
    due_at: dt.datetime
    announce_at: dt.datetime
    lines: tuple[dict[str, Any], ...]
    said: invoicing.Invoice
    told: Mapping[str, str] = field(default_factory=dict)
    engine: str | None = None


def draft(
    tools: toolbox.Tools,
    ground: grounds.Ground,
    kind: str,
    entries: Sequence[bill.Entry],
    period: calendar.Period,
    due_at: dt.datetime,
    announce_at: dt.datetime,
    now: dt.datetime,
) -> Draft:
    """Say these entries. Raises InvalidInput for what would be nonsense."""
    plan = ground.term_on(period.start).plan
    said = _said(tools, ground, entries, period)
    why = bounds.why_not(
        said, plan.currency, period, calendar.local_day(now, ground.zone),
        previous=_previous(ground), billed=ground.billed,
        limits=tools.settings.limits,
    )  # fmt: skip
    if why is not None:
        raise errors.InvalidInput(why, 'invoice')
    lines = tuple(
        bill.row(entry, item, ground.sub.id, ground.zone)
        for entry, item in zip(entries, said.items, strict=True)
    )
    return Draft(
        account=ground.account, subscription_id=ground.sub.id,
        currency=plan.currency, kind=kind, period=period, due_at=due_at,
        announce_at=announce_at, lines=lines, said=said,
        engine=ground.sub.invoiced_by,
    )  # fmt: skip


def _said(
    tools: toolbox.Tools,
    ground: grounds.Ground,
    entries: Sequence[bill.Entry],
    period: calendar.Period,
) -> invoicing.Invoice:
    """What these entries come to, each by the plan of its own time.

    A late one may be of a plan whose prices held the taxes, or did not.
    """
    account = ground.account
    currency = ground.term_on(period.start).plan.currency
    by_plan: dict[bool, list[int]] = {}
    for number, entry in enumerate(entries):
        day = calendar.in_unit(
            entry.line.start, calendar.Unit.DAY, ground.zone
        )
        inclusive = ground.term_on(day).plan.tax_inclusive
        by_plan.setdefault(inclusive, []).append(number)
    items: dict[int, invoicing.Item] = {}
    for inclusive, numbers in by_plan.items():
        composed = invoicing.compose(
            [entries[number].line for number in numbers],
            posted=bill.all_posted(ground),
            rates=tax.read(account.taxes),
            discounts=discount.read(account.discounts, currency),
            inclusive=inclusive,
            rounding=tax.Rounding(tools.settings.tax_rounding),
            cycles=bill.cycles(ground, period),
            zone=ground.zone,
        )
        if len(by_plan) == 1:
            return composed
        items |= zip(numbers, composed.items, strict=True)
    return invoicing.summed(items[number] for number in sorted(items))


def _previous(
    ground: grounds.Ground,
) -> tuple[int, calendar.Period] | None:
    """What the last period came to, and which it was."""
    last = ground.previous
    if last is None:
        return None
    return last.total, calendar.Period(last.period_start, last.period_end)


def correction(
    tools: toolbox.Tools,
    ground: grounds.Ground,
    entries: Sequence[bill.Entry],
    now: dt.datetime,
    **told: str,
) -> Draft:
    """Entries that wait for no period; due after the usual net days."""
    days = calendar.Unit.DAY
    starts = [entry.line.start for entry in entries]
    ends = [entry.line.end for entry in entries]
    period = calendar.Period(
        min(calendar.in_unit(at, days, ground.zone) for at in starts),
        max(calendar.in_unit(at, days, ground.zone) for at in ends),
    )
    due_at = ground.policy.net.after(now, ground.zone)
    ours = ground.sub.invoiced_by is None
    kind = EXTRA if ours else invoices.HANDOVER
    found = draft(tools, ground, kind, entries, period, due_at, now, now)
    return replace(found, told=told)


def issue(
    conn: sa.Connection, drafts: Sequence[Draft], now: dt.datetime
) -> list[int]:
    """Give drafts their numbers, use balances on them, and tell; the ids.

    The locks of their accounts are held. What another engine asks for is
    recorded in a series of that engine's name, and told to it.
    """
    ids: dict[int, int] = {}
    for engine in {each.engine for each in drafts}:
        mine = [
            place for place, each in enumerate(drafts) if each.engine == engine
        ]
        write = _issue if engine is None else _record
        written = write(conn, [drafts[place] for place in mine], now)
        ids |= zip(mine, written, strict=True)
    return [ids[place] for place in sorted(ids)]


def _record(
    conn: sa.Connection, drafts: Sequence[Draft], now: dt.datetime
) -> list[int]:
    """Remember what time another engine bills; nothing is owed for it."""
    external = {
        'state': lifecycle.InvoiceState.EXTERNAL, 'owed': 0,
        'reference': None,
    }  # fmt: skip
    rows = invoices.issue_all(
        conn, now,
        [
            (
                {
                    **_values(each, {}), **external,
                    'series': str(each.engine).upper(),
                    'kind': each.kind if each.kind == invoices.HANDOVER
                    else invoices.RECORD,
                },
                each.lines,
            )
            for each in drafts
        ],
    )  # fmt: skip
    entries = []
    for row, each in zip(rows, drafts, strict=True):
        entry = balance.told(row)
        entry['detail'] |= {'result': str(lifecycle.InvoiceState.EXTERNAL)}
        entries.append({**entry, **each.told})
    timeline.record_all(conn, now, 'invoice', entries)
    return [row.id for row in rows]


def _issue(
    conn: sa.Connection, drafts: Sequence[Draft], now: dt.datetime
) -> list[int]:
    carried = _carried(conn, drafts)
    rows = invoices.issue_all(
        conn, now, [(_values(each, carried), each.lines) for each in drafts]
    )
    timeline.record_all(
        conn, now, 'invoice',
        [
            {**balance.told(row), **each.told}
            for row, each in zip(rows, drafts, strict=True)
        ],
    )  # fmt: skip
    for row in rows:
        if row.total <= 0:
            balance.keep_as_credit(conn, row, now)
    accounts = {row.account_id for row in rows}
    for account_id in payments.accounts_with_balance(conn, accounts):
        balance.allocate(conn, account_id, now)
    notices.ask_all(
        conn, now, 'invoice',
        [
            {
                'key': steps.invoice_key(row.id),
                'account_id': row.account_id,
                'subscription_id': row.subscription_id,
                'invoice_id': row.id,
            }
            for row in rows
        ],
    )  # fmt: skip
    return [row.id for row in rows]


def _values(
    each: Draft, carried: dict[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    account, said, period = each.account, each.said, each.period
    return {
        'account_id': account.id,
        'subscription_id': each.subscription_id,
        'kind': each.kind,
        'state': lifecycle.InvoiceState.OPEN,
        'currency': each.currency,
        'period_start': period.start if period else None,
        'period_end': period.end if period else None,
        'net': said.net,
        'taxes': tax.sums_written(said.taxes),
        'total': said.total,
        'owed': said.total,
        'customer': account.address or {'name': account.name},
        'carried': [
            one
            for one in carried.get(account.id, ())
            if one['currency'] == each.currency
        ],
        'due_at': each.due_at,
        'announce_at': each.announce_at,
    }


def _carried(
    conn: sa.Connection, drafts: Sequence[Draft]
) -> dict[int, list[dict[str, Any]]]:
    """The older invoices that each account owes something on, for readers."""
    found: dict[int, list[dict[str, Any]]] = {}
    accounts = {each.account.id for each in drafts}
    for row in invoices.open_of_accounts(conn, accounts):
        found.setdefault(row.account_id, []).append(
            {
                'number': balance.number(row),
                'owed': row.owed,
                'currency': row.currency,
                'due_at': row.due_at.isoformat(),
            }
        )
    return found
