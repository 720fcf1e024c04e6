# SPDX-License-Identifier: Apache-2.0
"""One history: a plan drawn from a seed, played, and judged at each step."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
from dataclasses import dataclass
import datetime as dt
import itertools
import logging
import random
import threading
from typing import Any
from unittest import mock

from patrii_billing.domain import server as servers
from patrii_billing.engine import ports
from patrii_billing.engine import reconcile
from patrii_billing.engine import tick
from patrii_billing import errors
from patrii_billing.intake import listener
from patrii_billing.intake import patience
from patrii_billing.intake import processor
from tests.simulator import books as memory
from tests.simulator import ledger as ledgers
from tests.simulator import outside
from tests.simulator import people
from tests.simulator import places
from tests.simulator import promises
from tests.simulator import stepping
from tests.unit.intake import messages

_S = dt.timedelta(seconds=1)
_SKEW = 3 * _S  # by which the clock of a host may be ahead or behind
_DAY = dt.timedelta(days=1)
SIDES = ('cloud', 'books', 'mail', 'reconciler', 'processor', 'listener')
_STEPS = {'cloud': 'cloud', 'books': 'books', 'mail': 'mail'}
# To come to rest takes so many beats at the most.
_REST = 60
# When March is invoiced, with what changed in February.
_INVOICED = dt.datetime(2026, 2, 27, 0, 0, 2, tzinfo=dt.UTC)
_AGAINST = ('lock', 'shelve', 'stop', 'delete')


@dataclass(frozen=True)
class Round:
    """Some beats of some workers, with what people do meanwhile."""

    seed: int
    acts: tuple[str, ...]
    sides: tuple[str, ...]
    beats: int
    span: float  # seconds that may pass until the next thing is due
    restless: float
    trouble: float
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Everything about a history that is random."""

    seed: int
    cast: str
    place: str
    rounds: tuple[Round, ...]
    pays: bool
    tight: bool  # caps of one an hour
    late: bool  # if he pays, then when all that was due is done
    skewed: bool  # the clocks of nova's hosts differ

    def told(self) -> Iterator[str]:
        words = [f'{self.cast} servers', self.place]
        words += ['caps of one'] * self.tight
        words += ['clocks that differ'] * self.skewed
        yield ', '.join(words)


class Broken(Exception):
    """A promise that was seen broken."""


