#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the arithmetic of one line costs, beside CloudKitty's hashmap.

Needs nothing but CloudKitty, which it puts into a venv of its own at the
first run:

    python benchmarks/line.py
"""

import contextlib
import datetime as dt
import decimal
import pathlib
import sys
import time
import zoneinfo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks import contest  # noqa: E402
from benchmarks import hashmap  # noqa: E402
from benchmarks import venvs  # noqa: E402
from patrii_billing.daemon import garbage  # noqa: E402
from patrii_billing.domain import calendar  # noqa: E402
from patrii_billing.domain import invoice  # noqa: E402
from patrii_billing.domain import pricing  # noqa: E402
from patrii_billing.domain import proration  # noqa: E402
from patrii_billing.domain import tax  # noqa: E402

ABOUT = """\
A server is resized at an instant: the local day of that in the zone of the
account, its share of the cycle, the amount, and the line with the reason for
it; and such lines with their taxes as an invoice says them. Beside it stands
what CloudKitty's hashmap takes to rate a point of an hour by its flavor, and
what that takes with the check of the frame that the points come in."""

MICROSECONDS = 'µs of CPU each'
OURS, INVOICED = 'line', 'line as invoiced'
THEIRS, CHECKED = 'hashmap', 'hashmap with its check'

_ZONE = zoneinfo.ZoneInfo('Europe/Paris')
_CYCLE = calendar.Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1))
_BEGIN = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
_LEVEL = pricing.Level(decimal.Decimal(1), decimal.Decimal('249.95'))
_RATES = (tax.Rate('VAT', decimal.Decimal(20)),)


def main() -> None:
    parser = contest.parser(__doc__, turns=9)
    parser.add_argument('--lines', type=int, default=20_000)
    asked = parser.parse_args()
    count = asked.lines
    match = contest.Contest(
        'line', ABOUT, 'python benchmarks/line.py', asked.turns
    )
    garbage.collect_rarely()  # as a worker of the engine does
    with contextlib.ExitStack() as stack:
        there = venvs.of(
            'cloudkitty', hashmap.VERSION, 'cloudkitty-processor'
        )
        peer = hashmap.HashMap(stack, there / 'bin/python')
        match.run(
            {
                OURS: lambda: told(timed(count, invoiced=False)),
                THEIRS: lambda: told(peer.rate(count, check=False)),
                INVOICED: lambda: told(timed(count, invoiced=True)),
                CHECKED: lambda: told(peer.rate(count, check=True)),
            }
        )
    for ours, theirs in ((OURS, THEIRS), (INVOICED, CHECKED)):
        ratio = match.ratio(ours, theirs, MICROSECONDS)
        match.expect(f'{ours} by {theirs}', ratio, at_most=1.0)
    match.finish(asked)


def told(taken: float) -> contest.Figures:
    return {MICROSECONDS: taken}


def timed(count: int, *, invoiced: bool) -> float:
    """Microseconds for a line; all of them are one invoice, where invoiced."""
    moments = [
        _BEGIN + dt.timedelta(minutes=number % 40_000)
        for number in range(count)
    ]
    began = time.process_time()
    lines = [line(at) for at in moments]
    if invoiced:
        invoice.compose(
            lines, posted=(), rates=_RATES, discounts=(), inclusive=False,
            rounding=tax.Rounding.LINE, zone=_ZONE,
        )  # fmt: skip
    return (time.process_time() - began) * 1_000_000 / count


def line(at: dt.datetime) -> proration.Line:
    day = calendar.in_unit(at, calendar.Unit.DAY, _ZONE)
    span = calendar.Period(day, _CYCLE.end)
    return proration.charge('server-1', _LEVEL, span, _CYCLE, 'EUR')


if __name__ == '__main__':
    main()
