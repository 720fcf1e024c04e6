# SPDX-License-Identifier: Apache-2.0
"""What February costs by the words of the law, beside what was billed."""

from collections.abc import Iterator
import datetime as dt
from decimal import Decimal
from typing import Any
import zoneinfo

from tests.unit.engine import oracle

_START, _END = dt.date(2026, 2, 1), dt.date(2026, 3, 1)
_PLAN = oracle.Plan(
    'vps',
    'month',
    tuple(
        oracle.Price('flavor', flavor, ((None, price),))
        for flavor, price in (('s1', '10.00'), ('s2', '20.00'))
    ),
)
_HALF = Decimal('0.5')


def what_he_was_billed_is_right(play: Any) -> Iterator[str]:
    """2, 7: to the cent, but for half of one in each line's rounding.

    By what the books hold of the servers, which others compare with nova. In
    the meantime the invoice of March has brought what had changed.
    """
    if not play.is_billed_on:
        return
    due = 100 * _oracle(play).value(_billed(play))
    [(billed, lines)] = play.books.ask(
        'SELECT COALESCE(SUM(l.net), 0), COUNT(*) FROM lines l '
        'JOIN invoices i ON i.id = l.invoice_id WHERE l.subscription_id = 1 '
        "AND i.state NOT IN ('draft', 'void') AND l.starts >= ? "
        'AND l.ends <= ?', f'{_START}', f'{_END}',
    )  # fmt: skip
    if abs(billed - due) > _HALF * lines:
        yield f'February cost {float(due):.2f}, {billed} was billed'


def _oracle(play: Any) -> oracle.Oracle:
    held: dict[tuple[str, str], list[oracle.Held]] = {}
    for server, flavor, quantity, at in play.books.ask(
        "SELECT server, resource, quantity, at FROM levels WHERE "
        # Of two at one instant an end counts, or else the dearer.
        "project = 'acme-prod' ORDER BY at, quantity = 0, resource, id"
    ):
        if play.names.get(server) != 'own':
            held.setdefault(('flavor', server), []).append(
                oracle.Held(
                    dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC),
                    flavor,
                    Decimal(quantity),
                )
            )
    term = oracle.Term(dt.date(2026, 1, 1), _PLAN, 1)
    return oracle.Oracle(zoneinfo.ZoneInfo('UTC'), [term], held)


def _billed(play: Any) -> list[dt.date]:
    """The days that have an invoice, or had nothing to bill at first."""
    return [
        day
        for starts, ends in play.books.ask(
            'SELECT starts, ends FROM spans WHERE subscription_id = 1 '
            "AND COALESCE(unbilled_why, 'nothing to bill') = 'nothing to bill'"
        )
        for day in oracle.days(
            max(dt.date.fromisoformat(starts), _START),
            min(dt.date.fromisoformat(ends), _END),
        )
    ]
