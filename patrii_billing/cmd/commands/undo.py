# SPDX-License-Identifier: Apache-2.0
"""`undo-delete`: give a customer what was kept of his server."""

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.engine import undo


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'undo-delete',
        help='give back what was kept of a server this service deleted',
        description='Hand the image and the volumes that were kept of a '
        'deleted server to its project, and say what could not be saved. '
        'May be repeated after a failure.',
    )
    parser.add_argument('server', help='the id the server had')
    parser.set_defaults(run=_run)


def _run(desk: desks.Desk) -> None:
    for line in undo.delete(desk.tools, desk.options.server, desk.by):
        print(text.plain(line))
