# SPDX-License-Identifier: Apache-2.0
"""`openstack billing enforcement`: the switches over all of it."""

import argparse
from typing import Any

from patrii_billing.osc import columns
from patrii_billing.osc import commands

_PATH = '/v1/enforcement'


def _cap(item: columns.Item, cap: columns.Item) -> str:
    return f'{cap["name"]}: {cap["used"]} of {cap["limit"]}'


def _queue(item: columns.Item, one: columns.Item) -> str:
    waiting = one['unapproved']
    more = '' if waiting is None else f', {waiting} for approval'
    return f'{one["type"]}: {one["pending"]}{more}'


_C = columns.Column
_SHOW = (
    _C('Dry Run', 'dry_run'),
    _C('Stopped', 'stopped', columns.wrapped(55)),
    _C('Safe Mode', 'safe_mode', columns.wrapped(55)),
    _C('Caps', 'caps', columns.told(_cap)),
    _C('Caps Count From', 'counted_from', columns.instant),
    _C('Approval', 'approval', columns.each),
    _C('Actions Waiting', 'actions', columns.told(_queue)),
    _C('Last Tick', 'ticked_at', columns.instant),
    _C('Last Notification', 'heard_at', columns.instant),
    _C('Last Sweep', 'swept_at', columns.instant),
    _C('Unread Since', 'unread_since', columns.instant),
    _C('Bounces Read', 'bounces_read_at', columns.instant),
)


class ShowEnforcement(commands.ShowOne):
    """Show whether servers may be shelved and deleted now.

    The switches, the caps and what is used of them, the signs of life
    without which nothing is done, and what waits to be done.
    """

    shows = _SHOW

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.api.get(_PATH)


class StopEnforcement(commands.Change):
    """Stop all shelving and deleting at once; restores go on."""

    shows = _SHOW

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            '--reason', metavar='<text>', required=True,
            help='Why; it is shown until somebody resumes',
        )  # fmt: skip

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'{_PATH}/stop',
            commands.given(parsed_args, 'reason'),
        )  # fmt: skip


class ResumeEnforcement(commands.Change):
    """End a stop and safe mode, and count the caps anew.

    What stands in the way is named before you are asked.
    """

    shows = (_C('Ended', 'ended', columns.each), *_SHOW)
    asks = '{why}. Go on with shelving and deleting?'

    def item(self, parsed_args: argparse.Namespace) -> Any:
        return self.send(
            parsed_args, 'POST', f'{_PATH}/resume', why=self._why()
        )

    def _why(self) -> str:
        found = self.api.get(_PATH)
        told = [
            f'{word}: {found[field]}'
            for field, word in (
                ('stopped', 'Stopped'), ('safe_mode', 'Safe mode')
            )
            if found[field] is not None
        ]  # fmt: skip
        return '; '.join(told) or 'Nothing is stopped'
