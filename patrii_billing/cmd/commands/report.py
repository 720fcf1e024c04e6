# SPDX-License-Identifier: Apache-2.0
"""`report`: what finance asks the books for."""

import argparse
from collections.abc import Iterable
from collections.abc import Iterator
import datetime as dt
import functools
import itertools
import zoneinfo

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import figures
from patrii_billing.cmd.commands import journal
from patrii_billing.cmd.commands import moment
from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.domain import numbering
from patrii_billing.domain import recurring as law
from patrii_billing.store.views import leakage
from patrii_billing.store.views import monthly
from patrii_billing.store.views import numbers
from patrii_billing.store.views import receivables
from patrii_billing.store.views import recurring
from patrii_billing.store.views import taxes

_DAY = dt.timedelta(days=1)
# Months that stand beside each other on a terminal.
_COLUMNS = 4
# Of a statement of months: what is added to what was owed, and taken off.
_STATEMENT = (
    ('opening', ''), ('invoiced', '+'), ('brought_in', '+'),
    ('credited', '-'), ('collected', '-'), ('granted', '-'),
    ('refunded', '+'), ('charged_back', '+'), ('written_off', '-'),
    ('unused', '+'), ('closing', '='),
)  # fmt: skip
_MOVEMENT = (
    'opening', 'new', 'expansion', 'contraction', 'churn', 'closing',
)  # fmt: skip
_AGES = ('not_due', 'to_30', 'to_60', 'to_90', 'over_90')


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser('report', help='figures for finance')
    reports = parser.add_subparsers(required=True, metavar='REPORT')
    report = _add(
        reports, 'mrr', _mrr, 'monthly and annual recurring revenue',
        'What is billed for a day, as by the month: of a cycle of months its '
        'part, of one of days by a month of 30.4375. Net of taxes and '
        'discounts, without setup fees and metered usage.',
    )  # fmt: skip
    _add_day(report, '--on', 'the day (default: today)')
    _add_day(report, '--from', 'show how it went from that day on')
    report.add_argument(
        '--by', choices=('plan', 'account', 'subscription'), default='plan',
        help='a line for each of them (default: %(default)s)',
    )  # fmt: skip
    report = _add(
        reports, 'receivables', _receivables, 'what is owed, by its age',
        'What the invoices owe at the end of a day, and since how many days '
        'it is past due; the day on which it is due is the first of them.',
    )  # fmt: skip
    _add_day(report, '--on', 'the day (default: today)')
    for name, run, told, more in (
        ('monthly', _monthly, 'invoiced and collected by month',
         'How what was owed at the beginning of each month became what was '
         'owed at its end. Granted is what needs no paying: goodwill, '
         'balances brought in, fees kept by banks. Unused is money that is '
         'kept as balance.'),
        ('taxes', _taxes, 'taxes invoiced by rate and month',
         'By the day of issue. Credit notes are taken off, and shown.'),
    ):  # fmt: skip
        report = _add(reports, name, run, told, more)
        _add_day(report, '--from', 'the first month (default: two ago)')
        _add_day(report, '--until', 'months that begin before that day')
    report = _add(
        reports, 'leakage', _leakage, 'what no live subscription covers',
        'Servers and projects that nobody pays for, and what they would cost '
        'a month: under the plan that is named, else under the last that the '
        'project had, else under the most used one that has a price of it.',
    )  # fmt: skip
    report.add_argument('--plan', metavar='NAME')
    _add(
        reports, 'numbers', _numbers, 'gaps in the numbers, and why',
        'The numbers of invoices and credit notes that no document has. They '
        'are left out by `series skip-to` alone, which asks why; what nobody '
        'has explained calls for it.',
    )  # fmt: skip
    journal.add_to(reports)


def _add(
    reports: desks.Commands, name: str, run: object, told: str, more: str
) -> argparse.ArgumentParser:
    report: argparse.ArgumentParser = reports.add_parser(
        name, help=told, description=more
    )
    report.add_argument(
        '--format', choices=figures.FORMATS, default='table',
        help='json is an object a line (default: %(default)s)',
    )  # fmt: skip
    journal.add_zone(report)
    report.set_defaults(run=run)
    return report


def _add_day(parser: argparse.ArgumentParser, name: str, told: str) -> None:
    parser.add_argument(
        name, dest=name.strip('-').replace('from', 'start'),
        type=moment.day, metavar='DAY', help=told,
    )  # fmt: skip


def _today(desk: desks.Desk, zone: dt.tzinfo) -> dt.date:
    return calendar.local_day(desk.now, zone)


def _mrr(desk: desks.Desk) -> None:
    options = desk.options
    day = options.on or _today(desk, journal.zone(desk))
    if options.start is not None:
        _movement(desk, options.start, day)
        return
    sums: dict[str, int] = {}
    groups: dict[tuple[str, str], list[int]] = {}
    for one in recurring.on(desk.tools.db, day):
        key = getattr(one, options.by), one.currency
        known = groups.setdefault(key, [0, 0])
        known[0] += 1
        known[1] += one.minor
        sums[one.currency] = sums.get(one.currency, 0) + one.minor

    def row(name: str, currency: str, number: int, minor: int) -> figures.Row:
        return (
            name, number, currency, money.Money(minor, currency),
            money.Money(minor * law.MONTHS_OF_YEAR, currency),
        )  # fmt: skip

    figures.show(
        options.format,
        (options.by, 'subscriptions', 'currency', 'mrr', 'arr'),
        [row(*key, *value) for key, value in sorted(groups.items())],
        lambda: [
            row('total', currency, sum(
                number for (_, of), (number, _) in groups.items()
                if of == currency
            ), minor)
            for currency, minor in sorted(sums.items())
        ],
    )  # fmt: skip


