# SPDX-License-Identifier: Apache-2.0
"""What customers, support, operators and the world may do meanwhile.

Those who ask the service do so as its API does, in a unit of work that others
may overtake; those who go to Nova are heard of by its notifications.
"""

from collections.abc import Callable
import datetime as dt
import itertools
from typing import Any

import sqlalchemy as sa

from patrii_billing.domain import bounce
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import server as nova
from patrii_billing.engine import bounces
from patrii_billing.engine import holds
from patrii_billing.engine import payments
from patrii_billing.engine import quota
from patrii_billing.engine import refunds
from patrii_billing.engine import relinquishing
from patrii_billing.engine import switches
from patrii_billing import errors
from patrii_billing.simulation import world as worlds

_DEAD = (
    bounce.Verdict(bounce.Fate.FAILED, (), '5.1.1', '550 no such mailbox'),
)
_SPAN = dt.timedelta(days=3)
_DAY = dt.timedelta(days=1)
_A_RESIZE = dt.timedelta(seconds=10)
Act = Callable[[Any], None]


def ask(play: Any, work: Any, done: Callable[[], None]) -> None:
    """Ask the service, until it answers; what is refused changes nothing.

    Whoever gets no answer asks again, with the same key.
    """
    worker = play.stage.worker
    worker.done = done
    try:
        play.api.db.write(work)
    except (errors.Conflict, errors.InvalidInput, errors.NotFound) as error:
        play.stage.tell('refused', error)
    finally:
        worker.done = None


def pay(play: Any, minor: int | None = None, key: str | None = None) -> None:
    """Money comes in: all that is open, or so much."""
    if minor is None:
        minor = sum(
            row[0]
            for row in play.books.ask(
                'SELECT owed FROM invoices WHERE account_id = 1 AND '
                "state = 'open'"
            )
        )
        key = None
    if minor <= 0:
        return
    name = key or f'payment-{next(play.numbers)}'

    def work(conn: sa.Connection) -> None:
        payments.record(
            conn, play.api, 1, money.Money(minor, 'EUR'), name, play.now()
        )

    def done() -> None:
        play.ledger.received.setdefault(name, minor)
        play.ledger.pending.pop(name, None)

    play.again(lambda: ask(play, work, done))


def promise_money(play: Any) -> None:
    """A transfer is on its way; one that failed is not for a second word."""

    def work(conn: sa.Connection) -> None:
        payments.record(
            conn, play.api, 1, money.Money(1000, 'EUR'), 'transfer',
            play.now(), pending=True,
        )  # fmt: skip

    def done() -> None:
        if 'transfer' not in {*play.ledger.received, *play.ledger.failed}:
            play.ledger.pending.setdefault('transfer', play.now() + _SPAN)

    ask(play, work, done)


def break_promise(play: Any) -> None:
    """It does not arrive."""
    found = play.books.ask(
        "SELECT id FROM payments WHERE key = 'transfer' AND state = 'pending'"
    )

    def work(conn: sa.Connection) -> None:
        payments.fail(conn, play.api, found[0][0], play.now())

    def done() -> None:
        play.ledger.failed.add('transfer')
        play.ledger.pending.pop('transfer', None)

    if found:
        ask(play, work, done)


def charge_back(play: Any) -> None:
    """The bank takes the newest payment back."""
    found = play.books.ask(
        "SELECT id, key FROM payments WHERE kind = 'payment' AND "
        "state = 'received' ORDER BY id DESC LIMIT 1"
    )

    def work(conn: sa.Connection) -> None:
        refunds.charge_back(conn, play.api, found[0][0], play.now())

    def done() -> None:
        play.ledger.taken_back.add(found[0][1])

    if found:
        ask(play, work, done)


def hold(play: Any, kind: str, days: float | None) -> None:
    until = None if days is None else play.now() + days * _DAY

    def work(conn: sa.Connection) -> None:
        holds.place(
            conn, play.api, 1, lifecycle.HoldType(kind), until, 'as agreed',
            'support', play.now(),
        )  # fmt: skip

    ask(play, work, _nothing)


def release(play: Any, kind: str) -> None:
    def work(conn: sa.Connection) -> None:
        holds.release(
            conn, play.api, 1, lifecycle.HoldType(kind), 'support', play.now()
        )

    ask(play, work, _nothing)


def change_quota(play: Any, cores: int) -> None:
    def work(conn: sa.Connection) -> None:
        quota.request(conn, 1, {'cores': cores}, play.now())

    def done() -> None:
        play.ledger.quota_before = None

    ask(play, work, done)


def give_up(play: Any, name: str) -> None:
    """Its owner asks for the delete of a server that we keep from him."""
    server = worlds.server_id(name)

    def work(conn: sa.Connection) -> None:
        relinquishing.request(conn, play.api, server, play.now(), 'owner')

    ask(play, work, lambda: play.ledger.wishes.add(server))


