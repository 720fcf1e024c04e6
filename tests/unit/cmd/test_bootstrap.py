# SPDX-License-Identifier: Apache-2.0
"""What `bootstrap` says and how it ends."""

from unittest import mock

from patrii_billing.domain import finding
from patrii_billing import errors
from patrii_billing import inspection
from tests.unit.cmd import base


class BootstrapTest(base.CommandTestCase):
    def bootstrap(
        self, *steps: inspection.Step, options: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        with mock.patch.object(inspection, 'STEPS', steps):
            return self.run_it('bootstrap', *options)

    def well(self, site: inspection.Site) -> finding.Findings:
        self.site = site
        yield finding.exists('a role')
        yield finding.ok('a clock')

    def amiss(self, site: inspection.Site) -> finding.Findings:
        yield finding.wrong('a topic: set it')

    def broken(self, site: inspection.Site) -> finding.Findings:
        yield finding.ok('half of it')
        raise errors.CloudUnavailable('keystone is away')

    def test_all_is_well(self) -> None:
        code, out, err = self.bootstrap(self.well)

        self.assertEqual((0, ''), (code, err))
        self.assertEqual(
            ['exists       a role', 'ok           a clock'],
            out.splitlines(),
        )

    def test_one_thing_that_is_wrong_hides_no_other(self) -> None:
        code, out, err = self.bootstrap(self.amiss, self.broken, self.well)

        self.assertEqual(1, code)
        self.assertIn('2 WRONG', err)
        self.assertEqual(
            ['WRONG', 'ok', 'WRONG', 'exists', 'ok'],
            [line.split()[0] for line in out.splitlines()],
        )
        self.assertIn('keystone is away', out)

    def test_what_is_asked_for_reaches_each_step(self) -> None:
        self.bootstrap(
            self.well,
            options=(
                '--region', 'one', '--region', 'two', '--dry-run',
                '--public-url', 'https://billing.example',
            ),
        )  # fmt: skip

        wanted = self.site.wanted
        self.assertEqual(('one', 'two'), wanted.regions)
        self.assertTrue(wanted.dry_run)
        self.assertFalse(wanted.update)
        self.assertEqual(
            {'public': 'https://billing.example', 'internal': None,
             'admin': None},
            wanted.urls,
        )  # fmt: skip
        self.assertTrue(wanted.default_url.endswith(':8792'))

    def test_the_tables_are_made_and_the_steps_are_told(self) -> None:
        code, out, _ = self.bootstrap(*inspection.STEPS[:1])
        self.assertEqual(0, code)
        self.assertIn('changed      database from schema none to', out)
        code, out, _ = self.bootstrap(*inspection.STEPS[:1])
        self.assertTrue(out.startswith('exists'))
