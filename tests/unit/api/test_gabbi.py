# SPDX-License-Identifier: Apache-2.0
"""The stories of the API, a file per noun, over the real schema."""

import pathlib
from typing import Any

from gabbi import driver

from tests import doors

_STORIES = pathlib.Path(__file__).with_name('gabbits')


def load_tests(loader: Any, tests: Any, pattern: Any) -> Any:
    return driver.build_tests(
        str(_STORIES), loader, intercept=doors.application,
        test_loader_name=__name__, fixture_module=doors,
    )  # fmt: skip
