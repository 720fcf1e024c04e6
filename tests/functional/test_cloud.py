# SPDX-License-Identifier: Apache-2.0
"""The hands on a real nova, keystone and glance."""

import datetime as dt
from typing import Any

from novaclient import exceptions as nova_errors

from patrii_billing.cloud import check
from patrii_billing.cloud import keeper
from patrii_billing.cloud import projects
from patrii_billing.cloud import quotas
from patrii_billing.cloud import servers
from patrii_billing.cloud import session
from patrii_billing.domain import cloud
from patrii_billing.domain import server as law
from patrii_billing import errors
from tests.functional import base

REASON = law.lock_reason('7', 'unpaid since 2026-11-01')
NOWHERE = '0f0f0f0f-0000-4000-8000-000000000001'


class CloudTestCase(base.MinicloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.connection = session.Connection(self.nova_options())
        self.servers = servers.NovaServers(self.connection)
        self.acme = self.make_customer()

    def see(self, server: str) -> law.Server:
        seen = self.servers.get(server)
        assert seen is not None, f'{server} is gone'
        return seen

    def refused_to(self, owner: base.Person, move: str, server: str) -> int:
        """With which code nova refuses the owner."""
        refusal = self.assertRaises(
            nova_errors.ClientException,
            getattr(owner.nova.servers, move),
            server,
        )
        return int(refusal.code)

    def shelve(self, server: str) -> None:
        self.servers.lock(server, REASON)
        self.servers.shelve(server)
        self.wait_for(server, 'shelved_offloaded')


class TestServers(CloudTestCase):
    def test_a_shelved_server_is_out_of_its_owners_reach_and_comes_back(
        self,
    ) -> None:
        server = self.boot(self.acme)
        self.shelve(server)
        seen = self.see(server)
        self.assertEqual('7', seen.case)
        self.assertEqual('shelved_offloaded', seen.vm_state)
        # Nova lets go of the host a moment after it says offloaded.
        self.wait_until(
            lambda: self.see(server).host is None, f'no host of {server}'
        )
        for move in ('unshelve', 'start', 'delete'):
            self.assertEqual(409, self.refused_to(self.acme, move, server))
        self.assertEqual(403, self.refused_to(self.acme, 'unlock', server))
        self.servers.unshelve(server)
        self.wait_for(server, 'active')
        self.servers.unlock(server)
        seen = self.see(server)
        self.assertFalse(seen.locked)
        self.assertEqual('UP', seen.host_status)

    def test_each_move_can_be_found_by_its_request_id(self) -> None:
        server = self.boot(self.acme)
        asked = {'stop': self.servers.stop(server)}
        self.wait_for(server, 'stopped')
        asked['start'] = self.servers.start(server)
        self.wait_for(server, 'active')
        asked['pause'] = self.servers.pause(server)
        self.wait_for(server, 'paused')
        self.acme.nova.servers.unpause(server)
        self.wait_for(server, 'active')
        asked['suspend'] = self.servers.suspend(server)
        self.wait_for(server, 'suspended')
        listed = self.acme.nova.instance_action.list(server)
        found = {one.request_id: one.action for one in listed}
        self.assertEqual(
            list(asked), [found.get(one) for one in asked.values()]
        )

    def test_what_nova_refuses_changes_nothing(self) -> None:
        server = self.boot(self.acme)
        for move in (self.servers.unshelve, self.servers.start):
            refusal = self.assertRaises(errors.CloudRefused, move, server)
            self.assertEqual(409, refusal.code)
        refusal = self.assertRaises(
            errors.CloudRefused, self.servers.shelve, NOWHERE
        )
        self.assertEqual(404, refusal.code)
        self.assertEqual('active', self.see(server).vm_state)

    def test_a_server_in_error_without_a_host_cannot_be_stopped(self) -> None:
        flavors = self.operator.nova.flavors
        no_host_has = 10**8
        huge = flavors.create(
            self.getUniqueString('huge'), 512, 1, no_host_has
        )
        self.addCleanup(flavors.delete, huge.id)
        made = self.acme.nova.servers.create(
            'web', self.facts['image_id'], huge.id, nics='none'
        )
        self.addCleanup(self.remove, made.id)
        self.wait_for(made.id, 'error')
        self.assertIsNone(self.see(made.id).host)
        for move in (self.servers.stop, self.servers.shelve):
            refusal = self.assertRaises(errors.CloudRefused, move, made.id)
            self.assertEqual(409, refusal.code)

    def test_none_is_said_of_a_server_that_never_was(self) -> None:
        self.assertIsNone(self.servers.get(NOWHERE))

    def test_a_nova_that_is_away_says_nothing_of_any_server(self) -> None:
        options = self.nova_options()
        closed = 'http://127.0.0.1:1/v2.1'
        for address in (closed, self.facts['endpoints']['image']):
            options.set_override('endpoint_override', address, 'nova')
            options.set_override('connect_retries', 0, 'nova')
            away = servers.NovaServers(session.Connection(options))
            self.assertRaises(errors.CloudUnavailable, away.get, NOWHERE)
            self.assertRaises(errors.CloudUnavailable, next, away.pages())
            self.assertRaises(errors.CloudUnavailable, away.delete, NOWHERE)

    def test_pages_show_every_server_and_changes_the_deleted_ones(
        self,
    ) -> None:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=2)
        beta = self.make_customer('beta')
        made = [self.boot(self.acme), self.boot(beta), self.boot(self.acme)]
        self.servers.delete(made[1])
        self.wait_until(lambda: self.is_gone(made[1]), 'the delete')
        by_one = servers.NovaServers(self.connection, page_size=1)
        seen = [one.id for page in by_one.pages() for one in page]
        self.assertEqual(
            [made[0], made[2]], [one for one in seen if one in made]
        )
        changed = {
            one.id: one for page in by_one.pages(before) for one in page
        }
        self.assertLessEqual(set(made), set(changed))
        self.assertTrue(law.is_gone(changed[made[1]]))
        self.assertIsNotNone(changed[made[1]].deleted_at)
        self.assertFalse(law.is_gone(changed[made[2]]))

    def test_a_server_that_goes_while_pages_are_read_hides_no_other(
        self,
    ) -> None:
        first, second = self.boot(self.acme), self.boot(self.acme)
        pages = servers.NovaServers(self.connection, page_size=1).pages()
        for page in pages:
            if page[0].id == first:
                break
        self.servers.delete(first)
        self.wait_until(lambda: self.is_gone(first), 'the delete')
        self.assertIn(second, [one.id for page in pages for one in page])


