# SPDX-License-Identifier: Apache-2.0
"""Fields of documents: what is read of a node, or refused."""

from collections.abc import Iterable
from collections.abc import Mapping
import datetime as dt
import json
from typing import Any

from patrii_billing.domain import calendar
from patrii_billing.domain import mail
from patrii_billing.domain import money
from patrii_billing import strict_yaml

Node = strict_yaml.Node

# Other years are slips of the pen, and no bill.
_YEARS = range(1970, 3000)
# More is no address that stands on an invoice.
_MOST_LINES = 6


def text(node: Node, longest: int = 255) -> str:
    text = node.text()
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise node.wrong('must be a text of one line, without blanks around')
    if len(text) > longest:
        raise node.wrong(f'is longer than {longest} characters')
    return text


def word(node: Node) -> str:
    return text(node, 32)


def one_of(choices: Iterable[str], node: Node) -> str:
    known = [str(each) for each in choices]
    if node.text() not in known:
        raise node.wrong(f'must be one of {", ".join(known)}')
    return node.text()


def day(node: Node) -> dt.date:
    day = node.day()
    if day.year not in _YEARS:
        raise node.wrong(f'is not in the years {_YEARS[0]} to {_YEARS[-1]}')
    return day


def instant_or_day(node: Node) -> dt.datetime | dt.date:
    return day(node) if node.is_day() else node.instant()


def anchor_day(node: Node) -> int:
    day = node.integer()
    if not 1 <= day <= 31:
        raise node.wrong('must be from 1 to 31')
    return day


def days(node: Node) -> int:
    count = node.integer()
    if not 0 <= count <= 3660:
        raise node.wrong('must be from 0 to 3660')
    return count


def currency(node: Node) -> str:
    money.digits(node.text(), node.where)
    return node.text()


def cycle(node: Node) -> str:
    calendar.Cycle.parse(node.text())
    return node.text()


def timezone(node: Node) -> str:
    calendar.zone(node.text(), node.where)
    return node.text()


def contacts(node: Node) -> list[str]:
    return [mail.address(one.text(), one.where) for one in node.items()]


def country(node: Node) -> str:
    code = node.text()
    if not (len(code) == 2 and code.isascii() and code.isupper()):
        raise node.wrong('must be a code of two capital letters, as FR')
    return code


def address_lines(node: Node) -> list[str]:
    lines = [text(one) for one in node.items()]
    if len(lines) > _MOST_LINES:
        raise node.wrong(f'has more than {_MOST_LINES} lines')
    return lines


def plain(node: Node) -> Any:
    """The value as JSON has it, with dates as texts."""
    value = node.value()
    try:
        return json.loads(json.dumps(value, default=str))
    except (TypeError, ValueError, RecursionError):
        # It holds itself, or has a name that is no text.
        raise node.wrong('cannot be written as JSON') from None


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: value for k, value in values.items() if value is not None}
