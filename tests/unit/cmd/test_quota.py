# SPDX-License-Identifier: Apache-2.0
"""An operator looks at a quota, and changes it."""

import datetime as dt
import time
from typing import Any
from unittest import mock

from patrii_billing.engine import tick
from patrii_billing import errors
from patrii_billing.store import schema
from tests.unit.cmd import base

_CUSTOMER = """
    plans:
      - name: cores
        currency: EUR
        cycle: month
        prices: [{kind: quota, resource: cores, unit_price: "5.00"}]
    accounts:
      - name: acme
        contacts: [billing@acme.example]
        projects: [{name: acme-prod}]
        subscriptions:
          - {name: acme-1, plan: cores, project: acme-prod,
             start: 2026-01-01}
"""
_OWN = {'cores': 8, 'instances': 10, 'ram': 20480}
_MIDDLE = dt.datetime(2026, 1, 17, 12, tzinfo=dt.UTC)


class QuotaTestCase(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.quotas: Any = self.cloud.quotas
        self.quotas.quotas['acme-prod-id'] = dict(_OWN)
        self.open_books()
        self.load(_CUSTOMER)
        self.run_until(base.NEW_YEAR + dt.timedelta(minutes=1))
        self.manage(
            'payment', 'record', '--account', 'acme', '--key', 'bank-1',
            '--amount', '40.00',
        )  # fmt: skip
        self.clock.move_to(_MIDDLE)

    def rows(self, table: Any) -> list[Any]:
        query = table.select().order_by(table.c.id)
        return list(
            self.tools().db.read(lambda conn: conn.execute(query).all())
        )

    def own(self) -> dict[str, int]:
        return dict(self.quotas.quotas['acme-prod-id'])


class ShowTest(QuotaTestCase):
    def test_it_says_what_is_used_allowed_and_billed(self) -> None:
        for called in ('acme-prod', 'acme-prod-id'):
            said = self.manage('quota', 'show', called)
            lines = [line.split() for line in said.splitlines()]
            self.assertIn(['cores', '1', '8', '8'], lines)
            self.assertIn(['ram_gib', '0.5', '20', '-'], lines)
            self.assertIn('acme-1, plan cores', said)

    def test_what_is_frozen_and_what_drifted_is_said(self) -> None:
        self.tools().db.write(
            lambda conn: conn.execute(
                schema.projects.update().values(
                    quota_before={'cores': 8},
                    quota_frozen={'cores': 1},
                    quota_drift={'cores': 9},
                )
            )
        )
        said = self.manage('quota', 'show', 'acme-prod')
        self.assertIn('its own is cores 8', said)
        self.assertIn('cores 9 in nova', said)

    def test_a_project_nobody_knows_is_named(self) -> None:
        self.assertEqual(
            "no project is called 'nobody'",
            self.refused('quota', 'show', 'nobody'),
        )


class SetTest(QuotaTestCase):
    def test_it_says_what_it_costs_and_is_done(self) -> None:
        said = self.manage('quota', 'set', 'acme-prod', 'cores=12', '--yes')
        # 4 x 5.00 for 15 of 31 days.
        self.assertIn('Now:   cores 8', said)
        self.assertIn('Then:  cores 12', said)
        self.assertIn('Together 9.68 EUR, on the next invoice', said)
        self.assertIn('Asked for', said)
        self.assertEqual(8, self.own()['cores'])

        self.run_until(_MIDDLE + dt.timedelta(minutes=1))
        self.assertEqual(12, self.own()['cores'])
        self.run_until(dt.datetime(2026, 1, 26, tzinfo=dt.UTC))
        newest = self.rows(schema.invoices)[-1]
        self.assertEqual(6000 + 968, newest.total)

    def test_less_says_what_is_given_back(self) -> None:
        said = self.manage('quota', 'set', 'acme-prod', 'cores=4', '--dry-run')
        self.assertIn('Together -9.67 EUR', said)

    def test_a_dry_run_writes_nothing(self) -> None:
        before = self.rows(schema.levels)
        said = self.manage(
            'quota', 'set', 'acme-prod-id', 'cores=12', 'ram_gib=32',
            '--dry-run',
        )  # fmt: skip
        self.assertIn('Together 9.68 EUR', said)
        self.assertIn('nothing was written', said)
        self.assertEqual(before, self.rows(schema.levels))
        self.assertEqual([], self.rows(schema.actions))
        self.assertEqual(_OWN, self.own())

    def test_what_has_no_price_costs_nothing(self) -> None:
        said = self.manage(
            'quota', 'set', 'acme-prod', 'ram_gib=32', '--dry-run'
        )
        self.assertIn('Nothing that is billed so far changes', said)

    def test_what_is_so_already_is_not_asked_for(self) -> None:
        said = self.manage('quota', 'set', 'acme-prod', 'cores=8', '--yes')
        self.assertEqual('It is so already.\n', said)
        self.assertEqual([], self.rows(schema.actions))

    def test_below_the_usage_it_is_refused_with_the_usage(self) -> None:
        words = ('quota', 'set', 'acme-prod', 'cores=0', '--yes')
        said = self.refused(*words)
        self.assertIn('cores 1 in use, cores 0 asked for', said)
        self.assertIn('--force', said)
        self.assertEqual([], self.rows(schema.actions))

        self.manage(*words, '--force')
        self.run_until(_MIDDLE + dt.timedelta(minutes=1))
        self.assertEqual(0, self.own()['cores'])

    def test_what_cannot_be_is_named_and_nothing_written(self) -> None:
        for words, said in (
            (['gpus=1'], 'gpus: nova has no quota of it'),
            (['key_pairs=1'], 'key_pairs: this cloud has no quota of it'),
            (['cores=many'], 'cores: must be a number'),
            (['cores'], 'cores: write it as cores=12'),
            (['cores=-1'], 'cores: cannot be without limit'),
            (['cores=9', 'gpus=1'], 'gpus'),
        ):
            refusal = self.refused(
                'quota', 'set', 'acme-prod', *words, '--yes'
            )
            self.assertIn(said, refusal)
        self.assertEqual([], self.rows(schema.actions))

    def test_a_second_change_waits_for_the_first(self) -> None:
        self.manage('quota', 'set', 'acme-prod', 'cores=12', '--yes')
        self.assertIn(
            'under way',
            self.refused('quota', 'set', 'acme-prod', 'cores=14', '--yes'),
        )
        self.assertIn('under way', self.manage('quota', 'show', 'acme-prod'))

    def test_without_a_terminal_it_has_to_be_said(self) -> None:
        self.assertIn(
            '--yes', self.refused('quota', 'set', 'acme-prod', 'cores=12')
        )
        self.assertEqual([], self.rows(schema.actions))

    def test_at_a_terminal_it_is_asked_for(self) -> None:
        for answer, asked in (('n', 0), ('', 0), ('y', 1)):
            with (
                mock.patch('patrii_billing.cmd.commands.quota.sys'),
                mock.patch('builtins.input', lambda prompt: answer),
            ):
                self.run_it('quota', 'set', 'acme-prod', 'cores=12')
            self.assertEqual(asked, len(self.rows(schema.actions)), answer)

    def test_whoever_waits_is_told_how_it_ended(self) -> None:
        words = ('quota', 'set', 'acme-prod', 'cores=12', '--yes', '--wait')
        tools = self.tools()

        def engine(seconds: float) -> None:
            tick.run(tools)

        with mock.patch.object(time, 'sleep', engine):
            self.assertIn('Done: cores 12', self.manage(*words))
        self.assertEqual(12, self.own()['cores'])

    def test_whoever_waits_is_told_that_nova_refused(self) -> None:
        words = ('quota', 'set', 'acme-prod', 'cores=12', '--yes', '--wait')
        tools = self.tools()

        def engine(seconds: float) -> None:
            with (
                mock.patch.object(
                    self.quotas, 'get', return_value={'cores': 8}
                ),
                mock.patch.object(self.quotas, 'set', side_effect=_refusal()),
            ):
                tick.run(tools)

        with mock.patch.object(time, 'sleep', engine):
            self.assertIn('refused: 403: no', self.refused(*words))

    def test_nobody_waits_for_ever(self) -> None:
        with mock.patch.object(time, 'sleep', lambda seconds: None):
            self.assertIn(
                'not done within 0 s',
                self.refused(
                    'quota', 'set', 'acme-prod', 'cores=12', '--yes',
                    '--wait', '0',
                ),
            )  # fmt: skip


def _refusal() -> Exception:
    return errors.CloudRefused('no', 403)
