# SPDX-License-Identifier: Apache-2.0
"""The one table of everything the API answers to."""

from patrii_billing.api.handlers import accounts
from patrii_billing.api.handlers import actions
from patrii_billing.api.handlers import bridge
from patrii_billing.api.handlers import credits
from patrii_billing.api.handlers import enforcement
from patrii_billing.api.handlers import events
from patrii_billing.api.handlers import forecast
from patrii_billing.api.handlers import holds
from patrii_billing.api.handlers import invoices
from patrii_billing.api.handlers import notices
from patrii_billing.api.handlers import payments
from patrii_billing.api.handlers import plans
from patrii_billing.api.handlers import projects
from patrii_billing.api.handlers import quotas
from patrii_billing.api.handlers import receipts
from patrii_billing.api.handlers import servers
from patrii_billing.api.handlers import subscriptions
from patrii_billing.api.handlers import summary
from patrii_billing.api.handlers import timeline
from patrii_billing.api import openapi
from patrii_billing.api import route
from patrii_billing.api import versions

ROUTES: tuple[route.Route, ...] = (
    *versions.ROUTES,
    *accounts.ROUTES,
    *actions.ROUTES,
    *bridge.ROUTES,
    *credits.ROUTES,
    *enforcement.ROUTES,
    *events.ROUTES,
    *forecast.ROUTES,
    *holds.ROUTES,
    *invoices.ROUTES,
    *notices.ROUTES,
    *payments.ROUTES,
    *plans.ROUTES,
    *projects.ROUTES,
    *quotas.ROUTES,
    *receipts.ROUTES,
    *servers.ROUTES,
    *subscriptions.ROUTES,
    *summary.ROUTES,
    *timeline.ROUTES,
)
ALL = (*ROUTES, openapi.route(ROUTES))
