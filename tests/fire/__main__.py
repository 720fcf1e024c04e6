# SPDX-License-Identifier: Apache-2.0
"""A siege of any length, with what is seen of it as it goes on."""

import argparse
import dataclasses
import functools
import random
import sys

from tests.fire import assault
from tests.fire import siege
from tests.fire import verdict

_HELP = {
    'kills': 'kill -9 of a worker',
    'daemon_kills': 'kill -9 of a daemon with all its workers',
    'freezes': 'SIGSTOP of a worker past its lease, then SIGCONT',
    'brokers': 'kill -9 of RabbitMQ',
    'databases': 'kill -9 of the database',
    'disks': "a full disk, for services' small-mysql or small-postgresql",
    'locks': 'rows locked in the wrong order, which makes deadlocks',
    'pace': 'calamities a second',
    'every': 'seconds between two waves of customers',
    'crowd': 'most customers that are not at their end when others come',
}


def main() -> int:
    given = vars(parse_arguments())
    seed, backend = given.pop('seed'), given.pop('backend')
    daemons, rate = given.pop('daemons'), given.pop('rate')
    say = functools.partial(print, flush=True)
    say(f'seed {seed}')
    random.seed(seed)
    with siege.Siege(backend, daemons, rate) as city:
        assault.Assault(**given).fall(city, say)
        say(f'now to the end: {city.told()}')
        city.end()
        wrongs = verdict.wrongs(city)
        say(city.told())
    for wrong in wrongs:
        say(f'WRONG: {wrong}')
    say('all is as it must be' if not wrongs else f'{len(wrongs)} wrongs')
    return 1 if wrongs else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='tests.fire',
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add('--backend', choices=('mysql', 'postgresql'), default='mysql')
    add('--daemons', type=int, default=4, help='on the same books')
    add('--rate', type=float, default=20, help='messages a second')
    add('--seed', type=int, default=random.randrange(10**9))
    for field in dataclasses.fields(assault.Assault):
        add(
            f'--{field.name.replace("_", "-")}', type=type(field.default),
            default=field.default, help=_HELP[field.name],
        )  # fmt: skip
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
