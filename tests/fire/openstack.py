# SPDX-License-Identifier: Apache-2.0
"""Keystone, nova and glance over HTTP, that remember each effect.

A daemon is pointed at it as at a real cloud. Behind the addresses is the
simulated Nova with its rules, on the real clock.
"""

from collections.abc import Callable
import datetime as dt
import json
import logging
import random
import threading
import time
from typing import Any

from keystoneauth1 import fixture as ks_fixture
from werkzeug import exceptions
from werkzeug import routing
from werkzeug import serving
from werkzeug import wrappers

from patrii_billing.domain import server as servers
from patrii_billing import errors
from patrii_billing.sim import clock as clocks
from patrii_billing.sim import cloud as clouds
from tests.unit.cloud import base as recorded

logging.getLogger('werkzeug').setLevel(logging.WARNING)

_OURS = recorded.OURS
_VERB = {
    'lock': 'lock',
    'unlock': 'unlock',
    'shelve': 'shelve',
    'unshelve': 'unshelve',
    'os-stop': 'stop',
    'os-start': 'start',
    'pause': 'pause',
    'suspend': 'suspend',
}
# What nova tells when a move has had its effect, and seconds later.
_TELLS = {
    'lock': (('lock', 0),),
    'unlock': (('unlock', 0),),
    'shelve': (('shelve.end', 2), ('shelve_offload.end', 2)),
    'unshelve': (('unshelve.end', 3),),
    'delete': (('delete.end', 0),),
}
# Seconds that an answer takes at most, and after an effect: so that there is
# something to be in the middle of.
_SLOW = 0.1
_SLOW_EFFECT = 0.5


