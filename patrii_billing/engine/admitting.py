# SPDX-License-Identifier: Apache-2.0
"""Who may tell of payments, and which of what comes is from him."""

import collections
from collections.abc import Callable
import dataclasses
from dataclasses import dataclass
from dataclasses import field
import datetime as dt
import hashlib

from oslo_log import log as logging

from patrii_billing.domain import foreign
from patrii_billing.domain import signature
from patrii_billing import errors

LOG = logging.getLogger(__name__)

_COMPLAIN_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Source:
    """A system that may tell of payments, and how it does."""

    name: str
    keys: tuple[bytes, ...] = field(repr=False)
    fields: foreign.Fields = foreign.PATRII
    tolerance: dt.timedelta = dt.timedelta(minutes=5)
    max_body: int = 65536
    scheme: signature.Scheme = signature.Scheme.STANDARD


class Porter:
    """Lets in what is signed; counts the rest, and complains now and then."""

    def __init__(self) -> None:
        self._complained: dict[str, dt.datetime] = {}
        self.refused: collections.Counter[str] = collections.Counter()

    def admit(
        self,
        source: Source,
        message: signature.Message,
        now: dt.datetime,
        tell: Callable[[str], None] = lambda _: None,
    ) -> signature.Message:
        """The message with its id, which may stand in the body only.

        Raises Unauthentic (Late where the time alone is wrong) or TooLarge,
        without a look at the books. `tell` is called, as seldom as anything
        is logged, for what is signed with a key that is none of the source's.
        """
        if len(message.body) > source.max_body:
            raise errors.TooLarge(
                f'more than {source.max_body} bytes, see [webhooks] max_body'
            )
        try:
            signature.verify(
                source.keys, message, now, source.tolerance, source.scheme
            )
        except errors.Unauthentic as error:
            forged = message.signature and not isinstance(error, errors.Late)
            self._complain(
                source.name, now, error, tell if forged else lambda _: None
            )
            raise
        return identified(source, message)

    def _complain(
        self,
        name: str,
        now: dt.datetime,
        error: errors.Unauthentic,
        tell: Callable[[str], None],
    ) -> None:
        self.refused[name] += 1
        last = self._complained.get(name)
        if last is None or now - last >= _COMPLAIN_EVERY:
            self._complained[name] = now
            why = f'{error} ({self.refused[name]} of its messages so far)'
            LOG.warning('webhook of %s refused: %s', name, why)
            tell(why)


def identified(
    source: Source, message: signature.Message
) -> signature.Message:
    """A message with the id its body says; else with that of its content."""
    if message.id:
        return message
    found = foreign.id_of(source.fields, message.body)
    digest = hashlib.sha256(message.body).hexdigest()
    return dataclasses.replace(message, id=found or f'sha256:{digest}')
