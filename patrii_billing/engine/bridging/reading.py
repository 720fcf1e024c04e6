# SPDX-License-Identifier: Apache-2.0
"""Read another engine, and bring the books to what it says.

What changed is read often, with an overlap, and all of it once a day. Each
record is a unit of work of its own: one that cannot be taken over waits with
its reason, is tried again at each reading, and stops no other. The place
from which the next reading goes on is written last, so that whatever breaks
a reading, nothing is left out.
"""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
import datetime as dt
from typing import Any

from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing.domain import bridge
from patrii_billing.domain.lifecycle import LinkState
from patrii_billing.engine.bridging import bills
from patrii_billing.engine.bridging import contracts
from patrii_billing.engine.bridging import customers
from patrii_billing.engine.bridging import missing
from patrii_billing.engine.bridging import payments
from patrii_billing.engine.bridging import records
from patrii_billing.engine.bridging import sides
from patrii_billing.engine import ports
from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import bridges
from patrii_billing.store import database

LOG = logging.getLogger(__name__)

_RETRIED = 500
_AN_ERROR = 'an error of this service, see its log'


def run(tools: toolbox.Tools, name: str) -> int:
    """Read the engine if it is time; how many records were taken over."""
    now = tools.now()
    if not tools.db.read(bridges.is_due, name, now):
        return 0
    held = tools.db.write(bridges.claim, name, now, tools.settings.lease)
    if held is None:
        return 0
    try:
        return _Reading(tools, tools.bridges[name], held, now).run()
    except errors.LeaseLost as error:
        LOG.info('bridge to %s: %s', name, error)
        return 0


@dataclass(slots=True)
class _Kind:
    """A kind of record: how it is written down, and read again."""

    name: str
    take: Callable[[Any, dt.datetime], None]
    read: Callable[..., Any]


