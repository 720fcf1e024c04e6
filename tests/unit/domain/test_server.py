# SPDX-License-Identifier: Apache-2.0
"""Whose lock a server carries decides what is done to it."""

from oslotest import base

from patrii_billing.domain import server as law
from patrii_billing.domain.server import Locker
from patrii_billing.domain.server import Move

CASE = 'f00d'


def locked(reason: str | None) -> law.Server:
    return law.Server(
        id='1', project='acme', name='web', flavor='s1', vm_state='active',
        locked=True, locked_reason=reason,
    )  # fmt: skip


class LockTest(base.BaseTestCase):
    def move(self, reason: str | None, locker: Locker) -> Move:
        return law.towards_shelved(locked(reason), CASE, locker, False).move

    def test_under_our_own_lock_a_server_is_shelved(self) -> None:
        ours = law.lock_reason(CASE, 'unpaid')
        self.assertIs(Move.SHELVE, self.move(ours, Locker.ADMIN))

    def test_another_administrators_lock_is_left_alone(self) -> None:
        for reason in (None, 'maintenance', law.lock_reason('other', '')):
            self.assertIs(Move.EXEMPT, self.move(reason, Locker.ADMIN))

    def test_our_lock_goes_over_the_owners_whatever_reason_he_wrote(
        self,
    ) -> None:
        for reason in (
            None,
            'hands off',
            law.lock_reason('other', ''),
            law.lock_reason(CASE, 'unpaid'),
        ):
            self.assertIs(Move.LOCK, self.move(reason, Locker.OWNER))
