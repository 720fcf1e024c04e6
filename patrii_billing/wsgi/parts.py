# SPDX-License-Identifier: Apache-2.0
"""What api-paste.ini builds the application of.

Filters of OpenStack's libraries read oslo.config's global object, and paste
hands over nothing but texts: here, and nowhere else, the configuration is
that global object.
"""

from collections.abc import Callable
from typing import Any

from oslo_config import cfg
import oslo_middleware

from patrii_billing import wiring

_Filter = Callable[[Any], Any]


def api(global_conf: dict[str, str], **local_conf: str) -> Any:
    return wiring.api(cfg.CONF)


def noauth(global_conf: dict[str, str], **local_conf: str) -> _Filter:
    return wiring.believing


def cors(global_conf: dict[str, str], **local_conf: str) -> _Filter:
    return lambda application: oslo_middleware.CORS(application, cfg.CONF)
