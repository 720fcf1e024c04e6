# SPDX-License-Identifier: Apache-2.0
"""The promises of the design, each as something that can be seen broken.

Three tables say when which is judged: at each call that changes the cloud,
after each commit by what it has written, and when all has come to rest.
Each judge yields what is wrong, in words.
"""

from collections.abc import Callable
from collections.abc import Iterator
import itertools
from typing import Any

from patrii_billing.domain import server as servers
from tests.simulator import bills
from tests.simulator import ledger as ledgers
from tests.simulator import stepping

Sins = Iterator[str]
_SHELVED = ('shelved', 'shelved_offloaded')
_AGAINST = ('lock', 'shelve', 'stop', 'delete')
_MOVES = (*_AGAINST, 'unlock', 'lock_as_owner', 'unshelve', 'start', 'pause',
          'suspend')  # fmt: skip
_MUST_ARRIVE = ('grace', 'last_warning')


# At each call that changes a server.


def no_call_without_a_lease(
    play: Any, worker: stepping.Worker, move: str, server: str
) -> Sins:
    """3, 6: who calls holds the row, and nobody else may do the same."""
    if _claim(play, worker, server) is None:
        yield f'{move} {server}: {worker.name} holds no action on it'


def the_law_was_asked(
    play: Any, worker: stepping.Worker, move: str, server: str
) -> Sins:
    """4, 5, 8, 9, 11: asked, and allowed, under this very claim."""
    if move not in _AGAINST:
        return
    row = _claim(play, worker, server)
    if row is None or row[1] not in ('shelve', 'delete'):
        if not _gives_back(play, worker, move, server):
            yield f'{move} {server}: no action that takes'
        return
    asked = play.ledger.asked.get(row[0])
    if asked is None or asked.owner != row[2]:
        yield f'{move} {server}: the law was not asked since the claim'
        return
    if play.now() - asked.at > play.lease:
        yield f'{move} {server}: the law was asked at {asked.at}'
    yield from (f'{move} {server}: {sin}' for sin in asked.sins)


def only_what_is_ours_is_deleted(
    play: Any, worker: stepping.Worker, move: str, server: str
) -> Sins:
    """4: the same server, shelved and locked by us, its host not down.

    Nova deletes on no condition: a lock set since the last look is too late.
    """
    if move != 'delete' or server in worker.misled:
        return
    guest = play.nova.guests.get(server)
    if guest is None:
        return
    shown = guest.shown
    rows = play.books.ask(
        'SELECT case_id, created_at, project FROM custody WHERE server = ? '
        'ORDER BY id DESC', server,
    )  # fmt: skip
    if not rows:
        yield f'{server} was never in our hands'
        return
    case, created, project = rows[0]
    ours = guest.locker is servers.Locker.ADMIN and case in (
        shown.locked_reason or ''
    )
    if not ours and not play.came_too_late(worker, server):
        yield f'{server} is not locked by us: {shown.locked_reason}'
    if shown.vm_state not in _SHELVED:
        yield f'{server} is {shown.vm_state}'
    if shown.project != project:
        yield f'{server} is of another project'
    if shown.created_at != ledgers.instant(created):
        yield f'{server} is another server'
    if shown.host_status != 'UP':
        yield f'{server}: its host is {shown.host_status}'


def others_servers_are_left_alone(
    play: Any, worker: stepping.Worker, move: str, server: str
) -> Sins:
    """4: what another subscription pays for, what another one locked.

    Whoever locks over our lock keeps his, on a server as it was before.
    """
    if move not in _AGAINST or _gives_back(play, worker, move, server):
        return
    if play.names.get(server) == 'own':
        yield 'the server of another subscription is touched'
    guest = play.nova.guests.get(server)
    reason = guest.shown.locked_reason if guest else None
    locked = guest and guest.locker is servers.Locker.ADMIN
    if locked and not (reason or '').startswith('patrii-billing:'):
        if server not in worker.misled and not play.was_changed(
            worker, server
        ):
            yield f'{move} {server}: another administrator has locked it'


