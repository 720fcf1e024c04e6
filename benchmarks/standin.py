# SPDX-License-Identifier: Apache-2.0
"""A stand-in for nova's API: its answers and its slowness, and no servers.

A real nova on two cores answers about 8 pages of a thousand servers a
second, and 24 requests for a single one; moves are answered as they are
accepted, and take their time after that. It runs in a process of its own.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from http import server as http
import json
import multiprocessing
import threading
import time
from typing import Any
from urllib import parse
import uuid

PAGE = 1000  # nova's own [api] max_limit
PROJECTS = 200
_SECONDS = {'shelving': 2.0, 'unshelving': 3.0}
_BECOMES = {'shelving': 'shelved_offloaded', 'unshelving': 'active'}
_MADE = '2026-01-01T00:00:00Z'


@dataclass(frozen=True)
class Pace:
    """Seconds an answer takes, and how many are worked on at once."""

    page: float = 1 / 8
    single: float = 1 / 24
    at_once: int = 8


def server_id(number: int) -> str:
    return str(uuid.UUID(int=2**100 + number))


def number_of(server: str) -> int:
    return uuid.UUID(server).int - 2**100


def project_id(number: int) -> str:
    return uuid.UUID(int=2**101 + number % PROJECTS).hex


class Guest:
    """What one server shows, beside what all have alike."""

    def __init__(self) -> None:
        self.state = 'active'
        self.task: str | None = None
        self.settles_at = 0.0
        self.reason: str | None = None
        # When it became so, by the clock that all processes share.
        self.since: dict[str, float] = {}

    def begin(self, task: str) -> None:
        self.task = task
        self.settles_at = time.monotonic() + _SECONDS[task]

    def settle(self) -> None:
        if self.task and self.settles_at <= time.monotonic():
            self.state = _BECOMES[self.task]
            self.since[self.state] = self.settles_at
            self.task = None


class Nova:
    """The whole fleet; a guest is made when something is done to it."""

    def __init__(self, count: int, changed: int, pace: Pace) -> None:
        self.count = count
        self.changed = changed
        self.pace = pace
        self.requests: dict[str, int] = {}
        self.guests: dict[int, Guest] = {}
        self.asked_now = 0
        self.asked_at_most = 0
        self._turns = threading.Semaphore(pace.at_once)
        self._lock = threading.Lock()

    def work(self, what: str, seconds: float) -> None:
        """Take as long as nova does."""
        with self._lock:
            self.requests[what] = self.requests.get(what, 0) + 1
            self.asked_now += 1
            self.asked_at_most = max(self.asked_at_most, self.asked_now)
        with self._turns:
            time.sleep(seconds)
        with self._lock:
            self.asked_now -= 1

    def guest(self, number: int) -> Guest:
        with self._lock:
            found = self.guests.setdefault(number, Guest())
            found.settle()
            return found

    def page(self, asked: dict[str, list[str]]) -> dict[str, Any]:
        self.work('pages', self.pace.page)
        whole = 'changes-since' not in asked
        count = self.count if whole else self.changed
        marker = asked.get('marker')
        begin = number_of(marker[0]) + 1 if marker else 0
        limit = min(PAGE, int(asked['limit'][0]))
        numbers = range(begin, min(begin + limit, count))
        return {'servers': [self.shown(number) for number in numbers]}

    def shown(self, number: int) -> dict[str, Any]:
        guest = self.guests.get(number) or _UNTOUCHED
        guest.settle()
        return {
            **_ALIKE,
            'id': server_id(number),
            'name': f'server-{number}',
            'tenant_id': project_id(number),
            'OS-EXT-STS:vm_state': guest.state,
            'OS-EXT-STS:task_state': guest.task,
            'locked': guest.reason is not None,
            'locked_reason': guest.reason,
        }

    def move(self, number: int, body: dict[str, Any]) -> None:
        self.work('moves', self.pace.single)
        guest = self.guest(number)
        ((what, details),) = body.items()
        if what == 'lock':
            guest.reason = (details or {}).get('locked_reason') or ''
        elif what == 'unlock':
            guest.reason = None
        else:
            guest.begin({'shelve': 'shelving', 'unshelve': 'unshelving'}[what])


_UNTOUCHED = Guest()
# As long as a real one: what nobody reads is parsed, too.
_ALIKE = {
    'status': 'ACTIVE',
    'created': _MADE,
    'updated': _MADE,
    'user_id': 'b7c3a5f0e1d24c6f9a8b0c1d2e3f4a5b',
    'hostId': 'f5c4d2b8a1e09f7c6d3b2a1908f7e6d5c4b3a29180f7e6d5c4b3a291',
    'image': {'id': '0a4e6c1b-7f35-4f0a-9a53-0c9e1f6d2b34'},
    'flavor': {
        'original_name': 's1', 'vcpus': 2, 'ram': 4096, 'disk': 20,
        'ephemeral': 0, 'swap': 0,
        'extra_specs': {'hw:cpu_policy': 'shared'},
    },
    'metadata': {'role': 'web'},
    'tags': [],
    'addresses': {
        'private': [
            {'version': 4, 'addr': '198.51.100.7',
             'OS-EXT-IPS:type': 'fixed',
             'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01'}
        ]
    },
    'security_groups': [{'name': 'default'}],
    'key_name': 'ops',
    'config_drive': '',
    'progress': 0,
    'description': None,
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-EXT-AZ:availability_zone': 'nova',
    'OS-EXT-SRV-ATTR:host': 'compute-7',
    'OS-EXT-SRV-ATTR:hostname': 'server',
    'OS-EXT-SRV-ATTR:hypervisor_hostname': 'compute-7',
    'OS-EXT-SRV-ATTR:instance_name': 'instance-00000001',
    'OS-EXT-STS:power_state': 1,
    'OS-SRV-USG:launched_at': '2026-01-01T00:00:00.000000',
    'OS-SRV-USG:terminated_at': None,
    'host_status': 'UP',
    'os-extended-volumes:volumes_attached': [],
}  # fmt: skip


class _Handler(http.BaseHTTPRequestHandler):
    """Routes of one nova; `nova` is set on the class that serves it."""

    nova: Nova
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        path, _, query = self.path.partition('?')
        parts = path.strip('/').split('/')[1:]
        match parts:
            case ['servers', 'detail']:
                self._answer(self.nova.page(parse.parse_qs(query)))
            case ['servers', server]:
                self.nova.work('single', self.nova.pace.single)
                number = number_of(server)
                self.nova.guest(number)
                self._answer({'server': self.nova.shown(number)})
            case ['servers', _, 'os-instance-actions']:
                self.nova.work('actions', self.nova.pace.single)
                self._answer({'instanceActions': []})
            case ['requests']:
                self._answer(self.nova.requests)
            case ['at-once']:
                self._answer(self.nova.asked_at_most)
            case ['since', server]:
                guest = self.nova.guest(number_of(server))
                self._answer(guest.since)
            case _:
                self._answer({'version': self._version()})

    def do_POST(self) -> None:
        size = int(self.headers['Content-Length'])
        body = json.loads(self.rfile.read(size))
        server = self.path.split('/')[-2]
        self.nova.move(number_of(server), body)
        self._answer(None, 202)

    def _version(self) -> dict[str, Any]:
        link = f'http://{self.headers["Host"]}/v2.1/'
        return {
            'id': 'v2.1', 'status': 'CURRENT', 'version': '2.96',
            'min_version': '2.1', 'links': [{'rel': 'self', 'href': link}],
        }  # fmt: skip

    def _answer(self, content: Any, status: int = 200) -> None:
        body = b'' if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.send_header('x-openstack-request-id', f'req-{uuid.uuid4()}')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(http.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextlib.contextmanager
def running(
    count: int, changed: int = 0, pace: Pace | None = None
) -> Iterator[str]:
    """The address of one that has so many servers."""
    context = multiprocessing.get_context('spawn')
    told = context.Queue()
    process = context.Process(
        target=_serve, args=(count, changed, pace or Pace(), told.put)
    )
    process.start()
    try:
        yield f'http://127.0.0.1:{told.get(timeout=60)}/v2.1'
    finally:
        process.kill()
        process.join()


def _serve(
    count: int, changed: int, pace: Pace, tell: Callable[[int], None]
) -> None:
    handler = type('_Of', (_Handler,), {'nova': Nova(count, changed, pace)})
    with _Server(('127.0.0.1', 0), handler) as server:
        tell(server.server_address[1])
        server.serve_forever()


# What the daemon is told of it.
CONFIG = """
[nova]
auth_type = none
endpoint = {url}
"""
