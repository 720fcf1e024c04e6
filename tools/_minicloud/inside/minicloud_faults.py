# SPDX-License-Identifier: Apache-2.0
"""Faults that are asked for by a file, so that nothing must be restarted.

In the folder `faults` of the minicloud's data a file is named by a server's
id, or `cell`, and a word in it says what fails as long as it is there:

  unshelve  the server fails to spawn, as under nova's own
            FakeUnshelveSpawnFailDriver
  hang      the hypervisor does not come to an end with it
  keep      the hypervisor does not let go of it once it is shelved
  lost      nova does what it is asked for, and a 504 is the answer
  401, 500, 503, ...  nova answers requests about this server so

`cell`, whatever is in it: no cell answers nova's API.
"""

import os
import pathlib

_FOLDER = pathlib.Path(os.environ['MINICLOUD_FAULTS'])


def of(name):
    """What is to fail of a server, or with `cell`; None where nothing is."""
    try:
        return (_FOLDER / name).read_text().strip()
    except FileNotFoundError:
        return None


def named_in(path):
    """What is to fail of the server in a path of nova's API."""
    for part in path.split('/'):
        if len(part) == 36 and (word := of(part)):
            return word
    return None
