# SPDX-License-Identifier: Apache-2.0
"""What the cloud says of the projects and servers of an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

import sqlalchemy as sa

from patrii_billing.domain import cloud
from patrii_billing.domain import pricing
from patrii_billing.engine import agreeing
from patrii_billing.engine.importing import document
from patrii_billing.engine import projects
from patrii_billing.engine import quota
from patrii_billing.engine import tools as toolbox
from patrii_billing import errors
from patrii_billing.store import plans
from patrii_billing.store.views import imported


@dataclass(slots=True)
class Seen:
    """Projects by their keystone id, and what the quota of some is now."""

    projects: dict[str, cloud.KeystoneProject] = field(default_factory=dict)
    quotas: dict[str, Mapping[str, int]] = field(default_factory=dict)
    begins: bool = False  # whether a subscription is new
    mistakes: list[errors.InvalidInput] = field(default_factory=list)
    _owners: dict[str, str] = field(default_factory=dict)
    _aliases: dict[tuple[str, str], str] = field(default_factory=dict)

    def project_id(self, account: str, called: str) -> str:
        """The id of what an account calls its project, by id or by name.

        Raises InvalidInput where keystone has none, or several.
        """
        if (account, called) in self._aliases:
            return self._aliases[account, called]
        if called in self.projects:
            return called
        return projects.called(self.projects.values(), called).id

    def claim(self, wanted: document.Project) -> None:
        """Note whose project it is to be. Raises InvalidInput."""
        try:
            project = self.project_id(wanted.account, wanted.called)
        except errors.InvalidInput as error:
            name = 'name' if wanted.id is None else 'id'
            raise wanted.at.wrong(error.reason, name) from None
        owner = self._owners.setdefault(project, wanted.account)
        if owner != wanted.account:
            raise wanted.at.wrong(f'belongs to {owner} in this file, too')
        for called in (project, wanted.name):
            self._aliases[wanted.account, called] = project


def look(tools: toolbox.Tools, wanted: document.Wanted) -> Seen:
    """Ask the cloud for what the file speaks of. Raises CloudError."""
    seen = Seen()
    if not wanted.projects and not wanted.subscriptions:
        return seen
    for each in tools.cloud.projects.all():
        seen.projects[each.id] = each
    for project in wanted.projects:
        try:
            seen.claim(project)
        except errors.InvalidInput as error:
            seen.mistakes.append(error)
    known = tools.db.read(imported.subscription_names)
    for sub in wanted.subscriptions:
        if sub.name in known:
            continue
        seen.begins = True
        try:
            _look_at(tools, wanted, seen, sub)
        except errors.InvalidInput as error:
            # A project that is not there is told when it is looked up.
            if error.where:
                seen.mistakes.append(error)
    return seen


def _look_at(
    tools: toolbox.Tools,
    wanted: document.Wanted,
    seen: Seen,
    sub: document.Subscription,
) -> None:
    """Keep the quota that is to be billed and is not in the books yet.

    Raises InvalidInput where its plan cannot bill it, or where the server
    it names is not there.
    """
    project = seen.project_id(sub.account, sub.project)
    priced = _quota_prices(tools, wanted, sub.plan)
    try:
        agreeing.check_server(tools, sub.server, project)
        held = agreeing.billed_quota(
            tools, sub.plan, priced, project, sub.server
        )
    except errors.InvalidInput as error:
        raise sub.at.wrong(error.reason, error.where) from None
    if held is not None:
        seen.quotas[project] = held


def _quota_prices(
    tools: toolbox.Tools, wanted: document.Wanted, plan: str
) -> list[str]:
    """What quota a plan has prices of, by the file and by the books."""
    priced = {
        price.resource
        for each in wanted.plans
        if each.name == plan
        for _, price in each.prices
        if price.kind is pricing.PriceKind.QUOTA
    }
    return sorted(priced | tools.db.read(_booked_quota_prices, plan))


def _booked_quota_prices(conn: sa.Connection, plan: str) -> frozenset[str]:
    try:
        found = plans.by_name(conn, plan)
    except errors.NotFound:
        return frozenset()
    return quota.priced_by(conn, found.id)
