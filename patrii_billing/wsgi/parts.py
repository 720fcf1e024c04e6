# SPDX-License-Identifier: Apache-2.0
"""What api-paste.ini builds the application of.

Filters of OpenStack's libraries read oslo.config's global object, and paste
hands over nothing but texts: here, and nowhere else, the configuration is
that global object.
"""

from collections.abc import Callable
import functools
from typing import Any

from oslo_config import cfg
import oslo_middleware
from werkzeug import exceptions as http_errors

from patrii_billing import frontage

_Filter = Callable[[Any], Any]


# The pages ask the API in this process, the very one that is served.
_api = functools.cache(lambda: frontage.api(cfg.CONF))


def api(global_conf: dict[str, str], **local_conf: str) -> Any:
    return _api()


def pages(global_conf: dict[str, str], **local_conf: str) -> Any:
    if cfg.CONF.web.auth == 'off':
        return http_errors.NotFound()
    return frontage.window(cfg.CONF, _api())


def noauth(global_conf: dict[str, str], **local_conf: str) -> _Filter:
    return frontage.believing


def cors(global_conf: dict[str, str], **local_conf: str) -> _Filter:
    return lambda application: oslo_middleware.CORS(application, cfg.CONF)
