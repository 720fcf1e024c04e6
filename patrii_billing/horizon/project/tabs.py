# SPDX-License-Identifier: Apache-2.0
"""What a project's user sees of his account."""

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from patrii_billing.horizon import account
from patrii_billing.horizon import listing
from patrii_billing.horizon.project import tables


class StandingTab(account.StandingTab):
    table_classes = (tables.SubscriptionsTable,)


class InvoicesTab(account.ListTab):
    name = _('Invoices')
    slug = 'invoices'
    table_classes = (tables.InvoicesTable,)

    def get_invoices_data(self) -> list[listing.Row]:
        return self.listed('invoices', sort='id:desc')


class ServersTab(account.ListTab):
    name = _('Servers')
    slug = 'servers'
    table_classes = (tables.ServersTable,)

    def get_servers_data(self) -> list[listing.Row]:
        return self.listed('servers', deleted=False)


class BillingTabs(tabs.TabGroup):
    slug = 'billing'
    tabs = (StandingTab, InvoicesTab, ServersTab)
    sticky = True
