# SPDX-License-Identifier: Apache-2.0
"""An unpaid customer is warned, shelved and deleted; a paying one is not."""

from novaclient import exceptions as nova_errors

from tests.functional import billing


class AnUnpaidCustomerTest(billing.BillingTestCase):
    def test_is_shelved_and_cannot_wake_his_server(self) -> None:
        owner = self.make_customer()
        server = self.boot(owner)
        name = self.subscribe(owner)
        self.start()

        self.wait_status(name, 'grace')
        self.wait_status(name, 'shelved')

        shown = self.server(server)
        self.assertEqual('SHELVED_OFFLOADED', shown['status'])
        self.assertTrue(shown['locked'])
        self.assertTrue(shown['locked_reason'].startswith('patrii-billing:'))
        for refused in ('unshelve', 'start', 'delete'):
            error = self.assertRaises(
                nova_errors.Conflict,
                getattr(owner.nova.servers, refused),
                server,
            )
            self.assertIn('locked', str(error))

    def test_is_called_shelved_only_after_nova_confirmed_it(self) -> None:
        owner = self.make_customer()
        server = self.boot(owner)
        name = self.subscribe(owner)
        self.start()
        self.wait_for(server, 'shelved_offloaded')
        self.wait_status(name, 'shelved')

        done = self.told(name, 'action')
        became = [
            row for row in self.told(name, 'status') if row.name == 'shelved'
        ]
        self.assertEqual(['shelve'], [row.name for row in done])
        self.assertEqual('done', done[0].detail['result'])
        self.assertLess(done[0].id, became[0].id)
        self.assertEqual(
            ['create', 'lock', 'shelve'], self.nova_actions(server)
        )

    def test_is_deleted_after_the_warning_and_gets_his_data_back(
        self,
    ) -> None:
        owner = self.make_customer()
        server = self.boot(owner)
        name = self.subscribe(owner)
        self.start()

        self.wait_status(name, 'pending_deletion')
        warned = self.told(name, 'notice')[-1]
        self.assertEqual('last_warning', warned.name)
        self.wait_status(name, 'deleted')
        self.assertTrue(self.is_gone(server))
        deleted = self.told(name, 'action')[-1]
        self.assertEqual('delete', deleted.name)
        self.assertGreater((deleted.at - warned.at).total_seconds(), 4)

        (image,) = self.images_of(server)
        self.assertTrue(image['protected'])
        said = self.manage('undo-delete', server)
        self.assertIn(owner.project, said)
        (image,) = self.images_of(server)
        self.assertFalse(image['protected'])
        self.assertEqual(owner.project, image['owner'])

    def test_gets_every_mail_in_its_order(self) -> None:
        owner = self.make_customer()
        self.boot(owner)
        name = self.subscribe(owner)
        self.start()
        self.wait_status(name, 'deleted', seconds=90)
        self.wait_told(name, 'notice', 'deleted')

        told = [row.name for row in self.told(name, 'notice')]
        self.assertEqual(
            ['invoice', 'reminder', 'reminder', 'grace', 'shelved',
             'last_warning', 'deleted'],
            told,
        )  # fmt: skip
        self.assertEqual(
            len(told),
            sum(f'{name}@example.test' in m for m in self.mailbox.mails),
        )


class APaymentTest(billing.BillingTestCase):
    def test_brings_everything_back_within_ten_seconds(self) -> None:
        owner = self.make_customer()
        running, off = self.boot(owner), self.boot(owner, 'off')
        owner.nova.servers.stop(off)
        self.wait_for(off, 'stopped')
        quotas = self.operator.nova.quotas
        before = quotas.get(owner.project).to_dict()
        name = self.subscribe(owner)
        self.start()
        self.wait_status(name, 'shelved')
        frozen = quotas.get(owner.project).to_dict()
        self.assertEqual(2, frozen['instances'])

        self.pay(name)
        self.wait_status(name, 'active', seconds=10)

        self.assertEqual('ACTIVE', self.server(running)['status'])
        self.assertEqual('SHUTOFF', self.server(off)['status'])
        for server in (running, off):
            self.assertFalse(self.server(server)['locked'])
        self.assertEqual(before, quotas.get(owner.project).to_dict())

    def test_stops_the_next_step_wherever_it_comes(self) -> None:
        stages = ('invoice', 'reminder', 'grace', 'shelved', 'last_warning')
        customers = {}
        for stage in stages:
            owner = self.make_customer(stage.replace('_', '-'))
            server = self.boot(owner)
            customers[stage] = (self.subscribe(owner), server)
        self.start()

        for stage, (name, _) in customers.items():
            self.wait_told(name, 'notice', stage)
            self.pay(name)

        for name, server in customers.values():
            self.wait_status(name, 'active')
            self.assertEqual('active', self.wait_for(server, 'active'))
            self.assertFalse(self.server(server)['locked'])
        shelved = [
            stage
            for stage, (_, server) in customers.items()
            if 'shelve' in self.nova_actions(server)
        ]
        self.assertEqual(['shelved', 'last_warning'], shelved)
