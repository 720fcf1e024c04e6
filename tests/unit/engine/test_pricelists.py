# SPDX-License-Identifier: Apache-2.0
"""Plans that are entered, changed and deleted one by one."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from patrii_billing.engine import pricelists
from patrii_billing import errors
from patrii_billing.store import plans
from patrii_billing.store import schema
from patrii_billing.store import subscriptions
from tests import books

S1 = {'kind': 'flavor', 'resource': 's1', 'unit_price': '10.00'}
CORES = {
    'kind': 'quota', 'resource': 'cores', 'included': '2',
    'tiers': [{'up_to': '8', 'unit_price': '5'}, {'unit_price': '4'}],
}  # fmt: skip


class PlansTestCase(books.BooksTestCase):
    def create(self, **body: Any) -> int:
        body = {'name': 'vps', 'cycle': 'month', 'prices': [S1], **body}
        return self.db.write(
            pricelists.create, body, 'EUR', books.NOW, 'eva'
        )

    def change(self, plan_id: int, **body: Any) -> list[str]:
        return list(
            self.db.write(
                pricelists.change, plan_id, body, books.NOW, 'eva'
            )
        )

    def add_price(self, plan_id: int, **body: Any) -> int:
        return self.db.write(
            pricelists.add_price, plan_id, body, books.NOW, 'eva'
        )

    def end(self, plan_id: int, price_id: int, day: dt.date | None) -> None:
        self.db.write(
            pricelists.end_price, plan_id, price_id, day, books.NOW, 'eva'
        )

    def delete(self, plan_id: int) -> None:
        self.db.write(pricelists.delete, plan_id, books.NOW, 'eva')

    def prices(self, plan_id: int) -> list[tuple[str, Any, Any]]:
        return [
            (f'{row.resource} {row.unit_price}', row.valid_from,
             row.valid_until)
            for row in self.db.read(plans.prices, plan_id)
        ]  # fmt: skip

    def sub(self, plan_id: int) -> sa.Row[Any]:
        sub_id = self.db.write(books.subscription, plan_id=plan_id)
        return self.db.read(subscriptions.get, sub_id)

    def told(self) -> list[tuple[str, str, str]]:
        with self.db.engine.connect() as conn:
            return [
                (row.name, row.why, row.by)
                for row in conn.execute(schema.timeline.select())
            ]


class APlanIsEnteredTest(PlansTestCase):
    def test_it_has_its_prices(self) -> None:
        plan_id = self.create(prices=[S1, CORES], trial_days=14)

        row = self.db.read(plans.get, plan_id)
        self.assertEqual(
            ('vps', 'EUR', 'month', 14),
            (row.name, row.currency, row.cycle, row.trial_days),
        )
        self.assertEqual(
            [('s1 10.00', None, None), ('cores 0', None, None)],
            self.prices(plan_id),
        )
        self.assertEqual([('added', 'vps', 'eva')], self.told())

    def test_the_same_again_finds_the_one_that_is_there(self) -> None:
        plan_id = self.create(prices=[S1, CORES])

        again = self.create(prices=[CORES, {**S1, 'unit_price': '10'}])

        self.assertEqual(plan_id, again)

    def test_another_one_of_that_name_is_in_the_way(self) -> None:
        self.create()

        error = self.assertRaises(
            errors.Conflict, self.create, cycle='year', prices=[CORES]
        )

        self.assertEqual(
            'the plan vps is there already, with another cycle, prices',
            str(error),
        )

    def test_all_that_is_wrong_is_told_by_its_path(self) -> None:
        error = self.assertRaises(
            errors.InvalidDocument, self.create, cycle='moon',
            prices=[
                {**S1, 'unit_price': '-1'},
                {'kind': 'flat', 'unit_price': '1', 'included': '3'},
                {**CORES, 'resource': 'ram'},
                {**CORES, 'tiers': [{'up_to': '3', 'unit_price': '1'}]},
            ],
        )  # fmt: skip

        self.assertEqual(
            [
                'cycle', 'prices[0].unit_price', 'prices[1].included',
                'prices[2].resource', 'prices[3].tiers[0].up_to',
            ],
            [each.where for each in error.mistakes],
        )  # fmt: skip

    def test_a_plan_needs_a_cycle(self) -> None:
        error = self.assertRaises(
            errors.InvalidDocument, self.create, cycle=None
        )

        self.assertEqual('cycle is missing', str(error))


class APlanIsChangedTest(PlansTestCase):
    def test_a_price_list_leaves_everybody_time_to_pay(self) -> None:
        error = self.assertRaises(
            errors.InvalidDocument, self.create,
            policy={'deletion_warning': '0s'},
        )  # fmt: skip

        self.assertIn('nobody could pay in time', str(error))

    def test_who_has_it_is_judged_anew_by_another_policy(self) -> None:
        plan_id = self.create(policy={'undo': '3d'})
        sub = self.sub(plan_id)

        changed = self.change(plan_id, policy={'tolerance': 100})

        row = self.db.read(plans.get, plan_id)
        self.assertEqual(['policy'], changed)
        self.assertEqual({'undo': '3d', 'tolerance': 100}, row.policy)
        self.assertEqual(
            books.NOW, self.db.read(subscriptions.get, sub.id).check_at
        )
        self.assertEqual(('changed', 'vps: policy', 'eva'), self.told()[-1])

    def test_trial_days_are_for_who_comes_then(self) -> None:
        plan_id = self.create()
        sub = self.sub(plan_id)

        self.change(plan_id, trial_days=30)

        self.assertEqual(30, self.db.read(plans.get, plan_id).trial_days)
        self.assertIsNone(self.db.read(subscriptions.get, sub.id).check_at)

    def test_null_takes_the_policy_away(self) -> None:
        plan_id = self.create(policy={'undo': '3d'})

        self.change(plan_id, policy=None)

        self.assertEqual({}, self.db.read(plans.get, plan_id).policy)

    def test_nothing_else_changes(self) -> None:
        plan_id = self.create()

        error = self.assertRaises(
            errors.InvalidDocument, self.change, plan_id, cycle='year'
        )

        self.assertEqual('cycle: unknown key', str(error))


class APriceIsAddedTest(PlansTestCase):
    def test_one_that_begins_later_is(self) -> None:
        plan_id = self.create()

        price_id = self.add_price(
            plan_id, **S1 | {'unit_price': '12.00',
                             'valid_from': '2026-02-01'}
        )  # fmt: skip

        self.assertEqual(
            ('s1 12.00', dt.date(2026, 2, 1), None), self.prices(plan_id)[1]
        )
        self.assertEqual(
            ('changed', 'vps: price of flavor s1', 'eva'), self.told()[-1]
        )
        self.assertEqual(
            price_id,
            self.add_price(
                plan_id, **S1 | {'unit_price': '12',
                                 'valid_from': '2026-02-01'}
            ),
        )  # fmt: skip

    def test_one_that_begins_today_would_bill_anew(self) -> None:
        plan_id = self.create()

        error = self.assertRaises(
            errors.InvalidInput, self.add_price, plan_id,
            **S1 | {'valid_from': '2026-01-01'},
        )  # fmt: skip

        self.assertEqual('valid_from', error.where)
        self.assertEqual(
            'flavor s1 has a price already; another one must begin after '
            'today',
            error.reason,
        )

    def test_two_do_not_begin_on_one_day(self) -> None:
        plan_id = self.create()

        error = self.assertRaises(
            errors.Conflict, self.add_price, plan_id,
            **S1 | {'unit_price': '11'},
        )  # fmt: skip

        self.assertEqual(
            'the price of flavor s1 is 10.00 in the books and cannot change; '
            'add one with a later valid_from',
            str(error),
        )

    def test_of_what_had_none_it_may_begin_at_any_time(self) -> None:
        plan_id = self.create()

        self.add_price(plan_id, **S1 | {'resource': 's2'})

        self.assertEqual(('s2 10.00', None, None), self.prices(plan_id)[1])

    def test_one_that_counts_at_once_is_looked_for_in_what_is_billed(
        self,
    ) -> None:
        plan_id = self.create()
        sub = self.sub(plan_id)

        self.add_price(
            plan_id, **S1 | {'valid_from': '2026-01-15', 'at_once': True}
        )

        self.assertEqual(
            books.NOW, self.db.read(subscriptions.get, sub.id).settle_at
        )


class APriceIsEndedTest(PlansTestCase):
    def test_it_ends_on_a_day_to_come(self) -> None:
        plan_id = self.create()
        [row] = self.db.read(plans.prices, plan_id)

        self.end(plan_id, row.id, dt.date(2026, 3, 1))

        self.assertEqual(
            [('s1 10.00', None, dt.date(2026, 3, 1))], self.prices(plan_id)
        )
        self.assertEqual('vps: end of the price of flavor s1',
                         self.told()[-1][1])  # fmt: skip

    def test_the_end_may_be_taken_back(self) -> None:
        plan_id = self.create(
            prices=[{**S1, 'valid_until': '2026-03-01'}]
        )
        [row] = self.db.read(plans.prices, plan_id)

        self.end(plan_id, row.id, None)

        self.assertEqual([('s1 10.00', None, None)], self.prices(plan_id))

    def test_it_does_not_end_in_the_past(self) -> None:
        plan_id = self.create()
        [row] = self.db.read(plans.prices, plan_id)

        error = self.assertRaises(
            errors.InvalidInput, self.end, plan_id, row.id, books.NEW_YEAR
        )

        self.assertEqual('valid_until', error.where)

    def test_another_plan_has_no_such_price(self) -> None:
        plan_id = self.create()
        other = self.create(name='other')
        [row] = self.db.read(plans.prices, plan_id)

        self.assertRaises(errors.NotFound, self.end, other, row.id, None)


class APlanIsDeletedTest(PlansTestCase):
    def test_one_that_nobody_had_goes_with_its_prices(self) -> None:
        plan_id = self.create()

        self.delete(plan_id)

        self.assertRaises(errors.NotFound, self.db.read, plans.by_name, 'vps')
        self.assertEqual([], self.prices(plan_id))
        self.assertEqual(('deleted', 'vps', 'eva'), self.told()[-1])

    def test_one_that_somebody_has_stays(self) -> None:
        plan_id = self.create()
        self.sub(plan_id)

        error = self.assertRaises(errors.Conflict, self.delete, plan_id)

        self.assertEqual('acme-1 has, or had, the plan vps', str(error))

    def test_what_is_not_there_is_not_found(self) -> None:
        self.assertRaises(errors.NotFound, self.delete, 7)