class Play:
    """The world of one history, its workers, and those who watch."""

    def __init__(
        self,
        books: memory.Books,
        plan: Plan,
        told: Callable[..., None] | None = None,
    ) -> None:
        place = places.reached(plan.cast)[plan.place]
        place.back()
        books.fill(place.image)
        self.plan, self.books = plan, books
        world = place.world
        self.clock, self.nova, self.quotas = (
            world.clock, world.nova, world.quotas,
        )  # fmt: skip
        self.mailbox = world.mailbox
        self.names: dict[str, str] = dict(world.server_names)
        self.settings = dataclasses.replace(
            world.tools.settings,
            **(
                {'max_shelves_per_hour': 1, 'max_deletes_per_hour': 1}
                if plan.tight
                else {}
            ),
        )
        self.lease = self.settings.lease
        self.sweep_age = self.settings.sweep_age + self.lease
        self.silence = (self.settings.silence or _DAY) + self.lease
        self.dry_run = self.settings.dry_run
        self.caps = {
            'shelve': self.settings.max_shelves_per_hour,
            'delete': self.settings.max_deletes_per_hour,
        }
        self.stage = stepping.Stage(self.clock, self.lease, told)
        self.broker = outside.Broker()
        self.numbers = itertools.count(1)
        self.poison: set[str] = set()
        self.routine: set[str] = set()
        self.leases: dict[tuple[str, int], Any] = {}
        self.errors: list[str] = []
        self.sins: list[str] = []
        self.turn = 0
        self.nova_is_empty = False
        self.incarnations: dict[str, int] = {}
        self.unanswered: list[Callable[[], None]] = []
        self.touched: dict[str, int] = {}
        self.resized: dict[str, dt.datetime] = {}
        self.behind = dt.timedelta()
        self._pause = _S
        self._idling = 0.1
        self._resting = False
        self.is_billed_on = False
        self._beaten_at = self.clock.now()
        self.ledger = self._ledger()
        self._world = world
        self._cases = itertools.count(1)
        self._tags = itertools.count(1)
        self.hosts = {name: self._tools(name) for name in ('A', 'B')}
        self.api = self._tools('api')
        self._ears = {name: self._scribe(name) for name in ('A', 'B')}
        self._readers = {
            name: processor.Processor(self.hosts[name]) for name in ('A', 'B')
        }
        books.stage = self.stage
        books.committed = self._committed

    # What it is made of.

    def _ledger(self) -> ledgers.Ledger:
        """What was before the history begins is taken as it is."""
        ledger = ledgers.Ledger(self.books, self.clock.now)
        for row in ledger.rows('notices'):
            at = ledgers.instant(row['accepted_at'])
            if at is not None:
                ledger.sent.append(
                    ledgers.Sent(
                        at, row['template'], row['body'], row['message_id']
                    )
                )
        for row in ledger.rows('custody'):
            before = ledgers.details(row['before'])
            guest = self.nova.guests.get(row['server'])
            if before and guest and row['case_id'] == guest.shown.case:
                locker = servers.Locker.OWNER
                ledger.before[row['server']] = (
                    before['vm_state'],
                    locker if before['owner_locked'] else None,
                )
        for row in ledger.rows('actions'):
            at = ledgers.instant(row['committed_at'])
            if at is not None:
                ledger.committed.append((at, row['type'], row['id']))
        for row in ledger.rows('watch'):
            ledger.swept = ledgers.instant(row['swept_at'])
            ledger.heard = ledgers.instant(row['heard_at'])
        for server, guest in self.nova.gone.items():
            at = guest.shown.deleted_at
            if at is not None and 'delete' in guest.moves:
                ledger.deletes[server] = at
        [(before,)] = self.books.ask(
            "SELECT quota_before FROM projects WHERE id = 'acme-prod'"
        )
        own = self.quotas.quotas['acme-prod']
        ledger.quota_before = {**own, **ledgers.details(before)}
        return ledger

    def _tools(self, host: str) -> Any:
        def hands(port: Any) -> Any:
            return outside.Hands(
                self.stage, self.nova, port, self._called,
                self.ledger.requests,
            )  # fmt: skip

        cloud = self._world.tools.cloud
        return dataclasses.replace(
            self._world.tools,
            db=memory.WorkersBooks(self.books),
            cloud=ports.Cloud(
                _Servers(self, hands(self.nova)), hands(cloud.keeper),
                hands(self.quotas), cloud.projects,
            ),
            voice=outside.Mouth(self.stage, self.mailbox, self._mailed),
            settings=self.settings,
            new_case=lambda: f'case-{host}{next(self._cases)}',
        )  # fmt: skip

    def _scribe(self, host: str) -> listener.Scribe:
        stop = threading.Event()
        stop.set()  # nothing is waited for
        return listener.Scribe(
            self.hosts[host].db, self.clock,
            patience.Patience('Storing', stop),
        )  # fmt: skip

    # What people need.

    def now(self) -> dt.datetime:
        return self.clock.now()

    def turn_of(self) -> int:
        worker = self.stage.worker
        return worker.turn if worker else self.turn

    def again(self, request: Callable[[], None]) -> None:
        """Ask, and ask again later if no answer comes."""
        try:
            request()
        except stepping.Killed:
            self.unanswered.append(request)
            raise

    def changed(self, server: str) -> None:
        """Nobody expects to get back what he changed himself since."""
        self.ledger.before.pop(server, None)
        self.touched[server] = self.stage.points

    def was_changed(self, worker: Any, server: str) -> bool:
        """Whether somebody changed it since the worker's turn began."""
        return self.touched.get(server, -1) >= worker.began

    def came_too_late(self, worker: Any, server: str) -> bool:
        """Whether somebody changed it since a look right before the call."""
        looked_at, point = worker.looked or (None, 0)
        return looked_at == server and self.touched.get(server, -1) >= point

    def kept_images(self, server: str) -> list[str]:
        return [f'image-{server}']

    def message(self, event: str, shown: Any, **data: Any) -> dict[str, Any]:
        number = next(self.numbers)
        created = shown.created_at or self.now()
        made = messages.versioned(
            event,
            {
                'uuid': shown.id, 'tenant_id': shown.project,
                'display_name': shown.name, 'state': shown.vm_state,
                'created_at': f'{created:%Y-%m-%dT%H:%M:%SZ}', **data,
            },
            {'id': shown.flavor, 'name': shown.flavor},
        )  # fmt: skip
        del made['metadata']
        return {
            **made, 'message_id': f'message-{number}',
            'timestamp': f'{self._told_at(number):%Y-%m-%d %H:%M:%S.%f}',
        }  # fmt: skip

    def _told_at(self, number: int) -> dt.datetime:
        """By the clock of some host of nova's."""
        if not self.plan.skewed:
            return self.now()
        off = random.Random(self.plan.seed * 1000 + number).uniform(-1, 1)
        return self.now() + off * _SKEW

    def notify(self, event: str, shown: Any, deleted: bool = False) -> None:
        data: dict[str, Any] = {}
        if deleted or shown.deleted_at is not None:
            at = shown.deleted_at or self.now()
            data = {
                'state': 'deleted',
                'deleted_at': f'{at:%Y-%m-%dT%H:%M:%SZ}',
            }
        self.broker.publish(self.message(event, shown, **data))

    def is_paid(self) -> bool:
        return self.plan.pays and self.ledger.owed(self.now()) <= 0

    # What is watched.

    def _called(self, move: str, server: str) -> None:
        worker = self.stage.worker
        if worker is None:
            return
        if server in self.nova.guests and hasattr(self.nova, move):
            for judge in promises.AT_CALLS:
                self._note(judge, judge(self, worker, move, server))
            self._remember(move, server)
        if move == 'purge':
            self._note(
                promises.kept_for_the_undo_span,
                promises.kept_for_the_undo_span(self, worker, move, server),
            )

    def _remember(self, move: str, server: str) -> None:
        guest = self.nova.guests[server]
        if self.was_changed(self.stage.worker, server):
            self.ledger.before.pop(server, None)
        elif move == 'lock' and guest.locker is not servers.Locker.ADMIN:
            self.ledger.before[server] = guest.shown.vm_state, guest.locker
        if move == 'delete':
            self.ledger.deletes[server] = self.now()

    def _mailed(self, composed: Any, doubted: bool) -> None:
        template = composed.subject.partition(':')[0]
        sent = ledgers.Sent(
            self.now(), template, composed.text, composed.message_id,
            doubted=doubted,
        )  # fmt: skip
        self.ledger.sent.append(sent)
        if self.stage.worker is not None:
            self.stage.worker.untold = sent

    def _committed(self, worker: Any, unit: memory.Unit) -> None:
        self.stage.tell('commit', unit.name)
        if worker.done is not None:
            worker.done()
        tables = {table for _, table, *_ in unit.writes}
        if tables & {'payments', 'invoices'}:
            self.ledger.note_debt()
        if 'notices' in tables:
            worker.untold = None
        if 'actions' in tables:
            self._note_asked(unit)
        self._note_known(worker, unit, tables)
        for judge, of in promises.AFTER_COMMITS.items():
            if of & tables:
                self._note(judge, judge(self))

    def _note_asked(self, unit: memory.Unit) -> None:
        """The law's answer is what is committed with the action."""
        for _, table, values, statement in unit.writes:
            if table != 'actions' or 'SET committed_at=?' not in statement:
                continue
            action, owner = values[-2:]
            found = self.books.ask(
                'SELECT type, committed_at, owner, server, ground '
                'FROM actions WHERE id = ?', action,
            )  # fmt: skip
            if not found:
                continue
            kind, committed_at, holder, server, ground = found[0]
            if committed_at is None or holder != owner:
                continue
            if ledgers.instant(committed_at) == self.now():
                what = f'{kind} by {ground}' if ground else kind
                self.ledger.committed.append((self.now(), what, action))
            sins = list(promises.may_be_taken(self, kind, server, ground))
            self.ledger.asked[action] = ledgers.Asked(owner, self.now(), sins)

    def _note_known(
        self, worker: Any, unit: memory.Unit, tables: set[str]
    ) -> None:
        """What is committed is known, though the worker be killed then."""
        if worker.hears and tables & {'inbox', 'watch'}:
            self.ledger.heard = self.now()
        if worker.looked_through and any(
            table == 'watch' and 'swept_at=' in statement
            for _, table, _, statement in unit.writes
        ):
            self.ledger.swept = worker.looked_through

    def _note(self, judge: Callable[..., Any], sins: Iterator[str]) -> None:
        for sin in sins:
            self.sins.append(f'{judge.__name__}: {sin}')
            self.stage.tell('SIN', judge.__name__, sin)

    # How it goes on.

    def run(self) -> list[str]:
        """Play it all; what was seen wrong, at once or at rest."""
        with self._overheard():
            for each in self.plan.rounds:
                self.play(each)
                if self.sins:
                    return self.sins
            self.rest()
            for judge in promises.AT_REST:
                self._note(judge, judge(self))
        return self.sins

    def play(self, each: Round) -> None:
        self.stage.random.seed(each.seed)
        self.stage.restless = each.restless
        self.stage.trouble, self.stage.kinds = each.trouble, each.kinds
        acts = list(each.acts)
        until = self.now() + each.span * _S
        for beat in range(each.beats):
            if beat or not acts:
                self._wait(until)
            now_acts, acts = acts, []
            self._beat(each.sides, now_acts)
            if self.sins:
                return

    def _wait(self, until: dt.datetime) -> None:
        """Until the next thing is due; a daemon ticks meanwhile."""
        now = self.now()
        due = min(self._due().values(), default=until)
        # What cannot be done though it is due is looked at less and less.
        self._pause = _S if due > now else min(2 * self._pause, 3600 * _S)
        then = min(max(due, now + self._pause), until)
        if then <= now:
            return
        self.clock.move_to(then)
        self.stage.tell('clock')
        self._tick_up_to(then)
        if then - self._beaten_at > 2 * 3600 * _S:
            self._beaten_at = then
            beat = self.message('exists', self._anybody())
            beat['event_type'] = 'compute.metrics.update'
            self.broker.publish(beat)

    def _tick_up_to(self, then: dt.datetime) -> None:
        """As workers with nothing to do; not past a jump none has seen."""
        [(safe, at)] = self.books.ask('SELECT safe_why, ticked_at FROM watch')
        last = ledgers.instant(at)
        slack, gap = self.settings.clock_slack, self.settings.safe_gap
        if not safe and last and -slack <= then - last <= gap:
            # It went back, and was right again before anybody looked.
            self.ledger.distrusted = None
        if self.ledger.distrusted is None or safe:
            self.books.raw.execute(
                'UPDATE watch SET ticked_at = ?',
                (f'{then:%Y-%m-%d %H:%M:%S.%f}',),
            )

    def _anybody(self) -> Any:
        guests = [*self.nova.guests.values(), *self.nova.gone.values()]
        return guests[0].shown

    def _due(self) -> dict[str, dt.datetime]:
        """When each side has work next, as far as is known."""
        now = f'{self.now():%Y-%m-%d %H:%M:%S.%f}'
        free = (
            'SELECT MIN(CASE WHEN lease_until IS NULL OR lease_until < '
            f"'{now}' OR next_at > lease_until THEN next_at "
            'ELSE lease_until END) FROM'
        )
        [row] = self.books.ask(
            f'SELECT ({free} actions), ({free} notices), ({free} inbox), '
            '(SELECT MIN(undo_until) FROM custody), MIN(settle_at), '
            'MIN(charge_at), MIN(check_at), '
            '(SELECT MIN(missed_at) FROM servers) FROM subscriptions'
        )
        cloud, mail, inbox, *books, missed = map(ledgers.instant, row)
        [times] = self.books.ask(
            'SELECT mail_opens_at, swept_at, sweep_from FROM watch'
        )
        opens, swept, whole = map(ledgers.instant, times)
        if mail and opens:
            mail = max(mail, opens)
        sweep = self.now()
        if self._resting and swept and whole:
            sweep += _DAY  # nothing is taken any more that needs it
        elif swept and whole:
            sweep = swept + self.settings.sweep_every
        if missed is not None and not self.nova.down:
            sweep = min(sweep, missed + self.settings.absence_gap)
        wakes = [one.wakes_at for one in self.stage.stalled if one.wakes_at]
        found = {
            'cloud': cloud,
            'mail': mail,
            'processor': inbox,
            'books': min((each for each in books if each), default=None),
            'listener': self.now() if self.broker.take(1) else None,
            'reconciler': None if self.nova.down else sweep,
            'stalled': min(wakes, default=None),
        }
        return {side: at for side, at in found.items() if at}

    def _beat(self, sides: tuple[str, ...], acts: list[str]) -> None:
        self.turn += 1
        workers = []
        for name in acts:
            self.stage.tell('=', name)
            if name in people.AT_ONCE:
                people.ACTS[name](self)
            else:
                workers.append(self._person(people.ACTS[name]))
        busy = {one.name for one in self.stage.stalled}
        due = self._due()
        for side in sides:
            at = due.get(side.partition('@')[0])
            idle = at is None or at > self.now()
            if idle and self.stage.random.random() >= self._idling:
                continue
            worker = self._worker(side)
            if worker.name not in busy:
                workers.append(worker)
        stood_still = list(self.stage.stalled)
        self.stage.play(workers)
        for worker in (*workers, *stood_still):
            if worker.killed:
                self._replace(worker)
            error = worker.error
            if error is not None and not isinstance(error, errors.CloudError):
                self.errors.append(f'{worker.name}: {error!r}')

    def _person(self, act: people.Act) -> stepping.Worker:
        name = f'person-{next(self.numbers)}'
        return self._prepared(stepping.Worker(name, 'api', lambda: act(self)))

    def _prepared(self, worker: stepping.Worker) -> stepping.Worker:
        worker.turn, worker.began = self.turn, self.stage.points
        worker.done = None
        return worker

    def _worker(self, place: str) -> stepping.Worker:
        side, _, host = place.partition('@')
        number = self.incarnations.get(place, 0)
        work = {
            'reconciler': self._reconcile,
            'processor': self._process,
            'listener': self._listen,
        }.get(side)
        if work is None:

            def ticked(host: str) -> None:
                self._tick(side, host)

            work = ticked
        return self._prepared(
            stepping.Worker(f'{place}.{number}', host, lambda: work(host))
        )

    def _replace(self, worker: stepping.Worker) -> None:
        place = worker.name.partition('.')[0]
        self.incarnations[place] = self.incarnations.get(place, 0) + 1
        host = worker.host
        if place.startswith('processor'):
            self._readers[host] = processor.Processor(self.hosts[host])
        if place.startswith('listener'):
            self._ears[host] = self._scribe(host)

    def _tick(self, side: str, host: str) -> None:
        tick.run(self.hosts[host], tick.SIDE_BY_SIDE[side])

    def _reconcile(self, host: str) -> None:
        tools = self.hosts[host]
        reconcile.run(tools, tools.now())

    def _process(self, host: str) -> None:
        self._readers[host].run()

    def _listen(self, host: str) -> None:
        batch = self.broker.take(20)
        if not batch:
            return
        self.stage.worker.hears = True
        back = self._ears[host].dispatch([outside.Delivery(m) for m in batch])
        if back:
            return
        if self.stage.point('ack') != 'delivered again':
            self.broker.acknowledge(batch)

    def rest(self) -> None:
        """All faults end, whoever can pays, and all that is due is done."""
        self._resting = True
        self.stage.restless = self.stage.trouble = self._idling = 0.0
        for name in ('nova is up', 'nova shows all', 'mail is up',
                     'broker is up', 'mailbox lives',
                     'host is up'):  # fmt: skip
            people.ACTS[name](self)
        self.books.raw.execute('DELETE FROM undeliverable')
        while self.stage.stalled:
            self.clock.move_to(
                max(one.wakes_at or self.now() for one in self.stage.stalled)
            )
            self._beat((), [])
        acts = ['operator resumes', 'breaks the promise']
        open_holds = 'SELECT type FROM holds WHERE ended_at IS NULL'
        acts += [f'release: {kind}' for (kind,) in self.books.ask(open_holds)]
        # A wish that an operator's lock is in the way of lasts for days.
        acts += [f'keeps {name} after all' for name in ('web', 'db')]
        for act in acts:
            self._beat((), [act])
        while self.unanswered:
            request = self.unanswered.pop()
            self.stage.play(
                [self._person(lambda play, request=request: request())]
            )
        # In the middle of a task nothing is said of a flavor.
        for guest in self.nova.guests.values():
            self.clock.move_to(max(self.now(), guest.settles_at or self.now()))
        # What is dated by a clock that was ahead waits until it is so late.
        self.clock.move_to(self.now() + self.behind)
        if self.plan.late or not self.plan.pays:
            self._settle(())
        if self.plan.pays:
            self._settle(('pays all',))
            self._bill_on()

    def _bill_on(self) -> None:
        """Up to the next invoice, if he goes on."""
        [(status,)] = self.books.ask(
            'SELECT billing_status FROM subscriptions WHERE id = 1'
        )
        if self.sins or status != 'active' or self.now() >= _INVOICED:
            return
        self.clock.move_to(_INVOICED)
        self._tick_up_to(_INVOICED)
        self._beat(('books@A',), [])
        self.is_billed_on = True

    def _settle(self, acts: tuple[str, ...]) -> None:
        """Until nothing is left to do, once all of nova was looked at."""
        sides = tuple(f'{side}@A' for side in reversed(SIDES))
        self.books.raw.execute('UPDATE watch SET sweep_from = NULL')
        for beat in range(_REST):
            self._beat(sides, [] if beat else list(acts))
            if self.sins or (beat > 1 and self._is_quiet()):
                return
            self._wait(self.now() + 12 * 3600 * _S)
        self._note(self._settle, iter(['it does not come to rest']))

    def _is_quiet(self) -> bool:
        waits = self.books.ask(
            "SELECT (SELECT COUNT(*) FROM actions WHERE state = 'pending' AND "
            "type <> 'purge'), (SELECT COUNT(*) FROM inbox WHERE "
            'next_at IS NOT NULL), (SELECT COUNT(*) FROM servers WHERE '
            'missed_at IS NOT NULL), (SELECT COUNT(*) FROM notices WHERE '
            'owner IS NOT NULL), (SELECT COUNT(*) FROM actions WHERE '
            'owner IS NOT NULL)'
        )[0]
        if self.broker.waiting or self.stage.stalled or waits[1] or waits[2]:
            return False
        if any(waits[3:]):
            return False
        return not (self.is_paid() and waits[0])

    @contextlib.contextmanager
    def _overheard(self) -> Iterator[None]:
        """Every claim names its worker, and no error goes unnoticed."""
        ears = _Ears(self)
        logger = logging.getLogger('patrii_billing')
        level, spreads = logger.level, logger.propagate
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.addHandler(ears)
        try:
            with mock.patch('uuid.uuid4', self._tag):
                yield
        finally:
            logger.removeHandler(ears)
            logger.setLevel(level)
            logger.propagate = spreads
            self.books.stage = None

    def _tag(self) -> Any:
        worker = self.stage.worker
        name = worker.name if worker else 'nobody'
        return _Tag(f'{name} {next(self._tags)}')