def kept_for_the_undo_span(
    play: Any, worker: stepping.Worker, move: str, server: str
) -> Sins:
    """5: what was saved of a deleted server stays for its span."""
    if move != 'purge':
        return
    for image in play.kept_images(server):
        owner = play.nova.images.get(image)
        at = play.ledger.deletes.get(owner or '')
        if at is not None and play.now() < at + ledgers.UNDO:
            yield f'{image} is purged, deleted at {at}'


AT_CALLS: tuple[Callable[..., Sins], ...] = (
    no_call_without_a_lease,
    the_law_was_asked,
    only_what_is_ours_is_deleted,
    others_servers_are_left_alone,
)


# When the law has been asked: what is true at the commit of its answer.


def may_be_taken(
    play: Any, kind: str, server: str, ground: str | None
) -> Sins:
    """4, 5, 8, 9, 11: all that must be so for a server to be taken."""
    if kind == 'purge':
        return
    if ground == 'owner':
        yield from _he_gave_it_up(play, server)
    else:
        yield from _he_owes(play)
        yield from _he_was_told(play, kind, play.names.get(server, server))
    yield from _nobody_is_in_doubt(play, kind, ground)


def _he_gave_it_up(play: Any, server: str) -> Sins:
    """4: the other ground: his own wish, and no abuse to be hidden by it."""
    if server not in play.ledger.wishes:
        yield 'nobody asked for it'
    if 'abuse' in play.ledger.held(1):
        yield 'an abuse hold is in force'


def _he_owes(play: Any) -> Sins:
    """4, 5: and nothing protects him."""
    ledger, now = play.ledger, play.now()
    if ledger.owed(now) <= 0:
        yield 'he owes nothing'
    if ledger.in_transit():
        yield 'his money is in transit'
    for hold in ledger.held(1):
        yield f'a {hold} hold is in force'


def _he_was_told(play: Any, kind: str, name: str) -> Sins:
    """4: of this debt, its span ago; of a delete by the server's name."""
    if kind == 'shelve' and not play.ledger.told('grace', ledgers.GRACE):
        yield 'no grace was given its span ago'
    if kind == 'delete' and not any(
        name in one.text.replace(',', '').split()
        for one in play.ledger.told('last_warning', ledgers.WARNING)
    ):
        yield f'no warning of its span ago names {name}'


def _nobody_is_in_doubt(play: Any, kind: str, ground: str | None) -> Sins:
    """8, 9, 11: not the operator, and not the service about its facts."""
    ledger, now = play.ledger, play.now()
    if ledger.distrusted is not None and play.turn_of() > ledger.distrusted:
        yield 'the clock has jumped, and nobody resumed'
    if ledger.stopped:
        yield 'an operator has stopped all'
    if play.dry_run:
        yield 'it is a dry run'
    # What owners give up is counted against their wishes alone.
    counted = (kind, f'{kind} by {ground}') if ground else (kind,)
    if ledger.within_hour(*counted) > play.caps[kind]:
        yield f'{ledger.within_hour(*counted)} of {kind} within an hour'
    if ledger.swept is None or now - ledger.swept > play.sweep_age:
        yield f'nova was last compared at {ledger.swept}'
    if ledger.heard is None or now - ledger.heard > play.silence:
        yield f'nothing was heard since {ledger.heard}'


# After a commit, by the tables that it has written.


def acknowledged_is_stored(play: Any) -> Sins:
    """1: whatever the broker may forget is in the books."""
    stored = {row[0] for row in play.books.ask('SELECT message_id FROM inbox')}
    for missing in play.broker.acknowledged - stored - play.routine:
        yield f'message {missing} was acknowledged and is not stored'


