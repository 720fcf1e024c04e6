# SPDX-License-Identifier: Apache-2.0
"""`stop`, `resume`, `enforcement`: the switches over all enforcement."""

from collections.abc import Iterator
import sys

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.engine import enforcement
from patrii_billing.engine import switches
from patrii_billing import errors


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'stop', help='stop all shelving and deleting at once'
    )
    parser.add_argument('--reason', required=True)
    parser.set_defaults(run=_stop)
    parser = commands.add_parser(
        'resume',
        help='end a stop and safe mode, and count the caps anew',
        description='End a stop and safe mode. Look first at what '
        '`enforcement` says, and why; the caps count from here. Where a '
        'backup was put back, `series skip-to` and what was paid since come '
        'before.',
    )
    parser.add_argument('--yes', action='store_true', help='do not ask')
    parser.set_defaults(run=_resume)
    parser = commands.add_parser(
        'enforcement', help='whether servers may be shelved and deleted now'
    )
    parser.set_defaults(run=_show)


def _stop(desk: desks.Desk) -> None:
    before = desk.write(
        switches.stop, desk.options.reason, desk.by, desk.now
    )  # fmt: skip
    if before is not None:
        print(f'Enforcement was stopped already: {text.plain(before)}')
        return
    print('Enforcement is stopped; restores go on.')


def _resume(desk: desks.Desk) -> None:
    standing = desk.read(switches.reasons)
    if not standing:
        print('Nothing is stopped.')
        return
    if not desk.options.yes:
        _ask(*standing)
    for ended in desk.write(switches.resume, desk.by, desk.now):
        print(f'Ended: {text.plain(ended)}')
    print('Enforcement goes on; the caps count from now.')


def _ask(*standing: str) -> None:
    """Raises Conflict unless the operator agrees."""
    if not sys.stdin.isatty():
        raise errors.Conflict(
            'nobody is there to agree; say --yes to end this: '
            + text.plain('; '.join(standing))
        )
    for reason in standing:
        print(text.plain(reason))
    if input('Go on with shelving and deleting? [y/N] ').lower() != 'y':
        raise errors.Conflict('left as it is')


def _show(desk: desks.Desk) -> None:
    print(*text.pairs(_rows(desk)), sep='\n')


def _rows(desk: desks.Desk) -> Iterator[tuple[str, object]]:
    found = desk.read(enforcement.look, desk.tools.settings, desk.now)
    yield (
        'mode',
        'dry run: nothing is shelved, deleted or mailed'
        if found.dry_run
        else 'live',
    )
    yield 'stopped', found.stopped or 'no'
    yield 'safe mode', found.safe_mode or 'no'
    for cap in found.caps:
        yield cap.name, f'{cap.used} of {cap.limit}'
    yield 'caps count from', text.instant(found.counted_from, 'the beginning')
    yield 'last tick', text.instant(found.ticked_at, 'never')
    yield 'last notification', text.instant(found.heard_at, 'never')
    yield 'last sweep of nova', text.instant(found.swept_at, 'never')
    yield 'unread since', text.instant(found.unread_since, 'nothing')
    for kind, count in found.pending.items():
        waiting = found.unapproved.get(kind)
        more = f', {waiting} for approval' if waiting is not None else ''
        yield f'{kind} actions waiting', f'{count}{more}'
