# SPDX-License-Identifier: Apache-2.0
"""Nova's servers: read them, move them, one call for each move."""

from collections.abc import Iterator
from collections.abc import Sequence
import datetime as dt
from typing import Any
import uuid

from novaclient import exceptions as nova_errors

from patrii_billing.cloud import answers
from patrii_billing.cloud import membership
from patrii_billing.cloud import record
from patrii_billing.cloud import session
from patrii_billing.domain import server as servers
from patrii_billing import errors


class NovaServers:
    """The engine's `Servers` on a real nova."""

    def __init__(
        self,
        connection: session.Connection,
        page_size: int = 1000,
        member_role: str = 'member',
    ) -> None:
        self._connection = connection
        self._page_size = page_size
        self._member_role = member_role

    def get(self, server_id: str) -> servers.Server | None:
        """The server now; None only where nova itself says it has none.

        A 404 that does not name the server comes from a wrong address or a
        proxy, and says nothing about the server.
        """
        with answers.understood(f'GET server {_checked(server_id)}'):
            try:
                found = self._nova.get(server_id)
            except nova_errors.NotFound as missing:
                if server_id in str(missing.message):
                    return None
                raise errors.CloudUnavailable(
                    f'GET server {server_id}: a 404 that is not of nova'
                ) from missing
            return record.read(found.to_dict())

    def pages(
        self, changes_since: dt.datetime | None = None
    ) -> Iterator[Sequence[servers.Server]]:
        """All servers, oldest first, so that new ones come at the end.

        Nova may give fewer than asked for at any time, so only an empty page
        is the end. Servers of a cell that is down are left out by nova
        without a word: what is missing here is not therefore gone.
        """
        filters = {'all_tenants': '1'}
        if changes_since is not None:
            since = changes_since.astimezone(dt.UTC)
            filters['changes-since'] = since.strftime('%Y-%m-%dT%H:%M:%SZ')
        marker = None
        while page := self._page(filters, marker):
            if page[-1].id == marker:
                raise errors.CloudUnavailable(
                    f'nova lists server {marker} after itself'
                )
            yield page
            marker = page[-1].id

    def locker(self, server: servers.Server) -> servers.Locker | None:
        """Who holds the lock, by the last lock in nova's action list.

        Nova does not show its `locked_by`, but records `owner` exactly where
        the caller's project is the server's (nova/compute/api.py, `lock`).
        Where no lock is found any more, the careful answer: not the owner.
        """
        if not server.locked:
            return None
        for action in self._actions(server.id):
            if action['action'] == 'lock':
                by_owner = action['project_id'] == server.project
                return (
                    servers.Locker.OWNER if by_owner else servers.Locker.ADMIN
                )
        return servers.Locker.ADMIN

    def lock(self, server_id: str, reason: str) -> str:
        return self._move('lock', server_id, reason=reason)

    def lock_as_owner(self, server: servers.Server, reason: str | None) -> str:
        """Lock so that nova records the owner, who may unlock it himself.

        Nova does so only for a token of the server's project. So this account
        is a member there for the moment of the call.
        """
        with membership.lent(
            self._connection, server.project, self._member_role
        ) as inside:
            return _move(inside.nova.servers, 'lock', server.id, reason=reason)

    def unlock(self, server_id: str) -> str:
        return self._move('unlock', server_id)

    def shelve(self, server_id: str) -> str:
        return self._move('shelve', server_id)

    def unshelve(self, server_id: str) -> str:
        return self._move('unshelve', server_id)

    def stop(self, server_id: str) -> str:
        return self._move('stop', server_id)

    def start(self, server_id: str) -> str:
        return self._move('start', server_id)

    def pause(self, server_id: str) -> str:
        return self._move('pause', server_id)

    def suspend(self, server_id: str) -> str:
        return self._move('suspend', server_id)

    def delete(self, server_id: str) -> str:
        return self._move('delete', server_id)

    @property
    def _nova(self) -> Any:
        return self._connection.nova.servers

    def _move(self, move: str, server_id: str, **arguments: Any) -> str:
        return _move(self._nova, move, server_id, **arguments)

    def _page(
        self, filters: dict[str, str], marker: str | None
    ) -> list[servers.Server]:
        with answers.understood(f'servers after {marker}'):
            found = self._nova.list(
                search_opts=filters,
                marker=marker,
                limit=self._page_size,
                sort_keys=['created_at', 'uuid'],
                sort_dirs=['asc', 'asc'],
            )
            # Its own to_dict() copies all of it, at four times the cost.
            return [record.read(vars(one)) for one in found]

    def _actions(self, server_id: str) -> Iterator[dict[str, Any]]:
        """What was asked of the server, the latest first."""
        marker = None
        while True:
            with answers.understood(f'actions of server {server_id}'):
                page = self._connection.nova.instance_action.list(
                    _checked(server_id), marker=marker, limit=100
                )
                found = [action.to_dict() for action in page]
            yield from found
            if not found or found[-1]['request_id'] == marker:
                return
            marker = found[-1]['request_id']


def _move(nova: Any, move: str, server_id: str, **arguments: Any) -> str:
    """Ask nova for one move; the id under which it lists the request."""
    with answers.understood(f'{move} server {_checked(server_id)}'):
        answer = getattr(nova, move)(server_id, **arguments)
        return answer.request_ids[0] or ''


def _checked(server_id: str) -> str:
    """Let nothing but a UUID into a path: ids also come from messages."""
    try:
        uuid.UUID(server_id)
    except ValueError:
        raise errors.CloudRefused(
            f'{server_id!r} is not a server id', 400
        ) from None
    return server_id
