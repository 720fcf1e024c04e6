# SPDX-License-Identifier: Apache-2.0
"""Read what came back, and take away what rests on it.

A warning was given as long as one of those whom it was handed over for did
not send it back. An address that will not work to-morrow either is marked,
and written to no more before its customer's contacts are set anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import bounce
from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain.lifecycle import NoticeState
from patrii_billing.engine import collect
from patrii_billing.engine import ports
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import actions
from patrii_billing.store import attempts
from patrii_billing.store import notices
from patrii_billing.store import timeline
from patrii_billing.store import undeliverable
from patrii_billing.store import watch

LOG = logging.getLogger(__name__)

_WARNING = 'last_warning'
_HANDED_OVER = frozenset({NoticeState.ACCEPTED, NoticeState.UNKNOWN})
_NOT_UNDERSTOOD = bounce.Verdict(
    bounce.Fate.FAILED, (), answer='it came back, and why is not understood'
)
# One worker reads at a time; where it died, another goes on after so long.
_READING = dt.timedelta(minutes=10)


class Reader:
    """Reads the mailbox every so often, on one host at a time."""

    def __init__(
        self, tools: toolbox.Tools, mailbox: ports.Returns, every: dt.timedelta
    ) -> None:
        self._tools = tools
        self._mailbox = mailbox
        self._every = every

    def run(self) -> int:
        """Read it if it is time; how many letters there were."""
        tools, now = self._tools, self._tools.now()
        if not tools.db.write(watch.claim_bounces, now, now + _READING):
            return 0
        limit = tools.settings.batch
        try:
            count = self._mailbox.read(self._take, limit)
        except errors.MailboxAway as error:
            LOG.warning('The mailbox of bounces cannot be read: %s', error)
            tools.db.write(_away, tools, str(error), now)
            tools.db.write(watch.change, bounces_at=now + self._every)
            return 0
        read_at = tools.now()
        if count == limit:
            # A bounce may lie among the rest: it is not read before that is.
            tools.db.write(_behind, tools, read_at)
            return count
        next_at = read_at + self._every
        tools.db.write(
            watch.change, bounces_at=next_at, bounces_read_at=read_at
        )
        return count

    def _take(self, letter: bounce.Letter) -> bounce.Tray | None:
        if letter.report is None:
            return bounce.Tray.OTHER
        tools = self._tools
        tray = tools.db.write(settle, tools, letter.report, tools.now())
        if tray is bounce.Tray.UNCLEAR:
            LOG.warning('A bounce that nobody understands: %s', letter.place)
            tools.db.write(_ask, letter, tools.now())
        return tray


def _away(
    conn: sa.Connection, tools: toolbox.Tools, why: str, now: dt.datetime
) -> None:
    """Tell the operator, once a day, of what was not read for long."""
    if unread(conn, tools, now):
        tell.operator(
            conn, now, 'bounces_unread', f'bounces_unread:{now.date()}',
            f'the mailbox of bounces cannot be read, and nothing is deleted: '
            f'{why}',
        )  # fmt: skip


def _behind(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> None:
    """Go on at once; more may have come than is read in a day."""
    watch.change(conn, bounces_at=now)
    if watch.get(conn).bounces_read_at is not None:
        _away(conn, tools, 'more comes than can be read', now)


def unread(
    conn: sa.Connection, tools: toolbox.Tools, now: dt.datetime
) -> bool:
    """Whether a warning may have come back that nobody has seen yet."""
    longest = tools.settings.unread_after
    if longest is None:
        return False
    read_at = watch.get(conn).bounces_read_at
    return read_at is None or now - read_at > longest


def _ask(
    conn: sa.Connection, letter: bounce.Letter, now: dt.datetime
) -> None:
    """Have a person read it; once a day, since anybody may write to us."""
    tell.operator(
        conn, now, 'bounce_unclear', f'bounce_unclear:{now.date()}',
        f'a mail came back and this service cannot tell which, or why: '
        f'{letter.place}; there may be more',
    )  # fmt: skip


def settle(
    conn: sa.Connection,
    tools: toolbox.Tools,
    report: bounce.Report,
    now: dt.datetime,
) -> bounce.Tray | None:
    """Write down what a bounce says, once; where it is to be put.

    None while its mail is being sent: what it became is not known yet. A
    warning that came back was not given, even if nobody understands why.
    """
    found = notices.by_message_ids(conn, report.message_ids)
    if report.message_ids and not found:
        return bounce.Tray.OTHER
    if len(found) != 1:
        return bounce.Tray.UNCLEAR
    (row,) = found
    verdicts = report.verdicts
    if not verdicts and row.template == _WARNING:
        verdicts = (_NOT_UNDERSTOOD,)
    if row.account_id is not None:
        accounts.lock(conn, row.account_id)
        row = notices.by_id(conn, row.id)
    if row.lease_until is not None and row.lease_until > now:
        return None
    for verdict in verdicts:
        _note(conn, tools, row, verdict, now)
    return bounce.Tray.READ if report.verdicts else bounce.Tray.UNCLEAR


def _note(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    verdict: bounce.Verdict,
    now: dt.datetime,
) -> None:
    told = _told(conn, row)
    address = bounce.recipient(verdict, told.recipients, told.before)
    if verdict.fate is bounce.Fate.DELAYED:
        _record(conn, row, 'delayed', address, verdict, now)
    # Where it cannot be told who, nobody counts as reached.
    gone = told.left & {address} if address else told.left
    if verdict.fate is not bounce.Fate.FAILED or not gone:
        return
    answer = verdict.answer or 'it came back'
    attempts.record(
        conn, row.id, now, Attempt.BOUNCED, answer, sorted(gone)
    )  # fmt: skip
    _record(conn, row, 'bounced', address, verdict, now)
    if row.account_id is None:
        # An alarm of it would come back as well.
        LOG.error('an alarm came back from %s: %s', gone, answer)
        return
    new = address is not None and verdict.is_lasting and undeliverable.mark(
        conn, row.account_id, address, answer, row.id, now
    )
    if new:
        timeline.record(
            conn, now, 'account', 'undeliverable',
            f'{address} gets no more mails: {answer}',
            account_id=row.account_id, key=row.key,
        )  # fmt: skip
    fell = gone == told.left and not told.by_letter
    if fell and row.state in _HANDED_OVER:
        _take_back(conn, tools, row, answer, now)
    if new or fell:
        _tell(conn, row, address, answer, now)


@dataclass(frozen=True, slots=True)
class _Told:
    """Whom a notice was handed over for, and of whom it did not come back.

    `before` are those whom it was handed over for at an earlier attempt.
    `by_letter` where it was given by another way, which nothing takes back.
    """

    recipients: Sequence[str]
    before: set[str]
    left: set[str]
    by_letter: bool


def _told(conn: sa.Connection, row: sa.Row[Any]) -> _Told:
    recipients: Sequence[str] = row.recipients or ()
    # Before attempts were noted, and where its answer was never read.
    left, by_letter, before = set(recipients), False, set()
    for one in attempts.of(conn, row.id):
        before.update(one.recipients)
        if one.result in (Attempt.BOUNCED, Attempt.REFUSED):
            left = left - set(one.recipients)
        elif one.recipients:
            recipients, left = one.recipients, set(one.recipients)
        elif one.result == Attempt.ACCEPTED:
            by_letter = True
    return _Told(recipients, before - set(recipients), left, by_letter)


def _record(
    conn: sa.Connection,
    row: sa.Row[Any],
    result: str,
    address: str | None,
    verdict: bounce.Verdict,
    now: dt.datetime,
) -> None:
    timeline.record(
        conn, now, 'notice', row.template, verdict.answer,
        account_id=row.account_id, subscription_id=row.subscription_id,
        result=result, key=row.key, address=address, status=verdict.status,
    )  # fmt: skip


def _tell(
    conn: sa.Connection,
    row: sa.Row[Any],
    address: str | None,
    answer: str,
    now: dt.datetime,
) -> None:
    gone = [
        server
        for server in row.servers
        if row.template == _WARNING
        and actions.committed_deletion(conn, server)
    ]
    key = f'bounced:{row.id}:{len(attempts.of(conn, row.id))}'
    why = f'{row.template} came back from {address or "somebody"}: {answer}'
    whose = {
        'account_id': row.account_id,
        'subscription_id': row.subscription_id,
    }
    if gone:
        why = f'{why}; deleted already: {", ".join(gone)}'
        tell.operator(conn, now, 'bounced_late', key, why, **whose)
    else:
        tell.operator(conn, now, 'delivery_failed', key, why, **whose)


def _take_back(
    conn: sa.Connection,
    tools: toolbox.Tools,
    row: sa.Row[Any],
    answer: str,
    now: dt.datetime,
) -> None:
    """The notice was not given, and what rests on it has no ground."""
    notices.bounced(conn, row.key, now, answer)
    if row.subscription_id is None:
        return
    first = notices.repeated(conn, row)
    if row.template != _WARNING or first.accepted_at != row.accepted_at:
        collect.judge(conn, tools, row.subscription_id, now)
        return
    if first.id != row.id:
        notices.bounced(conn, first.key, now, answer)
    collect.judge(conn, tools, row.subscription_id, now)
    copy = _oldest_copy(conn, first)
    if copy is not None:
        # It counts from what was given later, and did not come back.
        notices.prove(
            conn, first.id, copy.accepted_at,
            f'accepted as notice {copy.id}: {copy.answer}',
            names=max(filter(None, (first.names, copy.names)), default=None),
        )  # fmt: skip
        collect.judge(conn, tools, row.subscription_id, now)


def _oldest_copy(
    conn: sa.Connection, first: sa.Row[Any]
) -> sa.Row[Any] | None:
    given = [
        one
        for one in notices.copies(conn, first.id)
        if one.accepted_at is not None and _told(conn, one).left
    ]
    return min(given, key=lambda one: one.accepted_at, default=None)