class _Now(clocks.Clock):
    def __init__(self) -> None:
        super().__init__(dt.datetime.now(dt.UTC))

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class Openstack:
    """One region; `open` lets daemons in."""

    def __init__(
        self, tell: Callable[[str, servers.Server, float], None]
    ) -> None:
        """:param tell: takes an event, its server and when it is told"""
        self.nova = clouds.Nova(_Now())
        self._tell = tell
        self._keeper = clouds.Keeper(self.nova)
        self._requests: dict[str, list[dict[str, Any]]] = {}
        self._turn = threading.RLock()
        self._paths = routing.Map(
            [
                routing.Rule(path, methods=[method], endpoint=answer)
                for method, path, answer in (
                    ('GET', '/identity/v3', self._keystone),
                    ('POST', '/identity/v3/auth/tokens', self._token),
                    ('GET', '/identity/v3/projects', self._projects),
                    ('GET', '/compute/v2.1/', self._version),
                    ('GET', '/compute/v2.1', self._version),
                    ('GET', '/compute/v2.1/servers/detail', self._list),
                    ('GET', '/compute/v2.1/servers/<server>', self._show),
                    ('DELETE', '/compute/v2.1/servers/<server>', self._delete),
                    ('POST', '/compute/v2.1/servers/<server>/action',
                     self._act),
                    ('GET',
                     '/compute/v2.1/servers/<server>/os-instance-actions',
                     self._done),
                    ('GET',
                     '/compute/v2.1/servers/<server>/os-volume_attachments',
                     self._volumes),
                    ('GET', '/image', self._glance),
                    ('GET', '/image/v2/images', self._images),
                    ('PATCH', '/image/v2/images/<image>', self._protect),
                )
            ],
            strict_slashes=False,
        )  # fmt: skip

    def open(self) -> str:
        """Begin to answer; keystone's address."""
        self._door = serving.make_server(
            '127.0.0.1', 0, self._answer, threaded=True
        )
        threading.Thread(target=self._door.serve_forever, daemon=True).start()
        self._address = f'http://127.0.0.1:{self._door.server_port}'
        return f'{self._address}/identity/v3'

    def close(self) -> None:
        self._door.shutdown()
        self._door.server_close()

    def boot(self, server: servers.Server) -> None:
        with self._turn:
            self.nova.boot(server)

    def shows(self, server: str) -> servers.Server | None:
        with self._turn:
            return self.nova.get(server)

    def effects(self, server: str) -> str:
        """Every move that had an effect on a server, in order."""
        with self._turn:
            guests = {**self.nova.gone, **self.nova.guests}
            return ' '.join(guests[server].moves)

    # How it answers.

    @wrappers.Request.application
    def _answer(self, request: wrappers.Request) -> wrappers.Response:
        time.sleep(random.uniform(0, _SLOW))
        try:
            answer, given = self._paths.bind_to_environ(
                request.environ
            ).match()
            with self._turn:
                said = answer(request, **given)
            if said.status_code == 202:
                time.sleep(random.uniform(0, _SLOW_EFFECT))
            return said
        except errors.CloudRefused as error:
            return _says({'fault': {'message': str(error)}}, error.code)
        except exceptions.HTTPException as error:
            return _says({'fault': {'message': request.path}}, error.code)

    def _keystone(self, request: wrappers.Request) -> wrappers.Response:
        return _says(
            ks_fixture.DiscoveryList(
                v2=False, href=f'{self._address}/identity'
            )
        )

    def _token(self, request: wrappers.Request) -> wrappers.Response:
        token = ks_fixture.V3Token(user_id=recorded.US, user_name='billing')
        token.set_project_scope(id=_OURS, name='service')
        token.add_role(name='admin')
        for kind, path in (
            ('compute', '/compute/v2.1'), ('image', '/image'),
            ('identity', '/identity/v3'),
        ):  # fmt: skip
            url = self._address + path
            token.add_service(kind).add_standard_endpoints(
                public=url, internal=url, region='RegionOne'
            )
        said = _says(dict(token), 201)
        said.headers['X-Subject-Token'] = 'a-token'
        return said

    def _projects(self, request: wrappers.Request) -> wrappers.Response:
        (found,) = self.nova.pages()
        return _says(
            {
                'projects': [
                    {'id': project, 'name': project, 'enabled': True}
                    for project in sorted({one.project for one in found})
                ]
            }
        )

    def _version(self, request: wrappers.Request) -> wrappers.Response:
        versions = ks_fixture.DiscoveryList(v2=False, v3=False)
        versions.add_nova_microversion(
            href=f'{self._address}/compute/v2.1/', id='v2.1',
            status='CURRENT', min_version='2.1', version='2.104',
        )  # fmt: skip
        return _says(versions)

    def _glance(self, request: wrappers.Request) -> wrappers.Response:
        versions = ks_fixture.DiscoveryList(v2=False, v3=False)
        versions.add_microversion(
            href=f'{self._address}/image/v2/', id='v2.17', status='CURRENT'
        )
        return _says(versions, 300)

    # Nova.

    def _list(self, request: wrappers.Request) -> wrappers.Response:
        since = request.args.get('changes-since')
        (found,) = self.nova.pages(
            dt.datetime.fromisoformat(since) if since else None
        )
        ordered = sorted(found, key=lambda one: (one.created_at, one.id))
        marker = request.args.get('marker')
        if marker:
            ids = [one.id for one in ordered]
            ordered = ordered[ids.index(marker) + 1 :]
        page = ordered[: int(request.args.get('limit', 1000))]
        return _says({'servers': [_record(one) for one in page]})

    def _show(
        self, request: wrappers.Request, server: str
    ) -> wrappers.Response:
        return _says({'server': _record(self._find(server))})

    def _act(
        self, request: wrappers.Request, server: str
    ) -> wrappers.Response:
        self._find(server)
        ((_, arguments),) = request.get_json().items()
        verb = _VERB[_move_of(request)]
        given = (arguments['locked_reason'],) if verb == 'lock' else ()
        return self._moved(verb, server, getattr(self.nova, verb), *given)

    def _delete(
        self, request: wrappers.Request, server: str
    ) -> wrappers.Response:
        self._find(server)
        return self._moved('delete', server, self.nova.delete)

    def _moved(
        self, verb: str, server: str, work: Callable[..., str], *given: str
    ) -> wrappers.Response:
        request_id = work(server, *given)
        self._requests.setdefault(server, []).insert(
            0,
            {
                'action': verb, 'project_id': _OURS,
                'request_id': request_id, 'instance_uuid': server,
            },
        )  # fmt: skip
        guests = {**self.nova.gone, **self.nova.guests}
        for event, seconds in _TELLS.get(verb, ()):
            self._tell(event, guests[server].shown, seconds)
        said = wrappers.Response(status=202)
        said.headers['x-openstack-request-id'] = request_id
        return said

    def _done(
        self, request: wrappers.Request, server: str
    ) -> wrappers.Response:
        done = self._requests.get(server, [])
        marker = request.args.get('marker')
        if marker:
            ids = [one['request_id'] for one in done]
            done = done[ids.index(marker) + 1 :]
        return _says({'instanceActions': done})

    def _volumes(
        self, request: wrappers.Request, server: str
    ) -> wrappers.Response:
        return _says({'volumeAttachments': []})

    def _find(self, server: str) -> servers.Server:
        shown = self.nova.get(server)
        if shown is None:
            raise errors.CloudRefused(
                f'Instance {server} could not be found.', 404
            )
        return shown

    # Glance.

    def _images(self, request: wrappers.Request) -> wrappers.Response:
        server = request.args['instance_uuid']
        return _says(
            {
                'images': [
                    self._image(image)
                    for image, of in self.nova.images.items()
                    if of == server
                ]
            }
        )

    def _protect(
        self, request: wrappers.Request, image: str
    ) -> wrappers.Response:
        for change in json.loads(request.get_data()):
            assert change['path'] == '/protected', change
            if change['value']:
                self.nova.protected.add(image)
            else:
                self.nova.protected.discard(image)
        return _says(self._image(image))

    def _image(self, image: str) -> dict[str, Any]:
        return {
            'id': image, 'name': 'web-shelved', 'owner': _OURS,
            'status': 'active', 'protected': image in self.nova.protected,
        }  # fmt: skip


def _move_of(request: wrappers.Request) -> str:
    if request.method == 'DELETE':
        return 'delete'
    return next(iter(request.get_json()))


def _record(server: servers.Server) -> dict[str, Any]:
    gone = server.deleted_at is not None
    made = _written(server.created_at)
    return recorded.record(
        server.id,
        name=server.name,
        tenant_id=server.project,
        status='DELETED' if gone else 'ACTIVE',
        created=made,
        updated=_written(server.updated_at or server.created_at),
        locked=server.locked,
        locked_reason=server.locked_reason,
        host_status='',
        flavor={'original_name': server.flavor, 'ephemeral': 0, 'swap': 0},
        **{
            'OS-EXT-STS:vm_state': server.vm_state,
            'OS-EXT-STS:task_state': server.task_state,
            'OS-EXT-SRV-ATTR:host': None,
            'OS-SRV-USG:terminated_at': (
                _written(server.deleted_at) if gone else None
            ),
        },
    )


def _written(at: dt.datetime | None) -> str:
    assert at is not None
    return at.strftime('%Y-%m-%dT%H:%M:%SZ')


def _says(body: Any, code: int | None = 200) -> wrappers.Response:
    return wrappers.Response(
        json.dumps(body), code, mimetype='application/json'
    )
