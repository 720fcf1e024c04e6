# SPDX-License-Identifier: Apache-2.0
"""Ask the law about a subscription and write down what it wants."""

import datetime as dt
from typing import Any

from oslo_db import exception
from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import dunning
from patrii_billing.domain import intents
from patrii_billing.domain import lifecycle
from patrii_billing.domain import standing
from patrii_billing.engine import charge
from patrii_billing.engine import correct
from patrii_billing.engine import crediting
from patrii_billing.engine import ending
from patrii_billing.engine import gather
from patrii_billing.engine import parking
from patrii_billing.engine import switches
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import custody
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline

LOG = logging.getLogger(__name__)


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Judge what is due; how many there were."""
    due = tools.db.read(subscriptions.due, now, tools.settings.batch)
    parking.each_alone(tools, due, _judge_one, now, 'judgement', 'check_at')
    if due:
        tools.db.write(switches.mind_arrears, tools.settings, now)
    return len(due)


def _judge_one(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    account_id: int,
    now: dt.datetime,
) -> None:
    accounts.lock(conn, account_id)
    judge(conn, tools, subscription_id, now)


def judge_account(
    conn: sa.Connection,
    tools: toolbox.Tools,
    account_id: int,
    now: dt.datetime,
) -> None:
    """Judge all subscriptions of an account whose lock is held."""
    for sub in subscriptions.of_account(conn, account_id):
        judge(conn, tools, sub.id, now)


def judge(
    conn: sa.Connection,
    tools: toolbox.Tools,
    subscription_id: int,
    now: dt.datetime,
) -> None:
    """Decide, and write the new place with all that follows from it.

    The account's lock must be held, so that no payment comes between.
    """
    sub = subscriptions.get(conn, subscription_id)
    if sub.settle_at is not None and sub.settle_at <= now:
        # Before a step against him: what he owes must be what he has.
        if not _settled(conn, tools, sub, now):
            return
        sub = subscriptions.get(conn, subscription_id)
    facts = gather.facts(conn, tools, sub, now)
    decision = dunning.decide(facts, gather.policy(conn, tools, sub), now)
    subscriptions.write_ladder(
        conn, sub.id, decision.position, decision.check_at
    )
    case = decision.position.case or sub.case_id
    for intent in decision.intents:
        _carry_out(conn, tools, sub, case, intent, now)
    if _held(facts.status, facts.position) and not (
        facts.hold(now) or _held(decision.status, decision.position)
    ):
        _tell_hold_ended(conn, sub, bool(facts.invoices), now)
    owes = bool(facts.invoices or facts.in_custody() or facts.quota_frozen)
    if sub.contract == lifecycle.Contract.ENDED and not owes:
        ending.let_go(conn, sub, now)


def _settled(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    now: dt.datetime,
) -> bool:
    """Whether what changed is settled, or nothing is past due anyway.

    While it fails no step is taken against him, and what undoes one goes on.
    """
    try:
        with conn.begin_nested():
            correct.settle_or_park(conn, tools, sub, now)
    except exception.DBError:
        raise
    except Exception:
        LOG.exception('subscription %s: no correction', sub.id)
        later = now + tools.settings.retry_max
        facts = gather.facts(conn, tools, sub, now)
        policy = gather.policy(conn, tools, sub)
        subscriptions.change(conn, sub.id, settle_at=later)
        if facts.owes(policy.tolerance, now):
            subscriptions.look(conn, sub.id, later)
            return False
    return True


def _carry_out(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    case: str | None,
    intent: intents.Intent,
    now: dt.datetime,
) -> None:
    match intent:
        case intents.SetStatus():
            _set_status(conn, tools, sub, intent, now)
        case intents.Notify():
            _notify(conn, sub, case, intent, now)
        case intents.Alarm():
            tell.operator(
                conn, now, intent.name, intent.key, intent.why,
                account_id=sub.account_id, subscription_id=sub.id,
            )  # fmt: skip
        case intents.Act():
            _act(conn, sub, case, intent, now)
        case intents.Cancel():
            withdraw(conn, sub, intent, now)
        case intents.EndHold():
            end_hold(conn, sub, intent.type, intent.why, now)
        case intents.EndContract():
            subscriptions.change(
                conn, sub.id,
                contract=lifecycle.Contract.ENDED, ended_at=now,
                charge_at=None,
            )  # fmt: skip
        case intents.WriteOff():
            for row in invoices.open_of_subscription(conn, sub.id):
                crediting.give_up(conn, row, now, timeline.ENGINE, intent.why)


def _set_status(
    conn: sa.Connection,
    tools: toolbox.Tools,
    sub: sa.Row[Any],
    intent: intents.SetStatus,
    now: dt.datetime,
) -> None:
    before = lifecycle.Status(sub.billing_status)
    subscriptions.write_status(conn, sub.id, intent.status, now)
    timeline.record(
        conn, now, 'status', intent.status, intent.why,
        account_id=sub.account_id, subscription_id=sub.id, was=before,
    )  # fmt: skip
    suspended = (
        lifecycle.Status.SHELVED,
        lifecycle.Status.PENDING_DELETION,
    )
    if intent.status is lifecycle.Status.ACTIVE and before in suspended:
        charge.resume(conn, tools, sub, now)


def _notify(
    conn: sa.Connection,
    sub: sa.Row[Any],
    case: str | None,
    intent: intents.Notify,
    now: dt.datetime,
) -> None:
    if intent.template == 'deleted' and case and intent.names:
        # One day is named for all, and some may have gone days before.
        custody.keep_until(conn, case, intent.names)
    notices.ask(
        conn,
        intent.key,
        intent.template,
        now,
        account_id=sub.account_id,
        subscription_id=sub.id,
        invoice_id=subscriptions.get(conn, sub.id).step_invoice,
        case_id=case,
        servers=intent.servers,
        names=intent.names,
        context=dict(intent.context),
    )


def _act(
    conn: sa.Connection,
    sub: sa.Row[Any],
    case: str | None,
    intent: intents.Act,
    now: dt.datetime,
) -> None:
    args = None
    if intent.type is lifecycle.ActionType.QUOTA_CHANGE:
        args = {'purpose': 'freeze' if intent.freeze else 'thaw'}
    actions.ask(
        conn,
        intent.type,
        now,
        subscription_id=sub.id,
        account_id=sub.account_id,
        project=sub.project,
        case_id=case or '',
        server=intent.server,
        args=args,
    )


def _held(status: lifecycle.Status, position: standing.Position) -> bool:
    return status is lifecycle.Status.HELD or position.frozen is not None


def _tell_hold_ended(
    conn: sa.Connection, sub: sa.Row[Any], owes: bool, now: dt.datetime
) -> None:
    """Released or over; of a promise that was kept the receipt tells."""
    hold = subscriptions.last_over(conn, sub.id, now)
    if hold is None or (hold.type == lifecycle.HoldType.PROMISE and not owes):
        return
    notices.ask(
        conn, f'hold:{hold.id}:ended', 'hold_ended', now,
        account_id=sub.account_id, subscription_id=sub.id,
        context={'type': hold.type},
    )  # fmt: skip


def withdraw(
    conn: sa.Connection,
    sub: sa.Row[Any],
    intent: intents.Cancel,
    now: dt.datetime,
) -> None:
    """Cancel what is not under way and have the rest find out at once."""
    for row in actions.cancel(conn, sub.id, intent.types, now, intent.why):
        timeline.record(
            conn, now, 'action', row.type, intent.why,
            account_id=sub.account_id, subscription_id=sub.id,
            server=row.server, result='cancelled', action=row.id,
        )  # fmt: skip
    actions.hurry(conn, sub.id, now)


def end_hold(
    conn: sa.Connection,
    sub: sa.Row[Any],
    kind: lifecycle.HoldType,
    why: str,
    now: dt.datetime,
    by: str = timeline.ENGINE,
) -> None:
    subscriptions.end_hold(conn, sub.id, kind, now)
    if kind is lifecycle.HoldType.PAUSE:
        subscriptions.settle(conn, sub.id, now)
    timeline.record(
        conn, now, 'hold', f'{kind} ended', why,
        account_id=sub.account_id, subscription_id=sub.id, by=by,
    )  # fmt: skip
