# SPDX-License-Identifier: Apache-2.0
"""Going on in spite of what is away: a clear line in the log, and a wait.

Each failure in a row is waited for longer. A traceback is logged once for
what nobody expected, never for an address that does not answer.
"""

from collections.abc import Callable
import threading

from oslo_db import exception
from oslo_log import log as logging
import sqlalchemy as sa

from patrii_billing import errors

LOG = logging.getLogger(__name__)

_FIRST = 1
_LONGEST = 60
_EXPECTED = (
    errors.BillingError,
    exception.DBError,
    sa.exc.SQLAlchemyError,
    OSError,
)


class Patience:
    """What one loop knows of its troubles, and how long it waits."""

    def __init__(self, what: str, stop: threading.Event) -> None:
        """:param stop: once set, nothing is waited for"""
        self._what = what
        self._stop = stop
        self._wait = 0
        self._said = ''

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def attempt(self, step: Callable[[], object]) -> bool:
        """Whether the step succeeded; if not, that was said and waited."""
        failure = _failure(step)
        if failure is not None:
            self._outlast(failure)
        elif self._wait:
            LOG.info('%s: it works again', self._what)
            self._wait = 0
            self._said = ''
        return failure is None

    def _outlast(self, failure: Exception) -> None:
        self._wait = min(self._wait * 2 or _FIRST, _LONGEST)
        said = described(failure)
        strange = not isinstance(failure, _EXPECTED) and said != self._said
        LOG.error(
            '%s: %s. Trying again in %s s', self._what, said, self._wait,
            exc_info=failure if strange else None,
        )  # fmt: skip
        self._said = said
        self._stop.wait(self._wait)


def _failure(step: Callable[[], object]) -> Exception | None:
    """What the step raised, with no exception being handled any more.

    oslo.log adds the text of one that is to each line it writes.
    """
    try:
        step()
    except Exception as error:
        return error
    return None


def described(error: Exception) -> str:
    """An error in one line, without the statement it came from."""
    line = (str(error).splitlines() or [''])[0][:300]
    if isinstance(error, errors.BillingError):
        return line
    if isinstance(error, exception.DBConnectionError):
        return f'the database does not answer: {line}'
    return f'{type(error).__name__}: {line}'