@dataclass(frozen=True)
class _Tag:
    hex: str


class _Servers:
    """Nova, which may for a while show no server where it shows pages."""

    def __init__(self, play: Play, hands: outside.Hands) -> None:
        self._play = play
        self._hands = hands

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hands, name)

    def pages(self, changes_since: Any = None) -> Any:
        worker, began = self._play.stage.worker, self._play.now()
        worker.looked_through = None
        if self._play.nova_is_empty:
            yield []
        else:
            yield from self._hands.pages(changes_since)
        worker.looked_through = began


class _Ears(logging.Handler):
    def __init__(self, play: Play) -> None:
        super().__init__()
        self._play = play

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._play.errors.append(
                f'{record.getMessage()}: {record.exc_info[1]!r}'
            )


# Drawing a plan.

_SPANS = (0.0, 1.0, 3.0, 130.0, 3600.0, 86400.0, 86400.0, 86400.0)
_WEIGHTS = {
    'pays all': 8, 'pays 10.00': 4, 'pays 4.00': 3, 'charges back': 4,
    'pays 10.00 again': 3,
    'promises money': 2, 'keeps the promise': 2, 'clock -10m': 1,
    'clock +7h': 1, 'operator resumes': 3,
}  # fmt: skip


def plan(seed: int) -> Plan:
    """The history of a seed."""
    draw = random.Random(seed)
    names = list(people.ACTS)
    weights = [_WEIGHTS.get(name, 1) for name in names]
    kinds = tuple(stepping.FAULTS)
    rounds = []
    for _ in range(draw.randint(2, 6)):
        acts = draw.choices(names, weights, k=draw.choice((0, 1, 1, 2)))
        sides = ['cloud@A', 'books@A', 'mail@A', 'processor@A', 'listener@A']
        if draw.random() < 0.6:
            sides += draw.sample(
                ['cloud@B', 'cloud@B', 'books@B', 'mail@B', 'processor@B',
                 'reconciler@B', 'listener@B'],
                draw.randint(1, 3),
            )  # fmt: skip
        if draw.random() < 0.4:
            sides.append('reconciler@A')
        sides = [side for side in dict.fromkeys(sides) if draw.random() < 0.85]
        draw.shuffle(sides)
        rounds.append(
            Round(
                seed=draw.getrandbits(32),
                acts=tuple(acts),
                sides=tuple(sides),
                beats=draw.choice((1, 2, 2, 4, 6)),
                span=draw.choice(_SPANS),
                restless=draw.choice((0.0, 0.05, 0.2, 0.5)),
                trouble=draw.choice((0.0, 0.01, 0.03, 0.1)),
                kinds=tuple(kind for kind in kinds if draw.random() < 0.7),
            )
        )
    return Plan(
        seed=seed,
        cast=draw.choice(tuple(places.CASTS)),
        place=draw.choice(tuple(places.TIMES)),
        rounds=tuple(rounds),
        pays=draw.random() < 0.8,
        tight=draw.random() < 0.15,
        late=draw.random() < 0.5,
        skewed=draw.random() < 0.3,
    )
