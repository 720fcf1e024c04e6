# SPDX-License-Identifier: Apache-2.0
"""A new installation shows what it would do, and does nothing."""

from patrii_billing.domain import server as law
from tests.functional import base
from tests.functional import billing


class NewcomerTest(billing.BillingTestCase):
    """An unpaid customer of a service as it is installed.

    One of his servers bears a lock like ours that he has set himself; later
    there is one that an administrator has set, for a case nobody knows.
    """

    options = {'enforcement': {'dry_run': None}}

    @classmethod
    def begin(cls) -> None:
        cls.service.start()
        cls.owner = cls.cloud.make_customer('newcomer')
        cls.plain, cls.forged = cls.cloud.boot_all([cls.owner] * 2)
        forged = law.lock_reason('f00d', 'unpaid')
        cls.owner.nova.servers.lock(cls.forged, reason=forged)
        cls.quota = cls.cloud.operator.nova.quotas.get(cls.owner.project)
        cls.service.subscribe(cls.owner, invoice_lead='1s', reminders=[])
        for server in (cls.plain, cls.forged):
            cls.wait_asked(server)
        cls.before = cls.service.manage('enforcement')
        cls.cloud.operator.nova.servers.lock(cls.plain, reason=forged)
        base.wait_until(
            lambda: cls.service.alarms('safe_mode'), 'the safe mode'
        )
        cls.after = cls.service.manage('enforcement')

    @classmethod
    def wait_asked(cls, server: str) -> None:
        """Until the service would shelve it, were it allowed to."""

        def rehearsed() -> bool:
            return any(
                row.server == server and row.detail['result'] == 'dry_run'
                for row in cls.service.told(cls.owner.name, 'action')
            )

        base.wait_until(rehearsed, f'{server} to be asked for')

    def test_nothing_changes_in_the_cloud(self) -> None:
        # What is listed of locks are those of this test.
        for server in (self.plain, self.forged):
            self.assertEqual(['create', 'lock'], self.cloud.done_to(server))
            self.assertEqual('ACTIVE', self.cloud.show(server)['status'])
        quota = self.cloud.operator.nova.quotas.get(self.owner.project)
        self.assertEqual(self.quota.to_dict(), quota.to_dict())

    def test_no_customer_is_mailed(self) -> None:
        told = self.service.told(self.owner.name, 'notice')
        self.assertEqual(['invoice', 'grace'], [row.name for row in told])
        self.assertEqual(
            {'suppressed'}, {row.detail['result'] for row in told}
        )
        for mail in self.service.mailbox.mails:
            self.assertNotIn(f'{self.owner.name}@example.test', mail)

    def test_the_timeline_says_what_would_be_done(self) -> None:
        said = self.service.manage('timeline', self.owner.name)
        self.assertIn('action shelve dry_run', said)
        self.assertIn(self.plain, said)
        self.assertIn('dry run', self.before)

    def test_an_owner_cannot_feign_our_lock(self) -> None:
        self.assertIn('safe mode no', ' '.join(self.before.split()))

    def test_a_lock_for_a_case_nobody_knows_is_met_with_safe_mode(
        self,
    ) -> None:
        said = ' '.join(self.after.split())
        self.assertIn(f'server {self.plain} is locked for case f00d', said)