class TestLocks(CloudTestCase):
    def test_nova_does_not_say_who_locked_but_we_find_out(self) -> None:
        server = self.boot(self.acme)
        self.assertIsNone(self.servers.locker(self.see(server)))
        self.acme.nova.servers.lock(server, reason='hands off')
        self.assertIs(law.Locker.OWNER, self.servers.locker(self.see(server)))
        self.operator.nova.servers.lock(server, reason='maintenance')
        self.assertIs(law.Locker.ADMIN, self.servers.locker(self.see(server)))
        self.assertEqual(403, self.refused_to(self.acme, 'unlock', server))

    def test_the_owners_lock_is_put_back_as_his_own(self) -> None:
        server = self.boot(self.acme)
        self.acme.nova.servers.lock(server, reason='hands off')
        self.servers.lock(server, REASON)
        self.assertEqual(403, self.refused_to(self.acme, 'unlock', server))
        self.servers.unlock(server)
        self.servers.lock_as_owner(self.see(server), 'hands off')
        seen = self.see(server)
        self.assertEqual('hands off', seen.locked_reason)
        self.assertIs(law.Locker.OWNER, self.servers.locker(seen))
        self.assertEqual(409, self.refused_to(self.acme, 'delete', server))
        self.acme.nova.servers.unlock(server)
        self.assertFalse(self.see(server).locked)

    def test_our_account_is_no_member_of_the_project_afterwards(self) -> None:
        server = self.boot(self.acme)
        before = self.roles_in(self.acme.project)
        self.servers.lock_as_owner(self.see(server), None)
        self.assertEqual(before, self.roles_in(self.acme.project))
        self.assertRaises(
            errors.CloudRefused,
            servers.NovaServers(
                self.connection, member_role='no such role'
            ).lock_as_owner,
            self.see(server),
            None,
        )
        self.assertEqual(before, self.roles_in(self.acme.project))

    def roles_in(self, project: str) -> list[Any]:
        found = self.operator.service('identity').get(
            '/role_assignments', params={'scope.project.id': project}
        )
        return list(found.json()['role_assignments'])


