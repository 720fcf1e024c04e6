# SPDX-License-Identifier: Apache-2.0
"""What of a server is kept, given back, and removed in the end."""

import json
from typing import Any

from patrii_billing.cloud import keeper
from patrii_billing.domain import cloud
from patrii_billing import errors
from tests.unit.cloud import base

IMAGE = '1a1a1a1a-0000-4000-8000-000000000001'
VOLUME = '2b2b2b2b-0000-4000-8000-000000000002'
IMAGES = f'{base.GLANCE}/v2/images'
SERVER = f'{base.NOVA}/servers/{base.SERVER}'
ATTACHED = f'{SERVER}/os-volume_attachments'


def snapshot(image: str = IMAGE, **changes: Any) -> dict[str, Any]:
    shown = {
        'id': image,
        'name': 'web-shelved',
        'owner': base.OURS,
        'status': 'active',
        'protected': False,
        'visibility': 'shared',
    }
    return shown | changes


def lacks(thing: str) -> dict[str, Any]:
    return {'status_code': 404, 'text': f'<h1>No {thing} found</h1>'}


class KeeperTestCase(base.CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.keeper = keeper.ImageKeeper(self.connection)
        self.images: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, bool] = {}
        self.frozen: set[str] = set()
        self.web.get(IMAGES, json=self.list_images)
        self.web.get(ATTACHED, json=self.list_attached)
        self.web.put(f'{ATTACHED}/{VOLUME}', json=self.flag)
        self.web.get(SERVER, json={'server': base.record(image={'id': 'x'})})

    def hold(self, **changes: Any) -> None:
        """An image in glance."""
        image = snapshot(**changes)
        self.images[image['id']] = image
        address = f'{IMAGES}/{image["id"]}'
        self.web.get(address, json=lambda *_: image)
        self.web.patch(address, json=self.change)
        self.web.delete(address, status_code=204)

    def list_images(self, request: Any, context: Any) -> dict[str, Any]:
        owner, limit = request.qs['owner'][0], int(request.qs['limit'][0])
        found = [one for one in self.images.values() if one['owner'] == owner]
        return {'images': found[:limit]}

    def change(self, request: Any, context: Any) -> dict[str, Any]:
        image = self.images[request.path.rsplit('/', 1)[1]]
        for change in json.loads(request.text):
            name = change['path'][1:]
            if name not in self.frozen:
                image[name] = change['value']
        return image

    def list_attached(self, request: Any, context: Any) -> dict[str, Any]:
        return {
            'volumeAttachments': [
                {'volumeId': volume, 'delete_on_termination': goes}
                for volume, goes in self.volumes.items()
            ]
        }

    def flag(self, request: Any, context: Any) -> None:
        context.status_code = 202
        wanted = request.json()['volumeAttachment']
        if 'delete_on_termination' not in self.frozen:
            self.volumes[VOLUME] = wanted['delete_on_termination']

    def keep(self) -> cloud.Kept:
        return self.keeper.keep(base.server())


class TestKeptImages(KeeperTestCase):
    def test_the_snapshot_of_the_shelved_server_is_protected(self) -> None:
        self.hold()
        self.assertEqual(cloud.Kept(images=(IMAGE,)), self.keep())
        self.assertTrue(self.images[IMAGE]['protected'])
        self.assertEqual(
            [base.SERVER], self.sent('GET', '/images')[0].qs['instance_uuid']
        )

    def test_keeping_twice_keeps_the_same(self) -> None:
        self.hold()
        self.assertEqual(self.keep(), self.keep())

    def test_a_server_its_owner_shelved_is_kept_too(self) -> None:
        self.hold(owner=base.CUSTOMER)
        self.assertEqual((IMAGE,), self.keep().images)

    def test_images_that_are_not_the_snapshot_are_left_alone(self) -> None:
        for changes in (
            {'owner': 'a stranger who wrote the id of the server into it'},
            {'name': 'my backup'},
            {'status': 'queued'},
        ):
            with self.subTest(changes=changes):
                self.hold(**changes)
                kept = self.keep()
                self.assertEqual((), kept.images)
                self.assertEqual([], self.sent('PATCH'))

    def test_no_crowd_of_others_images_hides_the_snapshot(self) -> None:
        for number in range(200):
            self.hold(image=f'planted-{number}', owner='a stranger')
        self.hold()
        self.assertEqual((IMAGE,), self.keep().images)

    def test_a_server_without_a_snapshot_loses_its_disk(self) -> None:
        self.assertIn('root disk', self.keep().lost[0])

    def test_a_server_on_a_volume_has_no_disk_to_lose(self) -> None:
        self.web.get(SERVER, json={'server': base.record(image='')})
        self.assertEqual(cloud.Kept(), self.keep())

    def test_disks_outside_the_snapshot_are_named(self) -> None:
        self.hold()
        flavor = base.record()['flavor'] | {'ephemeral': 20, 'swap': 512}
        shown = base.record(flavor=flavor)
        self.web.get(SERVER, json={'server': shown})
        self.assertEqual(
            ('the ephemeral disk of 20 GiB', 'the swap disk of 512 MiB'),
            self.keep().lost,
        )

    def test_a_protection_that_did_not_take_is_refused(self) -> None:
        self.hold()
        self.frozen.add('protected')
        refusal = self.assertRaises(errors.CloudRefused, self.keep)
        self.assertIn('protected', refusal.reason)

    def test_nothing_is_kept_where_glance_is_away(self) -> None:
        self.web.get(IMAGES, status_code=503)
        self.assertRaises(errors.CloudUnavailable, self.keep)
        self.web.get(IMAGES, json={})
        self.assertRaises(errors.CloudUnavailable, self.keep)


