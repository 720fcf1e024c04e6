# SPDX-License-Identifier: Apache-2.0
"""The stories of the API, with tokens of a real keystone."""

import pathlib
from typing import Any

from gabbi import driver

from tests.functional import doors

_STORIES = pathlib.Path(__file__).parents[1] / 'unit' / 'api' / 'gabbits'


def load_tests(loader: Any, tests: Any, pattern: Any) -> Any:
    return driver.build_tests(
        str(_STORIES), loader, host='127.0.0.1', port=doors.PORT,
        test_loader_name=__name__, fixture_module=doors,
    )  # fmt: skip
