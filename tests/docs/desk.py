# SPDX-License-Identifier: Apache-2.0
"""`patrii-billing-manage` at an hour of its own, beside a simulated cloud."""

import datetime as dt
import sys
from unittest import mock

from patrii_billing.cmd import manage
from patrii_billing.domain import cloud
from patrii_billing.engine import ports
from patrii_billing.sim import clock as clocks
from patrii_billing.sim import cloud as clouds
from patrii_billing import wiring

NOON = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
PROJECTS = ('acme-prod', 'birch-prod', 'cobalt-prod', 'delta-prod')


def main() -> int:
    clock = clocks.Clock(NOON)
    nova = clouds.Nova(clock)
    projects, quotas = clouds.Projects(), clouds.Quotas(nova)
    for name in PROJECTS:
        projects.projects[name] = cloud.KeystoneProject(name, name)
        quotas.quotas[name] = {'cores': 8, 'ram': 16384, 'instances': 10}
    here = ports.Cloud(nova, clouds.Keeper(nova), quotas, projects)
    with (
        mock.patch.object(wiring, 'cloud', lambda conf: here),
        mock.patch.object(wiring.SystemClock, 'now', lambda _: clock.now()),
    ):
        return manage.main()


if __name__ == '__main__':
    sys.exit(main())
