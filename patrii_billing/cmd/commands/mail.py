# SPDX-License-Identifier: Apache-2.0
"""`mail`: how notices look, and whether the mail server takes them."""

import pathlib

from patrii_billing.cmd.commands import desk as desks
from patrii_billing import wiring


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser('mail', help='look at mails, and try one')
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'preview',
        help='write a page that shows every notice',
        description='Write every notice into a folder, as a page to be '
        'opened in a browser: in every language, in HTML and plain text, for '
        'narrow and wide, light and dark screens, with your brand and your '
        'templates, on sample data. Needs no database and no network.',
    )
    action.add_argument(
        '--to', required=True, metavar='DIR',
        help='a folder, made where it is missing',
    )  # fmt: skip
    action.set_defaults(run=_preview)


def _preview(desk: desks.Desk) -> None:
    pages = wiring.gallery(desk.conf)
    folder = pathlib.Path(desk.options.to)
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (folder / name).write_text(page, encoding='utf-8')
    mails = len([name for name in pages if name.endswith('.dark.html')])
    print(f'{mails} mails: open {folder / wiring.GALLERY}.')
