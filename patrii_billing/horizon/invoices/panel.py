# SPDX-License-Identifier: Apache-2.0
"""All invoices."""

from django.utils.translation import gettext_lazy as _
import horizon

from patrii_billing.horizon import dashboard


class Invoices(horizon.Panel):
    name = _('Invoices')
    slug = 'invoices'
    policy_rules = (('billing', 'billing:invoice:list'),)


dashboard.Billing.register(Invoices)
