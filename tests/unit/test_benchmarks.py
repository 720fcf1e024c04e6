# SPDX-License-Identifier: Apache-2.0
"""The benchmarks compare fairly, and their page says what was kept."""

from oslotest import base

from benchmarks import contest
from benchmarks import report


class TestContest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.order: list[str] = []
        self.contest = contest.Contest('race', 'Two race.', 'race', turns=2)

    def contender(self, name: str, *rates: float) -> contest.Turn:
        left = list(rates)

        def turn() -> contest.Figures:
            self.order.append(name)
            return {'a second': left.pop(0)}

        return turn

    def test_nobody_is_always_the_first(self):
        self.contest.run(
            {'a': self.contender('a', 1, 1), 'b': self.contender('b', 1, 1)}
        )

        self.assertEqual(['a', 'b', 'b', 'a'], self.order)

    def test_a_ratio_compares_what_ran_in_one_turn(self):
        self.contest.run(
            {
                'a': self.contender('a', 100, 1000),
                'b': self.contender('b', 50, 500),
            }
        )

        self.assertEqual(2, self.contest.ratio('a', 'b', 'a second'))

    def test_a_bound_that_is_missed_fails_the_run(self):
        self.contest.expect('a to b', 0.5, at_least=0.9)

        self.assertRaises(
            SystemExit, self.contest.finish, contest.parser('').parse_args([])
        )


class TestPage(base.BaseTestCase):
    def test_it_says_what_the_kept_results_say(self):
        self.assertEqual(report.page(), report.PAGE.read_text())
