# SPDX-License-Identifier: Apache-2.0
"""A customer, from all sides."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from patrii_billing.horizon.customers import tables
from patrii_billing.horizon.invoices import tables as invoice_tables
from patrii_billing.horizon import listing
from patrii_billing.horizon import service
from patrii_billing.horizon import standing

# As many as a page can show; the lists of their own have them all.
_MOST = 100
_MONTH = 31  # days


class _ListTab(tabs.TableTab):
    """A tab with one table, read when somebody looks at it."""

    template_name = 'horizon/common/_detail_table.html'
    preload = False
    collection = ''

    def listed(self, collection: str, **query: Any) -> list[listing.Row]:
        account_id = self.tab_group.kwargs['account_id']
        with service.told(self.request):
            return list(
                service.of(self.request).items(
                    collection, _MOST, account_id=account_id, **query
                )
            )
        return []


class StandingTab(_ListTab):
    name = _('Where he stands')
    slug = 'standing'
    template_name = 'patrii_billing/standing.html'
    table_classes = (tables.SubscriptionsTable, tables.ForecastTable)
    preload = True

    def get_subscriptions_data(self) -> list[listing.Row]:
        self._subscriptions = self.listed('subscriptions')
        return self._subscriptions

    def get_forecast_data(self) -> list[listing.Row]:
        return self.listed('forecast', days=_MONTH)

    def get_context_data(self, request: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(request, **kwargs)
        return {
            **context,
            'account': self.tab_group.kwargs['account'],
            'standings': [
                (sub, list(standing.sentences(sub)))
                for sub in self._subscriptions
            ],
        }


class ServersTab(_ListTab):
    name = _('Servers')
    slug = 'servers'
    table_classes = (tables.ServersTable,)

    def get_servers_data(self) -> list[listing.Row]:
        return self.listed('servers')


class InvoicesTab(_ListTab):
    name = _('Invoices')
    slug = 'invoices'
    table_classes = (invoice_tables.InvoicesTable,)

    def get_invoices_data(self) -> list[listing.Row]:
        return self.listed('invoices', sort='id:desc')


class PaymentsTab(_ListTab):
    name = _('Payments')
    slug = 'payments'
    table_classes = (tables.PaymentsTable,)

    def get_payments_data(self) -> list[listing.Row]:
        return self.listed('payments', sort='id:desc')


class NoticesTab(_ListTab):
    name = _('Mails')
    slug = 'notices'
    table_classes = (tables.NoticesTable,)

    def get_notices_data(self) -> list[listing.Row]:
        return self.listed('notices', sort='id:desc')


class TimelineTab(_ListTab):
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
