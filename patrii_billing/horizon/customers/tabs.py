# SPDX-License-Identifier: Apache-2.0
"""A customer, from all sides."""

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from patrii_billing.horizon import account
from patrii_billing.horizon.customers import tables
from patrii_billing.horizon.invoices import tables as invoice_tables
from patrii_billing.horizon import listing

_MONTH = 31  # days


class StandingTab(account.StandingTab):
    table_classes = (tables.SubscriptionsTable, tables.ForecastTable)

    def get_forecast_data(self) -> list[listing.Row]:
        return self.listed('forecast', days=_MONTH)


class ServersTab(account.ListTab):
    name = _('Servers')
    slug = 'servers'
    table_classes = (tables.ServersTable,)

    def get_servers_data(self) -> list[listing.Row]:
        return self.listed('servers')


class InvoicesTab(account.ListTab):
    name = _('Invoices')
    slug = 'invoices'
    table_classes = (invoice_tables.CustomersInvoicesTable,)

    def get_invoices_data(self) -> list[listing.Row]:
        return self.listed('invoices', sort='id:desc')


class PaymentsTab(account.ListTab):
    name = _('Payments')
    slug = 'payments'
    table_classes = (tables.PaymentsTable,)

    def get_payments_data(self) -> list[listing.Row]:
        return self.listed('payments', sort='id:desc')


class NoticesTab(account.ListTab):
    name = _('Mails')
    slug = 'notices'
    table_classes = (tables.NoticesTable,)

    def get_notices_data(self) -> list[listing.Row]:
        return self.listed('notices', sort='id:desc')


class TimelineTab(account.ListTab):
    name = _('Timeline')
    slug = 'timeline'
    table_classes = (tables.TimelineTable,)

    def get_timeline_data(self) -> list[listing.Row]:
        return self.listed('timeline', sort='id:desc')


class CustomerTabs(tabs.TabGroup):
    slug = 'customer'
    tabs = (
        StandingTab, ServersTab, InvoicesTab, PaymentsTab, NoticesTab,
        TimelineTab,
    )  # fmt: skip
    sticky = True
