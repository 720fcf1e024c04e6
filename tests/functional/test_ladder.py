# SPDX-License-Identifier: Apache-2.0
"""An unpaid customer is warned, shelved and deleted; a paying one is not."""

from concurrent import futures
import datetime as dt
import time
from typing import Any

from novaclient import exceptions as nova_errors

from tests.functional import base
from tests.functional import billing

# By when each of them pays, and what leaves him the time to.
_PAYERS: dict[str, dict[str, Any]] = {
    'invoice': {'invoice_lead': '9s', 'reminders': ['-1s']},
    'reminder': {'invoice_lead': '9s', 'reminders': ['-8s']},
    'grace': {'reminders': [], 'shelve_grace': '8s'},
    'shelved': {'reminders': [], 'shelved_span': '8s'},
    'last_warning': {'reminders': [], 'deletion_warning': '8s'},
}
_FOLLOWS = {
    'invoice': 'reminder',
    'reminder': 'grace',
    'grace': 'shelved',
    'shelved': 'last_warning',
    'last_warning': 'deleted',
}
_STAYS_SHELVED = {'reminders': [], 'shelved_span': '1h'}


class LadderTest(billing.BillingTestCase):
    """Eight customers climb at the same time, under two daemons."""

    @classmethod
    def begin(cls) -> None:
        for _ in range(2):
            cls.service.start()
        cloud = cls.cloud
        cls.debtor, cls.sleeper, cls.orderly, *payers = base.at_once(
            cloud.make_customer,
            ['debtor', 'sleeper', 'orderly', *(f'p{n}' for n in range(5))],
        )
        cls.unpaid, cls.asleep, cls.running, cls.off, *servers = (
            cloud.boot_all(
                [cls.debtor, cls.sleeper, cls.orderly, cls.orderly, *payers]
            )
        )
        cls.orderly.nova.servers.stop(cls.off)
        cloud.wait_for(cls.off, 'stopped')
        cls.quota = cls.quota_of(cls.orderly)
        names = cls.service.subscribe_all(
            [
                (cls.debtor, {}),
                (cls.sleeper, _STAYS_SHELVED),
                (cls.orderly, _STAYS_SHELVED),
                *zip(payers, _PAYERS.values(), strict=True),
            ]
        )
        cls.payers = dict(
            zip(_PAYERS, zip(names[3:], servers, strict=True), strict=True)
        )
        pool = futures.ThreadPoolExecutor()
        cls.addClassCleanup(pool.shutdown)
        cls.paid = {
            stage: pool.submit(cls.pay_at, stage, name)
            for stage, (name, _) in cls.payers.items()
        }

    @classmethod
    def pay_at(cls, stage: str, name: str) -> float:
        """Wait for a mail and pay at once."""
        cls.service.wait_told(name, 'notice', stage)
        return cls.service.pay(name)

    @classmethod
    def quota_of(cls, owner: base.Person) -> dict[str, int]:
        quotas = cls.cloud.operator.nova.quotas
        return dict(quotas.get(owner.project).to_dict())

    def test_an_unpaid_customer_cannot_wake_his_shelved_server(self) -> None:
        self.service.wait_status(self.sleeper.name, 'shelved')

        told = self.service.told(self.sleeper.name, 'status')
        self.assertEqual(['grace', 'shelved'], [row.name for row in told])
        shown = self.cloud.show(self.asleep)
        self.assertEqual('SHELVED_OFFLOADED', shown['status'])
        self.assertTrue(shown['locked'])
        self.assertTrue(shown['locked_reason'].startswith('patrii-billing:'))
        for refused in ('unshelve', 'start', 'delete'):
            error = self.assertRaises(
                nova_errors.Conflict,
                getattr(self.sleeper.nova.servers, refused),
                self.asleep,
            )
            self.assertIn('locked', str(error))

    def test_he_is_called_shelved_only_after_nova_confirmed_it(self) -> None:
        self.service.wait_status(self.sleeper.name, 'shelved')

        became = self.service.told(self.sleeper.name, 'status')[-1]
        (done,) = [
            row
            for row in self.service.told(self.sleeper.name, 'action')
            if row.name == 'shelve'
        ]
        self.assertEqual('done', done.detail['result'])
        self.assertLess(done.id, became.id)
        self.assertEqual(
            ['create', 'lock', 'shelve'], self.cloud.done_to(self.asleep)
        )
        listed = self.cloud.operator.nova.instance_action
        shelve = listed.list(self.asleep)[0].request_id

        def ends() -> list[str]:
            events = listed.get(self.asleep, shelve).events
            return [
                event['finish_time']
                for event in events
                if event['finish_time']
            ]

        finished = max(base.wait_until(ends, 'nova to note the end'))
        # Nova notes the end a moment after it shows the server so, and keeps
        # no fractions of a second.
        early = dt.datetime.fromisoformat(f'{finished}+00:00') - became.at
        self.assertLess(early.total_seconds(), 2)

    def test_after_the_warning_he_is_deleted_and_gets_his_data_back(
        self,
    ) -> None:
        name, server = self.debtor.name, self.unpaid
        self.service.wait_status(name, 'deleted')
        self.service.wait_told(name, 'notice', 'deleted')

        statuses = [row.name for row in self.service.told(name, 'status')]
        self.assertEqual(
            ['grace', 'shelved', 'pending_deletion', 'deleted'], statuses
        )
        self.assertTrue(self.cloud.is_gone(server))
        self.assertEqual(
            ['create', 'lock', 'shelve', 'delete'], self.cloud.done_to(server)
        )
        (image,) = self.cloud.images_of(server)
        self.assertTrue(image['protected'])
        said = self.service.manage('undo-delete', server)
        self.assertIn('recovered', said)
        (image,) = self.cloud.images_of(server)
        self.assertFalse(image['protected'])
        self.assertEqual(self.debtor.project, image['owner'])

    def test_he_is_deleted_no_sooner_than_his_last_warning_said(self) -> None:
        self.service.wait_status(self.debtor.name, 'deleted')

        warning = self.service.notice(self.debtor.name, 'last_warning')
        self.assertEqual([self.unpaid], warning.servers)
        listed = self.cloud.operator.nova.instance_action
        (delete,) = [
            one for one in listed.list(self.unpaid) if one.action == 'delete'
        ]
        asked = dt.datetime.fromisoformat(f'{delete.start_time}+00:00')
        accepted = warning.accepted_at.replace(microsecond=0)
        self.assertGreaterEqual((asked - accepted).total_seconds(), 4)
        self.assertGreaterEqual(asked, warning.names.replace(microsecond=0))

    def test_he_gets_every_mail_once_and_in_its_order(self) -> None:
        name = self.debtor.name
        self.service.wait_told(name, 'notice', 'deleted')

        told = [row.name for row in self.service.told(name, 'notice')]
        self.assertEqual(
            ['invoice', 'reminder', 'reminder', 'grace', 'shelved',
             'last_warning', 'deleted'],
            told,
        )  # fmt: skip
        mails = self.service.mailbox.mails
        address = f'{name}@example.test'
        self.assertEqual(len(told), sum(address in each for each in mails))

    def test_a_payment_brings_all_back_as_it_was_within_ten_seconds(
        self,
    ) -> None:
        name = self.orderly.name
        self.service.wait_status(name, 'shelved')
        self.assertEqual(2, self.quota_of(self.orderly)['instances'])

        began = self.service.pay(name)
        for server in (self.running, self.off):
            self.wait_unlocked(server)
        self.service.wait_status(name, 'active')
        self.assertLess(time.monotonic() - began, 10)

        self.assertEqual('ACTIVE', self.cloud.show(self.running)['status'])
        self.assertEqual('SHUTOFF', self.cloud.show(self.off)['status'])
        self.assertEqual(self.quota, self.quota_of(self.orderly))
        self.assertEqual(
            ['create', 'lock', 'shelve', 'unshelve', 'unlock'],
            self.cloud.done_to(self.running),
        )

    def test_a_payment_stops_the_next_step_wherever_it_comes(self) -> None:
        shelved = []
        for stage, (name, server) in self.payers.items():
            since = time.monotonic() - self.paid[stage].result()
            # Not before the step that was to come would have come.
            time.sleep(max(0, 9 - since))
            self.service.wait_status(name, 'active')
            self.assertEqual('active', self.cloud.wait_for(server, 'active'))
            self.assertFalse(self.cloud.show(server)['locked'])
            told = [row.name for row in self.service.told(name, 'notice')]
            self.assertNotIn(_FOLLOWS[stage], told)
            if 'shelve' in self.cloud.done_to(server):
                shelved.append(stage)
        self.assertEqual(['shelved', 'last_warning'], shelved)

    def test_two_daemons_take_no_step_twice(self) -> None:
        self.service.wait_status(self.debtor.name, 'deleted')

        for server in (
            self.unpaid, self.asleep, self.running,
            *(server for _, server in self.payers.values()),
        ):  # fmt: skip
            done = self.cloud.done_to(server)
            self.assertEqual(sorted(set(done)), sorted(done))
            told = [row.name for row in self.service.calls(server)]
            self.assertEqual(done[1:], told)
        self.assertEqual([], self.service.logged('Traceback'))

    def wait_unlocked(self, server: str) -> None:
        base.wait_until(
            lambda: not self.cloud.show(server)['locked'],
            f'{server} to be unlocked',
        )
