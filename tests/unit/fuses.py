# SPDX-License-Identifier: Apache-2.0
"""A fuse in the books and hands of an engine, that blows at one place."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
from typing import Any
from unittest import mock

from tests.unit import stories

MOVES = (
    'lock', 'lock_as_owner', 'unlock', 'shelve', 'unshelve', 'stop', 'start',
    'pause', 'suspend', 'delete',
)  # fmt: skip


class Fuse:
    """Blows at the k-th place that is passed, and never again.

    A place is before each commit, and before and after each call to the
    cloud; what follows a commit changes nothing before the next place, except
    that time may pass.
    """

    def __init__(self, place: int, blow: Callable[[], None]) -> None:
        self.left = place
        self._blow = blow

    def passes(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._blow()

    def after(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def worked(*args: Any, **kwargs: Any) -> Any:
            answer = work(*args, **kwargs)
            self.passes()
            return answer

        return worked

    def before(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def worked(*args: Any, **kwargs: Any) -> Any:
            self.passes()
            return work(*args, **kwargs)

        return worked

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        return self.before(self.after(work))


@contextlib.contextmanager
def fused(
    story: stories.Story,
    fuse: Fuse,
    before_calls: bool = True,
    after_commits: bool = False,
) -> Iterator[None]:
    """Put the fuse into the books and into the hands."""
    wrap = fuse.around if before_calls else fuse.after
    commit = fuse.around if after_commits else fuse.before
    cloud = story.world.tools.cloud
    calls = [
        (cloud.keeper, 'keep'),
        (cloud.quotas, 'set'),
        *((story.nova, move) for move in MOVES),
    ]
    with contextlib.ExitStack() as stack:
        write = commit(story.db.write)
        stack.enter_context(mock.patch.object(story.db, 'write', write))
        for owner, name in calls:
            work = wrap(getattr(owner, name))
            stack.enter_context(mock.patch.object(owner, name, work))
        yield