def nobody_claims_what_is_claimed(play: Any) -> Sins:
    """6: a row changes hands only when its lease is over."""
    now = play.now()
    for table in ('actions', 'notices', 'inbox'):
        for key, owner, until in play.books.ask(
            f'SELECT id, owner, lease_until FROM {table} '
            'WHERE owner IS NOT NULL'
        ):
            held = play.leases.get((table, key))
            lease = ledgers.instant(until)
            if held and held[0] != owner and held[1] >= now:
                yield f'{table} {key}: {owner} took it from {held[0]}'
            play.leases[table, key] = owner, lease
        # What is given back may be taken at once.
        live = {
            row[0]
            for row in play.books.ask(
                f'SELECT id FROM {table} WHERE owner IS NOT NULL'
            )
        }
        for name, key in list(play.leases):
            if name == table and key not in live:
                del play.leases[name, key]


def lines_add_up(play: Any) -> Sins:
    """7: each invoice is the sum of its lines, and owes what is unpaid."""
    for row in play.books.ask(
        'SELECT i.id, i.net, i.total, i.owed, i.state, '
        '(SELECT COALESCE(SUM(net), 0) FROM lines WHERE invoice_id = i.id), '
        '(SELECT COALESCE(SUM(amount), 0) FROM allocations '
        ' WHERE invoice_id = i.id AND undone_at IS NULL) FROM invoices i '
        "WHERE state <> 'draft'"
    ):
        key, net, total, owed, state, lines, paid = row
        if net != lines or total != net:
            yield f'invoice {key}: {total}, {net}, lines {lines}'
        if owed != max(total, 0) - paid or owed < 0:
            yield f'invoice {key}: {total} less {paid} is not {owed}'
        if (state == 'paid') != (not owed) and state != 'void':
            yield f'invoice {key} of {owed} owed is {state}'
    for (payment,) in play.books.ask('SELECT id FROM payments WHERE free < 0'):
        yield f'payment {payment} was used twice'


def billed_once(play: Any) -> Sins:
    """7: spans are a chain without gap, overlap or a second invoice."""
    rows = play.books.ask(
        'SELECT subscription_id, starts, ends, invoice_id, unbilled_why '
        'FROM spans ORDER BY subscription_id, starts'
    )
    for one, two in itertools.pairwise(rows):
        if one[0] == two[0] and one[2] != two[1]:
            yield f'subscription {one[0]}: {one[2]} is followed by {two[1]}'
    for row in rows:
        if (row[3] is None) == (row[4] is None):
            yield f'{row[1]} to {row[2]} is neither billed nor explained'
    numbers = play.books.ask(
        'SELECT series, number FROM invoices WHERE number IS NOT NULL '
        'ORDER BY series, number'
    )
    for series, group in itertools.groupby(numbers, lambda row: row[0]):
        drawn = [row[1] for row in group]
        if drawn != list(range(1, len(drawn) + 1)):
            yield f'series {series}: {drawn}'
    twice = play.books.ask(
        'SELECT subscription_id, period_start FROM invoices WHERE state <> '
        "'void' AND kind IN ('renewal', 'first') "
        'GROUP BY 1, 2 HAVING COUNT(*) > 1'
    )
    for sub, start in twice:
        yield f'subscription {sub} is billed twice from {start} on'


def money_is_counted_once(play: Any) -> Sins:
    """2, 3: what came in is there once, to the cent."""
    rows = play.books.ask(
        "SELECT key, amount FROM payments WHERE kind = 'payment' "
        "AND state IN ('received', 'charged_back')"
    )
    booked = dict(rows)
    for key, amount in play.ledger.received.items():
        if booked.get(key) != amount:
            booked_as = booked.get(key)
            yield f'payment {key} of {amount} is booked as {booked_as}'
    for key in booked.keys() - play.ledger.received.keys():
        yield f'payment {key} was never made'


def status_is_told(play: Any) -> Sins:
    """13: where he stands is what the timeline last said of it."""
    for sub, status in play.books.ask(
        'SELECT id, billing_status FROM subscriptions'
    ):
        rows = play.books.ask(
            "SELECT name FROM timeline WHERE what = 'status' AND "
            'subscription_id = ? ORDER BY id DESC LIMIT 1', sub,
        )  # fmt: skip
        if status != (rows[0][0] if rows else 'active'):
            yield f'subscription {sub} is {status}, the timeline says {rows}'


