# SPDX-License-Identifier: Apache-2.0
"""A customer's life: what he does, what the service hears, what is true."""

from collections.abc import Callable
from collections.abc import Mapping
import contextlib
import dataclasses
from dataclasses import dataclass
import datetime as dt
from decimal import Decimal
from fractions import Fraction
import json
from typing import Any
import zoneinfo

import sqlalchemy as sa

from patrii_billing.domain import facts
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import server as nova
from patrii_billing.engine import amending
from patrii_billing.engine import contract
from patrii_billing.engine import holds
from patrii_billing.engine import observe
from patrii_billing.engine import payments
from patrii_billing.engine import quota
from patrii_billing.engine import refunds
from patrii_billing.engine import voiding
from patrii_billing import errors
from patrii_billing.simulation import world as worlds
from patrii_billing.store import payments as payment_rows
from patrii_billing.store import schema
from patrii_billing.store import watch
from tests.unit.engine import oracle as oracles
from tests.unit import stories

DIGITS = {'JPY': 0, 'EUR': 2, 'KWD': 3, 'CLF': 4}
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_STEPS = ('grace', 'shelved', 'pending_deletion', 'deleted')


@dataclass(frozen=True)
class Event:
    """So many days and seconds after the start; heard of `late` hours on."""

    day: int
    second: int
    what: str
    given: Any = None
    late: int = 0
    again: int | None = None


@dataclass(frozen=True)
class Life:
    """Everything that is random about one customer."""

    zone: str
    currency: str
    start: dt.date
    anchor: int
    plans: tuple[oracles.Plan, ...]
    events: tuple[Event, ...]
    taxes: tuple[str, ...] = ()
    percent: str | None = None
    amount: str | None = None
    rounding: str = 'line'
    policy: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    cores: int = 4
    servers: tuple[str, ...] = ('s1',)
    days: int = 90
    sweep: int = 4  # days from one look at the cloud to the next