class TestKeeper(CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.keeper = keeper.ImageKeeper(self.connection)

    def delete_kept(self, server: str) -> cloud.Kept:
        kept = self.keeper.keep(self.see(server))
        self.assertEqual(kept, self.keeper.keep(self.see(server)))
        self.servers.delete(server)
        self.wait_until(lambda: self.is_gone(server), 'the delete')
        return kept

    def names(self, owner: base.Person) -> list[str]:
        """The names of the images the owner sees as his project's."""
        found = owner.service('image').get(
            '/images', params={'owner': owner.project}
        )
        return [image['name'] for image in found.json()['images']]

    def test_a_deleted_servers_disk_is_given_back_to_its_owner(self) -> None:
        server = self.boot(self.acme)
        self.shelve(server)
        kept = self.delete_kept(server)
        (image,) = self.images_of(server)
        self.assertEqual((image['id'],), kept.images)
        self.assertTrue(image['protected'])
        self.assertEqual([], self.names(self.acme))
        (said,) = self.keeper.hand_over(kept, self.acme.project)
        self.assertIn('"web (recovered)"', said)
        self.assertEqual(['web (recovered)'], self.names(self.acme))
        again = self.acme.nova.servers.create(
            'again', image['id'], self.facts['flavors']['s1'], nics='none'
        )
        self.addCleanup(self.remove, again.id)
        self.wait_for(again.id, 'active')
        self.keeper.purge(kept)
        self.assertEqual(['web (recovered)'], self.names(self.acme))

    def test_without_our_protection_the_disk_goes_with_the_server(
        self,
    ) -> None:
        server = self.boot(self.acme)
        self.shelve(server)
        self.servers.delete(server)
        self.wait_until(lambda: self.is_gone(server), 'the delete')
        self.assertEqual([], self.images_of(server))

    def test_what_is_never_asked_for_is_purged_in_the_end(self) -> None:
        server = self.boot(self.acme)
        self.shelve(server)
        kept = self.delete_kept(server)
        self.keeper.purge(kept)
        self.assertEqual([], self.images_of(server))
        self.keeper.purge(kept)
        (said,) = self.keeper.hand_over(kept, self.acme.project)
        self.assertIn('gone', said)

    def test_an_owner_who_shelved_it_himself_keeps_his_own_image(self) -> None:
        server = self.boot(self.acme)
        self.acme.nova.servers.shelve(server)
        self.wait_for(server, 'shelved_offloaded')
        self.servers.lock(server, REASON)
        kept = self.delete_kept(server)
        self.assertEqual(1, len(kept.images))
        self.keeper.purge(kept)
        (image,) = self.images_of(server)
        self.assertFalse(image['protected'])
        self.assertEqual(self.acme.project, image['owner'])

    def test_an_image_somebody_else_planted_is_not_taken(self) -> None:
        server = self.boot(self.acme)
        self.shelve(server)
        beta = self.make_customer('beta')
        planted = {
            'name': 'web-shelved',
            'instance_uuid': server,
            'disk_format': 'raw',
            'container_format': 'bare',
        }
        glance = beta.service('image')
        image = glance.post('/images', json=planted).json()['id']
        glance.put(
            f'/images/{image}/file',
            data=b'trap',
            headers={'Content-Type': 'application/octet-stream'},
        )
        self.assertEqual(2, len(self.images_of(server)))
        kept = self.keeper.keep(self.see(server))
        self.assertEqual(1, len(kept.images))
        self.assertNotIn(image, kept.images)

    def test_disks_that_no_snapshot_holds_are_named(self) -> None:
        flavors = self.operator.nova.flavors
        odd = flavors.create(
            self.getUniqueString('odd'), 512, 1, 1, swap=512, ephemeral=1
        )
        self.addCleanup(flavors.delete, odd.id)
        made = self.acme.nova.servers.create(
            'web', self.facts['image_id'], odd.id, nics='none'
        )
        self.addCleanup(self.remove, made.id)
        self.wait_for(made.id, 'active')
        self.shelve(made.id)
        kept = self.keeper.keep(self.see(made.id))
        self.assertEqual(
            ('the ephemeral disk of 1 GiB', 'the swap disk of 512 MiB'),
            kept.lost,
        )


class TestQuotas(CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.quotas = quotas.NovaQuotas(self.connection)

    def test_a_quota_is_set_and_shown(self) -> None:
        self.quotas.set(self.acme.project, {'cores': 7, 'ram': -1})
        shown = self.quotas.get(self.acme.project)
        self.assertEqual(7, shown['cores'])
        self.assertEqual(-1, shown['ram'])

    def test_a_freeze_goes_down_to_what_is_used_and_below(self) -> None:
        self.boot(self.acme)
        used = {'instances': 1, 'cores': 1, 'ram': 512}
        usage = self.quotas.usage(self.acme.project)
        self.assertEqual(usage, usage | used)
        for quota in (used, dict.fromkeys(used, 0)):
            self.quotas.set(self.acme.project, quota, force=True)
            shown = self.quotas.get(self.acme.project)
            self.assertEqual(shown, {**shown, **quota})
            refusal = self.assertRaises(
                nova_errors.Forbidden,
                self.acme.nova.servers.create,
                'more',
                self.facts['image_id'],
                self.facts['flavors']['s1'],
                nics='none',
            )
            self.assertIn('Quota exceeded', str(refusal))

    def test_below_what_is_used_it_goes_only_by_force(self) -> None:
        self.boot(self.acme)
        before = self.quotas.get(self.acme.project)
        refusal = self.assertRaises(
            errors.CloudRefused,
            self.quotas.set,
            self.acme.project,
            {'cores': 0, 'ram': 9999},
        )
        self.assertEqual(400, refusal.code)
        self.assertEqual(before, self.quotas.get(self.acme.project))

    def test_a_shelved_server_still_counts(self) -> None:
        self.shelve(self.boot(self.acme))
        usage = self.quotas.usage(self.acme.project)
        self.assertEqual(1, usage['instances'])

    def test_a_project_that_is_not_there_is_named(self) -> None:
        for call in (
            self.quotas.get,
            self.quotas.usage,
            lambda project: self.quotas.set(project, {'cores': 1}),
        ):
            refusal = self.assertRaises(errors.CloudRefused, call, 'nobody')
            self.assertEqual(404, refusal.code)
            self.assertIn('nobody', refusal.reason)


class TestProjects(CloudTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.projects = projects.KeystoneProjects(self.connection)

    def test_a_project_is_found_alone_and_among_all(self) -> None:
        found = self.projects.get(self.acme.project)
        self.assertIn(found, self.projects.all())
        assert found is not None
        self.assertEqual(self.acme.name, found.name)
        self.assertIsNone(self.projects.get('nobody'))

    def test_its_people_are_known_by_their_addresses(self) -> None:
        self.assertEqual(
            ('acme@example.test',), self.projects.contacts(self.acme.project)
        )

    def test_people_of_no_project_are_refused(self) -> None:
        refusal = self.assertRaises(
            errors.CloudRefused, self.projects.contacts, 'nobody'
        )
        self.assertIn('nobody', refusal.reason)


class TestCheck(CloudTestCase):
    def test_the_minicloud_is_in_order_for_us(self) -> None:
        self.assertEqual([], check.check(self.connection))

    def test_a_customers_account_will_not_do(self) -> None:
        connection = session.Connection(self.nova_options('acme'))
        self.assertIn(
            'lacks the role admin', '\n'.join(check.check(connection))
        )
        listing = servers.NovaServers(connection).pages()
        refusal = self.assertRaises(errors.CloudRefused, next, listing)
        self.assertEqual(403, refusal.code)
