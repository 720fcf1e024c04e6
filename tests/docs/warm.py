# SPDX-License-Identifier: Apache-2.0
"""A process that has imported what commands need, and forks into each.

To start Python and import takes longer than nearly all of them do.
"""

import json
import os
import select
import signal
import socket
import sys

from openstackclient import shell

from patrii_billing.cmd import demo
from tests.docs import desk

PROGRAMS = {
    'openstack': lambda: shell.main(sys.argv[1:]),
    'patrii-billing-manage': desk.main,
    'patrii-billing-demo': demo.main,
}


def main() -> None:
    """Serve at the socket that is named, until who began it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for an end
    with socket.socket(socket.AF_UNIX) as door:
        # A name that is no file, and is gone with its process.
        door.bind(f'\0{sys.argv[1]}')
        door.listen()
        while sys.stdin not in select.select([door, sys.stdin], [], [])[0]:
            caller, _ = door.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os._exit(_serve(caller))
            caller.close()


def _serve(caller: socket.socket) -> int:
    told, files, _, _ = socket.recv_fds(caller, 1 << 20, 3)
    if not told:
        return 0  # somebody who asked whether anybody is there
    asked = json.loads(told)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(asked['folder'])
    os.environ.clear()
    os.environ.update(asked['environment'])
    sys.argv = asked['argv']
    try:
        code = PROGRAMS[sys.argv[0]]() or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    sys.stdout.flush()
    sys.stderr.flush()
    caller.send(str(code).encode())
    return 0


if __name__ == '__main__':
    main()
