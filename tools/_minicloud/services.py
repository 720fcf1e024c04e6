# SPDX-License-Identifier: Apache-2.0
"""The ten services as a table: how each starts and when it is ready."""

from collections.abc import Callable
import dataclasses
import http.client
import os
import pathlib
import socket
import time
from typing import Final

from _minicloud import errors
from _minicloud import processes
from _minicloud import state

INSIDE = str(pathlib.Path(__file__).parent / 'inside')
RABBITMQ = '/usr/lib/rabbitmq/bin'
READY_SECONDS = 300
# Nova's daemons have no port; this is the last line of their start.
NOVA_READY = b'Join ServiceGroup membership for this service'


@dataclasses.dataclass(frozen=True)
class Service:
    """One long-running process group.

    log_offset in is_ready is the log's length before the start.
    """

    name: str
    command: Callable[[state.Cloud], list[str]]
    environment: Callable[[state.Cloud], dict[str, str]]
    is_ready: Callable[[state.Cloud, 'Service', int], bool]
    ports: tuple[str, ...] = ()


def _mariadbd(cloud: state.Cloud) -> list[str]:
    data = cloud.data('mariadb')
    command = [
        'mariadbd',
        '--no-defaults',
        f'--datadir={data}',
        f'--socket={cloud.path}/mariadb.sock',
        f'--pid-file={data}/mariadbd.pid',
        f'--bind-address={state.HOST}',
        f'--port={cloud.port("mariadb")}',
        '--skip-name-resolve',
        '--character-set-server=utf8mb4',
        '--max-connections=500',
        '--innodb-buffer-pool-size=256M',
        # A killed server loses nothing; only a power cut would, and then
        # the cloud is made anew.
        '--innodb-flush-method=nosync',
        '--innodb-flush-log-at-trx-commit=2',
    ]
    if os.geteuid() == 0:
        command.append('--user=root')
    return command


def _rabbitmq(cloud: state.Cloud) -> list[str]:
    # The port mapper must be of our group, or it would outlive us.
    mapper = f'epmd -address {state.HOST} -port {cloud.port("rabbitmq-epmd")}'
    return ['sh', '-c', f'{mapper} & exec {RABBITMQ}/rabbitmq-server']


def rabbitmq_environment(cloud: state.Cloud) -> dict[str, str]:
    """What rabbitmqctl needs, too, to find this broker."""
    etc = cloud.etc('rabbitmq')
    return {
        'HOME': str(cloud.path),
        'ERL_EPMD_PORT': str(cloud.port('rabbitmq-epmd')),
        'ERL_EPMD_ADDRESS': state.HOST,
        'RABBITMQ_NODENAME': f'minicloud-{cloud.port("rabbitmq")}@localhost',
        'RABBITMQ_DIST_PORT': str(cloud.port('rabbitmq-peers')),
        'RABBITMQ_CONF_ENV_FILE': '/dev/null',
        'RABBITMQ_CONFIG_FILE': str(etc / 'rabbitmq.conf'),
        'RABBITMQ_ENABLED_PLUGINS_FILE': str(etc / 'enabled_plugins'),
        'RABBITMQ_MNESIA_BASE': str(cloud.data('rabbitmq')),
        'RABBITMQ_LOG_BASE': str(cloud.path / 'log'),
        'RABBITMQ_LOGS': '-',
        'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
            '-kernel inet_dist_use_interface {127,0,0,1}'
        ),
    }


def _uwsgi(name: str, module: str) -> Callable[[state.Cloud], list[str]]:
    def command(cloud: state.Cloud) -> list[str]:
        return [
            cloud.binary('uwsgi'),
            '--virtualenv',
            str(cloud.venv),
            '--pythonpath',
            INSIDE,
            '--module',
            f'{module}:application',
            '--http-socket',
            f'{state.HOST}:{cloud.port(name)}',
            '--add-header',
            'Connection: close',
            '--http-chunked-input',
            '--processes=1',
            '--threads=8',
            '--buffer-size=65535',
            '--lazy-apps',
            '--enable-threads',
            '--need-app',
            '--die-on-term',
            '--disable-logging',
        ]

    return command


def _daemon(name: str) -> Callable[[state.Cloud], list[str]]:
    def command(cloud: state.Cloud) -> list[str]:
        config = str(cloud.etc('nova/nova.conf'))
        return [cloud.binary(name), '--config-file', config]

    return command


def _nova_compute(cloud: state.Cloud) -> list[str]:
    return [
        cloud.binary('python'),
        f'{INSIDE}/minicloud_compute.py',
        *_daemon('nova-compute')(cloud)[1:],
    ]


def nova_environment(cloud: state.Cloud) -> dict[str, str]:
    paste = cloud.venv / 'etc/nova/api-paste.ini'
    return {
        'PYTHONPATH': INSIDE,
        'MINICLOUD_FAULTS': str(cloud.data('faults')),
        'OS_NOVA_DISABLE_EVENTLET_PATCHING': '1',
        'OS_NOVA_CONFIG_DIR': str(cloud.etc('nova')),
        'OS_NOVA_CONFIG_FILES': f'{paste};nova.conf',
    }


