# SPDX-License-Identifier: Apache-2.0
"""Days and instants on a command line."""

import argparse
import datetime as dt

from patrii_billing.domain import calendar


def read(text: str) -> dt.date:
    """A day, or an instant with its offset; for argparse's `type`."""
    try:
        if len(text) == len('2026-01-31'):
            return dt.date.fromisoformat(text)
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is neither a day such as 2026-01-31 nor an instant '
            'such as 2026-01-31T12:00:00Z'
        ) from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f'{text!r} needs an offset, as Z')
    return instant.astimezone(dt.UTC)


def day(text: str) -> dt.date:
    """A day, and nothing else; for argparse's `type`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a day such as 2026-01-31'
        ) from None


def instant(moment: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The instant itself, or the first one of the day in a zone, UTC."""
    if isinstance(moment, dt.datetime):
        return moment
    return calendar.start_of_day(moment, zone)
