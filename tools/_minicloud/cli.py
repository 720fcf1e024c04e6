# SPDX-License-Identifier: Apache-2.0
"""The minicloud command line."""

import argparse
from collections.abc import Sequence
import concurrent.futures
import os
import pathlib
import sys
import time

from _minicloud import catalogue
from _minicloud import errors
from _minicloud import processes
from _minicloud import services
from _minicloud import settings
from _minicloud import stages
from _minicloud import state
from _minicloud import venv

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTION = """\
Boot a real OpenStack on this machine: keystone, placement, glance, neutron
and nova with its own RabbitMQ and MariaDB, all on loopback. Only the
hypervisor is fake: servers are created, shelved, resized and deleted in
seconds, and need networks 'none' (compute API 2.37 or later).
"""
EPILOG = """\
files in the directory:
  minicloud.json   ports, addresses, users, passwords, ids, pids
  clouds.yaml      clouds admin, operator, billing, acme, beta
  etc/ log/        configuration (written again by each up) and logs
  data/faults/     what is to fail, see _minicloud/inside/minicloud_faults.py

environment:
  PATRII_MINICLOUD_DIR    the directory, as --dir
  PATRII_MINICLOUD_VENV   the venv of OpenStack, made once and kept
                          (~/.cache/patrii-billing/minicloud-venv)

try it:
  tools/minicloud up
  export OS_CLIENT_CONFIG_FILE=$PWD/.minicloud/clouds.yaml OS_CLOUD=acme
  ~/.cache/patrii-billing/minicloud-venv/bin/openstack server create \\
      --flavor s1 --image tiny --no-network --wait web
"""


def _say(line: str) -> None:
    print(line, flush=True)


def up(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    with cloud.locked():
        cloud.create()
        cloud.record(quota='nova')
        venv.ensure_packages(cloud.log('apt'))
        venv.ensure(cloud.venv)
        _say(f'{time.monotonic() - began:6.1f} s  venv {cloud.venv}')
        stages.run_all(cloud, _say)
    _say(f'up in {time.monotonic() - began:.0f} s: {cloud.path}')
    return 0


def down(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    _require(cloud)
    began = time.monotonic()
    others = [s for s in services.BY_NAME if s not in services.FOUNDATIONS]
    with cloud.locked():
        for names in (others, services.FOUNDATIONS):
            with concurrent.futures.ThreadPoolExecutor() as pool:
                list(pool.map(lambda name: services.stop(cloud, name), names))
        if arguments.wipe:
            cloud.wipe()
    done = 'down and wiped' if arguments.wipe else 'down'
    _say(f'{done} in {time.monotonic() - began:.0f} s: {cloud.path}')
    return 0


def status(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    """Print the table; 0 when everything is up, 3 when something is not."""
    _require(cloud)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = list(
            pool.map(lambda s: services.is_up(cloud, s), services.SERVICES)
        )
    _say(f'{"SERVICE":<16}{"PID":>8}{"PORT":>7}  STATE')
    for service, is_up in zip(services.SERVICES, found, strict=True):
        alive = processes.members(cloud, service.name)
        pid = cloud.pid(service.name) if alive else '-'
        port = cloud.port(service.ports[0]) if service.ports else '-'
        word = 'up' if is_up else 'not answering' if alive else 'down'
        _say(f'{service.name:<16}{pid:>8}{port:>7}  {word}')
    return 0 if all(found) else 3


def start(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    _require(cloud)
    with cloud.locked():
        _start(cloud, arguments.service)
    return 0


def stop(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    _require(cloud)
    with cloud.locked():
        _stop(cloud, arguments.service, arguments.kill)
    return 0


def restart(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    _require(cloud)
    with cloud.locked():
        _stop(cloud, arguments.service, arguments.kill)
        _start(cloud, arguments.service)
    return 0


def quota(cloud: state.Cloud, arguments: argparse.Namespace) -> int:
    """Have nova's API keep quotas otherwise; `up` has nova keep them."""
    _require(cloud)
    with cloud.locked():
        if arguments.keeper == 'keystone':
            catalogue.make_limits(cloud)
        cloud.record(quota=arguments.keeper)
        settings.write_one(cloud, 'nova/nova.conf')
        _stop(cloud, 'nova-api', False)
        _start(cloud, 'nova-api')
    return 0


def _start(cloud: state.Cloud, name: str) -> None:
    began = time.monotonic()
    started = services.start(cloud, name)
    took = f'started in {time.monotonic() - began:.1f} s'
    _say(f'{name} {took if started else "was up already"}')


def _stop(cloud: state.Cloud, name: str, kill: bool) -> None:
    began = time.monotonic()
    stopped = services.stop(cloud, name, kill=kill)
    took = f'stopped in {time.monotonic() - began:.1f} s'
    _say(f'{name} {took if stopped else "was down already"}')


def _require(cloud: state.Cloud) -> None:
    if not cloud.exists:
        raise errors.MinicloudError(
            f'no minicloud in {cloud.path}; make one with: minicloud up'
        )


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--dir',
        type=pathlib.Path,
        default=argparse.SUPPRESS,
        help='where this minicloud lives (default: $PATRII_MINICLOUD_DIR, '
        'else .minicloud in the repository)',
    )
    parser = argparse.ArgumentParser(
        prog='minicloud',
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    commands = parser.add_subparsers(metavar='COMMAND', required=True)

    def add(name: str, run: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=text, description=text, parents=[common]
        )
        command.set_defaults(run=run)
        return command

    add('up', up, 'install what is missing and start everything')
    command = add('down', down, 'stop everything this minicloud started')
    command.add_argument(
        '--wipe',
        action='store_true',
        help='also remove the directory: databases, queues, logs',
    )
    command = add(
        'quota', quota, "have nova's API read quotas from nova or keystone"
    )
    command.add_argument('keeper', choices=settings.QUOTAS)
    add('status', status, 'show the services; exit 3 unless all are up')
    add_service = (
        ('start', start, 'start one service and wait until it is ready'),
        ('stop', stop, 'stop one service and wait until its port is free'),
        ('restart', restart, 'stop one service and start it again'),
    )
    for name, run, text in add_service:
        command = add(name, run, text)
        command.add_argument(
            'service',
            metavar='SERVICE',
            choices=tuple(services.BY_NAME),
            help=', '.join(services.BY_NAME),
        )
        if run is not start:
            command.add_argument(
                '--kill', action='store_true', help='SIGKILL at once'
            )
    return parser


def main(words: Sequence[str]) -> int:
    """Run one command; errors are a line on stderr and status 1."""
    arguments = _parser().parse_args(words)
    default = os.environ.get('PATRII_MINICLOUD_DIR') or REPOSITORY / (
        '.minicloud'
    )
    path = pathlib.Path(getattr(arguments, 'dir', default)).absolute()
    cloud = state.Cloud(path, venv.default_path())
    try:
        return int(arguments.run(cloud, arguments))
    except errors.MinicloudError as error:
        print(f'minicloud: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('minicloud: interrupted', file=sys.stderr)
        return 130