def the_living_are_not_written_off(play: Any) -> Sins:
    """14: nobody's word makes a server deleted that Nova has."""
    for server, name in play.books.ask(
        'SELECT id, name FROM servers WHERE deleted_at IS NOT NULL'
    ):
        if server in play.nova.guests:
            yield f'{name} is deleted in the books, and lives'


AFTER_COMMITS: dict[Callable[[Any], Sins], frozenset[str]] = {
    acknowledged_is_stored: frozenset({'inbox'}),
    nobody_claims_what_is_claimed: frozenset({'actions', 'notices', 'inbox'}),
    lines_add_up: frozenset({'invoices', 'lines', 'allocations', 'payments'}),
    billed_once: frozenset({'spans', 'invoices'}),
    money_is_counted_once: frozenset({'payments'}),
    status_is_told: frozenset({'subscriptions'}),
    the_living_are_not_written_off: frozenset({'servers'}),
}


# When all has come to rest.


def all_is_undone(play: Any) -> Sins:
    """10: paid, everything is as it was before our first touch."""
    if not play.is_paid():
        return
    for server, (state, locker) in play.ledger.before.items():
        guest = play.nova.guests.get(server)
        if guest is None:
            continue
        play.nova.get(server)
        is_now = guest.shown.vm_state, guest.locker
        if is_now != (state, locker):
            yield f'{play.names[server]} was {state}, {locker}; is {is_now}'
    status = play.books.ask(
        'SELECT billing_status FROM subscriptions WHERE id = 1'
    )[0][0]
    if status not in ('active', 'deleted'):
        yield f'he has paid and is {status}'
    wanted = play.ledger.quota_before
    if wanted is not None and play.quotas.quotas['acme-prod'] != wanted:
        yield f'his quota was {wanted}'


def he_is_told_of_what_is_gone(play: Any) -> Sins:
    """10: paid too late for a server, he hears what is kept of it."""
    if not play.is_paid():
        return
    told = {
        server
        for (servers,) in play.books.ask(
            "SELECT servers FROM notices WHERE template = 'deleted'"
        )
        for server in ledgers.names(servers)
    }
    for server in play.ledger.deletes.keys() - play.ledger.wishes:
        if server in play.nova.gone and server not in told:
            yield f'{play.names[server]} was deleted, and he was not told'


def nothing_is_left_over(play: Any) -> Sins:
    """3: whatever crashed was recovered: no claim, no work that waits."""
    for table in ('actions', 'notices', 'inbox'):
        for key, owner in play.books.ask(
            f'SELECT id, owner FROM {table} WHERE owner IS NOT NULL'
        ):
            yield f'{table} {key} is still claimed by {owner}'
    if not play.is_paid():
        return
    for key, kind, why in play.books.ask(
        "SELECT id, type, why FROM actions WHERE state = 'pending' "
        "AND type <> 'purge'"
    ):
        yield f'action {key} {kind} has no end: {why}'


def mails_are_sent_once(play: Any) -> Sins:
    """3: again only where its fate was unknown, and it must arrive."""
    sent: dict[str, list[ledgers.Sent]] = {}
    for one in play.ledger.sent:
        sent.setdefault(one.message_id, []).append(one)
    for copies in sent.values():
        template = copies[0].template
        allowed = 1
        if template in _MUST_ARRIVE:
            allowed += sum(one.doubted for one in copies)
        if len(copies) > allowed:
            yield f'{template} was sent {len(copies)} times'


def poison_is_parked(play: Any) -> Sins:
    """12: it has a reason, and stopped nothing else."""
    for key, state, why in play.books.ask(
        'SELECT message_id, state, why FROM inbox'
    ):
        if state == 'new':
            yield f'message {key} was never read'
        if state == 'parked' and not why:
            yield f'message {key} is parked without a reason'
        if (state == 'parked') != (key in play.poison):
            yield f'message {key} is {state}: {why}'