def _movement(desk: desks.Desk, start: dt.date, day: dt.date) -> None:
    figures.show(
        desk.options.format,
        ('currency', *_MOVEMENT),
        (
            (moved.currency, *_amounts(moved, moved.currency, _MOVEMENT))
            for moved in recurring.between(desk.tools.db, start, day)
        ),
    )


def _receivables(desk: desks.Desk) -> None:
    zone = journal.zone(desk)
    day = desk.options.on or _today(desk, zone)
    sums: dict[str, list[int]] = {}

    def rows() -> Iterator[figures.Row]:
        for owed in receivables.aged(desk.tools.db, day, zone):
            known = sums.setdefault(owed.currency, [0] * len(_AGES))
            for place, minor in enumerate(owed.aged):
                known[place] += minor
            yield row(owed.account, owed.currency, owed.aged)

    def row(name: str, currency: str, aged: Iterable[int]) -> figures.Row:
        parts = [money.Money(minor, currency) for minor in aged]
        total = sum(part.minor for part in parts)
        return name, currency, *parts, money.Money(total, currency)

    figures.show(
        desk.options.format, ('account', 'currency', *_AGES, 'total'), rows(),
        lambda: [row('total', *each) for each in sorted(sums.items())],
    )  # fmt: skip


def _monthly(desk: desks.Desk) -> None:
    zone = journal.zone(desk)
    found = [
        row
        for month in _months(desk, zone)
        for row in desk.read(monthly.of, month, zone)
    ]
    names = [name for name, _ in _STATEMENT]
    if desk.options.format != 'table' or not found:
        figures.show(
            desk.options.format, ('month', 'currency', *names),
            ((_month(row.month), row.currency,
              *_amounts(row, row.currency, names)) for row in found),
        )  # fmt: skip
        return
    found.sort(key=lambda row: (row.currency, row.month))
    lines: list[str] = []
    for currency, group in itertools.groupby(found, lambda row: row.currency):
        rows = list(group)
        for place in range(0, len(rows), _COLUMNS):
            lines += [''] if lines else []
            lines += _statement(currency, rows[place : place + _COLUMNS])
    print(*lines, sep='\n')


def _statement(currency: str, months: list[monthly.Month]) -> Iterator[str]:
    """Months beside each other, and below each how it went."""
    return figures.aligned(
        (currency, '', *(_month(month.month) for month in months)),
        [
            (
                sign, name.replace('_', ' '),
                *(money.Money(getattr(month, name), currency)
                  for month in months),
            )
            for name, sign in _STATEMENT
        ],
    )  # fmt: skip


def _taxes(desk: desks.Desk) -> None:
    zone = journal.zone(desk)
    names = ('base', 'amount', 'credited_base', 'credited')
    rows = (
        (
            _month(row.month), row.name or 'not taxed', row.rate,
            row.currency, *_amounts(row, row.currency, names),
        )
        for month in _months(desk, zone)
        for row in taxes.of(desk.tools.db, month, zone)
    )  # fmt: skip
    figures.show(
        desk.options.format, ('month', 'tax', 'rate', 'currency', *names), rows
    )


def _leakage(desk: desks.Desk) -> None:
    zone = journal.zone(desk)
    sums: dict[str, int] = {}

    def rows() -> Iterator[figures.Row]:
        for leak in leakage.uncovered(
            desk.tools.db, desk.now, desk.options.plan
        ):
            cost = since = None
            if leak.since is not None:
                since = calendar.local_day(leak.since, zone)
            if leak.currency is not None and leak.monthly is not None:
                cost = money.Money(leak.monthly, leak.currency)
                known = sums.get(leak.currency, 0)
                sums[leak.currency] = known + leak.monthly
            yield (
                leak.name, leak.project_name, leak.account, leak.flavor,
                since, leak.plan, leak.currency, cost,
            )  # fmt: skip

    blank = (None,) * 5
    figures.show(
        desk.options.format,
        ('name', 'project', 'account', 'flavor', 'since', 'plan', 'currency',
         'monthly'),
        rows(),
        lambda: [
            ('total', *blank, currency, money.Money(minor, currency))
            for currency, minor in sorted(sums.items())
        ],
    )  # fmt: skip


def _numbers(desk: desks.Desk) -> None:
    zone = journal.zone(desk)

    def row(gap: numbering.Gap) -> figures.Row:
        run, skip = gap.run, gap.skip
        head = run.series, run.first, run.last
        if skip is None:
            return *head, None, None, 'not explained'
        return *head, calendar.local_day(skip.at, zone), skip.by, skip.why

    figures.show(
        desk.options.format,
        ('series', 'first', 'last', 'on', 'by', 'why'),
        map(row, desk.read(numbers.gaps)),
    )


def _months(desk: desks.Desk, zone: zoneinfo.ZoneInfo) -> Iterator[dt.date]:
    today = _today(desk, zone)
    until = desk.options.until or today + _DAY
    last = (until - _DAY).replace(day=1)
    two_ago = functools.reduce(
        lambda day, _: (day - _DAY).replace(day=1), range(2), last
    )
    return monthly.months(desk.options.start or two_ago, until)


def _month(day: dt.date) -> str:
    return f'{day:%Y-%m}'


def _amounts(
    row: object, currency: str, names: Iterable[str]
) -> list[money.Money]:
    return [money.Money(getattr(row, name), currency) for name in names]
