# SPDX-License-Identifier: Apache-2.0
"""The customers, and where each of them stands."""

from django.utils.translation import gettext_lazy as _
import horizon

from patrii_billing.horizon import dashboard


class Customers(horizon.Panel):
    name = _('Customers')
    slug = 'customers'
    policy_rules = (('billing', 'billing:account:list'),)


dashboard.Billing.register(Customers)
