# SPDX-License-Identifier: Apache-2.0
"""What is shown below a test that fails."""

from collections.abc import Callable
import traceback

import testtools
from testtools import content


def explain(
    test: testtools.TestCase, name: str, tell: Callable[[], str]
) -> None:
    """Show what is told under a name, if the test fails.

    What it is told of may be broken by then. Were that raised, the runner
    would take the test for one that passed.
    """

    def show(_info: object) -> None:
        try:
            said = tell()
        except Exception:
            said = traceback.format_exc()
        test.addDetail(name, content.text_content(said))

    test.addOnException(show)
