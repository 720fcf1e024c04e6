# SPDX-License-Identifier: Apache-2.0
"""Volumes that would be deleted with their server, kept from it."""

from typing import Any
from urllib import parse

from patrii_billing.cloud import answers
from patrii_billing.cloud import session

# Marks a volume that is there only because we kept it, so that a keep done
# again after a crash still finds it, and a purge takes no other.
_MARK = 'patrii_billing_kept'


class Volumes:
    """A server's attachments in nova, and the volumes in cinder if any."""

    def __init__(self, connection: session.Connection) -> None:
        self._connection = connection

    def keep(self, server_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The volumes saved from deletion, and in words what was not.

        Volumes that nova would leave alone anyway are no business of ours.
        """
        before = self._attached(server_id)
        doomed = {volume for volume, goes in before.items() if goes}
        for volume in doomed if self._may_flag else ():
            self._set_mark(volume, server_id)
            self._flag(server_id, volume)
        after = self._attached(server_id)
        kept = (
            volume
            for volume, goes in after.items()
            if not goes
            and (volume in doomed or self._mark(volume) == server_id)
        )
        lost = (f'volume {volume}' for volume, goes in after.items() if goes)
        return tuple(kept), tuple(lost)

    def release(self, volume: str) -> str:
        """Leave the volume to its project for good; in words."""
        if self._offered:
            path = f'{_path(volume)}/metadata/{_MARK}'
            response = self._connection.request(
                'block-storage', 'DELETE', path
            )
            if response.status_code != 404:
                answers.body(response, f'DELETE {path}')
        return f'volume {volume}: it is in its project, ready to be attached'

    def purge(self, volume: str) -> None:
        """Delete it if it is still only kept: marked, and not in use."""
        shown = self._show(volume)
        if shown.get('status') != 'available' or not _mark_of(shown):
            return
        response = self._connection.request(
            'block-storage', 'DELETE', _path(volume)
        )
        if not answers.names_missing(response, volume):
            answers.body(response, f'DELETE {_path(volume)}')

    @property
    def _may_flag(self) -> bool:
        return (
            self._connection.microversion >= session.MICROVERSION_FOR_VOLUMES
        )

    @property
    def _offered(self) -> bool:
        return self._connection.offers('block-storage')

    def _attached(self, server_id: str) -> dict[str, bool]:
        """Volumes, and whether nova deletes them with the server.

        Before microversion 2.79 nova does not say; then the worst is true.
        """
        with answers.understood(f'volumes of server {server_id}'):
            found = self._connection.nova.volumes.get_server_volumes(server_id)
            return {
                one.volumeId: one.to_dict().get('delete_on_termination', True)
                for one in found
            }

    def _flag(self, server_id: str, volume: str) -> None:
        with answers.understood(f'keep volume {volume}'):
            self._connection.nova.volumes.update_server_volume(
                server_id, volume, volume, delete_on_termination=False
            )

    def _mark(self, volume: str) -> str | None:
        return _mark_of(self._show(volume))

    def _set_mark(self, volume: str, server_id: str) -> None:
        if self._offered:
            self._connection.json(
                'block-storage',
                'POST',
                f'{_path(volume)}/metadata',
                json={'metadata': {_MARK: server_id}},
            )

    def _show(self, volume: str) -> dict[str, Any]:
        """The volume; {} where cinder has none, or there is no cinder."""
        if not self._offered:
            return {}
        response = self._connection.request(
            'block-storage', 'GET', _path(volume)
        )
        found = answers.found(response, volume, f'GET {_path(volume)}') or {}
        return dict(found.get('volume') or {})


def _path(volume: str) -> str:
    return f'/volumes/{parse.quote(volume, safe="")}'


def _mark_of(shown: dict[str, Any]) -> str | None:
    mark = (shown.get('metadata') or {}).get(_MARK)
    return None if mark is None else str(mark)
