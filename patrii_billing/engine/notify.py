# SPDX-License-Identifier: Apache-2.0
"""Send the notices that are due, and settle what the mail server said.

The ladder counts from that answer: a warning that was not accepted never
happened.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime as dt
import hashlib
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import lifecycle
from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.domain import mail
from patrii_billing.engine import addressing
from patrii_billing.engine import collect
from patrii_billing.engine import enclosing
from patrii_billing.engine import heartbeat
from patrii_billing.engine import parking
from patrii_billing.engine import resending
from patrii_billing.engine import settings as engine_settings
from patrii_billing.engine import tell
from patrii_billing.engine import telling
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import attempts
from patrii_billing.store import invoices
from patrii_billing.store import notices
from patrii_billing.store import outflow
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)

# A server may be slow, and what is urgent come in meanwhile: then all that is
# left of a batch goes back.
_IN_HAND = dt.timedelta(seconds=30)
# What came of a crash between the mail and its answer.
_LOST = 'this service stopped before it had kept the answer'
# Tried fewer times, nothing is given up: its mail server may just be back.
_TRIES = 24
# After the first, second and each further time that its fate was unknown.
_SPARED = tuple(dt.timedelta(hours=hours) for hours in (0, 1, 6, 24))
_TRIED = {
    NoticeState.ACCEPTED: Attempt.ACCEPTED,
    NoticeState.REFUSED: Attempt.REFUSED,
    NoticeState.UNKNOWN: Attempt.UNKNOWN,
}

# Whoever resumes has them looked at at once, and there may be very many.
_WITHHELD = dt.timedelta(hours=1)

# What the ladder rests on is sent again where its fate is unknown: twice is
# better than never.
_MUST_ARRIVE = frozenset({'grace', 'last_warning'})
# They speak of what is to come, and that no more once it is paid.
_FORETELL = frozenset({'reminder', *_MUST_ARRIVE})


def run(tools: toolbox.Tools, now: dt.datetime) -> int:
    """Send what is due and may leave, most urgent first; how many."""
    rows = tools.db.write(claim, tools.settings, now)
    done = 0
    with tools.voice.kept():
        for row in rows:
            late = done > 0 and tools.now() - now > _IN_HAND
            if late or tools.stopping() or not _attempt(tools, row):
                # Back to all workers, in the order of today.
                tools.db.write(notices.give_back, rows)
                break
            done += 1
    return done


def claim(
    conn: sa.Connection, settings: engine_settings.Settings, now: dt.datetime
) -> Sequence[sa.Row[Any]]:
    """What is due, for one worker: as much as may leave now.

    By a clock that is not to be believed only the operator is told.
    """
    most = outflow.room(
        conn, now, settings.batch, settings.mail_per_minute,
        settings.mail_lease,
    )  # fmt: skip
    if not most:
        return ()
    doubtful = not heartbeat.believed(conn, settings, now)
    return notices.claim(conn, now, settings.lease, most, operators=doubtful)


def _attempt(tools: toolbox.Tools, row: sa.Row[Any]) -> bool:
    """Bring one notice a step on; whether the next may follow."""
    try:
        return _deliver(tools, row)
    except errors.LeaseLost as error:
        LOG.info('notice %s: %s', row.key, error)
    except Exception as error:
        # One bad notice must not keep the others.
        _put_off(tools, row, parking.told(LOG, f'notice {row.key}', error))
    return True


def _put_off(tools: toolbox.Tools, row: sa.Row[Any], why: str) -> None:
    """After an error of our own: with the mail gone, its fate is unknown."""
    try:
        if tools.db.read(attempts.is_open, row.id):
            _unknown(tools, row, why)
        else:
            _later(tools, row, why)
    except errors.LeaseLost as error:
        LOG.info('notice %s: %s', row.key, error)


def _deliver(tools: toolbox.Tools, row: sa.Row[Any]) -> bool:
    now = tools.now()
    row, lost, outdated = tools.db.write(
        _take_up, row, now, now + tools.settings.lease
    )
    if lost and row.template not in _MUST_ARRIVE:
        _settle(tools, row, NoticeState.UNKNOWN, _LOST)
        return True
    if outdated:
        _settle(tools, row, NoticeState.CANCELLED, 'it is not so any more')
        return True
    if tools.settings.dry_run and row.account_id is not None:
        _settle(tools, row, NoticeState.SUPPRESSED, 'dry run')
        return True
    if row.template in _MUST_ARRIVE and tools.db.write(
        _withheld, tools, row
    ):
        return True
    sent: dict[str, Any] = {}
    try:
        composed = _compose(tools, row, sent)
        if not tools.db.write(_begin, tools, row, composed.to, sent['names']):
            return False
        handover = tools.voice.send(composed)
    except errors.MailRefused as error:
        refused = error.refused
        _settle(
            tools, row, NoticeState.REFUSED, str(error), refused, **sent
        )
    except errors.MailUnknown as error:
        _unknown(tools, row, str(error), **sent)
    except errors.MailAway as error:
        tools.db.write(_away, tools, row, str(error))
        return False
    except (errors.MailError, errors.CloudError) as error:
        _later(tools, row, str(error))
    else:
        sent['recipients'] = [
            one for one in composed.to if one not in handover.missed
        ]
        _settle(
            tools, row, NoticeState.ACCEPTED, handover.answer,
            handover.refused, **sent,
        )  # fmt: skip
    return True


def _withheld(
    conn: sa.Connection, tools: toolbox.Tools, row: sa.Row[Any]
) -> bool:
    """While enforcement is stopped nobody is threatened with it.

    The ladder counts from the mail, so that its deadlines come later.
    """
    stopped = watch.get(conn).stopped_why is not None
    if stopped:
        notices.withhold(conn, row, tools.now() + _WITHHELD)
        outflow.answered(conn, tools.now(), by_server=False)
    return stopped


def _compose(
    tools: toolbox.Tools, row: sa.Row[Any], sent: dict[str, Any]
) -> mail.Mail:
    """The mail, as the books are now; `sent` gets what it will have said."""
    content = tools.db.read(telling.content_of, tools, row, tools.now())
    sent['names'] = content.names
    to = addressing.recipients(tools, row, content.recipients)
    content = dataclasses.replace(content, recipients=to)
    composed = tools.voice.compose(
        enclosing.with_document(tools, row, content)
    )
    _complain(tools, row, composed)
    sent['recipients'] = list(composed.to)
    sent['subject'], sent['body'] = composed.subject, composed.text
    return composed


def _begin(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    recipients: Sequence[str],
    names: dt.datetime | None,
) -> bool:
    """Write down that the mail is about to leave, if the pace lets it.

    And the instant that it names: it holds even if nobody is ever to know
    whether the mail arrives. Raises LeaseLost.
    """
    pace = tools.settings.mail_per_minute
    if pace:
        watch.lock(conn)
    now = tools.now()  # others' mails may have been waited for
    if pace and not outflow.take(conn, now, pace):
        return False
    notices.renew(conn, row, now, now + tools.settings.mail_lease)
    attempts.begin(conn, row.id, now, recipients)
    if row.template in _MUST_ARRIVE and names is not None:
        for notice_id in {row.id, row.repeats or row.id}:
            notices.name_later(conn, notice_id, names)
    return True


def _complain(
    tools: toolbox.Tools, row: sa.Row[Any], composed: mail.Mail
) -> None:
    """Tell the operator, once, of a template of his that was passed over."""
    if not composed.fault:
        return
    place = composed.fault.partition(': ')[0]
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]
    tools.db.write(
        tell.operator, tools.now(), 'template_broken',
        f'template:{row.template}:{digest}', composed.fault,
    )  # fmt: skip


def _take_up(
    conn: sa.Connection, row: sa.Row[Any], now: dt.datetime, until: dt.datetime
) -> tuple[sa.Row[Any], bool, bool]:
    """The row, whether an attempt was lost, and whether it is outdated.

    An alarm tells of all others of its name that wait.

    Renews the lease first: others of the same batch may have taken long, and
    nobody is to be told twice. An attempt that is still open is that of a
    worker who died, or whose answer could not be kept. Raises LeaseLost.
    """
    notices.renew(conn, row, now, until)
    lost = attempts.is_open(conn, row.id)
    if lost and row.template in _MUST_ARRIVE:
        _note(conn, row, Attempt.UNKNOWN, _LOST, now)
        row = notices.count_attempt(conn, row, until)
    if row.template == 'operator' and not lost:
        row = notices.gather_alarms(conn, row, now)
    return row, lost, _outdated(conn, row, until)


def _outdated(
    conn: sa.Connection, row: sa.Row[Any], until: dt.datetime
) -> bool:
    """Whether it is not so any more.

    The ladder does not wait for it, or what it announces is void.
    """
    if row.repeats is not None:
        first = notices.repeated(conn, row)
        return resending.obsolete(conn, first, until) is not None
    if row.template == 'invoice' and row.invoice_id is not None:
        invoice = invoices.get(conn, row.invoice_id)
        return bool(invoice.state == lifecycle.InvoiceState.VOID)
    if row.template not in _FORETELL:
        return False
    return bool(subscriptions.get(conn, row.subscription_id).awaits != row.key)


def _settle(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    state: NoticeState,
    answer: str,
    refused: Mapping[str, str] | None = None,
    **values: Any,
) -> None:
    tools.db.write(
        _write_settled, tools, row, state, answer, refused or {}, values
    )


def _write_settled(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    state: NoticeState,
    answer: str,
    refused: Mapping[str, str],
    values: dict[str, Any],
) -> None:
    now = tools.now()
    if row.account_id is not None:
        accounts.lock(conn, row.account_id)
    named = values.pop('names', None)
    if named is not None and row.template not in _MUST_ARRIVE:
        values['names'] = named
    notices.settle(conn, row, state, now, answer, **values)
    spoke = False
    if state in _TRIED:
        to = values.get('recipients', ())
        spoke = _note(
            conn, row, _TRIED[state], answer, now, to, on_timeline=False
        )
    timeline.record(
        conn, now, 'notice', row.template, answer,
        account_id=row.account_id, subscription_id=row.subscription_id,
        result=str(state), key=row.key,
    )  # fmt: skip
    if state is NoticeState.ACCEPTED and row.repeats is not None:
        resending.count(conn, row, answer, named, now)
    if state is NoticeState.REFUSED and row.account_id is not None:
        tell.operator(
            conn, now, 'delivery_failed', f'{row.key}:delivery_failed',
            f'{row.template}: {answer}{_blame(spoke, refused)}',
            account_id=row.account_id, subscription_id=row.subscription_id,
        )  # fmt: skip
    told = state is NoticeState.REFUSED
    addressing.mark(conn, row, refused, now, told=told)
    outflow.answered(conn, now, by_server=spoke)
    if row.subscription_id is not None:
        collect.judge(conn, tools, row.subscription_id, now)


def _blame(spoke: bool, refused: Mapping[str, str]) -> str:
    if refused or not spoke:
        return ''
    return ' (it refuses the mail or us, and not an address)'


def _note(
    conn: sa.Connection,
    row: sa.Row[Any],
    result: Attempt,
    answer: str,
    now: dt.datetime,
    recipients: Sequence[str] = (),
    *,
    on_timeline: bool = True,
) -> bool:
    """Keep what came of the attempt; whether one had begun.

    On the timeline stands the first of a kind, and not all of a long night.
    """
    before = {one.result for one in attempts.of(conn, row.id)}
    begun = attempts.end(conn, row.id, result, answer, recipients)
    if not begun:
        attempts.record(conn, row.id, now, result, answer, recipients)
    if on_timeline and result not in before:
        timeline.record(
            conn, now, 'notice', row.template, answer,
            account_id=row.account_id, subscription_id=row.subscription_id,
            result=str(result), key=row.key,
        )  # fmt: skip
    return begun


def _unknown(
    tools: toolbox.Tools, row: sa.Row[Any], answer: str, **sent: Any
) -> None:
    """It may have arrived: again if it must, else never."""
    if row.template in _MUST_ARRIVE:
        _later(tools, row, answer, Attempt.UNKNOWN)
    else:
        _settle(tools, row, NoticeState.UNKNOWN, answer, **sent)


def _later(
    tools: toolbox.Tools,
    row: sa.Row[Any],
    answer: str,
    result: Attempt = Attempt.DEFERRED,
) -> None:
    if result is Attempt.DEFERRED and _is_hopeless(tools, row):
        _settle(tools, row, NoticeState.REFUSED, f'given up: {answer}')
        return
    wait = tools.settings.mail_backoff(row.attempts, row.key)
    tools.db.write(
        _write_later, tools, row, answer, result, tools.now() + wait
    )


def _is_hopeless(tools: toolbox.Tools, row: sa.Row[Any]) -> bool:
    """Whether to give it up: the ladder waits for none of its kind."""
    age = tools.now() - row.created_at
    return (
        row.template not in _FORETELL
        and row.attempts >= _TRIES
        and age > tools.settings.mail_give_up
    )


def _write_later(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    answer: str,
    result: Attempt,
    next_at: dt.datetime,
) -> None:
    if result is Attempt.UNKNOWN:
        next_at = max(next_at, tools.now() + _spared(conn, row))
        tell.operator(
            conn, tools.now(), 'delivery_unknown', f'{row.key}:unknown',
            f'{row.template} may have arrived, and is sent again: {answer}',
            account_id=row.account_id, subscription_id=row.subscription_id,
        )  # fmt: skip
    spoke = _put_back(conn, tools, row, answer, result, next_at)
    outflow.answered(conn, tools.now(), by_server=spoke)


def _spared(conn: sa.Connection, row: sa.Row[Any]) -> dt.timedelta:
    """How long to spare a reader who may get each copy of it."""
    before = [
        one
        for one in attempts.of(conn, row.id)
        if one.result == Attempt.UNKNOWN
    ]
    return _SPARED[min(len(before), len(_SPARED) - 1)]


def _put_back(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    answer: str,
    result: Attempt,
    next_at: dt.datetime,
) -> bool:
    """To be tried again; whether an attempt had begun. Raises LeaseLost."""
    now = tools.now()
    notices.again(conn, row, next_at, answer)
    begun = _note(conn, row, result, answer, now)
    if now - row.created_at > tools.settings.mail_give_up:
        tell.operator(
            conn, now, 'delivery_late', f'{row.key}:late',
            f'{row.template} was not accepted for long: {answer}',
            account_id=row.account_id, subscription_id=row.subscription_id,
        )  # fmt: skip
    return begun


def _away(
    conn: sa.Connection, tools: toolbox.Tools, row: sa.Row[Any], answer: str
) -> None:
    """The mail server is away: all mails wait, and this one tries again."""
    now, settings = tools.now(), tools.settings
    failures = watch.get(conn).mail_failures or 0
    wait = settings.mail_backoff(failures, 'the mail server')
    opens_at = now + min(wait, settings.retry_max)
    _put_back(conn, tools, row, answer, Attempt.DEFERRED, opens_at)
    since = outflow.away(conn, now, opens_at)
    if now - since > settings.mail_retry_max:
        tell.operator(
            conn, now, 'mail_away', f'mail_away:{since}',
            f'no mail was handed over since {since:%Y-%m-%d %H:%M} UTC: '
            f'{answer}',
        )  # fmt: skip
