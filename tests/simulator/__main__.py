# SPDX-License-Identifier: Apache-2.0
"""python -m tests.simulator --histories 100000 --seed 1 --workers 2"""

import argparse
import sys

from tests.simulator import run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog='python -m tests.simulator',
        description='Play histories of the whole service from seeds.',
    )
    add = parser.add_argument
    add('--histories', type=int, default=1000, help='how many')
    add('--seed', type=int, default=0, help='the first one')
    add('--workers', type=int, default=2, help='processes')
    add('--seconds', type=float, help='end after so long')
    add('--replay', type=int, metavar='SEED', help='tell this one in words')
    given = parser.parse_args()
    if given.replay is not None:
        return 1 if run.replay(given.replay) else 0
    failed = run.told(
        given.seed, given.histories, given.workers, given.seconds
    )
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