def _config_dir(name: str, file: str) -> Callable[..., dict[str, str]]:
    def environment(cloud: state.Cloud) -> dict[str, str]:
        prefix = f'OS_{name.upper()}_CONFIG'
        return {
            f'{prefix}_DIR': str(cloud.etc(name)),
            f'{prefix}_FILES': f'{file};',
        }

    return environment


def _nothing(cloud: state.Cloud) -> dict[str, str]:
    return {}


def _greets(greeting: bytes) -> Callable[[state.Cloud, Service, int], bool]:
    """Ready when the port sends bytes, after ours where it waits for them."""

    def is_ready(cloud: state.Cloud, service: Service, offset: int) -> bool:
        address = (state.HOST, cloud.port(service.ports[0]))
        try:
            with socket.create_connection(address, timeout=2) as peer:
                peer.sendall(greeting)
                return bool(peer.recv(1))
        except OSError:
            return False

    return is_ready


def _answers(cloud: state.Cloud, service: Service, offset: int) -> bool:
    """Ready when GET / is not a server error."""
    port = cloud.port(service.ports[0])
    peer = http.client.HTTPConnection(state.HOST, port, timeout=30)
    try:
        peer.request('GET', '/')
        return peer.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        peer.close()


def _logged(cloud: state.Cloud, service: Service, offset: int) -> bool:
    with cloud.log(service.name).open('rb') as log:
        log.seek(offset)
        return NOVA_READY in log.read()


SERVICES: Final = (
    Service('mariadb', _mariadbd, _nothing, _greets(b''), ('mariadb',)),
    Service(
        'rabbitmq',
        _rabbitmq,
        rabbitmq_environment,
        _greets(b'AMQP\0\0\x09\x01'),
        ('rabbitmq', 'rabbitmq-peers', 'rabbitmq-epmd'),
    ),
    Service(
        'keystone',
        _uwsgi('keystone', 'keystone.wsgi.api'),
        _config_dir('keystone', 'keystone.conf'),
        _answers,
        ('keystone',),
    ),
    Service(
        'placement',
        _uwsgi('placement', 'placement.wsgi.api'),
        _config_dir('placement', 'placement.conf'),
        _answers,
        ('placement',),
    ),
    Service(
        'glance',
        _uwsgi('glance', 'glance.wsgi.api'),
        _config_dir('glance', 'glance-api.conf'),
        _answers,
        ('glance',),
    ),
    Service(
        'neutron',
        _uwsgi('neutron', 'minicloud_neutron'),
        _config_dir('neutron', 'neutron.conf'),
        _answers,
        ('neutron',),
    ),
    Service(
        'nova-api',
        _uwsgi('nova-api', 'minicloud_nova'),
        nova_environment,
        _answers,
        ('nova-api',),
    ),
    Service(
        'nova-scheduler', _daemon('nova-scheduler'), nova_environment, _logged
    ),
    Service(
        'nova-conductor', _daemon('nova-conductor'), nova_environment, _logged
    ),
    Service('nova-compute', _nova_compute, nova_environment, _logged),
)
BY_NAME: Final = {service.name: service for service in SERVICES}
# All others need these two, so they stop last.
FOUNDATIONS: Final = ('mariadb', 'rabbitmq')


def is_up(cloud: state.Cloud, service: Service) -> bool:
    """Whether it answers now; for nova's daemons, whether it lives."""
    if not processes.members(cloud, service.name):
        return False
    return not service.ports or service.is_ready(cloud, service, 0)


def start(cloud: state.Cloud, name: str) -> bool:
    """Start a service and wait until it is ready; False if it ran already.

    :raises MinicloudError: when it ends, is not ready in time, or its port
        is taken; the message holds the last lines of its log.
    """
    service = BY_NAME[name]
    if processes.members(cloud, name):
        return False
    for port in service.ports:
        if not state.port_is_free(cloud.port(port)):
            raise errors.MinicloudError(
                f'{name}: port {cloud.port(port)} is taken by another program'
            )
    log = cloud.log(name)
    offset = log.stat().st_size if log.exists() else 0
    processes.start(
        cloud, name, service.command(cloud), service.environment(cloud)
    )
    _wait(cloud, service, offset)
    return True


def _wait(cloud: state.Cloud, service: Service, offset: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not service.is_ready(cloud, service, offset):
        group = processes.members(cloud, service.name)
        ended = cloud.pid(service.name) not in group
        if ended or time.monotonic() > deadline:
            log = cloud.log(service.name)
            reason = 'ended' if ended else f'not ready in {READY_SECONDS} s'
            raise errors.MinicloudError(
                f'{service.name} {reason}; {log} ends:\n{processes.tail(log)}'
            )
        time.sleep(0.2)


def stop(cloud: state.Cloud, name: str, *, kill: bool = False) -> bool:
    """Stop a service; False if it did not run."""
    ports = [cloud.port(port) for port in BY_NAME[name].ports]
    return processes.stop(cloud, name, ports, kill=kill)
