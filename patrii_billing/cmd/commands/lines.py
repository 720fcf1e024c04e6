# SPDX-License-Identifier: Apache-2.0
"""`quote`, `explain-notification`: a line of JSON in, a line out."""

import argparse
from collections.abc import Callable
import functools
import sys

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.domain import quote
from patrii_billing.intake import explain


_QUOTE = """\
Each line of stdin is a question, a JSON object; each is answered by one line,
in order, by the code that invoices. What is wrong is answered by
{"error": "FIELD: why"}. Money, quantities and rates are decimal strings.

All of them have: currency, cycle (month, quarter, year, days:N), anchor_day,
timezone, and may have unit (day or second).

op cycle    what a life costs in advance: unit_price, quantity, start, until,
            and end or null
op change   the credit and the charge of a change: at, period [start, end],
            billed, credited, old and new {quantity, unit_price}
op invoice  all that an invoice says:
  period [start, end], or start, until and end: what is billed
  prices    list of {kind, resource, unit_price} and valid_from, valid_until,
            at_once, included, tiers [{up_to, unit_price}], tiering (graduated
            or volume), per, unit; kind is flat, flavor, quota, meter or setup
            (a setup fee is asked where a start is, a flat one throughout)
  levels    list of {at, kind, resource, quantity} and server: from then on
  same_day  highest or last: which change of a day counts for it
  usage     {meter: volume} of one cycle
  taxes     list of {name, rate} and valid_from, valid_until; also
            tax_inclusive, and tax_rounding (line or total)
  discounts list of {name, percent or amount} and valid_from, valid_until
  posted    list of lines, as an earlier answer gave them: they are corrected
"""


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'quote',
        help='what it would cost: questions in JSON lines on stdin',
        description=_QUOTE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=functools.partial(_answer, quote.answer_line))
    parser = commands.add_parser(
        'explain-notification',
        help='what notifications mean: JSON lines on stdin',
    )
    parser.set_defaults(run=functools.partial(_answer, explain.explain_line))


def _answer(answer_line: Callable[[str], str], desk: desks.Desk) -> None:
    """Each line as soon as it is there; what is not UTF-8 is a bad line."""
    for line in sys.stdin.buffer:
        print(answer_line(line.decode(errors='replace')), flush=True)