class TestGivenBack(KeeperTestCase):
    kept = cloud.Kept(images=(IMAGE,), lost=('the swap disk of 512 MiB',))

    def give(self) -> tuple[str, ...]:
        return self.keeper.hand_over(self.kept, base.CUSTOMER)

    def test_the_image_becomes_the_customers_own(self) -> None:
        self.hold(protected=True)
        said = self.give()
        image = self.images[IMAGE]
        self.assertEqual(base.CUSTOMER, image['owner'])
        self.assertEqual('private', image['visibility'])
        self.assertEqual('web (recovered)', image['name'])
        self.assertFalse(image['protected'])
        self.assertIn('"web (recovered)"', said[0])
        self.assertEqual(
            'lost with the server: the swap disk of 512 MiB', said[1]
        )

    def test_a_long_name_makes_room_for_what_it_is_now(self) -> None:
        self.hold(protected=True, name='n' * 247 + '-shelved')
        self.give()
        name = self.images[IMAGE]['name']
        self.assertEqual('n' * 243 + ' (recovered)', name)
        self.assertEqual(255, len(name))

    def test_giving_twice_gives_the_same(self) -> None:
        self.hold(protected=True)
        self.assertEqual(self.give(), self.give())

    def test_an_image_that_is_gone_is_said_to_be(self) -> None:
        self.web.get(f'{IMAGES}/{IMAGE}', **lacks(f'image {IMAGE}'))
        self.assertIn('gone', self.give()[0])

    def test_an_image_glance_will_not_give_away_is_shared(self) -> None:
        self.hold(protected=True, visibility='private')
        self.frozen.add('owner')
        members = f'{IMAGES}/{IMAGE}/members'
        self.web.post(members, status_code=409)
        self.web.put(f'{members}/{base.CUSTOMER}', json={})
        said = self.give()
        self.assertEqual('shared', self.images[IMAGE]['visibility'])
        self.assertIn('shared with project', said[0])
        (accepted,) = self.sent('PUT')
        self.assertEqual({'status': 'accepted'}, accepted.json())


class TestPurged(KeeperTestCase):
    kept = cloud.Kept(images=(IMAGE,))

    def test_our_snapshot_is_unprotected_and_deleted(self) -> None:
        self.hold(protected=True)
        self.keeper.purge(self.kept)
        self.assertFalse(self.images[IMAGE]['protected'])
        self.assertEqual(1, len(self.sent('DELETE', IMAGE)))

    def test_what_is_gone_already_is_purged(self) -> None:
        self.web.get(f'{IMAGES}/{IMAGE}', **lacks(f'image {IMAGE}'))
        self.keeper.purge(self.kept)
        self.assertEqual([], self.sent('DELETE'))

    def test_what_goes_meanwhile_is_purged(self) -> None:
        self.hold()
        self.web.delete(f'{IMAGES}/{IMAGE}', **lacks(f'image {IMAGE}'))
        self.keeper.purge(self.kept)
        self.assertEqual(1, len(self.sent('DELETE', IMAGE)))

    def test_the_customers_own_image_is_only_set_free(self) -> None:
        self.hold(protected=True, owner=base.CUSTOMER)
        self.keeper.purge(self.kept)
        self.assertFalse(self.images[IMAGE]['protected'])
        self.assertEqual([], self.sent('DELETE'))

    def test_a_404_of_a_proxy_is_not_a_purged_image(self) -> None:
        self.web.get(f'{IMAGES}/{IMAGE}', **lacks('route'))
        self.assertRaises(
            errors.CloudUnavailable, self.keeper.purge, self.kept
        )


