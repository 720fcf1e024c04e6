# SPDX-License-Identifier: Apache-2.0
"""Whom a notice goes to, and whom it reaches no more."""

from collections.abc import Mapping
import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import tell
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import accounts
from patrii_billing.store import subscriptions
from patrii_billing.store import timeline
from patrii_billing.store import undeliverable


def recipients(
    tools: toolbox.Tools, row: sa.Row[Any], contacts: tuple[str, ...]
) -> tuple[str, ...]:
    """The account's own contacts, else the users of its projects.

    Not those that mails came back from. Raises MailRefused where nobody is
    left, and CloudError where nobody can be asked.
    """
    if row.account_id is None:
        if not contacts:
            raise errors.MailRefused('there is no address')
        return contacts
    marked, projects = tools.db.read(_known, row)
    usable = tuple(one for one in contacts if one not in marked)
    if usable:
        return usable
    asked = {
        one
        for project in projects
        for one in tools.cloud.projects.contacts(project)
    }
    usable = tuple(sorted(asked - marked.keys()))
    if usable:
        return usable
    if not marked:
        raise errors.MailRefused('there is no address')
    why = '; '.join(f'{one}: {marked[one].answer}' for one in sorted(marked))
    raise errors.MailRefused(f'mails came back from every address: {why}')


def _known(
    conn: sa.Connection, row: sa.Row[Any]
) -> tuple[Mapping[str, sa.Row[Any]], list[str]]:
    """The marked addresses, and the projects that the notice is about."""
    if row.subscription_id is not None:
        subs = [subscriptions.get(conn, row.subscription_id)]
    else:
        subs = list(subscriptions.of_account(conn, row.account_id))
    projects = dict.fromkeys(sub.project for sub in subs)
    return undeliverable.of(conn, row.account_id), list(projects)


def mark(
    conn: sa.Connection,
    row: sa.Row[Any],
    refused: Mapping[str, str],
    now: dt.datetime,
    *,
    told: bool,
) -> None:
    """Write no more to those whom the mail server refused for good.

    `told` where the operator learns it from the notice's own refusal.
    """
    if row.account_id is None:
        return
    accounts.lock(conn, row.account_id)
    for address, answer in refused.items():
        if not undeliverable.mark(
            conn, row.account_id, address, answer, row.id, now
        ):
            continue
        why = f'{address} gets no more mails: {answer}'
        timeline.record(
            conn, now, 'account', 'undeliverable', why,
            account_id=row.account_id, key=row.key,
        )  # fmt: skip
        if not told:
            tell.operator(
                conn, now, 'delivery_failed', f'{row.key}:{address}'[:200],
                f'{row.template}: {why}', account_id=row.account_id,
                subscription_id=row.subscription_id,
            )  # fmt: skip
