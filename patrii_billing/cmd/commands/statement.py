# SPDX-License-Identifier: Apache-2.0
"""`payment import`: the statements of a bank."""

import argparse
import collections
from collections.abc import Iterator
import pathlib
import sys
from typing import Any, BinaryIO

from patrii_billing.bank import camt
from patrii_billing.bank import delimited
from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.domain import statement
from patrii_billing.engine import statements
from patrii_billing import errors

_PIECE = 1 << 16
# So often it is said how far an import has come.
_EVERY = 500
_EPILOG = '\n'.join(
    ['fields of --column:']
    + [f'  {name:10} {what}' for name, what in delimited.FIELDS.items()]
)


def add_to(actions: Any) -> None:
    action = actions.add_parser(
        'import',
        help='the statement of a bank: shown first, recorded with --yes',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(
            'Show what each entry of a bank statement would do, and record\n'
            'them with --yes. Whose a payment is tells the reference of an\n'
            'invoice (RF..) or its number in what the payer wrote, or else\n'
            'the external reference of an account; what tells nobody waits\n'
            'in `payment list --unmatched`. The same or an overlapping\n'
            'statement records nothing twice. Stay with one format for a\n'
            'bank account: another one would record all anew.'
        ),
        epilog=_EPILOG,
    )
    action.add_argument('file', help='a file, or - for stdin')
    action.add_argument(
        '--format', choices=('camt', 'csv'),
        help='camt.053 of ISO 20022, or a table; else by what it is',
    )  # fmt: skip
    action.add_argument(
        '--yes', action='store_true', help='record what is shown without it'
    )
    table = action.add_argument_group('tables (csv)')
    table.add_argument(
        '--column', action='append', default=[], metavar='FIELD=HEADER',
        help='which column a field is in; may be repeated',
    )  # fmt: skip
    table.add_argument('--currency', default='', help='where no column has it')
    table.add_argument(
        '--delimiter', default='', help='what parts the columns; else guessed'
    )
    table.add_argument(
        '--decimal', default='.', help='what parts the cents (default: .)'
    )
    table.add_argument(
        '--date-format', default='%Y-%m-%d',
        help='as strptime reads it (default: %%Y-%%m-%%d)',
    )  # fmt: skip
    table.add_argument('--encoding', default='utf-8-sig')
    action.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    entries = _entries(desk.options)
    if not desk.options.yes:
        plans = list(statements.preview(desk.tools, entries))
        _show(plans)
        _sum_up(plans)
        if plans:
            print('Nothing was recorded yet: --yes does.')
        return
    told = _Progress(len(entries))
    plans = list(statements.record(desk.tools, entries, desk.by, told))
    waiting = statements.Deed.FOR_A_PERSON
    _show([plan for plan in plans if plan.deed is waiting])
    _sum_up(plans)


def _entries(options: argparse.Namespace) -> list[statement.Entry]:
    if options.file == '-':
        return _read(sys.stdin.buffer, 'stdin', options)
    with pathlib.Path(options.file).open('rb') as file:
        return _read(file, options.file, options)


def _read(
    file: BinaryIO, source: str, options: argparse.Namespace
) -> list[statement.Entry]:
    first = file.read(_PIECE)
    chunks = _pieces(first, file)
    looks = 'camt' if first.lstrip(b'\xef\xbb\xbf \t\r\n')[:1] == b'<' else ''
    if (options.format or looks or 'csv') == 'camt':
        return camt.read(chunks, source)
    return delimited.read(chunks, source, _layout(options))


def _pieces(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    while first:
        yield first
        first = file.read(_PIECE)


def _layout(options: argparse.Namespace) -> delimited.Layout:
    columns: dict[str, list[str]] = {}
    for given in options.column:
        name, equals, header = given.partition('=')
        if not equals or not header:
            raise errors.InvalidInput(
                f'{given!r} is no FIELD=HEADER', '--column'
            )
        columns.setdefault(name, []).append(header)
    if not columns:
        raise errors.InvalidInput(
            'is needed for a table, at least for day and amount', '--column'
        )
    return delimited.Layout(
        columns, options.delimiter.replace('\\t', '\t'), options.decimal,
        options.date_format, options.encoding, options.currency,
    )  # fmt: skip


class _Progress:
    """Says on a terminal how far it has come."""

    def __init__(self, total: int) -> None:
        self._total = total

    def __call__(self, done: int) -> None:
        if done % _EVERY == 0 and sys.stderr.isatty():
            print(f'{done} of {self._total}', file=sys.stderr)


def _show(plans: list[statements.Plan]) -> None:
    if not plans:
        return
    rows = [
        (
            plan.entry.where.rpartition(':')[2],
            plan.entry.booked,
            text.amount(plan.entry.amount, plan.entry.currency),
            plan.account or '-',
            plan.deed,
            _why(plan),
        )
        for plan in plans
    ]
    header = ('LINE', 'BOOKED', 'AMOUNT', 'ACCOUNT', 'DOES', 'WHY')
    print(*text.table(header, rows), sep='\n')
    print()


def _why(plan: statements.Plan) -> str:
    if plan.deed is not statements.Deed.FOR_A_PERSON:
        return plan.why
    said = (plan.why, plan.entry.payer, plan.entry.text)
    return '; '.join(one for one in said if one)


def _sum_up(plans: list[statements.Plan]) -> None:
    """How many and how much of each, by currency."""
    counts: collections.Counter[statements.Deed] = collections.Counter()
    sums: collections.Counter[tuple[statements.Deed, str]] = (
        collections.Counter()
    )
    for plan in plans:
        counts[plan.deed] += 1
        sums[plan.deed, plan.entry.currency] += plan.entry.amount
    for deed, count in sorted(counts.items()):
        totals = ', '.join(
            text.amount(minor, currency)
            for (of, currency), minor in sorted(sums.items())
            if of is deed
        )
        print(f'{count} {deed}: {totals}.')
    if not plans:
        print('There is no booked entry in it.')
