# SPDX-License-Identifier: Apache-2.0
"""A project's user sees what is billed, and asks for more quota."""

from django.utils.translation import gettext_lazy as _
import horizon


class Billing(horizon.Panel):
    name = _('Billing')
    slug = 'billing'
    urls = 'patrii_billing.horizon.project.urls'
