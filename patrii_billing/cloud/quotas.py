# SPDX-License-Identifier: Apache-2.0
"""A project's compute quota, wherever this nova keeps it."""

from collections.abc import Mapping
import enum
from typing import Any
from urllib import parse

from patrii_billing.cloud import answers
from patrii_billing.cloud import limits
from patrii_billing.cloud import projects
from patrii_billing.cloud import session
from patrii_billing.domain import quota as law
from patrii_billing import errors


# Who makes no servers makes no groups of them.
_HARMLESS = 'server_groups'


class Backend(enum.StrEnum):
    """Where nova's quotas are written to; they are read of nova."""

    AUTO = 'auto'  # nova, and keystone where that did not take
    NOVA = 'nova'
    KEYSTONE = 'keystone'  # nova's unified limits driver
    NONE = 'none'  # nova limits nothing


class NovaQuotas:
    """The engine's `Quotas` on a real nova, and keystone's limits."""

    def __init__(
        self,
        connection: session.Connection,
        backend: Backend = Backend.AUTO,
    ) -> None:
        self._connection = connection
        self._backend = backend
        self._projects = projects.KeystoneProjects(connection)
        self._limits = limits.Limits(connection)

    def get(self, project: str) -> Mapping[str, int]:
        """The limits in force; -1 is unlimited; none where there are none.

        :raises CloudRefused: 404 for a project that keystone does not have
        """
        if self._backend is Backend.NONE:
            return {}
        shown = self._show(project)
        with answers.understood(f'quota of {project}'):
            return {name: int(shown[name]) for name in _kept(shown)}

    def usage(self, project: str) -> Mapping[str, int]:
        """What nova counts against them, shelved servers included."""
        shown = self._show(project, detail=True)
        with answers.understood(f'usage of {project}'):
            return {name: int(shown[name]['in_use']) for name in _kept(shown)}

    def set(
        self, project: str, quota: Mapping[str, int], *, force: bool = False
    ) -> None:
        """Write, read back, compare; with force also below what is in use.

        With nova's unified limits driver its own quota API answers 200 and
        changes nothing: the limits are keystone's, and are written there.
        Keystone knows no usage, and does not look at it.

        :raises CloudRefused: 400 for a quota nova has not or one below what
            is in use, 404 for a project keystone has not, 409 where what was
            written did not take
        """
        if not quota:
            return
        self._check(project, quota)
        if self._backend is not Backend.KEYSTONE:
            self._write(project, quota, force)
        if self._backend is not Backend.NOVA and self._differs(project, quota):
            self._limits.write(project, quota)
        differing = self._differs(project, quota)
        if differing:
            raise errors.CloudRefused(
                f'the quota of {project} did not take: nova shows '
                f'{law.told(differing)}, asked was {law.told(quota)} '
                f'([nova] quota_backend is {self._backend})',
                409,
            )

    def driver(self) -> Backend:
        """Where this nova keeps quotas, found out by trying.

        One of our own project's, which says nothing of servers, is raised by
        one and put back.

        :raises CloudRefused: nova does not let us
        """
        ours = str(self._connection.access.project_id)
        if self.unlimited_by_default():
            return Backend.NONE
        before = int(self._show(ours)[_HARMLESS])
        tried = before + 1 if before >= 0 else 1000
        self._write(ours, {_HARMLESS: tried}, force=True)
        took = int(self._show(ours)[_HARMLESS]) == tried
        self._write(ours, {_HARMLESS: before}, force=True)
        return Backend.NOVA if took else Backend.KEYSTONE

    def unlimited_by_default(self) -> bool:
        """Whether nova's defaults limit nothing, as its no-op driver's."""
        ours = self._connection.access.project_id
        with answers.understood('default quotas'):
            shown = self._connection.nova.quotas.defaults(ours).to_dict()
            return all(shown[name] == -1 for name in law.SERVERS)

    def _check(self, project: str, quota: Mapping[str, int]) -> None:
        if self._backend is Backend.NONE:
            raise errors.CloudRefused(
                'this cloud has no quotas ([nova] quota_backend is none)', 409
            )
        unknown = sorted(set(quota) - set(self.get(project)))
        if unknown:
            raise errors.CloudRefused(
                f'nova has no quota of {", ".join(unknown)}', 400
            )
        self._known(project)

    def _differs(
        self, project: str, quota: Mapping[str, int]
    ) -> dict[str, int]:
        """What nova shows otherwise than asked."""
        shown = self.get(project)
        return {name: shown[name] for name in law.differing(shown, quota)}

    def _write(
        self, project: str, quota: Mapping[str, int], force: bool
    ) -> None:
        forced = {'force': True} if force else {}
        with answers.understood(f'quota of {project}'):
            self._connection.nova.quotas.update(
                parse.quote(project, safe=''), **quota, **forced
            )

    def _show(self, project: str, detail: bool = False) -> dict[str, Any]:
        try:
            with answers.understood(f'quota of {project}'):
                shown = self._connection.nova.quotas.get(
                    parse.quote(project, safe=''), detail=detail
                )
                return dict(shown.to_dict())
        except errors.CloudRefused:
            # Nova says 400 for a project that keystone does not have.
            self._known(project)
            raise

    def _known(self, project: str) -> None:
        """Nova keeps a quota for any name if it cannot ask keystone."""
        if self._projects.get(project) is None:
            raise errors.CloudRefused(
                f'keystone has no project {project}', 404
            )


def _kept(shown: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of nova's quotas that it shows; the servers' must be there."""
    return tuple(key for key in law.KEYS if key in law.SERVERS or key in shown)
