# SPDX-License-Identifier: Apache-2.0
"""Nova fails, in each way it can: nothing is lost, and an operator knows.

What fails is asked of the minicloud by tools/_minicloud/inside/
minicloud_faults.py; the compute service goes down as nova's own API has it.
"""

import datetime as dt
import pathlib
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import settings
from patrii_billing.metrics import figures
from patrii_billing.store import actions
from patrii_billing.store import schema
from tests.functional import base
from tests.functional import billing

_QUICK = {
    'invoice_lead': '1s',
    'reminders': [],
    'shelve_grace': '1s',
    'shelved_span': '1h',
    'freeze_quota': False,
}
_DOOMED = {**_QUICK, 'shelved_span': '1s', 'deletion_warning': '1s'}
# What nova answers to all that is asked of a server.
_ANSWERS = ('401', '500', '503')
_SHELVED = 'create lock shelve'
_BACK = f'{_SHELVED} unshelve unlock'


class FaultsTest(billing.BillingTestCase):
    """Customers who are shelved and pay, and what goes wrong for each."""

    options = {
        'engine': {'stuck_after': '6s', 'full_sweep_every': '4s'},
        # Until the host is up again.
        'enforcement': {'approval': 'delete'},
    }

    @classmethod
    def begin(cls) -> None:
        cls.service.start()
        cls.faults = pathlib.Path(cls.cloud.facts['faults'])
        cls.addClassCleanup(cls.mend_all)
        names = (
            *_ANSWERS, 'lost', 'hang', 'keep', 'unshelve', 'crowded',
            'broken', 'away', 'remote',
        )  # fmt: skip
        made = base.at_once(cls.cloud.make_customer, names)
        cls.owner = dict(zip(names, made, strict=True))
        servers = cls.cloud.boot_all(made)
        cls.server = dict(zip(names, servers, strict=True))
        cls.paid: dict[str, dt.datetime] = {}
        cls.shelve()
        cls.go_down()
        cls.restore()
        cls.lose_the_cell()

    @classmethod
    def shelve(cls) -> None:
        """All but one fall due, and nova fails for some of them."""
        for name in (*_ANSWERS, 'lost', 'hang', 'keep'):
            cls.fail(name, name)
        cls.fall_due(*(name for name in cls.owner if name != 'remote'))
        for word in _ANSWERS:
            cls.wait_tries(word, 'shelve')
        cls.wait_alarm('hang', 'shelve_stuck')
        cls.stuck = cls.done_to('hang')
        cls.mended = dt.datetime.now(dt.UTC)
        for name in (*_ANSWERS, 'hang'):
            cls.mend(name)
        for name in cls.owner:
            if name not in ('keep', 'remote'):
                cls.service.wait_status(cls.owner[name].name, 'shelved')

    @classmethod
    def go_down(cls) -> None:
        """The only host is down at a restore and at a deletion."""
        cls.service.wait_status(cls.owner['keep'].name, 'pending_deletion')
        nova = cls.cloud.operator.nova.services
        (compute,) = nova.list(binary='nova-compute')
        nova.force_down(compute.id, True)
        cls.addClassCleanup(nova.force_down, compute.id, False)
        cls.held = cls.cloud.show(cls.server['keep'])
        cls.pay('crowded')
        cls.wait_alarm('crowded', 'restore_stuck')
        cls.wait_alarm('keep', 'delete_refused')
        cls.kept = cls.done_to('keep')
        cls.mend('keep')
        nova.force_down(compute.id, False)
        (deletion,) = (
            row
            for row in cls.service.actions(cls.server['keep'])
            if row.type == 'delete'
        )
        cls.service.books.write(
            actions.approve, deletion.id, 'ada', dt.datetime.now(dt.UTC)
        )
        cls.service.wait_status(cls.owner['crowded'].name, 'active')

    @classmethod
    def restore(cls) -> None:
        """They pay while nova fails for each."""
        for name in (*_ANSWERS, 'hang', 'unshelve'):
            cls.fail(name, name)
        glance = cls.cloud.operator.service('image')
        for image in cls.cloud.images_of(cls.server['broken']):
            glance.delete(f'/images/{image["id"]}')
        failing = (*_ANSWERS, 'hang', 'unshelve', 'broken')
        base.at_once(cls.pay, (*failing, 'lost'))
        for name in failing:
            cls.wait_alarm(name, 'restore_stuck')
        base.wait_until(
            lambda: cls.calls('unshelve').count('unshelve') > 2, 'three tries'
        )
        cls.figures = cls.read_figures()
        for name in failing:
            cls.mend(name)
        cls.cloud.operator.nova.servers.reset_state(
            cls.server['broken'], 'active'
        )
        for name in (*failing, 'lost'):
            cls.service.wait_status(cls.owner[name].name, 'active')

    @classmethod
    def lose_the_cell(cls) -> None:
        """A cell is away when one customer pays and another falls due."""
        cls.cell = cls.faults / 'cell'
        cls.cell.touch()
        cls.pay('away')
        cls.fall_due('remote')
        cls.wait_tries('remote', 'shelve')
        cls.wait_alarm('away', 'restore_stuck')
        missed = sa.select(schema.servers.c.id).where(
            schema.servers.c.missed_at.is_not(None)
        )
        servers = {cls.server['away'], cls.server['remote']}
        base.wait_until(
            lambda: servers <= {row.id for row in cls.service.rows(missed)},
            'the sweep to miss them',
        )
        cls.cell.unlink()
        # So many at once are not believed to be gone, until somebody looked.
        cls.service.manage('resume', '--yes')
        cls.service.wait_status(cls.owner['away'].name, 'active')
        cls.service.wait_status(cls.owner['remote'].name, 'shelved')
        # Alarms that are alike wait for each other, half a minute at most.
        base.wait_until(lambda: cls.told('away'), 'the mail of it')

    # What happens to them.

    @classmethod
    def fail(cls, name: str, word: str) -> None:
        (cls.faults / cls.server[name]).write_text(word)

    @classmethod
    def mend(cls, name: str) -> None:
        (cls.faults / cls.server[name]).unlink(missing_ok=True)

    @classmethod
    def mend_all(cls) -> None:
        for file in cls.faults.iterdir():
            file.unlink()

    @classmethod
    def fall_due(cls, *names: str) -> None:
        cls.service.subscribe_all(
            (cls.owner[name], _DOOMED if name == 'keep' else _QUICK)
            for name in names
        )

    @classmethod
    def pay(cls, name: str) -> None:
        cls.paid[name] = dt.datetime.now(dt.UTC)
        cls.service.pay(cls.owner[name].name)

    @classmethod
    def wait_tries(cls, name: str, kind: str) -> None:
        failed = f'{kind} {cls.server[name]}: '
        base.wait_until(lambda: len(cls.service.logged(failed)) > 1, failed)

    @classmethod
    def wait_alarm(cls, name: str, alarm: str) -> None:
        base.wait_until(lambda: cls.alarms(name, alarm), f'{alarm} of {name}')

    # What is seen of it.

    @classmethod
    def alarms(cls, name: str, alarm: str) -> list[Any]:
        return [
            row
            for row in cls.service.alarms(alarm)
            if row.server == cls.server[name]
        ]

    @classmethod
    def told(cls, name: str) -> list[str]:
        """The mails to the operator of a server that stays shelved."""
        return [
            mail
            for mail in cls.service.mailbox.mails
            if 'ops@cloud.test' in mail
            and 'paid server' in mail
            and cls.server[name] in mail
        ]

    @classmethod
    def done_to(cls, name: str) -> str:
        return ' '.join(cls.cloud.done_to(cls.server[name]))

    @classmethod
    def calls(cls, name: str) -> list[str]:
        return [row.name for row in cls.service.calls(cls.server[name])]

    @classmethod
    def read_figures(cls) -> dict[str, float]:
        """How many actions are stuck, by type, as a monitor reads it."""
        found = cls.service.books.read(
            figures.read, settings.Settings(), dt.datetime.now(dt.UTC), dt.UTC
        )
        (stuck,) = (
            one for one in found if one.name.endswith('actions_stuck')
        )
        return {
            sample.labels['type']: sample.value for sample in stuck.samples
        }

    # What each of them shows.

    def test_who_has_paid_has_his_server_back(self) -> None:
        for name in self.paid:
            shown = self.cloud.show(self.server[name])
            self.assertEqual(
                ('ACTIVE', False), (shown['status'], shown['locked']), name
            )

    def test_the_operator_knows_of_it_within_a_minute(self) -> None:
        for name, paid in self.paid.items():
            if name == 'lost':
                continue
            (alarm,) = self.alarms(name, 'restore_stuck')
            self.assertLess((alarm.at - paid).total_seconds(), 60, name)
            self.assertEqual(1, len(self.told(name)), name)

    def test_a_monitor_counts_what_fails_again_and_again(self) -> None:
        self.assertGreaterEqual(self.figures['restore'], 3)
        self.assertEqual(0, self.figures['delete'])

    def test_a_restore_that_fails_is_tried_again_with_back_off(self) -> None:
        tries = [
            row.at
            for row in self.service.calls(self.server['unshelve'])
            if row.name == 'unshelve'
        ]
        gaps = [
            (later - sooner).total_seconds()
            for sooner, later in zip(tries, tries[1:], strict=False)
        ]
        self.assertGreaterEqual(gaps[0], 2)
        self.assertGreaterEqual(gaps[1], 4)

    def test_nothing_is_done_while_nova_answers_nothing_of_use(self) -> None:
        for name in _ANSWERS:
            first = self.service.calls(self.server[name])[0]
            self.assertGreater(first.at, self.mended, name)
            self.assertEqual(_BACK, self.done_to(name), name)

    def test_a_lost_answer_has_nothing_done_twice(self) -> None:
        self.assertEqual(_BACK, self.done_to('lost'))

    def test_a_server_stuck_in_a_task_is_told_and_let_be(self) -> None:
        self.assertEqual(_SHELVED, self.stuck)
        self.assertEqual(_BACK, self.done_to('hang'))

    def test_without_a_host_a_payer_waits_until_there_is_one(self) -> None:
        tries = self.calls('crowded')
        self.assertEqual(['lock', 'shelve'], tries[:2])
        self.assertGreater(tries.count('unshelve'), 1)
        self.assertEqual('unlock', tries[-1])

    def test_nothing_is_deleted_while_its_host_is_down(self) -> None:
        self.assertEqual('SHELVED', self.held['status'])
        self.assertEqual('DOWN', self.held['host_status'])
        self.assertEqual(_SHELVED, self.kept)
        (alarm,) = self.alarms('keep', 'delete_refused')
        self.assertEqual('its host is DOWN', alarm.why)
        self.service.wait_status(self.owner['keep'].name, 'deleted')
        self.assertEqual(f'{_SHELVED} delete', self.done_to('keep'))

    def test_what_ends_in_error_waits_for_the_operator(self) -> None:
        (alarm,) = self.alarms('broken', 'restore_stuck')
        self.assertEqual('the server is in ERROR', alarm.why)
        self.assertEqual(
            f'{_SHELVED} unshelve resetState unlock', self.done_to('broken')
        )

    def test_a_server_of_a_cell_that_is_away_is_neither_gone_nor_touched(
        self,
    ) -> None:
        for name in ('away', 'remote'):
            levels = schema.levels
            ended = levels.select().where(
                levels.c.server == self.server[name], levels.c.quantity == 0
            )
            self.assertEqual([], self.service.rows(ended))
        self.assertEqual(_BACK, self.done_to('away'))
        self.assertEqual(_SHELVED, self.done_to('remote'))

    def test_each_failure_is_a_clear_line_and_no_traceback(self) -> None:
        self.assertEqual([], self.service.logged('Traceback'))
