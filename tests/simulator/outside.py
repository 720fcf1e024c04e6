# SPDX-License-Identifier: Apache-2.0
"""Nova, the mail server and the broker, as one process meets them.

Each call is a point: the worker may be killed before it or after it, be told
that it timed out whether it was done or not, or stand still until its lease
is over. A call that others overtake has been carried out before that: it is
given up before the lease ends, for [nova] timeout is shorter.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import copy
from typing import Any

from patrii_billing.domain import server as servers
from patrii_billing import errors
from patrii_billing.sim import cloud as clouds
from patrii_billing.sim import mailbox
from tests.simulator import stepping

Judge = Callable[[str, str], None]
ASKS = ('get', 'locker', 'usage', 'contacts', 'all')


class Nova(clouds.Nova):
    """A Nova that remembers what each server showed before."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.past: dict[str, servers.Server] = {}

    def set(self, server_id: str, **values: Any) -> servers.Server:
        self.past[server_id] = self.guests[server_id].shown
        return super().set(server_id, **values)


class Hands:
    """A port of the cloud, in the hands of one process."""

    def __init__(
        self,
        stage: stepping.Stage,
        nova: Nova,
        port: Any,
        judge: Judge,
        answers: list[str],
    ) -> None:
        self._stage = stage
        self._nova = nova
        self._port = port
        self._judge = judge
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        work = getattr(self._port, name)
        is_ask = name in ASKS or (
            name == 'get' and not isinstance(self._port, Nova)
        )

        def called(*args: Any, **kwargs: Any) -> Any:
            play = self._ask if is_ask else self._call
            return play(name, work, args, kwargs)

        return called

    def pages(
        self, changes_since: Any = None
    ) -> Iterator[Sequence[servers.Server]]:
        """Two servers a page, with the time of others in between."""
        self._port.get('')  # which raises where nova is down
        for whole in self._port.pages(changes_since):
            shown = list(whole)
            for first in range(0, len(shown), 2) or (0,):
                if self._stage.point('ask', 'pages') == 'unavailable':
                    raise errors.CloudUnavailable('simulated: no answer')
                yield shown[first : first + 2]

    def _ask(self, name: str, work: Any, args: Any, kwargs: Any) -> Any:
        fault = self._stage.point('ask', name, *args)
        if fault == 'unavailable':
            raise errors.CloudUnavailable('simulated: no answer')
        worker = self._stage.worker
        if worker is not None:
            worker.looked = None
        if worker is not None and name == 'get':
            worker.looked = args[0], self._stage.points
            worker.misled.discard(args[0])
        if fault == 'stale' and name == 'get' and args[0] in self._nova.guests:
            before = self._nova.past.get(args[0])
            if worker is not None and before is not None:
                worker.misled.add(args[0])
                return before
        return work(*args, **kwargs)

    def _call(self, name: str, work: Any, args: Any, kwargs: Any) -> Any:
        target = getattr(args[0], 'id', args[0])
        fault = self._stage.point('call', name, target)
        if fault == 'killed before':
            raise stepping.Killed
        if fault == 'timed out, not done':
            raise errors.CloudUnavailable('simulated: timed out')
        if fault == 'refused':
            raise errors.CloudRefused('simulated: no', 409)
        self._judge(name, str(target))
        if self._stage.worker is not None:
            self._stage.worker.looked = None
        answer = work(*args, **kwargs)
        self._stage.tell('nova', name, target, answer)
        if isinstance(answer, str):
            self._answers.append(answer)
        if fault == 'killed after':
            raise stepping.Killed
        if fault == 'stalled after':
            self._stage.stall()
        if fault == 'timed out, done':
            raise errors.CloudUnavailable('simulated: timed out')
        return answer


class Mouth:
    """The mail server, as one process reaches it."""

    def __init__(
        self,
        stage: stepping.Stage,
        server: mailbox.Voice,
        took: Callable[[Any, bool], None],
    ) -> None:
        self._stage = stage
        self._server = server
        self._took = took
        self.operators = server.operators
        self.operators_locale = server.operators_locale
        self.compose = server.compose
        self.kept = server.kept
        self.report = server.report

    def send(self, composed: Any) -> Any:
        fault = self._stage.point('mail', composed.subject)
        if fault == 'killed before':
            raise stepping.Killed
        if fault == 'away':
            raise errors.MailAway('simulated: no mail server')
        if fault == 'deferred':
            raise errors.MailDeferred('450 simulated: later')
        if fault == 'unknown, not sent':
            raise errors.MailUnknown('simulated: no answer')
        answer = self._server.send(composed)
        self._took(composed, fault is not None)
        self._stage.tell('mailed', composed.subject, composed.text)
        if fault == 'killed after':
            raise stepping.Killed
        if fault == 'stalled after':
            self._stage.stall()
        if fault == 'unknown, sent':
            raise errors.MailUnknown('simulated: no answer')
        return answer


class Delivery:
    """A message as oslo.messaging's driver hands it over."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message
        self.unique_id = 'of the driver'


class Broker:
    """A queue that may lose, repeat and reorder, if it is told to."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        self.acknowledged: set[str] = set()
        self.lost = 0
        self.is_down = False

    def publish(self, message: dict[str, Any]) -> None:
        self.waiting.append(message)

    def mistreat(self, how: str) -> None:
        if not self.waiting:
            return
        match how:
            case 'lose':
                self.waiting.pop()
                self.lost += 1
            case 'repeat':
                self.waiting.append(copy.deepcopy(self.waiting[0]))
            case 'reorder':
                self.waiting.reverse()

    def take(self, most: int) -> list[dict[str, Any]]:
        return [] if self.is_down else self.waiting[:most]

    def acknowledge(self, batch: Sequence[dict[str, Any]]) -> None:
        done = {id(one) for one in batch}
        self.waiting = [one for one in self.waiting if id(one) not in done]
        self.acknowledged |= {
            one['message_id']
            for one in batch
            if isinstance(one.get('message_id'), str)
        }
