# SPDX-License-Identifier: Apache-2.0
"""What is to be done to the cloud."""

from django.utils.translation import gettext_lazy as _
import horizon

from patrii_billing.horizon import dashboard


class Actions(horizon.Panel):
    name = _('Actions')
    slug = 'actions'
    policy_rules = (('billing', 'billing:action:list'),)


dashboard.Billing.register(Actions)