def keep_after_all(play: Any, name: str) -> None:
    server = worlds.server_id(name)
    if server not in play.ledger.wishes:
        return

    def work(conn: sa.Connection) -> None:
        relinquishing.withdraw(conn, play.api, server, play.now(), 'owner')

    ask(play, work, lambda: play.ledger.wishes.discard(server))


def stop_all(play: Any) -> None:
    def work(conn: sa.Connection) -> None:
        switches.stop(conn, 'let me look', 'operator', play.now())

    def done() -> None:
        play.ledger.stopped = True

    ask(play, work, done)


def resume(play: Any) -> None:
    def work(conn: sa.Connection) -> None:
        switches.resume(conn, 'operator', play.now())

    def done() -> None:
        play.ledger.stopped = False
        play.ledger.distrusted = None
        play.ledger.counted_from = play.now()

    ask(play, work, done)


def give_back_the_warning(play: Any) -> None:
    """His mailbox is dead from now on, and the last warning comes back."""
    found = play.books.ask(
        "SELECT message_id FROM notices WHERE template = 'last_warning' "
        'ORDER BY id DESC LIMIT 1'
    )
    play.mailbox.dead.update(('owner@acme-prod.example',))

    def work(conn: sa.Connection) -> None:
        report = bounce.Report((found[0][0],), _DEAD)
        bounces.settle(conn, play.api, report, play.now())

    def done() -> None:
        for one in play.ledger.sent:
            if one.message_id == found[0][0]:
                one.returned = True

    if found:
        ask(play, work, done)


def revive_the_mailbox(play: Any) -> None:
    play.mailbox.dead.clear()


# Those who go to Nova.


def boot(play: Any) -> None:
    number = next(play.numbers)
    name = f'late{number}'
    now = play.now()
    shown = nova.Server(
        id=worlds.server_id(name), project='acme-prod', name=name,
        flavor='s1', vm_state='active', host='host', host_status='UP',
        created_at=now.replace(microsecond=0), updated_at=now,
    )  # fmt: skip
    play.nova.boot(shown)
    play.names[shown.id] = name
    play.notify('create.end', shown)


def delete(play: Any, name: str) -> None:
    shown = _owners(play, name)
    if shown is not None:
        play.nova.remove(shown.id)
        gone = play.nova.gone[shown.id].shown
        play.notify('delete.end', gone)


def resize(play: Any, name: str, flavor: str) -> None:
    """Nova takes longer for one than the clocks of its hosts differ."""
    shown = _owners(play, name)
    if shown is not None and shown.vm_state == 'active':
        last = play.resized.get(shown.id)
        if play.plan.skewed and last and play.now() - last < _A_RESIZE:
            return
        play.resized[shown.id] = play.now()
        play.changed(shown.id)
        play.notify(
            'resize_confirm.end', play.nova.set(shown.id, flavor=flavor)
        )


def lock(play: Any, name: str, who: str) -> None:
    """An owner whose server another holds gets nowhere, as in Nova."""
    locker = nova.Locker(who)
    shown = _shown(play, name)
    if shown is None or (shown.locked and locker is nova.Locker.OWNER):
        return
    play.changed(shown.id)
    play.nova.set_lock(shown.id, locker)


def unlock(play: Any, name: str, who: str) -> None:
    shown = _owners(play, name) if who == 'owner' else _shown(play, name)
    if shown is not None:
        play.changed(shown.id)
        play.nova.set_lock(shown.id, None)


def power(play: Any, name: str, move: str) -> None:
    shown = _owners(play, name)
    states = {'stop': ('active',), 'start': ('stopped',)}
    if shown is None or shown.task_state or shown.vm_state not in states[move]:
        return
    play.changed(shown.id)
    getattr(play.nova, move)(shown.id)
    event = {'stop': 'power_off.end', 'start': 'power_on.end'}
    play.notify(event[move], shown)


def unshelve_by_operator(play: Any, name: str) -> None:
    shown = _shown(play, name)
    if shown is None or shown.vm_state not in nova.SHELVED:
        return
    if not shown.task_state:
        play.changed(shown.id)
        play.nova.unshelve(shown.id)


def lose_the_host(play: Any, name: str, status: str) -> None:
    shown = _shown(play, name)
    if shown is not None:
        play.nova.set(shown.id, host='host', host_status=status)


def poison(play: Any) -> None:
    """Somebody sends what nobody can read."""
    living, gone = play.nova.guests.values(), play.nova.gone.values()
    shown = next(itertools.chain(living, gone)).shown
    message = play.message('resize_confirm.end', shown)
    message['payload']['nova_object.data']['flavor'] = {'what': 'is this'}
    play.poison.add(message['message_id'])
    play.broker.publish(message)


