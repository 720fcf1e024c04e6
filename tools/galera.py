# SPDX-License-Identifier: Apache-2.0
"""A cluster of two MariaDB servers that both take writes, on loopback."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import time

PROVIDERS = ('/usr/lib/galera/libgalera_smm.so', '/usr/lib/libgalera_smm.so')
# Seconds; the second server copies all that the first one has.
PATIENCE = 60
NODES = 2


@contextlib.contextmanager
def running(
    free_port: Callable[[], int], root: str | None
) -> Iterator[list[str]]:
    """Start a cluster; the sockets of its servers."""
    with (
        tempfile.TemporaryDirectory(prefix='galera-', dir=root) as folder,
        contextlib.ExitStack() as stack,
    ):
        nodes = [pathlib.Path(folder, f'node{n}') for n in range(NODES)]
        ports = [free_port() for _ in nodes]
        install(nodes[0])
        for node in nodes[1:]:
            shutil.copytree(nodes[0], node)
        for number, node in enumerate(nodes):
            if number:
                state = node / 'data' / 'grastate.dat'
                state.write_text(held(nodes[0]))
            server = start(command(node, ports, number, free_port), node)
            stack.callback(stop, server)
            wait(node, server)
        yield [str(node / 'socket') for node in nodes]


def held(node: pathlib.Path) -> str:
    """How far the founder is, who has changed nothing since the copies.

    Who starts from there needs no copy of everything: that takes longer, and
    the rsync that root starts for it may not write where it should.
    """
    return (
        '# GALERA saved state\n'
        'version: 2.1\n'
        f'uuid: {status(node, "wsrep_cluster_state_uuid")}\n'
        f'seqno: {status(node, "wsrep_last_committed")}\n'
        'safe_to_bootstrap: 0\n'
    )


def start(
    words: list[str], node: pathlib.Path
) -> subprocess.Popen[bytes]:
    with (node / 'log').open('wb') as log:
        return subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=log
        )


def install(node: pathlib.Path) -> None:
    (node / 'tmp').mkdir(parents=True)
    subprocess.run(
        [
            'mariadb-install-db', '--no-defaults', '--skip-test-db',
            f'--datadir={node / "data"}', f'--tmpdir={node / "tmp"}',
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def command(
    node: pathlib.Path,
    ports: list[int],
    number: int,
    free_port: Callable[[], int],
) -> list[str]:
    """The first server founds the cluster, the others join it."""
    provider = next(p for p in PROVIDERS if pathlib.Path(p).exists())
    addresses = ','.join(f'127.0.0.1:{port}' for port in ports)
    options = {
        'gmcast.listen_addr': f'tcp://127.0.0.1:{ports[number]}',
        'ist.recv_addr': f'127.0.0.1:{free_port()}',
        'gcache.size': '16M',
    }
    told = ';'.join(f'{name}={value}' for name, value in options.items())
    return [
        'mariadbd', '--no-defaults', '--user=root',
        f'--datadir={node / "data"}', f'--tmpdir={node / "tmp"}',
        f'--socket={node / "socket"}', f'--pid-file={node / "pid"}',
        # The copying asks for a port, though nobody connects to it.
        '--bind-address=127.0.0.1', f'--port={free_port()}',
        '--skip-grant-tables',
        '--binlog-format=ROW', '--innodb-autoinc-lock-mode=2',
        '--innodb-flush-log-at-trx-commit=0',
        '--wsrep-on=ON', f'--wsrep-provider={provider}',
        f'--wsrep-provider-options={told}',
        '--wsrep-cluster-name=patrii-test',
        f'--wsrep-cluster-address=gcomm://{addresses if number else ""}',
        f'--wsrep-node-address=127.0.0.1:{ports[number]}',
        f'--wsrep-node-name=node{number}',
        '--wsrep-sst-method=rsync',
        f'--wsrep-sst-receive-address=127.0.0.1:{free_port()}',
    ]  # fmt: skip


def wait(node: pathlib.Path, server: subprocess.Popen[bytes]) -> None:
    """Until the server is a member that takes statements."""
    until = time.monotonic() + PATIENCE
    while not is_ready(node):
        if server.poll() is not None or time.monotonic() > until:
            log = (node / 'log').read_text(errors='replace')
            raise SystemExit(f'{node.name} did not join:\n{log[-4000:]}')
        time.sleep(0.2)


def is_ready(node: pathlib.Path) -> bool:
    return status(node, 'wsrep_ready') == 'ON'


def status(node: pathlib.Path, name: str) -> str:
    asked = subprocess.run(
        [
            'mariadb', '--no-defaults', '-S', node / 'socket', '-Ne',
            f"SHOW STATUS LIKE '{name}'",
        ],
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    return asked.stdout.partition('\t')[2].strip()


def stop(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait()