class _Reading:
    """One worker's turn with an engine."""

    def __init__(
        self,
        tools: toolbox.Tools,
        by: ports.Bridge,
        held: sa.Row[Any],
        now: dt.datetime,
    ) -> None:
        self._tools = tools
        self._by = by
        self._held = held
        self._began = now
        self._taken = 0
        self._newest: dt.datetime | None = held.read_from
        self._kinds = (
            _Kind(bridges.CUSTOMER, self._customer, records.customer),
            _Kind(bridges.CONTRACT, self._contract, records.contract),
            _Kind(bridges.BILL, self._bill, records.bill),
            _Kind(bridges.PAYMENT, self._payment, records.payment),
        )

    def run(self) -> int:
        sight = sides.look(self._by)
        if sight.needs:
            self._rest('; '.join(sight.needs), sight)
            return 0
        whole = self._is_whole()
        since = None if whole else self._since()
        try:
            for page in self._by.engine.changes(since):
                self._fold(page)
        except errors.EngineError as error:
            self._rest(str(error), sight)
            return self._taken
        self._retry()
        if whole:
            self._tools.db.write(
                missing.mind, self._tools, self._by, self._began,
                self._tools.now(),
            )  # fmt: skip
        self._done(sight, whole)
        return self._taken

    def _is_whole(self) -> bool:
        last = self._held.read_whole_at
        every = self._tools.settings.read_whole_every
        return self._held.read_from is None or (
            last is None or self._began - last >= every
        )

    def _since(self) -> dt.datetime:
        since = self._held.read_from - self._tools.settings.read_overlap
        return since  # type: ignore[no-any-return]

    def _fold(self, page: bridge.Page) -> None:
        of_customers, of_contracts, of_bills, of_payments = self._kinds
        self._take_all(of_customers, page.customers)
        self._take_all(of_contracts, page.contracts)
        self._take_all(of_bills, page.bills)
        self._take_all(of_payments, page.payments)
        for ref, why in page.unread.items():
            LOG.warning('%s: %s cannot be read: %s', self._by.name, ref, why)
            self._tools.db.write(
                missing.unread, self._by, ref, why, self._began
            )
        self._keep_hold()

    def _take_all(
        self, kind: _Kind, found: Sequence[records.Record]
    ) -> None:
        """Take over what is new or other than it was."""
        known = self._tools.db.read(
            bridges.links_of, self._by.name, kind.name,
            [one.ref for one in found if records.is_known_by(one)],
        )  # fmt: skip
        same = []
        for record in found:
            self._note_time(record)
            if not records.is_known_by(record):
                LOG.error('%s: a %s has a ref that cannot be kept: %.80r',
                          self._by.name, kind.name, record.ref)  # fmt: skip
                continue
            link = known.get(record.ref)
            if link is not None and _is_same(link, record):
                same.append(link.id)
            else:
                # A new contract asks the cloud, which may take its time.
                self._take(kind, record)
                self._keep_hold()
        if same:
            self._tools.db.write(bridges.seen, same, self._began)

    def _note_time(self, record: records.Record) -> None:
        """Where the next reading begins; what is dated ahead moves it not.

        What is read again for that does no harm.
        """
        at = min(record.changed_at, self._began)
        self._newest = max(self._newest or at, at)

    def _take(self, kind: _Kind, record: Any) -> None:
        try:
            kind.take(record, self._tools.now())
            self._taken += 1
        except (errors.EngineError, errors.LeaseLost):
            raise
        except errors.BillingError as error:
            self._put_off(kind, record, str(error))
        except Exception as error:
            if database.is_of_server(error):
                raise
            LOG.exception('%s %s %s', self._by.name, kind.name, record.ref)
            self._put_off(kind, record, _AN_ERROR)

    def _put_off(self, kind: _Kind, record: Any, why: str) -> None:
        self._tools.db.write(
            missing.put_off, self._by, kind.name, record, why,
            self._tools.now(),
        )  # fmt: skip

    def _customer(self, record: bridge.Customer, now: dt.datetime) -> None:
        self._tools.db.write(
            customers.fold, self._tools, self._by, record, now
        )

    def _contract(self, record: bridge.Contract, now: dt.datetime) -> None:
        seen = contracts.look(self._tools, self._by, record)
        self._tools.db.write(
            contracts.fold, self._tools, self._by, record, seen, now
        )

    def _bill(self, record: bridge.Bill, now: dt.datetime) -> None:
        self._tools.db.write(bills.fold, self._tools, self._by, record, now)

    def _payment(self, record: bridge.Payment, now: dt.datetime) -> None:
        self._tools.db.write(
            payments.fold, self._tools, self._by, record, now
        )

    def _retry(self) -> None:
        """Try what waits again: its customer or its plan may be here now.

        Those that wait longest, and no more of them than a reading has time
        for: a company may sell much that is no business of ours.
        """
        for kind in self._kinds[1:]:
            rows = self._tools.db.read(
                bridges.longest_waiting, self._by.name, kind.name,
                self._began, _RETRIED,
            )  # fmt: skip
            for row in rows:
                self._take(kind, kind.read(row.said, row.seen_at))
                self._keep_hold()

    def _keep_hold(self) -> None:
        if self._tools.stopping():
            raise errors.LeaseLost('the service stops')
        now = self._tools.now()
        self._tools.db.write(
            bridges.renew, self._held, now, now + self._tools.settings.lease
        )

    def _done(self, sight: bridge.Sight, whole: bool) -> None:
        now = self._tools.now()
        if self._held.failures or self._held.read_at is None:
            LOG.info('%s is read: %s', self._by.name, sight.what)
        values: dict[str, Any] = {}
        if whole:
            values['read_whole_at'] = self._began
        self._tools.db.write(
            bridges.release, self._held,
            now + self._tools.settings.read_every,
            what=sight.what, needs=[], why=None, failures=0,
            # The beginning counts: what came to pass since may not be in it.
            read_at=self._began, read_from=self._newest, **values,
        )  # fmt: skip

    def _rest(self, why: str, sight: bridge.Sight) -> None:
        """Try again later; the operator is told once a day."""
        tools, name = self._tools, self._by.name
        now = tools.now()
        if why != self._held.why:
            LOG.warning('%s is not read: %s', name, why)
        wait = max(
            tools.settings.read_every,
            tools.settings.backoff(self._held.failures),
        )
        tools.db.write(
            bridges.release, self._held, now + wait, why=why,
            what=sight.what or self._held.what, needs=list(sight.needs),
            failures=self._held.failures + 1,
        )  # fmt: skip
        if self._held.failures:
            tools.db.write(
                tell.operator, now, 'bridge_away',
                f'bridge:{name}:{now.date()}', f'{name} is not read: {why}',
            )  # fmt: skip


def _is_same(link: sa.Row[Any], record: records.Record) -> bool:
    if link.state == LinkState.ERASED:
        return True
    return bool(
        link.state == LinkState.LINKED
        and link.why is None
        and link.said == records.written(record)
    )
