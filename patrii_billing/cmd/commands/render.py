# SPDX-License-Identifier: Apache-2.0
"""`invoice render`: an invoice as its customer reads it."""

import pathlib
import sys
from typing import Any

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.domain import document
from patrii_billing.store.views import invoice
from patrii_billing import wiring

_STDOUT = '-'


def add_to(actions: Any) -> None:
    """Add it to the actions of `invoice`."""
    action = actions.add_parser(
        'render',
        help='write one down, as its customer reads it',
        description='Write an invoice or a credit note into a file. The '
        'seller and the looks are those of [document] now; what was billed '
        'and to whom is as it was issued. pdf needs the extra of that name, '
        'and facturx (also called ZUGFeRD: PDF with the XML of EN 16931) '
        'that of its own.',
    )
    action.add_argument('number', help='as INV-000017')
    action.add_argument(
        '--format', choices=[each.value for each in document.Format],
        default=document.Format.HTML.value, help='(default: %(default)s)',
    )  # fmt: skip
    action.add_argument(
        '--output', metavar='FILE',
        help='where to write it, - for the standard output (default: a file '
        'here that is called as the invoice is)',
    )  # fmt: skip
    action.add_argument(
        '--locale', default='', metavar='NAME',
        help="as fr or fr_CA, instead of the customer's; English where the "
        'language has no words',
    )  # fmt: skip
    action.set_defaults(run=_render)


def _render(desk: desks.Desk) -> None:
    options = desk.options
    wanted = document.Format(options.format)
    read = desk.read(invoice.by_number, options.number)
    printer = wiring.printer(desk.conf)
    written = printer.render(read, wanted, options.locale)
    if options.output == _STDOUT:
        sys.stdout.buffer.write(written)
        return
    path = pathlib.Path(options.output or f'{read.number}{wanted.suffix}')
    path.write_bytes(written)
    print(f'{read.number} is in {path}.')