def all_is_on_the_timeline(play: Any) -> Sins:
    """13: each action that ended, each invoice, each answered call."""
    told = play.books.ask('SELECT what, name, detail FROM timeline')
    ended = {
        detail['action']
        for detail in map(ledgers.details, (row[2] for row in told))
        if 'action' in detail
    }
    for key, kind in play.books.ask(
        "SELECT id, type FROM actions WHERE state <> 'pending'"
    ):
        if key not in ended:
            yield f'action {key} {kind} is not on the timeline'
    issued = play.books.ask(
        'SELECT COUNT(*) FROM invoices WHERE number IS NOT NULL'
    )[0][0]
    if issued > sum(row[0] == 'invoice' for row in told):
        yield f'{issued} invoices, and not all are on the timeline'
    for line, reason in play.books.ask('SELECT id, reason FROM lines'):
        if not reason:
            yield f'line {line} has no reason'
    calls = {
        row[0]
        for row in play.books.ask(
            "SELECT json_extract(detail, '$.request_id') FROM timeline "
            "WHERE what = 'call'"
        )
    }
    # Whose worker was killed right after it, it cannot tell of.
    for request in () if play.stage.met else play.ledger.requests:
        if request not in calls:
            yield f'call {request} is not on the timeline'


def the_books_know_the_fleet(play: Any) -> Sins:
    """2: after a look at nova, what was lost or forged makes no difference.

    Neither to what a server is, nor to what it is billed as from now on.
    """
    billed = {
        server: (flavor, quantity == '1')
        for server, flavor, quantity in play.books.ask(
            'SELECT server, resource, quantity FROM levels '
            'WHERE server IS NOT NULL ORDER BY at, quantity = 0, id'
        )
    }
    booked = {
        server: (flavor, gone is not None)
        for server, flavor, gone in play.books.ask(
            'SELECT id, flavor, deleted_at FROM servers'
        )
    }
    for server, guest in play.nova.guests.items():
        right = guest.shown.flavor, False
        if booked.get(server) != right:
            yield f'{play.names[server]}: {right}, not {booked.get(server)}'
        if billed.get(server) != (guest.shown.flavor, True):
            yield f'{play.names[server]} is billed as {billed.get(server)}'
    [(swept,)] = play.books.ask('SELECT swept_at FROM watch')
    looked_at = ledgers.instant(swept)
    for server, guest in play.nova.gone.items():
        at = guest.shown.deleted_at
        if looked_at is None or (at and at >= looked_at):
            continue  # nobody has looked since
        if server in booked and not booked[server][1]:
            yield f'{play.names[server]} is gone, and the books have it'
        if billed.get(server, ('', False))[1]:
            yield f'{play.names[server]} is gone, and billed on'


def no_error_of_our_own(play: Any) -> Sins:
    """What no one expected was logged, or ended a worker's turn."""
    yield from play.errors


AT_REST: tuple[Callable[[Any], Sins], ...] = (
    acknowledged_is_stored,
    all_is_undone,
    he_is_told_of_what_is_gone,
    bills.what_he_was_billed_is_right,
    nothing_is_left_over,
    mails_are_sent_once,
    poison_is_parked,
    all_is_on_the_timeline,
    the_books_know_the_fleet,
    no_error_of_our_own,
)


def _gives_back(
    play: Any, worker: stepping.Worker, move: str, server: str
) -> bool:
    """Whether a restore turns off what was off before we came."""
    row = _claim(play, worker, server)
    if row is None or row[1] != 'restore' or move != 'stop':
        return False
    [(before,)] = play.books.ask(
        'SELECT before FROM custody WHERE server = ? ORDER BY id DESC LIMIT 1',
        server,
    )  # fmt: skip
    return bool(ledgers.details(before).get('vm_state') == 'stopped')


def _claim(play: Any, worker: stepping.Worker, server: str) -> Any:
    """The live action on a server that the worker holds."""
    for row in play.books.ask(
        "SELECT id, type, owner, lease_until FROM actions WHERE server = ? "
        "AND state = 'pending' AND owner IS NOT NULL", server,
    ):  # fmt: skip
        until = ledgers.instant(row[3])
        mine = row[2].startswith(f'{worker.name} ')
        if mine and until is not None and until >= play.now():
            return row
    return None