class Told(stories.Story):
    """A life, played on the real engine with a simulated cloud."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.zone = zoneinfo.ZoneInfo(life.zone)
        start = oracles.midnight(life.start, self.zone)
        self.born = start
        super().__init__(
            _scenario(life, start),
            tax_rounding=life.rounding,
            sweep_every=life.sweep * _DAY,
            full_sweep_every=life.sweep * _DAY,
            sweep_age=400 * _DAY,
            quota_sweep_every=400 * _DAY,
        )
        self.terms = [oracles.Term(life.start, life.plans[0], life.anchor)]
        self.held: dict[tuple[str, str], list[oracles.Held]] = {}
        ever = start - 30 * _DAY
        for number, flavor in enumerate(life.servers):
            self._hold('flavor', f'web{number}', ever, flavor, 1)
        self._hold('quota', 'cores', start, 'cores', life.cores)
        self.ends_on: dt.date | None = None
        self.sins: list[str] = []
        self._told = 0
        self._queue: list[tuple[dt.datetime, Callable[[], None]]] = []
        real = self.world.quotas.set

        def set_quota(project: str, asked: Any, *, force: bool) -> None:
            real(project, asked, force=force)
            if 'cores' in asked:
                now = self.world.clock.now()
                self._hold('quota', 'cores', now, 'cores', asked['cores'])

        self.world.quotas.set = set_quota  # type: ignore[method-assign]

    def _hold(
        self, kind: str, key: str, at: dt.datetime, name: str, count: int
    ) -> None:
        history = self.held.setdefault((kind, key), [])
        history.append(oracles.Held(at, name, Decimal(count)))

    # How it goes.

    def live(self) -> 'Told':
        for event in self.life.events:
            at = self.at(event.day) + dt.timedelta(seconds=event.second)
            self._queue.append((at, lambda event=event: self.do(event)))
        end = self.at(self.life.days)
        self._queue.append((end, self._have_all_seen))
        for day in range(self.life.days, self.life.days + 120, 2):
            self._queue.append((self.at(day), self.pay_all))
        while self._queue:
            self._queue.sort(key=lambda each: each[0])
            at, what = self._queue.pop(0)
            self.go_on(max(at, self.world.clock.now()))
            what()
            if at >= end and self.is_over(end):
                break
        return self

    def _have_all_seen(self) -> None:
        self.db.write(watch.change, swept_at=None, sweep_from=None)

    def is_over(self, since: dt.datetime) -> bool:
        """Whether one more invoice came after all was heard and paid."""
        sub = self.sub()
        quiet = since + 3 * _DAY
        if self.world.clock.now() < quiet or sub.settle_at is not None:
            return False
        issued = [row.issued_at for row in self.rows(schema.invoices)]
        ended = sub.contract == 'ended' or sub.charge_at is None
        renewed = any(at > quiet for at in issued)
        spans = self.rows(schema.spans)
        return (ended or renewed) and bool(spans)

    def at(self, day: int) -> dt.datetime:
        return oracles.midnight(self.life.start + day * _DAY, self.zone)

    def go_on(self, until: dt.datetime) -> None:
        if until <= self.world.clock.now():
            return
        self.world.scenario = dataclasses.replace(
            self.world.scenario, until=until
        )
        for now in self._run.instants():
            self._watch(now)

    def do(self, event: Event) -> None:
        """What makes no sense at its time does not happen."""
        with contextlib.suppress(
            errors.Conflict, errors.InvalidInput, errors.NotFound,
            errors.CloudRefused,
        ):  # fmt: skip
            getattr(self, f'_{event.what}')(event)

    def write(self, work: Any, *args: Any, **more: Any) -> Any:
        return self.db.write(work, self.world.tools, *args, **more)

    @property
    def now(self) -> dt.datetime:
        return self.world.clock.now()

    # Servers and quota.

    def _boot(self, event: Event) -> None:
        name, flavor = event.given
        server, now = worlds.server_id(name), self.now
        if server in self.nova.guests or server in self.nova.gone:
            return
        self.nova.boot(
            nova.Server(
                id=server, project='acme-prod', name=name, flavor=flavor,
                vm_state='active', host='host', host_status='UP',
                created_at=now, updated_at=now,
            )  # fmt: skip
        )
        self._hold('flavor', name, now, flavor, 1)
        self._hear(
            event,
            facts.ServerCreated(
                flavor=worlds.flavor(flavor), created_at=now, state='active',
                **self._who(name),
            ),  # fmt: skip
        )

    def _resize(self, event: Event) -> None:
        name, flavor = event.given
        self._owned(name)
        self.nova.set(worlds.server_id(name), flavor=flavor)
        self._hold('flavor', name, self.now, flavor, 1)
        self._hear(
            event,
            facts.ServerResized(
                flavor=worlds.flavor(flavor), **self._who(name)
            ),
        )

    def _migrate(self, event: Event) -> None:
        """Nova tells of it as of a resize, with the same flavor."""
        self._owned(event.given)
        server = worlds.server_id(event.given)
        flavor = self.nova.guests[server].shown.flavor
        self.nova.set(server)
        self._hear(
            event,
            facts.ServerResized(
                flavor=worlds.flavor(flavor), **self._who(event.given)
            ),
        )

    def _touch(self, event: Event) -> None:
        """It shows another time of its last change, and nothing else."""
        self._owned(event.given)
        self.nova.set(worlds.server_id(event.given))

    def _delete(self, event: Event) -> None:
        name = event.given
        self._owned(name)
        self.nova.remove(worlds.server_id(name))
        last = self.held['flavor', name][-1].resource
        self._hold('flavor', name, self.now, last, 0)
        self._hear(
            event,
            facts.ServerDeleted(deleted_at=self.now, **self._who(name)),
        )

    def _owned(self, name: str) -> None:
        guest = self.nova.guests.get(worlds.server_id(name))
        if guest is None or guest.locker is nova.Locker.ADMIN:
            raise errors.Conflict('not now')
        if guest.shown.vm_state != 'active' or guest.shown.task_state:
            raise errors.Conflict('not now')

    def _who(self, name: str) -> dict[str, Any]:
        return {
            'server': worlds.server_id(name), 'project': 'acme-prod',
            'at': self.now, 'message_id': self.world.message_id(),
            'name': name,
        }  # fmt: skip

    def _hear(self, event: Event, fact: facts.Fact) -> None:
        """Later perhaps, and perhaps twice."""

        def heard() -> None:
            self.write_fact(fact)

        if not event.late:
            heard()
        else:
            self._queue.append((self.now + event.late * _HOUR, heard))
        if event.again is not None:
            at = self.now + (event.late + event.again) * _HOUR
            self._queue.append((at, heard))

    def write_fact(self, fact: facts.Fact) -> None:
        self.db.write(observe.observe, self.world.tools, fact, self.now)

    def _quota(self, event: Event) -> None:
        self.db.write(
            quota.request, self.sub().id, {'cores': event.given}, self.now,
            force=True,
        )  # fmt: skip

    # The contract.

    def _plan(self, event: Event) -> None:
        number, ahead = event.given
        plan = self.life.plans[number % len(self.life.plans)]
        row = self.rows(schema.plans, name=plan.name)[0]
        day = None if ahead is None else self.today() + ahead * _DAY
        if self.terms[-1].since > (day or self.today()):
            return  # it would take the place of what is agreed for later
        anchor = self.sub().anchor_day
        since = self.write(
            amending.change_plan, self.sub().id, row.id, day, self.now, 'x'
        )
        self._agree(since, plan, anchor)

    def _anchor(self, event: Event) -> None:
        since = self.sub().billed_until
        was = self.sub().anchor_day
        self.write(
            amending.change_anchor, self.sub().id, event.given, self.now, 'x'
        )
        if event.given != was:
            agreed = [term for term in self.terms if term.since <= since]
            self._agree(since, agreed[-1].plan, event.given)

    def _agree(
        self, since: dt.date, plan: oracles.Plan, anchor: int
    ) -> None:
        kept = [term for term in self.terms if term.since < since]
        said = [term for term in self.terms if term.since <= since]
        if said and (said[-1].plan, said[-1].anchor) == (plan, anchor):
            self.terms = said
            return
        self.terms = [*kept, oracles.Term(since, plan, anchor)]

    def _cancel(self, event: Event) -> None:
        day = None if event.given is None else (
            self.today() + event.given * _DAY
        )
        self.ends_on = self.write(
            contract.cancel, self.sub().id, day, self.now, 'x'
        )

    def _keep(self, event: Event) -> None:
        self.write(contract.keep, self.sub().id, self.now, 'x')
        self.ends_on = None

    def _pause(self, event: Event) -> None:
        self.write(
            holds.place, self.sub().id, lifecycle.HoldType.PAUSE,
            self.now + event.given * _HOUR, '', 'x', self.now,
        )  # fmt: skip

    def _release(self, event: Event) -> None:
        self.write(
            holds.release, self.sub().id, lifecycle.HoldType.PAUSE, 'x',
            self.now,
        )  # fmt: skip

    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    # Money.

    def pay_all(self) -> None:
        owed = self.owed()
        if owed:
            self._paid(owed)

    def owed(self) -> int:
        rows = self.rows(schema.invoices, state='open')
        return sum(row.owed for row in rows)

    def _pay(self, event: Event) -> None:
        """So many percent of what is owed."""
        owed = self.owed()
        if owed * event.given // 100:
            self._paid(owed * event.given // 100)

    def _paid(self, minor: int, pending: bool = False) -> None:
        account = self.rows(schema.accounts)[0].id
        self.write(
            payments.record, account,
            money.Money(minor, self.life.currency),
            f'paid {self.now.isoformat()}', self.now, pending=pending,
        )  # fmt: skip

    def _pending(self, event: Event) -> None:
        self._paid(event.given, pending=True)

    def _charge_back(self, event: Event) -> None:
        account = self.rows(schema.accounts)[0].id
        row = self.db.read(payment_rows.latest, account)
        if row is not None:
            self.write(refunds.charge_back, row.id, self.now)

    def _void(self, event: Event) -> None:
        number, again = event.given
        self.write(
            voiding.void, self._invoice(number), self.now, 'x', 'void', again
        )

    def _credit(self, event: Event) -> None:
        number, minor = event.given
        given = None
        if minor is not None:
            given = money.Money(minor, self.life.currency)
        self.write(
            voiding.credit, self._invoice(number), given, self.now, 'x', 'y'
        )

    def _write_off(self, event: Event) -> None:
        self.write(
            voiding.write_off, self._invoice(event.given), self.now, 'x', 'y'
        )

    def _invoice(self, number: int) -> int:
        """The newest, or one so many before it."""
        rows = self.rows(schema.invoices, series='INV')
        if number >= len(rows):
            raise errors.NotFound('none')
        return int(rows[-1 - number].id)

    # Nobody is past due for money that is not owed.

    def _watch(self, now: dt.datetime) -> None:
        timeline = schema.timeline
        rows = self.db.read(
            lambda conn: conn.execute(
                sa.select(timeline).where(timeline.c.id > self._told)
            ).all()
        )
        if not rows:
            return
        self._told = max(row.id for row in rows)
        for row in rows:
            if row.what == 'status' and row.name in _STEPS:
                self._judge(row.name, now)

    def _judge(self, name: str, now: dt.datetime) -> None:
        due = sum(
            row.owed
            for row in self.rows(schema.invoices, state='open')
            if row.due_at <= now
        )
        owed = self.owed_by_now()
        if due > owed:
            self.sins.append(f'{now}: {name} for {due}, owed {float(owed)}')

    def owed_by_now(self) -> Fraction:
        """What the cycles begun by now cost, less what was paid.

        As far as is known by now, with what rounding may add.
        """
        heard: dict[tuple[str, str], list[oracles.Held]] = {}
        for row in self.rows(schema.levels):
            kind = 'flavor' if row.server else 'quota'
            key = kind, row.server or row.resource
            heard.setdefault(key, []).append(
                oracles.Held(row.at, row.resource, row.quantity)
            )
        law = oracles.Oracle(self.zone, self.terms, heard)
        billed = [
            day
            for day in billed_days(self)
            if law.cycle(day)[0] <= self.today()
        ]
        groups: dict[oracles.Cycle, list[dt.date]] = {}
        for day in billed:
            groups.setdefault(law.cycle(day), []).append(day)
        cost = sum(
            (law.value(of) for of in groups.values()), Fraction(0)
        ) * 10 ** DIGITS[self.life.currency]
        cost *= 1 - Fraction(self.life.percent or 0) / 100
        # Whichever plan the first invoice is of.
        setup = max(Fraction(plan.setup or 0) for plan in self.life.plans)
        cost += setup * 10 ** DIGITS[self.life.currency]
        rate = sum(map(Fraction, self.life.taxes), Fraction(0)) / 100
        if not all(plan.inclusive for plan in self.life.plans):
            cost *= 1 + rate
        slack = len(self.rows(schema.lines)) * (1 + len(self.life.taxes))
        return cost - self.paid() + slack

    def paid(self) -> int:
        """All money in less all that went out again; goodwill is a line."""
        rows = self.rows(schema.payments)
        paid = 0
        for row in rows:
            if row.state in ('pending', 'failed'):
                continue
            if row.kind in ('payment', 'fee'):
                paid += row.amount
            elif row.kind in ('refund', 'charge_back', 'withdrawal'):
                paid -= row.amount
        return paid


def billed_days(story: Told) -> list[dt.date]:
    return [
        day
        for span in story.rows(schema.spans)
        if span.unbilled_why in (None, 'nothing to bill')
        for day in oracles.days(span.starts, span.ends)
    ]


def _scenario(life: Life, start: dt.datetime) -> str:
    account: dict[str, Any] = {
        'name': 'acme', 'timezone': life.zone,
        'projects': [
            {
                'name': 'acme-prod', 'quota': {'cores': life.cores},
                'servers': [
                    {'name': f'web{number}', 'flavor': flavor}
                    for number, flavor in enumerate(life.servers)
                ],
            }
        ],
        'subscriptions': [
            {
                'name': 'acme-1', 'plan': life.plans[0].name,
                'project': 'acme-prod', 'start': life.start.isoformat(),
                'anchor_day': life.anchor,
            }
        ],
    }  # fmt: skip
    if life.taxes:
        account['taxes'] = [
            {'name': f'tax{number}', 'rate': rate}
            for number, rate in enumerate(life.taxes)
        ]
    discounts = []
    if life.percent is not None:
        discounts.append({'name': 'percent', 'percent': life.percent})
    if life.amount is not None:
        discounts.append({'name': 'amount', 'amount': life.amount})
    if discounts:
        account['discounts'] = discounts
    return json.dumps(
        {
            'start': (start - _HOUR).isoformat(),
            'until': (start + 900 * _DAY).isoformat(),
            'policy': {
                'invoice_lead': '5d', 'reminders': ['-1d'],
                'shelve_grace': '120h', 'shelved_span': '700d',
                'deletion_warning': '100d', **life.policy,
            },
            'plans': [_plan(plan, life) for plan in life.plans],
            'accounts': [account],
        }  # fmt: skip
    )


def _plan(plan: oracles.Plan, life: Life) -> dict[str, Any]:
    prices = [_price(price) for price in plan.prices]
    if plan.setup:
        prices.append({'kind': 'setup', 'unit_price': plan.setup})
    return {
        'name': plan.name, 'currency': life.currency, 'cycle': plan.cycle,
        'unit': plan.unit, 'same_day': plan.same_day,
        'tax_inclusive': plan.inclusive, 'trial_days': plan.trial,
        'prices': prices,
    }  # fmt: skip


def _price(price: oracles.Price) -> dict[str, Any]:
    said: dict[str, Any] = {'kind': price.kind}
    if price.resource:
        said['resource'] = price.resource
    if price.included:
        said['included'] = str(price.included)
    if len(price.tiers) == 1:
        said['unit_price'] = price.tiers[0][1]
    else:
        said['tiers'] = [
            {'unit_price': each}
            if up_to is None
            else {'up_to': str(up_to), 'unit_price': each}
            for up_to, each in price.tiers
        ]
        said['tiering'] = 'volume' if price.volume else 'graduated'
    if price.valid_from is not None:
        said['valid_from'] = price.valid_from.isoformat()
    if price.at_once:
        said['at_once'] = True
    return said
