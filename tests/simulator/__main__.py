# SPDX-License-Identifier: Apache-2.0
"""python -m tests.simulator --seeds 2000000..2100000 --tally FILE"""

import argparse
import pathlib
import sys

from tests.simulator import run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog='python -m tests.simulator',
        description='Play histories of the whole service from seeds.',
    )
    add = parser.add_argument
    add('--seeds', type=_seeds, default='0..1000', metavar='FROM..TO',
        help='which: from the first up to, not with, the other')
    add('--workers', type=int, default=2, help='processes')
    add('--seconds', type=float, help='end after so long')
    add('--tally', type=pathlib.Path, metavar='FILE',
        help='remember here how far it came, and go on from there')
    add('--replay', type=int, metavar='SEED', help='tell this one in words')
    given = parser.parse_args()
    if given.replay is not None:
        return 1 if run.replay(given.replay) else 0
    failed = run.told(given.seeds, given.workers, given.seconds, given.tally)
    return 1 if failed else 0


def _seeds(text: str) -> range:
    first, _, end = text.partition('..')
    return range(int(first), int(end))


if __name__ == '__main__':
    sys.exit(main())
