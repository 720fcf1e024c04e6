# SPDX-License-Identifier: Apache-2.0
"""A test that fails has failed, whatever becomes of its explanation."""

from collections.abc import Callable
import unittest

from oslotest import base
import testtools

from tests import failing


def _broken() -> str:
    raise OSError('no such log')


class ExplainTest(base.BaseTestCase):
    def failed(self, tell: Callable[[], str]) -> str:
        """Have a test fail; what is shown of it."""

        class Failing(testtools.TestCase):
            def test(self) -> None:
                failing.explain(self, 'service', tell)
                raise AssertionError('two is not three')

        result = unittest.TestResult()
        Failing('test').run(result)
        [(_, shown)] = result.failures
        return shown

    def test_what_is_told_is_shown_below_the_failure(self) -> None:
        shown = self.failed(lambda: 'it was midnight')

        self.assertIn('two is not three', shown)
        self.assertIn('it was midnight', shown)

    def test_what_cannot_be_told_leaves_the_failure(self) -> None:
        shown = self.failed(_broken)

        self.assertIn('two is not three', shown)
        self.assertIn('no such log', shown)
