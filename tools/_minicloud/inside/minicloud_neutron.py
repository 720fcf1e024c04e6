# SPDX-License-Identifier: Apache-2.0
"""Neutron's API with its tables mapped before the first request.

Without that, with no agents loaded, the first GET of ports is a 500.
"""

from neutron.wsgi import api
from sqlalchemy import orm

orm.configure_mappers()
application = api.application
