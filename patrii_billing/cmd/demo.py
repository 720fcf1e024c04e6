# SPDX-License-Identifier: Apache-2.0
"""patrii-billing-demo: the service at work, with nothing to set up."""

import argparse
import json
import sys

from patrii_billing.demo import show
from patrii_billing import errors

_PORT = 8792


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console script."""
    options = parser().parse_args(argv)
    try:
        if options.serve is not None:
            show.serve(
                options.seed, options.days, options.mails, options.serve
            )
        elif options.json:
            told = show.summarise(options.seed, options.days, options.mails)
            print(json.dumps(told, sort_keys=False))
        else:
            show.watch(options.seed, options.days, options.pace, options.mails)
    except errors.BillingError as error:
        print(f'patrii-billing-demo: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    told = argparse.ArgumentParser(
        prog='patrii-billing-demo',
        description='Show forty sample customers on a simulated cloud and a '
        'fast clock. One process, a database in memory, no broker, no '
        'OpenStack; nothing outside the folder for mails is touched.',
    )
    told.add_argument(
        '--days', type=_days, default=90,
        help='how many days to simulate (default: %(default)s)',
    )  # fmt: skip
    told.add_argument(
        '--seed', type=int, default=1,
        help='another seed makes other customers (default: %(default)s)',
    )  # fmt: skip
    told.add_argument(
        '--pace', type=float, default=0.7,
        help='seconds on the screen for each day (default: %(default)s)',
    )  # fmt: skip
    told.add_argument(
        '--mails', default='demo-mails', metavar='FOLDER',
        help='where the mails are written to (default: %(default)s)',
    )  # fmt: skip
    told.add_argument(
        '--json', action='store_true',
        help='run all days at once and print one JSON summary',
    )  # fmt: skip
    told.add_argument(
        '--serve', type=_port, nargs='?', const=_PORT, metavar='PORT',
        help='run all days at once and show them in a browser, at this port '
        f'of this machine alone (default: {_PORT})',
    )  # fmt: skip
    return told


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError('from 0 to 65535')
    return port


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 3660:
        raise argparse.ArgumentTypeError('from 1 to 3660')
    return days
