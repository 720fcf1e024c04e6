# SPDX-License-Identifier: Apache-2.0
"""`quote`, `explain-notification`: a line of JSON in, a line out."""

from collections.abc import Callable
import functools
import sys

from patrii_billing.cmd.commands import desk as desks
from patrii_billing.domain import quote
from patrii_billing.intake import explain


def add_to(commands: desks.Commands) -> None:
    parser = commands.add_parser(
        'quote', help='what it would cost: questions in JSON lines on stdin'
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
