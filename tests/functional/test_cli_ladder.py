# SPDX-License-Identifier: Apache-2.0
"""The whole ladder by `openstack billing`, as an operator goes it.

Every word to the service is a command, run in a process of its own; only the
customers, their servers and what nova shows of them are asked elsewhere.
"""

from concurrent import futures
import datetime as dt
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

from tests.functional import api
from tests.functional import base
from tests.functional import billing

_OPENSTACK = pathlib.Path(sys.executable).with_name('openstack')
_STAGES = ('grace', 'shelved', 'pending_deletion', 'deleted')
_CYCLE = dt.timedelta(days=28)
# Commands take a second and more, and each status is to be seen by one.
_LADDER: dict[str, str | None] = {
    'invoice_lead': '4s',
    'reminders': '',
    'shelve_grace': '20s',
    'shelved_span': '20s',
    'deletion_warning': '20s',
}


class CliLadderTest(billing.BillingTestCase):
    """Two customers who owe: one pays when he is shelved, one never."""

    options = {**api.OPTIONS, 'ladder': _LADDER}

    @classmethod
    def begin(cls) -> None:
        later = cls.addClassCleanup
        api.Api(cls.service, later)
        cls.service.start()
        office = cls.cloud.make_customer('office')
        cls.clerk = cls.cloud.make_colleague(office, 'billing_admin', 'reader')
        cls.payer, cls.debtor = base.at_once(
            cls.cloud.make_customer, ['payer', 'debtor']
        )
        cls.payers, cls.debtors = cls.cloud.boot_all([cls.payer, cls.debtor])
        cls.openstack(
            'plan', 'create', 'servers', '--currency', 'EUR',
            '--cycle', 'days:28', '--price',
            'kind=flavor,resource=s1,unit_price=10.00',
        )  # fmt: skip
        # He has all the time to pay that the test needs.
        cls.enter(cls.payer, '--policy', 'shelved_span=1h')
        cls.enter(cls.debtor)
        pool = futures.ThreadPoolExecutor()
        cls.addClassCleanup(pool.shutdown)
        cls.seen = {
            one.name: pool.submit(cls.follow, one, stages)
            for one, stages in (
                (cls.payer, _STAGES[:2]), (cls.debtor, _STAGES)
            )
        }  # fmt: skip

    @classmethod
    def follow(
        cls, one: base.Person, stages: tuple[str, ...]
    ) -> dict[str, dict[str, Any]]:
        """See somebody in each of these statuses; what is shown then."""
        return {stage: cls.wait(one, stage) for stage in stages}

    @classmethod
    def enter(cls, one: base.Person, *terms: str) -> None:
        today = dt.datetime.now(dt.UTC).date()
        cls.openstack(
            'account', 'create', one.name, '--currency', 'EUR',
            '--contact', f'{one.name}@example.test',
        )  # fmt: skip
        cls.openstack('project', 'create', one.project, '--account', one.name)
        cls.openstack(
            'subscription', 'create', one.name, '--plan', 'servers',
            '--project', one.name, '--start', str(today - _CYCLE),
            '--paid-until', str(today), *terms,
        )  # fmt: skip

    @classmethod
    def openstack(cls, *words: str) -> Any:
        """What an `openstack billing` command shows to a program."""
        done = subprocess.run(
            [_OPENSTACK, 'billing', *words, '-f', 'json'],
            env={**os.environ, **base.environment(cls.clerk)},
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AssertionError(f'{" ".join(words)}: {done.stderr}')
        return json.loads(done.stdout)

    @classmethod
    def wait(cls, one: base.Person, status: str) -> dict[str, Any]:
        """Ask until his subscription has come so far; all that is shown."""

        def reached() -> dict[str, Any] | None:
            shown: dict[str, Any] = cls.openstack(
                'subscription', 'show', one.name
            )
            return shown if shown['Status'] == status else None

        # A command is a process, and it has taken a second to ask.
        return base.wait_until(
            reached, f'{one.name} to be {status}', 120, pause=2
        )

    def listed(self, noun: str, one: base.Person, heading: str) -> list[Any]:
        rows = self.openstack(noun, 'list', '--account', one.name)
        return [row[heading] for row in rows]

    def statuses(self, one: base.Person) -> list[str]:
        told = self.openstack(
            'timeline', 'list', '--account', one.name, '--what', 'status',
            '--from-beginning',
        )  # fmt: skip
        return [entry['Name'] for entry in told]

    def test_who_pays_when_he_is_shelved_is_back_at_once(self) -> None:
        one, server = self.payer, self.payers
        shown = self.seen[one.name].result()
        self.assertEqual('shelve', shown['grace']['Next Step'])
        self.assertEqual(['open'], self.listed('invoice', one, 'State'))
        self.assertEqual(['shelved'], self.listed('server', one, 'Custody'))
        seen = self.cloud.show(server)
        self.assertEqual('SHELVED_OFFLOADED', seen['status'])
        self.assertTrue(seen['locked'])

        owed = shown['shelved']['Owed']
        self.assertEqual('10.00', owed)
        paid = self.openstack(
            'payment', 'create', one.name, owed, '--key', f'bank-{one.name}'
        )
        began = time.monotonic()
        self.assertEqual('received', paid['State'])
        back = self.wait(one, 'active')
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual('0.00', back['Owed'])
        self.assertEqual(['paid'], self.listed('invoice', one, 'State'))
        seen = self.cloud.show(server)
        self.assertEqual(('ACTIVE', False), (seen['status'], seen['locked']))
        self.assertEqual(['grace', 'shelved', 'active'], self.statuses(one))

    def test_who_never_pays_is_warned_and_deleted(self) -> None:
        one, server = self.debtor, self.debtors
        shown = self.seen[one.name].result()
        steps = [shown[stage]['Next Step'] for stage in _STAGES[:3]]
        self.assertEqual(['shelve', 'warn', 'delete'], steps)
        notices = self.openstack('notice', 'list', '--account', one.name)
        states = {row['Notice']: row['State'] for row in notices}
        self.assertEqual('accepted', states['last_warning'])
        self.assertTrue(self.cloud.is_gone(server))
        self.assertEqual(list(_STAGES), self.statuses(one))
        deletes = [
            row
            for row in self.openstack('action', 'list', '--account', one.name)
            if row['Type'] == 'delete'
        ]
        self.assertEqual(['done'], [row['State'] for row in deletes])
        gone = self.openstack(
            'server', 'list', '--account', one.name, '--deleted'
        )
        self.assertEqual([server], [row['ID'] for row in gone])

    def test_what_a_person_did_bears_his_name(self) -> None:
        told = self.openstack(
            'timeline', 'list', '--account', self.payer.name,
            '--from-beginning',
        )  # fmt: skip
        by = {entry['By'] for entry in told if entry['What'] == 'subscription'}
        self.assertEqual({f'{self.clerk.name} ({self.clerk.user})'}, by)
