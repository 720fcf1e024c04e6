# SPDX-License-Identifier: Apache-2.0
"""What meets a server in another state, and how it is given back."""

import datetime as dt
from typing import Any

from novaclient import exceptions as nova_errors

from tests.functional import base
from tests.functional import billing

_STATES = (
    'plain', 'off', 'paused', 'owner_locked', 'admin_locked', 'error',
    'resized', 'leaving', 'elsewhere',
)  # fmt: skip
# What nova itself should list of each in the end.
_DONE = {
    'plain': 'create lock shelve unshelve unlock',
    'off': 'create stop lock shelve unshelve stop unlock',
    'paused': 'create pause lock shelve unshelve pause unlock',
    'owner_locked': 'create lock lock shelve unshelve unlock lock',
    'admin_locked': 'create lock',
    'error': 'create resetState lock stop start unlock',
    'resized': 'create resize',
    'leaving': 'create delete',
    'elsewhere': 'create',
    'late': 'create lock shelve unshelve unlock',
}


class StatesTest(billing.BillingTestCase):
    """One customer with a server in every state, shelved and restored.

    The operator stops enforcement while they are due to be shelved, and lets
    it go on after one of them was deleted by its owner.
    """

    @classmethod
    def begin(cls) -> None:
        cls.service.start()
        cls.owner = cls.cloud.make_customer('states')
        made = cls.cloud.boot_all([cls.owner] * len(_STATES))
        cls.servers = dict(zip(_STATES, made, strict=True))
        cls.put_into_their_states()
        cls.subscribe()
        # Later he would not be told of his grace, and it would not begin.
        cls.service.wait_told(cls.owner.name, 'notice', 'grace')
        cls.service.manage('stop', '--reason', 'audit')
        cls.servers['late'] = cls.cloud.boot(cls.owner, 'late')
        cls.wait_blocked()
        cls.owner.nova.servers.delete(cls.servers['leaving'])
        cls.service.wait_custody(cls.servers['leaving'], 'absent')
        cls.while_stopped = cls.list_all()
        cls.service.manage('resume', '--yes')
        cls.service.wait_status(cls.owner.name, 'shelved')
        cls.taken = {
            state: cls.service.custody(server)
            for state, server in cls.servers.items()
        }
        cls.shelved = cls.show_all()
        cls.service.pay(cls.owner.name)
        cls.service.wait_status(cls.owner.name, 'active')
        cls.restored = cls.show_all()
        cls.done = cls.list_all()

    @classmethod
    def put_into_their_states(cls) -> None:
        his, ours = cls.owner.nova.servers, cls.cloud.operator.nova.servers
        his.stop(cls.servers['off'])
        his.pause(cls.servers['paused'])
        his.resize(cls.servers['resized'], cls.cloud.facts['flavors']['s2'])
        his.lock(cls.servers['owner_locked'], reason='hands off')
        ours.lock(cls.servers['admin_locked'], reason='maintenance')
        ours.reset_state(cls.servers['error'], 'error')
        for state, vm_state in (
            ('off', 'stopped'), ('paused', 'paused'), ('error', 'error'),
            ('resized', 'resized'),
        ):  # fmt: skip
            cls.cloud.wait_for(cls.servers[state], vm_state)

    @classmethod
    def subscribe(cls) -> None:
        """The project is unpaid; one of its servers pays for itself."""
        cls.service.subscribe(
            cls.owner, freeze_quota=False, reminders=[],
            shelve_grace='8s', shelved_span='1h',
        )  # fmt: skip
        today = dt.datetime.now(dt.UTC).date()
        paid = {
            'name': 'elsewhere',
            'account': cls.owner.name,
            'plan': 'servers',
            'project': cls.owner.project,
            'server': cls.servers['elsewhere'],
            'start': str(today),
            'paid_until': str(today + dt.timedelta(days=28)),
        }
        cls.service.give({'subscriptions': [paid]})

    @classmethod
    def wait_blocked(cls) -> None:
        """Until nothing but the stop keeps the shelving back."""
        server = cls.servers['plain']

        def blocked() -> bool:
            asked = cls.service.actions(server)
            return bool(asked) and 'audit' in asked[-1].why

        base.wait_until(blocked, 'the stop to be met')

    @classmethod
    def show_all(cls) -> dict[str, dict[str, Any]]:
        return {
            state: cls.cloud.show(server)
            for state, server in cls.servers.items()
            if state != 'leaving'
        }

    @classmethod
    def list_all(cls) -> dict[str, list[str]]:
        return {
            state: cls.cloud.done_to(server)
            for state, server in cls.servers.items()
        }

    def test_a_stop_keeps_what_is_due_from_being_done(self) -> None:
        by_us = {'shelve', 'unshelve', 'unlock'}
        for state, done in self.while_stopped.items():
            self.assertEqual(set(), by_us & set(done), state)
            locked = state.endswith('_locked')
            self.assertEqual(locked, done.count('lock'), state)

    def test_every_server_is_accounted_for(self) -> None:
        self.assertEqual(
            {
                'plain': 'shelved',
                'off': 'shelved',
                'paused': 'shelved',
                'owner_locked': 'shelved',
                'admin_locked': 'exempt',
                'error': 'stopped',
                'resized': 'exempt',
                'leaving': 'absent',
                'late': 'shelved',
            },
            {
                state: row.state
                for state, row in self.taken.items()
                if row is not None
            },
        )

    def test_one_made_during_grace_is_shelved_too(self) -> None:
        self.assertEqual('SHELVED_OFFLOADED', self.shelved['late']['status'])
        self.assertTrue(self.shelved['late']['locked'])

    def test_one_that_was_off_is_off_again(self) -> None:
        self.assertEqual('SHELVED_OFFLOADED', self.shelved['off']['status'])
        self.assertEqual('SHUTOFF', self.restored['off']['status'])
        self.assertEqual('PAUSED', self.restored['paused']['status'])

    def test_its_owners_lock_is_his_own_again(self) -> None:
        self.assertIn(
            'patrii-billing:', self.shelved['owner_locked']['locked_reason']
        )
        shown = self.restored['owner_locked']
        self.assertEqual(
            ('ACTIVE', True, 'hands off'),
            (shown['status'], shown['locked'], shown['locked_reason']),
        )
        server = self.servers['owner_locked']
        self.owner.nova.servers.unlock(server)
        self.assertFalse(self.cloud.show(server)['locked'])

    def test_one_that_another_admin_locked_is_left_alone(self) -> None:
        for shown in (self.shelved, self.restored):
            self.assertEqual('ACTIVE', shown['admin_locked']['status'])
            self.assertEqual(
                'maintenance', shown['admin_locked']['locked_reason']
            )
        self.assertRaises(
            nova_errors.Forbidden,
            self.owner.nova.servers.unlock,
            self.servers['admin_locked'],
        )

    def test_one_in_error_is_stopped_and_started(self) -> None:
        self.assertEqual('SHUTOFF', self.shelved['error']['status'])
        self.assertTrue(self.shelved['error']['locked'])
        self.assertEqual('ACTIVE', self.restored['error']['status'])
        self.assertFalse(self.restored['error']['locked'])

    def test_one_being_resized_is_waited_for_and_then_left_alone(self) -> None:
        self.assertIn('for too long', self.taken['resized'].why)
        server = self.servers['resized']
        self.assertEqual('VERIFY_RESIZE', self.restored['resized']['status'])
        self.owner.nova.servers.confirm_resize(server)
        self.cloud.wait_for(server, 'active')

    def test_one_of_another_subscription_is_not_touched(self) -> None:
        self.assertIsNone(self.taken['elsewhere'])
        self.assertEqual([], self.service.actions(self.servers['elsewhere']))
        self.assertEqual('ACTIVE', self.shelved['elsewhere']['status'])

    def test_the_operator_is_told_of_those_left_alone(self) -> None:
        told = {row.server for row in self.service.alarms('server_exempt')}
        self.assertEqual(
            {self.servers['admin_locked'], self.servers['resized']}, told
        )
        for server in told:
            # What fails alike is gathered for a while after the first mail.
            base.wait_until(
                lambda: any(server in mail for mail in self.mails()),  # noqa: B023
                f'a mail of {server}',
            )

    def mails(self) -> list[str]:
        """What the operator was sent."""
        return [
            mail
            for mail in self.service.mailbox.mails
            if 'ops@cloud.test' in mail
        ]

    def test_each_step_was_taken_once(self) -> None:
        self.assertEqual(
            _DONE, {state: ' '.join(done) for state, done in self.done.items()}
        )
