# SPDX-License-Identifier: Apache-2.0
"""What the service rests on goes away for a while, and all catches up."""

from collections.abc import Callable
import pathlib
import subprocess
import sys
import time

import sqlalchemy as sa

from patrii_billing.store import schema
from tests.functional import base
from tests.functional import billing

_MINICLOUD = pathlib.Path(__file__).parents[2] / 'tools' / 'minicloud'
# From an invoice to a shelved server within seconds, and no further.
_QUICK = {
    'invoice_lead': '1s',
    'reminders': [],
    'shelve_grace': '1s',
    'shelved_span': '1h',
}


def minicloud(*words: str) -> None:
    subprocess.run(
        [sys.executable, _MINICLOUD, *words],
        check=True, stdout=subprocess.DEVNULL, timeout=150,
    )  # fmt: skip


class OutageTest(billing.BillingTestCase):
    """At each outage one customer falls due, and the one before has paid."""

    @classmethod
    def begin(cls) -> None:
        cls.lines: dict[str, list[str]] = {}
        cls.survived: dict[str, bool] = {}
        cls.start()
        cls.owners = base.at_once(
            cls.cloud.make_customer,
            ['first', 'second', 'third', 'fourth', 'fifth'],
        )
        servers = cls.cloud.boot_all(cls.owners)
        cls.server = dict(zip(cls.owners, servers, strict=True))
        first, second, third, fourth, fifth = cls.owners
        cls.fall_due(first)
        cls.settle(shelved=first)

        cls.fall_due(second)
        cls.outage('nova-api', lambda: cls.meet(first, second))
        cls.settle(active=first, shelved=second)

        cls.fall_due(third)
        cls.outage('keystone', lambda: cls.meet_anew(second, third))
        cls.settle(active=second, shelved=third)

        cls.fall_due(fourth)
        cls.outage('rabbitmq', lambda: cls.service.pay(third.name))
        cls.settle(active=third, shelved=fourth)

        # Nova itself never repairs what was under way without its database.
        cls.fall_due(fifth)
        cls.outage('mariadb', lambda: time.sleep(3))
        cls.service.pay(fourth.name)
        cls.settle(active=fourth, shelved=fifth)
        cls.service.pay(fifth.name)
        cls.settle(active=fifth)
        cls.newest = cls.cloud.boot(first)

    @classmethod
    def start(cls) -> None:
        cls.daemon = cls.service.start()
        cls.workers = cls.daemon.wait()

    @classmethod
    def outage(cls, name: str, meanwhile: Callable[[], object]) -> None:
        """Kill a service of the minicloud, and start it again."""
        seen = len(cls.service.logged(''))
        minicloud('stop', name, '--kill')
        try:
            meanwhile()
        finally:
            minicloud('start', name)
        cls.survived[name] = cls.daemon.workers() == cls.workers
        cls.lines[name] = cls.service.logged('')[seen:]

    @classmethod
    def meet(cls, payer: base.Person, debtor: base.Person) -> None:
        """Until both actions have met the outage."""
        cls.service.pay(payer.name)
        for kind, owner in (('restore', payer), ('shelve', debtor)):
            failed = f'{kind} {cls.server[owner]}: '
            base.wait_until(lambda: cls.service.logged(failed), failed)

    @classmethod
    def meet_anew(cls, payer: base.Person, debtor: base.Person) -> None:
        """With a daemon that begins in the outage and has no token yet."""
        cls.daemon.stop()
        cls.start()
        cls.meet(payer, debtor)

    @classmethod
    def fall_due(cls, owner: base.Person) -> None:
        cls.service.subscribe(owner, **_QUICK)

    @classmethod
    def settle(cls, **wanted: base.Person) -> None:
        """Until each customer has come to a status."""
        for status, owner in wanted.items():
            cls.service.wait_status(owner.name, status)

    def test_whoever_paid_has_his_server_back(self) -> None:
        for owner, server in self.server.items():
            shown = self.cloud.show(server)
            self.assertEqual(
                ('ACTIVE', False),
                (shown['status'], shown['locked']),
                owner.name,
            )

    def test_nothing_wrong_was_done_meanwhile(self) -> None:
        for owner, server in self.server.items():
            self.assertEqual(
                'create lock shelve unshelve unlock',
                ' '.join(self.cloud.done_to(server)),
                owner.name,
            )

    def test_the_daemon_survives(self) -> None:
        services = ('nova-api', 'keystone', 'rabbitmq', 'mariadb')
        self.assertEqual(dict.fromkeys(services, True), self.survived)

    def test_notifications_are_heard_again(self) -> None:
        inbox = schema.inbox
        named = sa.select(inbox.c.event_type).where(
            inbox.c.body.contains(self.newest)
        )
        base.wait_until(
            lambda: self.service.rows(named), 'a notification of the newest'
        )

    def test_each_failure_is_a_clear_line_and_no_traceback(self) -> None:
        self.assertEqual([], self.service.logged('Traceback'))
        for name, lines in self.lines.items():
            troubles = [
                line
                for line in lines
                if ' WARNING ' in line or ' ERROR ' in line
            ]
            # A database that is back soon is waited for without a word.
            self.assertLess(0 if name != 'mariadb' else -1, len(troubles))
            self.assertLess(len(troubles), 30, '\n'.join(troubles))
