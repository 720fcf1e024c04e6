# SPDX-License-Identifier: Apache-2.0
"""What survives a delete: the snapshot of a shelved server, its volumes.

Nova removes a shelved server's snapshot first of all when the server is
deleted. It cannot where glance holds the image protected, and then goes on
without it: so there is an undo.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import json
from typing import Any
from urllib import parse

from patrii_billing.cloud import answers
from patrii_billing.cloud import session
from patrii_billing.cloud import volumes
from patrii_billing.domain import cloud
from patrii_billing.domain import server as servers
from patrii_billing import errors

# Nova's own ending for the image it makes on shelving.
_SHELVED = '-shelved'
_RECOVERED = ' (recovered)'
_LONGEST_NAME = 255
# Each costs a request while a deletion waits.
_MOST = '100'
_PATCH = {'Content-Type': 'application/openstack-images-v2.1-json-patch'}


class ImageKeeper:
    """The engine's `Keeper` on a real glance, nova and, if any, cinder."""

    def __init__(self, connection: session.Connection) -> None:
        self._connection = connection
        self._volumes = volumes.Volumes(connection)

    def keep(self, server: servers.Server) -> cloud.Kept:
        """Protect what would go with the server; idempotent.

        :raises CloudRefused: glance or nova did not take it
        """
        images = tuple(self._snapshots(server))
        for image in images:
            self._patch(image, protected=True)
        kept, unkept = self._volumes.keep(server.id)
        shown = self._show(server.id)
        lost = (*unkept, *_disks_lost(shown, bool(images)))
        return cloud.Kept(images, kept, lost)

    def hand_over(self, kept: cloud.Kept, project: str) -> tuple[str, ...]:
        """Give what was kept to the project; says in words what it did."""
        return (
            *(self._give(image, project) for image in kept.images),
            *(self._volumes.release(volume) for volume in kept.volumes),
            *(f'lost with the server: {item}' for item in kept.lost),
        )

    def purge(self, kept: cloud.Kept) -> None:
        """Remove what was kept; already gone is success.

        An image that is not ours is only unprotected: the customer had
        shelved the server himself, or was given the image meanwhile.
        """
        ours = self._connection.access.project_id
        for image_id in kept.images:
            image = self._image(image_id)
            if image is None:
                continue
            if image['protected']:
                self._patch(image_id, protected=False)
            if image['owner'] == ours:
                self._delete(image_id)
        for volume in kept.volumes:
            self._volumes.purge(volume)

    def _snapshots(self, server: servers.Server) -> Iterator[str]:
        """The images nova made when the server was shelved.

        The API does not show which one nova remembers. Anybody may write any
        server's id into any number of images of his own, so only ours and the
        server's own project's are asked for, the newest of them.
        """
        ours = self._connection.access.project_id
        for owner in dict.fromkeys((ours, server.project)):
            yield from self._snapshots_of(server.id, owner)

    def _snapshots_of(self, server_id: str, owner: str) -> Iterator[str]:
        query = {'instance_uuid': server_id, 'owner': owner, 'limit': _MOST}
        found = self._connection.json('image', 'GET', '/images', params=query)
        with answers.understood('images'):
            for image in found['images']:
                if (
                    image['owner'] == owner
                    and image['status'] == 'active'
                    and str(image['name']).endswith(_SHELVED)
                ):
                    yield str(image['id'])

    def _give(self, image_id: str, project: str) -> str:
        image = self._image(image_id)
        if image is None:
            return f'image {image_id}: gone, nothing to give back'
        name = _recovered_name(str(image['name']))
        try:
            self._patch(
                image_id,
                owner=project,
                visibility='private',
                name=name,
                protected=False,
            )
        except errors.CloudRefused as refusal:
            self._share(image_id, project)
            return (
                f'image {image_id}: shared with project {project}; it stays '
                f'ours, since glance did not change its owner ({refusal})'
            )
        return f'image {image_id}: given to project {project} as "{name}"'

    def _share(self, image_id: str, project: str) -> None:
        """The next best: the project sees the image among its own."""
        self._patch(image_id, visibility='shared')
        members = f'/images/{image_id}/members'
        added = self._connection.request(
            'image', 'POST', members, json={'member': project}
        )
        if added.status_code != 409:  # it may be a member already
            answers.body(added, f'POST {members}')
        self._connection.json(
            'image',
            'PUT',
            f'{members}/{parse.quote(project, safe="")}',
            json={'status': 'accepted'},
        )

    def _image(self, image_id: str) -> dict[str, Any] | None:
        path = f'/images/{image_id}'
        response = self._connection.request('image', 'GET', path)
        return answers.found(response, image_id, f'GET {path}')

    def _patch(self, image_id: str, **wanted: Any) -> None:
        """Write, and believe only what glance shows afterwards."""
        changes = [
            {'op': 'replace', 'path': f'/{name}', 'value': value}
            for name, value in wanted.items()
        ]
        path = f'/images/{image_id}'
        shown = self._connection.json(
            'image', 'PATCH', path, data=json.dumps(changes), headers=_PATCH
        )
        for name, value in wanted.items():
            if shown.get(name) != value:
                raise errors.CloudRefused(
                    f'glance left {name} of image {image_id} at '
                    f'{shown.get(name)!r}',
                    409,
                )

    def _delete(self, image_id: str) -> None:
        path = f'/images/{image_id}'
        response = self._connection.request('image', 'DELETE', path)
        if not answers.names_missing(response, image_id):
            answers.body(response, f'DELETE {path}')

    def _show(self, server_id: str) -> Mapping[str, Any]:
        with answers.understood(f'GET server {server_id}'):
            shown = self._connection.nova.servers.get(server_id).to_dict()
            return dict(shown)


def _recovered_name(name: str) -> str:
    if name.endswith(_RECOVERED):
        return name
    room = _LONGEST_NAME - len(_RECOVERED)
    return name.removesuffix(_SHELVED)[:room] + _RECOVERED


def _disks_lost(shown: Mapping[str, Any], snapshot: bool) -> Iterator[str]:
    """The local disks that are in no snapshot."""
    flavor = shown.get('flavor') or {}
    if shown.get('image') and not snapshot:
        yield 'the root disk (no snapshot of it was found)'
    if flavor.get('ephemeral'):
        yield f'the ephemeral disk of {flavor["ephemeral"]} GiB'
    if flavor.get('swap'):
        yield f'the swap disk of {flavor["swap"]} MiB'
