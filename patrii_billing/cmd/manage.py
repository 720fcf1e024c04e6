# SPDX-License-Identifier: Apache-2.0
"""patrii-billing-manage: the operator's commands."""

import argparse
from collections.abc import Sequence
import contextlib
import logging
import os
import sys
import traceback

from patrii_billing.cmd.commands import account
from patrii_billing.cmd.commands import bootstrap
from patrii_billing.cmd.commands import bridge
from patrii_billing.cmd.commands import credit
from patrii_billing.cmd.commands import db
from patrii_billing.cmd.commands import desk
from patrii_billing.cmd.commands import hold
from patrii_billing.cmd.commands import importing
from patrii_billing.cmd.commands import inbox
from patrii_billing.cmd.commands import invoice
from patrii_billing.cmd.commands import lines
from patrii_billing.cmd.commands import mail
from patrii_billing.cmd.commands import notice
from patrii_billing.cmd.commands import payment
from patrii_billing.cmd.commands import quota
from patrii_billing.cmd.commands import receipt
from patrii_billing.cmd.commands import report
from patrii_billing.cmd.commands import series
from patrii_billing.cmd.commands import shadow
from patrii_billing.cmd.commands import simulate
from patrii_billing.cmd.commands import subscription
from patrii_billing.cmd.commands import switch
from patrii_billing.cmd.commands import timeline
from patrii_billing.cmd.commands import undo
from patrii_billing.cmd import failures
from patrii_billing import version

PROGRAM = 'patrii-billing-manage'
_COMMANDS = (
    db, bootstrap, importing, account, subscription, invoice, timeline,
    series, payment, receipt, credit, quota, hold, notice, mail, switch,
    undo, inbox, lines, simulate, bridge, shadow, report,
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console script; the exit code."""
    options = parser().parse_args(argv)
    if options.debug:
        logging.basicConfig(level=logging.DEBUG)
    else:
        # What libraries log would bury the one line that matters.
        logging.basicConfig(handlers=[logging.NullHandler()])
    try:
        with contextlib.closing(desk.Desk(options)) as here:
            options.run(here)
        sys.stdout.flush()
    except BrokenPipeError:
        # Its reader has seen enough; nothing is left to be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        for line in failures.told(error):
            print(f'{PROGRAM}: error: {line}', file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands; the exit code of a wrong one is 2."""
    top = argparse.ArgumentParser(
        prog=PROGRAM, description='Operate Patrii Billing.'
    )
    top.add_argument('--version', action='version',
                     version=version.version_string())  # fmt: skip
    for name, what in (('file', 'a file'), ('dir', 'a folder of files')):
        top.add_argument(
            f'--config-{name}', action='append', metavar='PATH',
            help=f'{what} to read instead of '
            '/etc/patrii_billing/patrii_billing.conf; may be repeated',
        )  # fmt: skip
    top.add_argument(
        '--debug', action='store_true', help='show what happens inside'
    )
    commands = top.add_subparsers(required=True, metavar='COMMAND')
    for command in _COMMANDS:
        command.add_to(commands)
    return top
