# SPDX-License-Identifier: Apache-2.0
"""The dashboard of the operator's people, who need no role of an admin."""

from django.utils.translation import gettext_lazy as _
import horizon


class Billing(horizon.Dashboard):
    name = _('Billing')
    slug = 'billing'
    panels = ('overview', 'customers', 'invoices', 'actions')
    default_panel = 'overview'
    policy_rules = (('billing', 'billing_staff'),)


horizon.register(Billing)
