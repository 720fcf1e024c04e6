# SPDX-License-Identifier: Apache-2.0
"""Start, find and end process groups that outlive the command."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import os
import pathlib
import signal
import subprocess
import time

from _minicloud import errors
from _minicloud import state

TAIL_LINES = 15
POLL_SECONDS = 0.1


def environment(
    cloud: state.Cloud, extra: Mapping[str, str]
) -> dict[str, str]:
    """A clean environment: no proxies, no OS_* variables of the caller."""
    kept = {
        k: os.environ[k] for k in ('PATH', 'LANG', 'TZ') if k in os.environ
    }
    paths = f'{kept.get("PATH", "")}:/usr/sbin:/usr/bin:/sbin:/bin'
    return {
        **kept,
        'PATH': f'{cloud.venv}/bin:{paths}',
        'HOME': str(cloud.path),
        **extra,
    }


def tail(log: pathlib.Path, lines: int = TAIL_LINES) -> str:
    if not log.exists():
        return ''
    text = log.read_bytes()[-20000:].decode(errors='replace')
    return '\n'.join(f'  | {line}' for line in text.splitlines()[-lines:])


def run(
    cloud: state.Cloud,
    name: str,
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    stdin: str = '',
    timeout: float = 300,
) -> None:
    """Run a command to its end, its output in the log of that name.

    :raises MinicloudError: when it fails or takes longer than timeout
        seconds; the message holds the last lines of the log.
    """
    log = cloud.log(name)
    with log.open('ab') as out:
        try:
            code = subprocess.run(
                command,
                env=environment(cloud, env),
                cwd=cloud.path,
                input=stdin.encode(),
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            ).returncode
            outcome = f'exit status {code}' if code else ''
        except subprocess.TimeoutExpired:
            outcome = f'no end within {timeout:.0f} s'
    if outcome:
        raise errors.MinicloudError(
            f'{name} failed ({outcome}); {log} ends:\n{tail(log)}'
        )


def start(
    cloud: state.Cloud,
    service: str,
    command: Sequence[str],
    env: Mapping[str, str],
) -> None:
    """Start a service as the leader of its own session and note its pid."""
    with cloud.log(service).open('ab') as out:
        started = subprocess.Popen(
            command,
            env=environment(cloud, env),
            cwd=cloud.path,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    cloud.set_pid(service, started.pid)


def members(cloud: state.Cloud, service: str) -> list[int]:
    """The living pids of the process group that service was started as."""
    group = cloud.pid(service)
    if group is None:
        return []
    return [
        int(entry.name)
        for entry in pathlib.Path('/proc').iterdir()
        if entry.name.isdigit() and _belongs(entry, group, cloud.path)
    ]


def _belongs(entry: pathlib.Path, group: int, home: pathlib.Path) -> bool:
    """Whether it lives, in this group, and works in the cloud's directory.

    The last tells ours from a stranger that got a recycled pid.
    """
    try:
        # After the name in brackets: state, parent, process group.
        fields = (entry / 'stat').read_text().rpartition(')')[2].split()
        if int(fields[2]) != group or fields[0] in 'ZX':
            return False
        return (entry / 'cwd').readlink().is_relative_to(home)
    except OSError:
        return False


def stop(
    cloud: state.Cloud,
    service: str,
    ports: Sequence[int],
    *,
    patience: float = 30,
    kill: bool = False,
) -> bool:
    """End a service's group and wait for its ports; False if none ran.

    SIGTERM first, SIGKILL after patience seconds or at once with kill.

    :raises MinicloudError: when processes or ports remain.
    """
    ran = bool(members(cloud, service))
    if ran and not kill:
        _signal(cloud, service, signal.SIGTERM)
        _wait(lambda: not members(cloud, service), patience)
    if members(cloud, service):
        _signal(cloud, service, signal.SIGKILL)
    gone = _wait(
        lambda: (
            not members(cloud, service) and all(map(state.port_is_free, ports))
        ),
        10,
    )
    if ran and not gone:
        raise errors.MinicloudError(f'{service} or its port did not go away')
    cloud.set_pid(service, None)
    return ran


def _signal(cloud: state.Cloud, service: str, number: signal.Signals) -> None:
    group = cloud.pid(service)
    if group is not None:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return


def _wait(condition: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(POLL_SECONDS)
    return bool(condition())
