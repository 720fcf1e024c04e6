# SPDX-License-Identifier: Apache-2.0
"""Where the whole cloud stands."""

from django.utils.translation import gettext_lazy as _
import horizon

from patrii_billing.horizon import dashboard


class Overview(horizon.Panel):
    name = _('Overview')
    slug = 'overview'
    policy_rules = (('billing', 'billing:summary:show'),)


dashboard.Billing.register(Overview)
