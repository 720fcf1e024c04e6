# SPDX-License-Identifier: Apache-2.0
"""How far the cloud's clocks and ours are apart.

Periods end and deletions fall due by our clock; notifications and the times
of servers are by the cloud's.
"""

from collections.abc import Callable
from collections.abc import Iterator
import datetime as dt
from email import utils as mail_dates

from patrii_billing.cloud import answers
from patrii_billing.cloud import session


def differences(
    connection: session.Connection, now: Callable[[], dt.datetime]
) -> Iterator[tuple[str, dt.timedelta | None]]:
    """Each service, and how much it is ahead of us; None if it did not say.

    What is within the seconds that an answer took, or within the second that
    the HTTP header Date leaves out, is no difference.
    """
    before = now()
    # Of a token that is new, since this connection has asked for none yet.
    issued = connection.access.issued
    yield 'keystone', _ahead(issued, before, now())
    before = now()
    with answers.understood('nova'):
        answer, _ = connection.nova.client.get('/os-keypairs')
    date = answer.headers.get('Date')
    if date is None:
        yield 'nova', None
        return
    told = mail_dates.parsedate_to_datetime(date)
    yield 'nova', _ahead(told, before - dt.timedelta(seconds=1), now())


def _ahead(
    told: dt.datetime, earliest: dt.datetime, latest: dt.datetime
) -> dt.timedelta:
    if told > latest:
        return told - latest
    return min(told - earliest, dt.timedelta())
