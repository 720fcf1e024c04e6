# SPDX-License-Identifier: Apache-2.0
"""What is kept for how long, and forgotten after it."""

from collections.abc import Callable
from collections.abc import Iterator
import datetime as dt

from patrii_billing.engine import erasing
from patrii_billing.engine import heartbeat
from patrii_billing.engine import tools as toolbox
from patrii_billing.store import retention

# Rows of a batch: a delete of so many holds nobody up.
_BATCH = 1000
_EVERY = dt.timedelta(hours=6)
_FORGET: dict[str, retention.Forget] = {
    'messages': retention.messages,
    'mails': retention.mails,
}
# What each is called, and how long it is kept at least.
Spans = dict[str, dt.timedelta]


def spans(tools: toolbox.Tools) -> Spans:
    """How long each kind is kept; what is kept for ever is left out."""
    settings = tools.settings
    kept = {'messages': settings.keep_messages, 'mails': settings.keep_mails}
    return {name: span for name, span in kept.items() if span}


def forget(
    tools: toolbox.Tools,
    what: str,
    before: dt.datetime,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """Forget what is older, batch by batch; how much each had of it."""
    last: int | None = 0
    while last is not None and not stopping():
        work = tools.db.read if dry_run else tools.db.write
        batch = work(_FORGET[what], before, last, _BATCH, dry_run)
        last = batch.last
        yield batch.count


class Keeper:
    """Forgets by itself, a few times a day, in a worker of the engine."""

    def __init__(self, tools: toolbox.Tools) -> None:
        self._tools = tools
        self._next_at: dt.datetime | None = None

    def run(self) -> int:
        """Do it if it is time; always 0, for there is no hurry after it."""
        tools, now = self._tools, self._tools.now()
        if self._next_at is not None and now < self._next_at:
            return 0
        if not tools.db.read(heartbeat.believed, tools.settings, now):
            return 0
        for what, span in spans(tools).items():
            for _ in forget(tools, what, now - span, False, tools.stopping):
                pass
        years = tools.settings.keep_documents_years
        tools.db.write(erasing.erase_old_documents, years, now)
        self._next_at = now + _EVERY
        return 0
