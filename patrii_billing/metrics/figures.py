# SPDX-License-Identifier: Apache-2.0
"""Which figures there are, and what each means; never one of a customer.

Names, addresses and ids of customers stay out of them: a monitor keeps what
it reads for long, and many may look.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from typing import Any

from prometheus_client import metrics_core
import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import ActionState
from patrii_billing.domain.lifecycle import ActionType
from patrii_billing.domain.lifecycle import DeliveryState
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain.lifecycle import Step
from patrii_billing.domain import money
from patrii_billing.engine import enforcement
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import summary as page
from patrii_billing.metrics import family
from patrii_billing.metrics import liveness
from patrii_billing.store import due
from patrii_billing.store import inbox
from patrii_billing.store.views import operations
from patrii_billing.store.views import summary
from patrii_billing.store import watch

Families = Iterator[metrics_core.Metric]
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_MONTH = dt.timedelta(days=30)
_STEPS = [step for step in Step if step not in (Step.NONE, Step.END)]
_SUMS = ('invoiced', 'credited', 'collected', 'refunded', 'charged_back')


@dataclass(frozen=True, slots=True)
class Asked:
    """What the figures are read from; `zone` is whose months they are.

    `bridges` are the names of other subscription engines that are configured:
    one that is not any more stays in the books, and nobody waits for it.
    """

    conn: sa.Connection
    settings: engine_settings.Settings
    now: dt.datetime
    zone: dt.tzinfo
    bridges: Collection[str]

    def age(self, since: dt.datetime | None) -> float:
        return family.age(since, self.now)


def read(
    conn: sa.Connection,
    settings: engine_settings.Settings,
    now: dt.datetime,
    zone: dt.tzinfo,
    bridges: Collection[str] = (),
) -> list[metrics_core.Metric]:
    """All figures as they are now, of the whole installation."""
    asked = Asked(conn, settings, now, zone, bridges)
    return [each for part in _PARTS for each in part(asked)]


def _each(
    kinds: Iterable[str], found: Mapping[Any, family.Value]
) -> dict[family.Of, family.Value]:
    """A value for each kind, 0 where nothing was found of it.

    So that a graph has a line and an alert a figure, before and after.
    """
    return {(str(kind),): found.get(str(kind), 0) for kind in kinds}


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(money.plain(minor, currency))


def _customers(asked: Asked) -> Families:
    whole, parked = summary.accounts(asked.conn)
    yield family.gauge('accounts', 'Customers.', whole)
    yield family.gauge(
        'accounts_parked',
        'Customers who are not billed until a person has looked.', parked,
    )  # fmt: skip
    statuses = summary.statuses(asked.conn)
    yield family.gauge(
        'subscriptions', 'Contracts that have not ended, by billing status.',
        _each(
            lifecycle.Status,
            {row.status: row.subscriptions for row in statuses},
        ),
        ['billing_status'],
    )  # fmt: skip
    yield family.gauge(
        'servers_missed',
        'Servers of the books that nova did not show, to be confirmed.',
        operations.missed(asked.conn),
    )
    yield family.gauge(
        'quota_drift_projects',
        'Projects whose quota in nova is not the one that is billed.',
        operations.drifted(asked.conn),
    )


def _owed(asked: Asked) -> Families:
    ages = {
        (one.currency, _span(one)): one
        for one in summary.ages(asked.conn, asked.now)
    }
    labels = ['currency', 'days_overdue']
    yield family.gauge(
        'invoices_open', 'Open invoices, by days past due.',
        {of: one.invoices for of, one in ages.items()}, labels,
    )  # fmt: skip
    yield family.gauge(
        'invoices_open_amount',
        'What is owed on open invoices with taxes, in units of the currency.',
        {of: _major(one.owed, of[0]) for of, one in ages.items()}, labels,
    )  # fmt: skip


def _span(one: summary.Age) -> str:
    if one.since is None:
        return 'not due'
    return f'{one.since}+' if one.until is None else f'{one.since}-{one.until}'


def _month(asked: Asked) -> Families:
    months = summary.months(asked.conn, asked.now, 1, asked.zone)
    yield family.gauge(
        'month_amount',
        'Money of the running month with taxes, in units of the currency.',
        {
            (one.currency, name): _major(getattr(one, name), one.currency)
            for one in months
            for name in _SUMS
        },
        ['currency', 'kind'],
    )


def _unmatched(asked: Asked) -> Families:
    rows = summary.unmatched(asked.conn)
    yield family.gauge(
        'payments_unmatched', 'Payments of nobody known.',
        {(row.currency,): row.payments for row in rows}, ['currency'],
    )  # fmt: skip
    yield family.gauge(
        'payments_unmatched_amount',
        'Money of nobody known, in units of the currency.',
        {
            (row.currency,): _major(int(row.amount), row.currency)
            for row in rows
        },
        ['currency'],
    )


def _work(asked: Asked) -> Families:
    instants = due.instants(asked.conn)
    yield family.gauge(
        'work_lateness_seconds',
        'How long the oldest work of each kind has been due.',
        _each(
            due.KINDS, {kind: asked.age(at) for kind, at in instants.items()}
        ),
        ['work'],
    )


def _ladder(asked: Asked) -> Families:
    rows = operations.ladder(asked.conn, asked.now, asked.now + _DAY)
    yield family.gauge(
        'ladder_steps_ahead', 'Steps that fall due within 24 hours.',
        _each(_STEPS, {row.step: row.ahead for row in rows}), ['step'],
    )  # fmt: skip
    yield family.gauge(
        'ladder_steps_late', 'Steps that are due and were not taken yet.',
        _each(_STEPS, {row.step: row.late for row in rows}), ['step'],
    )  # fmt: skip
    yield family.gauge(
        'ladder_lateness_seconds', 'How late the oldest of them is.',
        _each(_STEPS, {row.step: asked.age(row.oldest) for row in rows}),
        ['step'],
    )


def _actions(asked: Asked) -> Families:
    rows = summary.actions(asked.conn, page.TRIES)
    for name, told, column in (
        ('actions_pending', 'Actions to be done.', 'waiting'),
        ('actions_stuck', 'Of them those that failed repeatedly.', 'stuck'),
        ('actions_failed', 'Actions that were given up, ever.', 'failed'),
    ):
        found = {row.type: getattr(row, column) for row in rows}
        yield family.gauge(name, told, _each(ActionType, found), ['type'])
    waiting = operations.actions(asked.conn)
    yield family.gauge(
        'action_oldest_age_seconds', 'Age of the oldest action to be done.',
        _each(
            ActionType, {row.type: asked.age(row.oldest) for row in waiting}
        ),
        ['type'],
    )  # fmt: skip
    done = {
        (row.type, row.state): row.actions
        for row in operations.finished(asked.conn, asked.now - _HOUR)
    }
    yield family.gauge(
        'actions_finished', 'Actions of the last hour, by what came of them.',
        {
            (str(kind), str(state)): done.get((kind, state), 0)
            for kind in ActionType
            for state in ActionState
            if state is not ActionState.PENDING
        },
        ['type', 'result'],
    )  # fmt: skip


def _mails(asked: Asked) -> Families:
    rows = summary.notices(asked.conn, asked.now - _MONTH)
    found = {row.state: row.notices for row in rows}
    yield family.gauge(
        'notices_pending', 'Mails to be handed over.',
        found.get(NoticeState.PENDING, 0),
    )  # fmt: skip
    yield family.gauge(
        'notice_oldest_age_seconds', 'Age of the oldest of them.',
        asked.age(operations.oldest_notice(asked.conn)),
    )
    lost = (NoticeState.REFUSED, NoticeState.UNKNOWN)
    yield family.gauge(
        'notices_undelivered',
        'Mails of the last 30 days that were refused, or may be lost.',
        _each(lost, found), ['state'],
    )  # fmt: skip
    tries = operations.attempts(asked.conn, asked.now - _HOUR)
    yield family.gauge(
        'mail_attempts', 'Hand-overs of mails in the last hour, by result.',
        _each(lifecycle.Attempt, {row.result: row.attempts for row in tries}),
        ['result'],
    )  # fmt: skip
    yield family.gauge(
        'mail_addresses_marked',
        'Addresses of customers that mails came back from.',
        operations.undeliverable(asked.conn),
    )
    yield family.gauge(
        'mail_server_away_seconds',
        'Since when the mail server has not answered; 0 if it does.',
        asked.age(watch.get(asked.conn).mail_away_since),
    )


def _messages(asked: Asked) -> Families:
    rows = operations.unread(asked.conn)
    sources = (inbox.NOVA, inbox.CEILOMETER)
    yield family.gauge(
        'inbox_messages', 'Notifications stored and still to be read.',
        _each(sources, {row.source: row.messages for row in rows}),
        ['source'],
    )  # fmt: skip
    yield family.gauge(
        'inbox_oldest_age_seconds', 'Age of the oldest of them.',
        _each(sources, {row.source: asked.age(row.oldest) for row in rows}),
        ['source'],
    )
    yield family.gauge(
        'inbox_parked', 'Notifications that were not understood.',
        summary.parked_messages(asked.conn),
    )  # fmt: skip


def _enforcement(asked: Asked) -> Families:
    found = enforcement.look(asked.conn, asked.settings, asked.now)
    for name, told, value in (
        ('dry_run', 'Whether nothing is done to servers or customers.',
         found.dry_run),
        ('stopped', 'Whether somebody, or a cap, stopped enforcement.',
         found.stopped is not None),
        ('safe_mode', 'Whether only restores are done until a person agrees.',
         found.safe_mode is not None),
    ):  # fmt: skip
        yield family.gauge(f'enforcement_{name}', told, value)
    yield family.gauge(
        'actions_unapproved', 'Actions that wait for a person to say yes.',
        _each(ActionType, found.unapproved), ['type'],
    )  # fmt: skip
    caps = {(str(cap.kind), cap.name): cap for cap in found.caps}
    labels = ['type', 'cap']
    yield family.gauge(
        'cap_used', 'Actions that count against a cap.',
        {of: cap.used for of, cap in caps.items()}, labels,
    )  # fmt: skip
    yield family.gauge(
        'cap_limit', 'At so many all enforcement stops.',
        {of: cap.limit for of, cap in caps.items()}, labels,
    )  # fmt: skip
    yield from _signs_of_life(asked, found)


def _signs_of_life(asked: Asked, found: enforcement.Enforcement) -> Families:
    settings = asked.settings
    for name, told, at in (
        ('tick', 'the engine looked for work', found.ticked_at),
        ('notification', 'nova told of something', found.heard_at),
        ('reconcile', 'the books were compared with nova', found.swept_at),
        ('bounces_read', 'the mailbox of bounces was read',
         found.bounces_read_at),
    ):  # fmt: skip
        yield family.gauge(
            f'last_{name}_timestamp_seconds', f'When {told} last.',
            family.stamp(at),
        )  # fmt: skip
    spans = {
        'inbox': settings.inbox_age,
        'notification': settings.silence,
        'reconcile': settings.sweep_age,
        'bounces_read': settings.unread_after,
        'bridge': settings.read_age if asked.bridges else None,
    }
    yield family.gauge(
        'tolerated_age_seconds',
        'The age with which nothing is shelved or deleted any more.',
        {
            (name,): span.total_seconds()
            for name, span in spans.items()
            if span is not None
        },
        ['of'],
    )


def _others(asked: Asked) -> Families:
    rows = operations.deliveries(asked.conn)
    told = operations.listeners(asked.conn)
    names = sorted({row.name for row in told} | {row.listener for row in rows})

    def of(state: DeliveryState) -> dict[str, int]:
        return {row.listener: row.events for row in rows if row.state == state}

    waiting = {
        row.listener: asked.age(row.oldest)
        for row in rows
        if row.state == DeliveryState.PENDING
    }
    for name, meaning, found in (
        ('deliveries_pending', 'Events that a listener is still to be told.',
         of(DeliveryState.PENDING)),
        ('deliveries_dead', 'Events that a listener was not told, given up.',
         of(DeliveryState.DEAD)),
        ('delivery_oldest_age_seconds', 'How long the oldest has waited.',
         waiting),
        ('listener_failures', 'Failures of a listener in a row.',
         {row.name: row.failures for row in told}),
    ):  # fmt: skip
        yield family.gauge(name, meaning, _each(names, found), ['listener'])
    receipts = operations.receipts(asked.conn)
    waits = (lifecycle.ReceiptState.PARKED, lifecycle.ReceiptState.UNMATCHED)
    yield family.gauge(
        'receipts_waiting', 'What other systems told and a person must see.',
        _each(waits, {row.state: row.receipts for row in receipts}),
        ['state'],
    )  # fmt: skip


def _alive(asked: Asked) -> Families:
    yield from liveness.workers(asked.conn, asked.settings)
    yield from liveness.bridges(asked.conn, asked.bridges)


_PARTS = (
    _customers, _owed, _month, _unmatched, _work, _ladder, _actions, _mails,
    _messages, _enforcement, _others, _alive,
)  # fmt: skip
