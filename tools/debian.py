# SPDX-License-Identifier: Apache-2.0
"""A bare Debian 12 on a disk in memory, made while other services start."""

from collections.abc import Iterator
import contextlib
import pathlib
import subprocess
import tempfile

RELEASE = 'bookworm'
# What the installer of Debian brings and a container's image leaves out.
PACKAGES = 'systemd-sysv,ca-certificates'
# Bytes; all that is installed there.
SIZE = 3 * 2**30


@contextlib.contextmanager
def making() -> Iterator[pathlib.Path]:
    """Begin to make it; in `root` of this folder, its log beside it.

    Whoever uses it waits until `made` holds the exit code. To mount a disk
    and to change the root, one has to be root.
    """
    with tempfile.TemporaryDirectory(prefix='debian-') as name:
        options = f'size={SIZE},mode=0755'
        subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', name], check=True
        )
        folder = pathlib.Path(name)
        making = subprocess.Popen(
            [
                'sh', '-c',
                f'mmdebstrap --variant=minbase --include={PACKAGES} '
                f'{RELEASE} {folder}/root >{folder}/log 2>&1; '
                f'echo $? >{folder}/made',
            ],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield folder
        finally:
            making.terminate()
            making.wait(60)
            subprocess.run(['umount', '--lazy', name], check=True)
