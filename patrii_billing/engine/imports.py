# SPDX-License-Identifier: Apache-2.0
"""Bring the books to what a file wants, in one transaction or not at all.

The same file again changes nothing. Nobody is enforced for what was before:
an old paid-until date or an opening debt becomes an invoice, and its
reminders and its grace follow at their full spans from now.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from patrii_billing.engine import customers
from patrii_billing.engine.importing import accounts
from patrii_billing.engine.importing import balances
from patrii_billing.engine.importing import cloud
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import entry as entries
from patrii_billing.engine.importing import plans
from patrii_billing.engine.importing import subscriptions
from patrii_billing.engine.importing import unit as units
from patrii_billing.engine import reconcile
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors

Defaults = customers.Defaults
Change = units.Change


class _Rehearsed(Exception):  # noqa: N818 - an end of the unit, no error
    """A dry run has come to its end, and nothing of it is kept."""

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__()
        self.changes = changes


def run(
    tools: toolbox.Tools,
    text: str | bytes,
    source: str,
    by: str,
    defaults: Defaults,
    dry_run: bool = False,
) -> Sequence[Change]:
    """Import a document; what that changed, or would change.

    Raises InvalidDocument with all mistakes, InvalidInput for what is not
    YAML, CloudError where the cloud did not say what must be known.
    """
    wanted = document.read(text, source)
    try:
        seen = cloud.look(tools, wanted)
    except errors.CloudError:
        _check(wanted.mistakes, source)
        raise
    known = [*wanted.mistakes, *seen.mistakes]
    if seen.begins and not known and not dry_run:
        # Know the servers before the first invoice, which bills what is known.
        reconcile.catch_up(tools, tools.now())

    def work(conn: sa.Connection) -> Sequence[Change]:
        unit = units.Unit(
            conn, tools, wanted, seen, defaults, by, tools.now()
        )  # fmt: skip
        _write(unit)
        mistakes = [*known, *unit.mistakes]
        _check(mistakes or unit.echoes, source)
        if dry_run:
            raise _Rehearsed(unit.changes)
        return unit.changes

    try:
        return tools.db.write(work)
    except _Rehearsed as end:
        return end.changes


def _write(unit: units.Unit) -> None:
    for plan in unit.wanted.plans:
        plans.write(unit, plan)
    for account in unit.wanted.accounts:
        accounts.write(unit, account)
    for project in unit.wanted.projects:
        accounts.write_project(unit, project)
    for sub in unit.wanted.subscriptions:
        subscriptions.write(unit, sub)
    # A debt is answered for by a subscription.
    for account in unit.wanted.accounts:
        balances.write(unit, account)


def _check(mistakes: Sequence[errors.InvalidInput], source: str) -> None:
    """Raises InvalidDocument, by line, if there is a mistake."""
    if mistakes:
        raise errors.InvalidDocument(
            sorted(mistakes, key=lambda each: entries.line_of(each, source))
        )
