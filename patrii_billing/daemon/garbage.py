# SPDX-License-Identifier: Apache-2.0
"""How seldom an engine looks for garbage that counting references leaves.

A batch of invoices is some ten thousand objects, all of them in use until
they are written: to look at them again and again takes a fifth of its time.
"""

import gc

# So many objects more than were freed; by default it is 700.
_NEW = 50_000


def collect_rarely() -> None:
    """What a process has when it begins to work it keeps: leave that alone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, 20, 20)
