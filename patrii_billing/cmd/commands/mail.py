# SPDX-License-Identifier: Apache-2.0
"""`mail`: how notices look, and whether the mail server takes them."""

import pathlib

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import text
from patrii_billing.domain.lifecycle import Attempt
from patrii_billing.domain import mail as mails
from patrii_billing.engine import trying
from patrii_billing import errors
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
    action = actions.add_parser(
        'test',
        help='send a sample of a notice, and show what was answered',
        description='Send a sample of a notice, marked as a test, by the '
        'mail server of [mail], and show what it answered, without the '
        'password. Needs no database, and is on no timeline; `openstack '
        'billing notice test` is. Exits with 1 unless it was accepted.',
    )
    action.add_argument('--to', required=True, metavar='ADDRESS')
    action.add_argument(
        '--notice', default='invoice', choices=mails.TEMPLATES,
        metavar='NAME', help='as grace or last_warning (default: %(default)s)',
    )  # fmt: skip
    action.add_argument(
        '--locale', default='en', metavar='NAME',
        help='as fr (default: %(default)s)',
    )  # fmt: skip
    action.set_defaults(run=_test)


def _preview(desk: desks.Desk) -> None:
    pages = wiring.gallery(desk.conf)
    folder = pathlib.Path(desk.options.to)
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (folder / name).write_text(page, encoding='utf-8')
    mails = len([name for name in pages if name.endswith('.dark.html')])
    print(f'{mails} mails: open {folder / wiring.GALLERY}.')


def _test(desk: desks.Desk) -> None:
    options = desk.options
    tried = trying.send(
        wiring.voice(desk.conf), options.notice, options.to, options.locale,
        wiring.SystemClock().now(),
    )  # fmt: skip
    report = tried.report
    if report is None:
        return
    facts = {
        'Subject': tried.subject,
        'To': tried.to,
        'Server': report.server,
        'TLS': report.tls or 'none',
        'Logged in': report.user or 'no',
        **{f'To {to}': answer for to, answer in report.recipients.items()},
        'Answer': report.answer,
        'Result': report.result,
    }
    for line in report.dialogue:
        print(text.plain(line))
    for name, value in facts.items():
        print(f'{name}: {text.plain(value)}')
    if tried.fault:
        print(f'Your own template is broken: {text.plain(tried.fault)}')
    if report.result is not Attempt.ACCEPTED:
        raise errors.MailNotTaken(f'{report.result}: {tried.advice}')
    print(tried.advice)
