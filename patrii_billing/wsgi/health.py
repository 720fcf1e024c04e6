# SPDX-License-Identifier: Apache-2.0
"""What /healthcheck asks: backends of oslo.middleware.

A load balancer takes out a host that cannot reach the database, and must not
do so for what no other host does better: the API asks for the database alone.
"""

from typing import Any

from oslo_config import cfg
from oslo_middleware.healthcheck import pluginbase

from patrii_billing import wiring


class _Backend(pluginbase.HealthcheckBaseExtension):
    name: str

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any) -> None:
        super().__init__(oslo_conf, conf)
        self._wrong = wiring.health(oslo_conf, self.name)

    def healthcheck(self, server_port: int) -> pluginbase.HealthcheckResult:
        wrong = self._wrong()
        return pluginbase.HealthcheckResult(wrong is None, wrong or 'OK')


class Database(_Backend):
    name = 'database'


class Silence(_Backend):
    name = 'silence'


class Bridge(_Backend):
    """Amber: to be seen to, and no reason to take or to start anything anew.

    It is told, and is no failure: no restart brings the other engine back.
    """

    name = 'bridge'

    def healthcheck(self, server_port: int) -> pluginbase.HealthcheckResult:
        wrong = self._wrong()
        reason = 'OK' if wrong is None else f'amber: {wrong}'
        return pluginbase.HealthcheckResult(True, reason)
