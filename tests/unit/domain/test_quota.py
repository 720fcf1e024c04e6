# SPDX-License-Identifier: Apache-2.0
"""A quota is asked for in people's units and written in nova's."""

from decimal import Decimal

from oslotest import base

from patrii_billing.domain import quota
from patrii_billing import errors
from tests.unit.domain import refusing


class QuotaTest(base.BaseTestCase):
    def wrong(self, *words: str) -> str:
        return str(self.assertRaises(errors.InvalidInput, quota.parse, words))

    def test_ram_is_asked_for_in_gib_or_in_novas_mib(self) -> None:
        for word in ('ram_gib=1.5', 'ram=1536'):
            self.assertEqual({'ram': 1536}, quota.parse([word]))
        for word in ('ram_gib=-1', 'ram=-1'):
            self.assertEqual({'ram': -1}, quota.parse([word]))

    def test_what_is_billed_is_novas_quota_again(self) -> None:
        own = {'cores': 8, 'instances': 10, 'ram': 1536}
        billed = quota.billed(own)
        self.assertEqual(Decimal('1.5'), billed['ram_gib'])
        self.assertEqual(own, quota.in_nova(billed))
        self.assertEqual({'ram_gib': Decimal(-1)}, quota.billed({'ram': -1}))

    def test_what_is_refused_is_told_in_words(self) -> None:
        keys = ', '.join(quota.KEYS)
        for words, told in (
            ([], 'quota: no quota is named'),
            (['gpus=1'], f'gpus: nova has no quota of it; it has {keys}'),
            (['cores=1.5'], 'cores: must be a whole number'),
            (['cores=1=2'], 'cores: must be a number'),
            (['cores=1', 'cores=2'], 'cores: is given twice'),
            (['cores'], 'cores: write it as cores=12'),
            (['cores=2147483648'],
             'cores: is no number nova could hold'),
            (['cores=-2'],
             'cores: must be from -1 (no limit) to 2147483647'),
        ):  # fmt: skip
            self.assertEqual(told, self.wrong(*words))
        for value in (True, 1.0, '1'):
            self.assertEqual(
                'cores: must be a whole number',
                refusing.told(quota.checked, {'cores': value}),
            )

    def test_the_largest_number_that_nova_holds_may_be_asked_for(
        self,
    ) -> None:
        most = {'cores': 2147483647}
        self.assertEqual(most, quota.parse(['cores=2147483647']))

    def test_only_what_differs_is_to_be_changed(self) -> None:
        self.assertEqual(
            {'cores': 8},
            quota.differing(
                {'cores': 4, 'ram': 512}, {'cores': 8, 'ram': 512}
            ),
        )

    def test_below_what_is_in_use_is_told_in_the_units_of_people(
        self,
    ) -> None:
        self.assertEqual(
            ('cores 8 in use, cores 4 asked for',),
            quota.below_usage(
                {'cores': 4, 'instances': 0, 'ram': -1},
                {'cores': 8, 'ram': 512},
            ),
        )

    def test_a_quota_is_told_in_the_order_of_its_names(self) -> None:
        self.assertEqual(
            'cores without limit, ram_gib 1.5',
            quota.told({'ram': 1536, 'cores': -1}),
        )

    def test_what_nova_has_no_quota_of_is_named(self) -> None:
        self.assertIn('gpus: nova has no quota', self.wrong('gpus=1'))

    def test_a_wrong_number_names_its_key(self) -> None:
        for word, said in (
            ('cores=many', 'cores: must be a number'),
            ('cores=1.5', 'cores: must be a whole number'),
            ('ram_gib=0.0001', 'ram_gib: must be a whole number'),
            ('cores=-2', 'cores: must be from -1'),
            ('cores=NaN', 'cores: is no number'),
            ('cores=1e40', 'cores: is no number'),
            ('cores', 'cores: write it as cores=12'),
        ):
            self.assertIn(said, self.wrong(word))

    def test_the_same_quota_twice_is_refused(self) -> None:
        self.assertIn('twice', self.wrong('ram=512', 'ram_gib=1'))

    def test_no_quota_at_all_is_refused(self) -> None:
        self.assertIn('no quota', self.wrong())

    def test_values_of_other_kinds_are_refused(self) -> None:
        for value in (True, '8', 8.0, None):
            self.assertRaises(
                errors.InvalidInput, quota.checked, {'cores': value}
            )

    def test_what_is_below_the_usage_is_told_in_both_numbers(self) -> None:
        used = {'cores': 4, 'ram': 2048, 'instances': 1}
        self.assertEqual(
            ('ram_gib 2 in use, ram_gib 1 asked for',),
            quota.below_usage({'cores': 4, 'ram': 1024}, used),
        )
        self.assertEqual((), quota.below_usage({'cores': -1}, used))
