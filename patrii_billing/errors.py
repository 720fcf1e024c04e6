# SPDX-License-Identifier: Apache-2.0
"""Every exception of the house, one sentence each."""

from collections.abc import Mapping
from collections.abc import Sequence


class BillingError(Exception):
    """Something this service refuses or cannot do."""


class InvalidInput(BillingError):
    """What a person or a program handed in is wrong; `where` names it."""

    def __init__(self, reason: str, where: str = '') -> None:
        super().__init__(f'{where}: {reason}' if where else reason)
        self.reason = reason
        self.where = where


class InvalidDocument(BillingError):
    """What stands in a document is wrong; a line for each mistake in it."""

    def __init__(self, mistakes: Sequence[InvalidInput]) -> None:
        super().__init__('\n'.join(str(each) for each in mistakes))
        self.mistakes = tuple(mistakes)


class NotFound(BillingError):
    """The named thing is not in the books."""


class Conflict(BillingError):
    """The thing is in a state that forbids the request."""


class StaleWrite(BillingError):
    """Somebody else changed the row since it was read; read it again."""


class LeaseLost(BillingError):
    """Another worker has claimed the action since this one did."""


class SchemaTooOld(BillingError):
    """The database lacks tables or columns this release works with."""

    def __init__(self, found: str | None, needed: str) -> None:
        super().__init__(
            f'the database is at schema {found or "none"} and must be at '
            f'{needed}: run patrii-billing-manage db upgrade'
        )


class CloudError(BillingError):
    """A call to the cloud did not succeed."""


class CloudUnavailable(CloudError):
    """The outcome is unknown or the cloud is away: no action, try later."""


class CloudRefused(CloudError):
    """The cloud understood the call and said no (4xx); `code` is its code."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(f'{code}: {reason}')
        self.reason = reason
        self.code = code


class MailError(BillingError):
    """A mail was not accepted."""


class MailNotWritten(MailError):
    """The notice's template is missing or broken: nothing was sent."""


class MailDeferred(MailError):
    """The mail server asks to try again later, or was not reached."""


class MailAway(MailDeferred):
    """The mail server was not reached, or takes no mail of ours now."""


class MailRefused(MailError):
    """The mail server refused the recipients or the mail for good.

    `refused` maps the addresses at fault to what was answered to each; it is
    empty where the mail is at fault, or we are.
    """

    def __init__(
        self, reason: str, refused: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.refused = dict(refused or {})


class MailUnknown(MailError):
    """The connection broke after the data: it may have been accepted."""


class MailNotTaken(MailError):
    """A test mail was not accepted."""


class MailboxAway(MailError):
    """The mailbox that bounces come to cannot be read."""


class DocumentNotWritten(BillingError):
    """The invoice's template or words are missing or broken."""


class ExtraMissing(BillingError):
    """What an extra of the installation brings is not installed."""


class CurrencyMismatch(BillingError):
    """Amounts of different currencies cannot be added."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f'{one} and {other} cannot be added')
        self.currencies = (one, other)


class Unauthentic(BillingError):
    """Nobody who knows the secret has just sent it."""


class Late(Unauthentic):
    """Somebody who knows the secret has sent it, at another time than now."""


class DeliveryError(BillingError):
    """A listener did not take an event."""


class ListenerAway(DeliveryError):
    """It was not reached, or asks for a rest: nothing of it was judged."""


class ListenerRefused(DeliveryError):
    """It answered that it does not take this one; `code` is HTTP's."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(f'{code}: {reason}' if reason else str(code))
        self.code = code


class EngineError(BillingError):
    """Another subscription engine did not do what was asked."""


class EngineUnavailable(EngineError):
    """It is away, or the outcome is unknown: nothing follows, try later."""


class EngineRefused(EngineError):
    """It understood and said no; `code` is HTTP's."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(f'{code}: {reason}')
        self.reason = reason
        self.code = code


class TooLarge(BillingError):
    """More was sent than is taken."""


class NotServed(BillingError):
    """The API refused a page's request; `mistakes` say what, and where."""

    def __init__(
        self, status: int, mistakes: Sequence[InvalidInput]
    ) -> None:
        super().__init__('; '.join(str(each) for each in mistakes))
        self.status = status
        self.mistakes = tuple(mistakes)


class NotLoggedIn(BillingError):
    """Keystone does not let this person in."""
