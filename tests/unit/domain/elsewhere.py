# SPDX-License-Identifier: Apache-2.0
"""A machine whose clock shows another time than UTC."""

import time

import fixtures


class Tokyo(fixtures.Fixture):
    """What is told in UTC is so there too, nine hours ahead of it."""

    def _setUp(self) -> None:
        self.addCleanup(time.tzset)
        self.useFixture(fixtures.EnvironmentVariable('TZ', 'Asia/Tokyo'))
        time.tzset()