def forge(play: Any, name: str) -> None:
    """Somebody says that a server is deleted, which it is not."""
    shown = _shown(play, name)
    if shown is not None:
        play.notify('delete.end', shown, deleted=True)


def _shown(play: Any, name: str) -> nova.Server | None:
    guest = play.nova.guests.get(worlds.server_id(name))
    if guest is None:
        return None
    down, play.nova.down = play.nova.down, None
    shown = play.nova.get(guest.shown.id)
    play.nova.down = down
    return shown


def _owners(play: Any, name: str) -> nova.Server | None:
    shown = _shown(play, name)
    if shown is None:
        return None
    if play.nova.guests[shown.id].locker is nova.Locker.ADMIN:
        return None
    return shown


def _nothing() -> None:
    """Nothing that those outside would note."""


# What the world does.


def jump(play: Any, hours: float) -> None:
    span = dt.timedelta(hours=hours)
    play.clock.move_to(play.now() + span)
    for guest in play.nova.guests.values():
        if guest.settles_at is not None:
            guest.settles_at += span  # nova's own clock is another
    play.behind += max(-span, dt.timedelta())
    play.ledger.distrusted = play.turn


def switch(play: Any, what: str, value: Any) -> None:
    match what:
        case 'nova':
            play.nova.down = value
        case 'mail':
            play.mailbox.down = bool(value)
        case 'broker':
            play.broker.is_down = bool(value)
        case 'empty':
            play.nova_is_empty = bool(value)


def _with(work: Callable[..., None], *given: Any) -> Act:
    return lambda play: work(play, *given)


ACTS: dict[str, Act] = {
    'pays all': pay,
    'pays 4.00': _with(pay, 400),
    'pays 10.00': _with(pay, 1000),
    'pays 10.00 again': _with(pay, 1000, 'again'),
    'promises money': promise_money,
    'keeps the promise': _with(pay, 1000, 'transfer'),
    'breaks the promise': break_promise,
    'charges back': charge_back,
    'hold: promise': _with(hold, 'promise', 3),
    'hold: pause': _with(hold, 'pause', 2),
    'hold: abuse': _with(hold, 'abuse', None),
    'release: promise': _with(release, 'promise'),
    'release: pause': _with(release, 'pause'),
    'release: abuse': _with(release, 'abuse'),
    'quota: 12': _with(change_quota, 12),
    'quota: 4': _with(change_quota, 4),
    **{f'gives up {name}': _with(give_up, name) for name in ('web', 'db')},
    **{
        f'keeps {name} after all': _with(keep_after_all, name)
        for name in ('web', 'db')
    },
    'operator stops': stop_all,
    'operator resumes': resume,
    'warning bounces': give_back_the_warning,
    'mailbox lives': revive_the_mailbox,
    'boots one': boot,
    **{f'deletes {name}': _with(delete, name) for name in ('web', 'db')},
    'resizes web': _with(resize, 'web', 's2'),
    'resizes web back': _with(resize, 'web', 's1'),
    'locks web': _with(lock, 'web', 'owner'),
    'unlocks web': _with(unlock, 'web', 'owner'),
    'operator locks web': _with(lock, 'web', 'admin'),
    'operator unlocks web': _with(unlock, 'web', 'admin'),
    'operator locks db': _with(lock, 'db', 'admin'),
    'operator unshelves web': _with(unshelve_by_operator, 'web'),
    'stops web': _with(power, 'web', 'stop'),
    'starts web': _with(power, 'web', 'start'),
    'host is down': _with(lose_the_host, 'web', 'DOWN'),
    'host is up': _with(lose_the_host, 'web', 'UP'),
    'poison': poison,
    'forged delete': _with(forge, 'web'),
    'clock +7h': _with(jump, 7),
    'clock +3d': _with(jump, 72),
    'clock -10m': _with(jump, -1 / 6),
    'nova is down': _with(switch, 'nova', 'simulated: 500'),
    'nova is up': _with(switch, 'nova', None),
    'nova shows nothing': _with(switch, 'empty', True),
    'nova shows all': _with(switch, 'empty', False),
    'mail is down': _with(switch, 'mail', True),
    'mail is up': _with(switch, 'mail', False),
    'broker is down': _with(switch, 'broker', True),
    'broker is up': _with(switch, 'broker', False),
    'broker loses': lambda play: play.broker.mistreat('lose'),
    'broker repeats': lambda play: play.broker.mistreat('repeat'),
    'broker reorders': lambda play: play.broker.mistreat('reorder'),
}
# What is done in a moment, by nobody who could be overtaken.
AT_ONCE = frozenset(
    name
    for name in ACTS
    if name.startswith(
        ('clock', 'nova', 'mail is', 'broker', 'host', 'poison', 'forged',
         'mailbox')
    )
)  # fmt: skip
