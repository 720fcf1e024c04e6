# SPDX-License-Identifier: Apache-2.0
"""Import customers and the projects that are theirs."""

from typing import Any

from patrii_billing.engine import customers
from patrii_billing.engine.importing import customer
from patrii_billing.engine.importing import document
from patrii_billing.engine.importing import unit as units
from patrii_billing.engine import projects
from patrii_billing.engine import reaching
from patrii_billing import errors
from patrii_billing.store import accounts


def write(unit: units.Unit, wanted: document.Account) -> None:
    row = unit.find(accounts.by_name, wanted.name)
    if row is None:
        _add(unit, wanted)
        return
    given = {'currency': wanted.currency}
    if not unit.unchanged(wanted.at, row._asdict(), given):
        return
    said = _said(unit, wanted, row.currency)
    if said is None:
        return
    new = customers.write(unit.conn, unit.tools, row, said, unit.now)
    if 'contacts' in new:
        reaching.contacts_set(
            unit.conn, row.id, new['contacts'], unit.now, unit.by
        )
    unit.tell_changed('account', wanted.name, list(new), row.id)


def _said(
    unit: units.Unit, wanted: document.Account, currency: str
) -> dict[str, Any] | None:
    """What may change, as the books keep it; None where it is refused."""
    said = dict(wanted.said)
    try:
        if 'discounts' in said:
            said['discounts'] = customer.discounts(
                wanted.at, said['discounts'], currency
            )
    except errors.InvalidInput as error:
        unit.mistakes.append(error)
        return None
    return said


def _add(unit: units.Unit, wanted: document.Account) -> None:
    currency = wanted.currency or unit.defaults.currency
    said = _said(unit, wanted, currency)
    if said is None:
        return
    account_id = customers.add(
        unit.conn, wanted.name, currency, said, unit.defaults, unit.now
    )
    zone = said.get('timezone', unit.defaults.timezone)
    unit.tell(
        'added', 'account', wanted.name, f'{currency}, {zone}', account_id
    )


def write_project(unit: units.Unit, wanted: document.Project) -> None:
    account = unit.named(
        'account', accounts.by_name, wanted.at, wanted.account
    )  # fmt: skip
    try:
        project = unit.seen.project_id(wanted.account, wanted.called)
    except errors.InvalidInput as error:
        # Refused already, when keystone was asked.
        unit.refuse(wanted.at, error.reason, echo=True)
        return
    if account is None:
        return
    seen = unit.seen.projects[project]
    try:
        new = projects.give(unit.conn, seen, account)
    except errors.Conflict as error:
        unit.refuse(wanted.at, f'{error}; an import moves no project')
        return
    if new:
        unit.tell(
            'added', 'project', seen.name, f'of {account.name}', account.id
        )
    else:
        unit.tell('left', 'project', seen.name)
