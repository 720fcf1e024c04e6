# SPDX-License-Identifier: Apache-2.0
"""A daemon that is killed at any step goes on where it was, and only once."""

from collections.abc import Callable
import time

from tests.functional import base
from tests.functional import billing


class CrashTest(billing.BillingTestCase):
    """Three customers, and a daemon that is killed eight times.

    All three are shelved. One pays at once, one pays after a plain restart,
    and one does not pay and is deleted.
    """

    # What was under way at a crash is taken up when its lease is over.
    options = {'nova': {'timeout': '3'}, 'engine': {'lease': '4s'}}

    @classmethod
    def begin(cls) -> None:
        cls.daemon = cls.service.start()
        owners = base.at_once(
            cls.cloud.make_customer, ['payer', 'waiter', 'debtor']
        )
        cls.payer, cls.waiter, cls.debtor = owners
        cls.server = dict(zip(owners, cls.cloud.boot_all(owners), strict=True))
        # The first is shelved while the others wait, so that each crash
        # meets a step of its own.
        quick = {'invoice_lead': '1s', 'reminders': []}
        later = {**quick, 'shelve_grace': '9s'}
        cls.service.subscribe_all(
            [
                (
                    cls.payer,
                    {**quick, 'shelve_grace': '1s', 'shelved_span': '1h'},
                ),
                (cls.waiter, {**later, 'shelved_span': '1h'}),
                (cls.debtor, later),
            ]
        )
        cls.shelve()
        cls.restore()
        cls.restart()
        cls.delete()

    @classmethod
    def shelve(cls) -> None:
        first, second = cls.server[cls.payer], cls.server[cls.waiter]
        cls.crash(lambda: cls.is_committed(first, 'shelve'))
        cls.crash(lambda: 'shelve' in cls.cloud.done_to(first))
        cls.crash(lambda: 'lock' in cls.cloud.done_to(second))
        for owner in cls.server:
            cls.service.wait_told(owner.name, 'notice', 'shelved')
        # Nobody is deleted while the others are restored.
        cls.service.manage('stop', '--reason', 'one after the other')

    @classmethod
    def restore(cls) -> None:
        server = cls.server[cls.payer]
        cls.service.pay(cls.payer.name)
        cls.crash(lambda: cls.service.actions(server)[-1].owner is not None)
        cls.crash(lambda: 'unshelve' in cls.cloud.done_to(server))
        cls.crash(lambda: 'unlock' in cls.cloud.done_to(server))
        cls.service.wait_status(cls.payer.name, 'active')

    @classmethod
    def restart(cls) -> None:
        """As an upgrade of the package does it, and then a payment."""
        cls.daemon.stop()
        cls.daemon = cls.service.start()
        cls.daemon.wait()
        server = cls.server[cls.waiter]
        began = cls.service.pay(cls.waiter.name)
        base.wait_until(
            lambda: not cls.cloud.show(server)['locked'], 'the restore'
        )
        cls.waited = time.monotonic() - began

    @classmethod
    def delete(cls) -> None:
        server = cls.server[cls.debtor]
        # He is not even warned before.
        cls.service.manage('resume', '--yes')
        cls.crash(lambda: cls.is_committed(server, 'delete'))
        cls.crash(lambda: cls.cloud.is_gone(server))
        cls.service.wait_told(cls.debtor.name, 'notice', 'deleted')

    @classmethod
    def crash(cls, when: Callable[[], bool]) -> None:
        """kill -9 of all its processes as soon as it is so; a new start."""
        base.wait_until(when, 'the moment to crash', pause=0.02)
        cls.daemon.kill()
        cls.daemon = cls.service.start()

    @classmethod
    def is_committed(cls, server: str, kind: str) -> bool:
        return any(
            row.type == kind and row.committed_at is not None
            for row in cls.service.actions(server)
        )

    def done_to(self, owner: base.Person) -> str:
        return ' '.join(self.cloud.done_to(self.server[owner]))

    def test_after_crashes_a_payer_has_his_server_back(self) -> None:
        shown = self.cloud.show(self.server[self.payer])
        self.assertEqual(('ACTIVE', False), (shown['status'], shown['locked']))

    def test_no_step_is_taken_twice(self) -> None:
        restored = 'create lock shelve unshelve unlock'
        self.assertEqual(restored, self.done_to(self.payer))
        self.assertEqual(restored, self.done_to(self.waiter))
        self.assertEqual(
            'create lock shelve delete', self.done_to(self.debtor)
        )

    def test_a_deleted_server_is_kept_for_an_undo(self) -> None:
        server = self.server[self.debtor]
        self.assertEqual('deleted', self.service.custody(server).state)
        (image,) = self.cloud.images_of(server)
        self.assertTrue(image['protected'])

    def test_nobody_is_mailed_twice_what_he_was_told_for_certain(self) -> None:
        self.service.wait_told(self.debtor.name, 'notice', 'deleted')
        told = [
            row.name for row in self.service.told(self.debtor.name, 'notice')
        ]
        self.assertEqual(
            ['invoice', 'grace', 'shelved', 'last_warning', 'deleted'], told
        )

    def test_a_restart_does_not_keep_a_payer_waiting(self) -> None:
        self.assertLess(self.waited, 10)
        shown = self.cloud.show(self.server[self.waiter])
        self.assertEqual('ACTIVE', shown['status'])

    def test_a_crash_leaves_no_traceback(self) -> None:
        self.assertEqual([], self.service.logged('Traceback'))