class TestVolumesWithoutCinder(KeeperTestCase):
    def test_a_volume_is_kept_from_going_with_its_server(self) -> None:
        self.hold()
        self.volumes[VOLUME] = True
        self.assertEqual((VOLUME,), self.keep().volumes)
        self.assertEqual({VOLUME: False}, self.volumes)

    def test_a_volume_that_stays_anyway_is_not_ours_to_keep(self) -> None:
        self.hold()
        self.volumes[VOLUME] = False
        self.assertEqual((), self.keep().volumes)
        self.assertEqual([], self.sent('PUT'))

    def test_a_volume_nova_will_not_spare_is_named_as_lost(self) -> None:
        self.hold()
        self.volumes[VOLUME] = True
        self.frozen.add('delete_on_termination')
        kept = self.keep()
        self.assertEqual((), kept.volumes)
        self.assertEqual((f'volume {VOLUME}',), kept.lost)

    def test_what_cannot_be_seen_cannot_be_purged(self) -> None:
        self.keeper.purge(cloud.Kept(volumes=(VOLUME,)))
        self.assertEqual([], self.sent('DELETE'))


class TestVolumesOnOlderNova(KeeperTestCase):
    highest_microversion = '2.84'

    def test_a_volume_it_cannot_spare_is_named_as_lost(self) -> None:
        self.hold()
        self.volumes[VOLUME] = True
        self.assertEqual((f'volume {VOLUME}',), self.keep().lost)
        self.assertEqual([], self.sent('PUT'))


class TestVolumesWithCinder(KeeperTestCase):
    services = (
        *base.CloudTestCase.services,
        ('block-storage', base.CINDER),
    )
    address = f'{base.CINDER}/volumes/{VOLUME}'

    def setUp(self) -> None:
        super().setUp()
        self.hold()
        self.volume: dict[str, Any] = {
            'id': VOLUME,
            'status': 'available',
            'metadata': {},
        }
        self.web.get(self.address, json=lambda *_: {'volume': self.volume})
        self.web.post(f'{self.address}/metadata', json=self.mark)
        self.web.delete(
            f'{self.address}/metadata/patrii_billing_kept', json=self.unmark
        )
        self.web.delete(self.address, status_code=202)

    def mark(self, request: Any, context: Any) -> dict[str, Any]:
        self.volume['metadata'] |= request.json()['metadata']
        return {'metadata': self.volume['metadata']}

    def unmark(self, request: Any, context: Any) -> None:
        if not self.volume['metadata'].pop('patrii_billing_kept', None):
            context.status_code = 404

    def test_keeping_again_after_a_crash_finds_the_same_volume(self) -> None:
        self.volumes[VOLUME] = True
        first = self.keep()
        self.assertEqual((VOLUME,), first.volumes)
        self.assertEqual(first, self.keep())

    def test_a_purge_deletes_the_volume_that_was_only_kept(self) -> None:
        self.volumes[VOLUME] = True
        self.keeper.purge(cloud.Kept(volumes=self.keep().volumes))
        self.assertEqual(1, len(self.sent('DELETE', VOLUME)))

    def test_a_purge_leaves_a_volume_that_is_in_use_again(self) -> None:
        self.volumes[VOLUME] = True
        kept = self.keep()
        self.volume['status'] = 'in-use'
        self.keeper.purge(cloud.Kept(volumes=kept.volumes))
        self.assertEqual([], self.sent('DELETE', VOLUME))

    def test_a_purge_leaves_a_volume_that_was_given_back(self) -> None:
        self.volumes[VOLUME] = True
        kept = cloud.Kept(volumes=self.keep().volumes)
        said = self.keeper.hand_over(kept, base.CUSTOMER)
        self.assertIn('ready to be attached', said[0])
        self.assertEqual(said, self.keeper.hand_over(kept, base.CUSTOMER))
        self.keeper.purge(kept)
        self.assertEqual([], self.sent('DELETE', VOLUME))

    def test_a_volume_that_is_gone_is_purged(self) -> None:
        self.web.get(
            self.address,
            status_code=404,
            json={'itemNotFound': {'message': f'Volume {VOLUME} not found'}},
        )
        self.keeper.purge(cloud.Kept(volumes=(VOLUME,)))
        self.assertEqual([], self.sent('DELETE'))
