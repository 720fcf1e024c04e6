# SPDX-License-Identifier: Apache-2.0
"""The stages of `up`: who waits for whom, and what runs side by side."""

from collections.abc import Callable
from collections.abc import Mapping
import concurrent.futures
import dataclasses
import functools
import time

from _minicloud import catalogue
from _minicloud import databases
from _minicloud import errors
from _minicloud import services
from _minicloud import settings
from _minicloud import state

HYPERVISOR_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Stage:
    """A piece of work, and the names of the stages it needs done."""

    work: Callable[[state.Cloud], object]
    after: tuple[str, ...] = ()


def _start(service: str, *after: str) -> Stage:
    return Stage(functools.partial(_start_service, service), after)


def _start_service(service: str, cloud: state.Cloud) -> None:
    services.start(cloud, service)


def _start_mariadb(cloud: state.Cloud) -> None:
    databases.initialise(cloud)
    services.start(cloud, 'mariadb')
    databases.create(cloud)


def _wait_for_hypervisor(cloud: state.Cloud) -> None:
    deadline = time.monotonic() + HYPERVISOR_SECONDS
    while not catalogue.hypervisor_is_up(cloud):
        if time.monotonic() > deadline:
            raise errors.MinicloudError(
                f'nova lists no hypervisor after {HYPERVISOR_SECONDS} s; '
                f'see {cloud.log("nova-compute")}'
            )
        time.sleep(1)


# Longest chains first: with few cores the order of starting counts.
STAGES: Mapping[str, Stage] = {
    'mariadb': Stage(_start_mariadb),
    'rabbitmq': _start('rabbitmq'),
    'nova tables': Stage(databases.migrate_nova, ('mariadb',)),
    'keystone tables': Stage(databases.migrate_keystone, ('mariadb',)),
    'neutron tables': Stage(databases.migrate_neutron, ('mariadb',)),
    'placement tables': Stage(databases.migrate_placement, ('mariadb',)),
    'glance tables': Stage(databases.migrate_glance, ('mariadb',)),
    'keystone': _start('keystone', 'keystone tables'),
    'identity': Stage(catalogue.make_identity, ('keystone',)),
    'placement': _start('placement', 'placement tables'),
    'nova-conductor': _start(
        'nova-conductor', 'nova tables', 'rabbitmq', 'identity'
    ),
    'nova-compute': _start('nova-compute', 'nova-conductor', 'placement'),
    'nova-api': _start('nova-api', 'nova tables', 'rabbitmq', 'identity'),
    'nova-scheduler': _start(
        'nova-scheduler', 'nova tables', 'rabbitmq', 'identity', 'placement'
    ),
    'glance': _start('glance', 'glance tables'),
    'neutron': _start('neutron', 'neutron tables', 'rabbitmq', 'identity'),
    'image': Stage(catalogue.make_image, ('glance', 'identity')),
    'flavors': Stage(catalogue.make_flavors, ('nova-api',)),
    'hypervisor': Stage(
        _wait_for_hypervisor, ('nova-compute', 'nova-scheduler', 'nova-api')
    ),
}


def _timed(stage: Stage, cloud: state.Cloud) -> float:
    began = time.monotonic()
    stage.work(cloud)
    return time.monotonic() - began


def run_all(cloud: state.Cloud, say: Callable[[str], None]) -> None:
    """Bring the whole cloud up, several stages at a time.

    :raises MinicloudError: the first failure, after the stages that run
        beside it have ended.
    """
    settings.write(cloud)
    waiting = dict(STAGES)
    done: set[str] = set()
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(STAGES)) as pool:
        running: dict[concurrent.futures.Future[float], str] = {}
        while waiting or running:
            for name in [n for n, s in waiting.items() if done >= {*s.after}]:
                stage = waiting.pop(name)
                running[pool.submit(_timed, stage, cloud)] = name
            ended, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in ended:
                name = running.pop(future)
                took = future.result()
                total = time.monotonic() - began
                say(f'{total:6.1f} s  {name} (took {took:.1f} s)')
                done.add(name)
    catalogue.record_access(cloud)
    catalogue.write_clouds_yaml(cloud)
