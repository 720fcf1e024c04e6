# SPDX-License-Identifier: Apache-2.0
"""`report journal`: the books for an accountant's program."""

import argparse
from collections.abc import Iterator
import contextlib
import datetime as dt
import sys
import zoneinfo

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import moment
from patrii_billing.domain import calendar
from patrii_billing.domain import journal
from patrii_billing.domain import ledger
from patrii_billing.domain import money
from patrii_billing import errors
from patrii_billing.store.views import journal as view
from patrii_billing.store.views import opening

_BEFORE_ALL = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def add_to(reports: desks.Commands) -> None:
    parser = reports.add_parser(
        'journal', help='double entry, for beancount, hledger or a table',
        description='Every invoice, credit note and movement of money as an '
        'entry whose postings sum to zero, in the order of time. It ends '
        'with what the open invoices owe, which beancount and hledger check.',
    )  # fmt: skip
    parser.add_argument(
        '--format', choices=sorted(ledger.FORMATS), default='hledger',
        help='default: %(default)s',
    )  # fmt: skip
    parser.add_argument(
        '--from', dest='start', type=moment.day, metavar='DAY',
        help='begin with the balances of that day (default: all there is)',
    )  # fmt: skip
    parser.add_argument(
        '--until', type=moment.day, metavar='DAY',
        help='end before that day (default: today, so that what is told '
        'does not change any more)',
    )  # fmt: skip
    parser.add_argument('--output', metavar='FILE', help='instead of stdout')
    add_zone(parser)
    parser.set_defaults(run=_run)


def add_zone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--timezone', metavar='NAME',
        help='whose days count (default: [billing] timezone)',
    )  # fmt: skip


def zone(desk: desks.Desk) -> zoneinfo.ZoneInfo:
    """The zone that days are of. Raises InvalidInput."""
    given = desk.options.timezone
    return calendar.zone(given or desk.conf.billing.timezone, '--timezone')


def _run(desk: desks.Desk) -> None:
    options = desk.options
    days = zone(desk)
    until = options.until or calendar.local_day(desk.now, days)
    if options.start is not None and options.start >= until:
        raise errors.InvalidInput('is not before --until', '--from')
    lines = ledger.FORMATS[options.format](_entries(desk, until, days))
    with contextlib.ExitStack() as stack:
        out = sys.stdout
        if options.output is not None:
            out = stack.enter_context(
                open(options.output, 'w', encoding='utf-8', newline='')
            )
        out.writelines(lines)


def _entries(
    desk: desks.Desk, until: dt.date, days: zoneinfo.ZoneInfo
) -> Iterator[journal.Entry | journal.Closing]:
    """All entries, and then what must be so. Raises Conflict if it is not."""
    end = calendar.start_of_day(until, days)
    start = _BEFORE_ALL
    owed: dict[str, int] = {}
    told: Iterator[journal.Entry] = iter(())
    if desk.options.start is not None:
        start = calendar.start_of_day(desk.options.start, days)
        told = opening.entries(desk.tools.db, start, days)
    for stream in (told, view.entries(desk.tools.db, start, end, days)):
        for entry in stream:
            known = owed.get(entry.currency, 0)
            owed[entry.currency] = known + _receivable(entry)
            yield entry
    for closing in desk.read(view.closing, end, desk.now, days):
        yield closing
        found = owed.get(closing.currency, 0)
        if found != closing.minor:
            raise errors.Conflict(
                'the journal comes to receivables of '
                f'{money.Money(found, closing.currency)}, the invoices to '
                f'{money.Money(closing.minor, closing.currency)}'
            )


def _receivable(entry: journal.Entry) -> int:
    head = f'{journal.RECEIVABLE}:'
    return sum(
        posting.minor
        for posting in entry.postings
        if posting.account.startswith(head)
    )
