# SPDX-License-Identifier: Apache-2.0
"""`notice`: what reached a customer by another way than mail."""

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.cmd.commands import moment
from patrii_billing.cmd.commands import text
from patrii_billing.engine import evidence


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'notice', help='notices given by letter or phone'
    )
    actions = parser.add_subparsers(required=True, metavar='ACTION')
    action = actions.add_parser(
        'record',
        help='count a notice as accepted on a date',
        description='Count a notice that no mail server accepted as accepted '
        'when it was given by letter or phone. The ladder goes on from then: '
        'a deletion may rest on it. The timeline shows its key.',
    )
    action.add_argument('key')
    action.add_argument(
        '--evidence', required=True,
        help='how it was given, and how that can be shown',
    )  # fmt: skip
    action.add_argument(
        '--date', required=True, type=moment.read,
        help='when: a day of the account, which counts from its end, or an '
        'instant with its offset',
    )  # fmt: skip
    action.set_defaults(run=_record)


def _record(desk: desks.Desk) -> None:
    options = desk.options
    at = desk.write(
        evidence.record, desk.tools, options.key, options.date,
        options.evidence, desk.by, desk.now,
    )  # fmt: skip
    print(f'{text.plain(options.key)}: accepted at {text.instant(at)}.')
