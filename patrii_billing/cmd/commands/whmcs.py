# SPDX-License-Identifier: Apache-2.0
"""`import whmcs`: customers from the tables of a hosting panel."""

import argparse
from collections.abc import Iterable
from collections.abc import Sequence
import pathlib

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.engine import imports
from patrii_billing import errors
from patrii_billing.legacy import layout as layouts
from patrii_billing.legacy import whmcs
from patrii_billing import wiring

NAME = whmcs.SOURCE
_WORDS = {'added': 'new', 'changed': 'changed', 'left': 'same'}
# Without these there is nothing to bring.
_NEEDED = ('clients', 'services')


def add_to(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        'tables of a hosting panel',
        'Clients, services with their next due dates, open invoices and '
        'credit, as WHMCS exports them (CSV).',
    )
    group.add_argument(
        'folder', nargs='?', metavar='FOLDER', help='where the tables are'
    )
    group.add_argument(
        '--map', metavar='FILE',
        help='a YAML file of what stands where, as far as it is not as in '
        'WHMCS',
    )  # fmt: skip
    group.add_argument(
        '--print', action='store_true',
        help='print what would be imported, as a file to edit and import',
    )


def run(desk: desks.Desk) -> None:
    """Raises InvalidDocument with all mistakes, each by file and column."""
    found = _read(desk)
    if desk.options.print:
        _refuse(found.mistakes)
        print(found.document.text, end='')
        return
    try:
        changes = _import(desk, found)
    except errors.InvalidDocument as error:
        if not desk.options.dry_run:
            raise
        _show((), error.mistakes)
        _totals(found)
        raise errors.Conflict(
            f'{len(error.mistakes)} refused: nothing can be imported'
        ) from None
    _show(changes, ())
    _totals(found)
    if desk.options.dry_run:
        print('Dry run: nothing was written.')


def _read(desk: desks.Desk) -> whmcs.Found:
    asked = desk.options
    if asked.folder is None:
        raise errors.InvalidInput('is missing', 'FOLDER')
    layout = layouts.shipped()
    if asked.map is not None:
        layout = layouts.read(pathlib.Path(asked.map).read_bytes(), asked.map)
    tables = {}
    for name, table in layout.tables.items():
        path = pathlib.Path(asked.folder, table.file)
        if path.exists():
            tables[name] = path.read_bytes()
        elif name in _NEEDED:
            raise errors.InvalidInput(f'has no {table.file}', asked.folder)
    currency = desk.conf.billing.currency
    return whmcs.read(tables, layout, currency)


def _import(
    desk: desks.Desk, found: whmcs.Found
) -> Sequence[imports.Change]:
    """All of it or nothing; what is wrong, by where it came from."""
    document = found.document
    mistakes = list(found.mistakes)
    dry_run = desk.options.dry_run or bool(mistakes)
    try:
        changes = imports.run(
            desk.tools, document.text, document.source, desk.by,
            wiring.defaults(desk.conf), dry_run,
        )  # fmt: skip
    except errors.InvalidDocument as error:
        mistakes += document.blamed(error.mistakes)
    except errors.InvalidInput:
        # No row was sound, so the document is empty.
        if not mistakes:
            raise
    _refuse(mistakes)
    return changes


def _refuse(mistakes: Sequence[errors.InvalidInput]) -> None:
    if mistakes:
        raise errors.InvalidDocument(mistakes)


def _show(
    changes: Iterable[imports.Change],
    mistakes: Iterable[errors.InvalidInput],
) -> None:
    rows = [
        (_WORDS[one.done], one.kind, one.name, one.what) for one in changes
    ]
    rows += [('refused', '', one.where, one.reason) for one in mistakes]
    print(*text.table(('DONE', 'KIND', 'NAME', 'WHAT'), rows), sep='\n')


def _totals(found: whmcs.Found) -> None:
    """What the tables say in all, to the cent."""
    rows = [
        (what, found.counts[what.rpartition(', ')[0]], f'{amount} {currency}')
        for (what, currency), amount in sorted(found.sums.items())
    ]
    rows += [
        (f'left out, {why}', count, '')
        for why, count in sorted(found.left_out.items())
    ]
    print()
    print(*text.table(('IN THE TABLES', 'COUNT', 'SUM'), rows), sep='\n')
