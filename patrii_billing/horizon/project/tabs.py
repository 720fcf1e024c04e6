# SPDX-License-Identifier: Apache-2.0
"""What a project's user sees of his account."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from patrii_billing.horizon import listing
from patrii_billing.horizon.project import tables
from patrii_billing.horizon import service
from patrii_billing.horizon import standing

_MOST = 100


class _ListTab(tabs.TableTab):
    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def listed(self, collection: str, **query: Any) -> list[listing.Row]:
        with service.told(self.request):
            return list(
                service.of(self.request).items(collection, _MOST, **query)
            )
        return []


class StandingTab(_ListTab):
    name = _('Status')
    slug = 'standing'
    template_name = 'patrii_billing/standing.html'
    table_classes = (tables.SubscriptionsTable,)
    preload = True

    def get_subscriptions_data(self) -> list[listing.Row]:
        self._subscriptions = self.listed('subscriptions')
        return self._subscriptions

    def get_context_data(self, request: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(request, **kwargs)
        return {
            **context,
            'standings': [
                (sub, list(standing.sentences(sub)))
                for sub in self._subscriptions
            ],
        }


class InvoicesTab(_ListTab):
    name = _('Invoices')
    slug = 'invoices'
    table_classes = (tables.InvoicesTable,)

    def get_invoices_data(self) -> list[listing.Row]:
        return self.listed('invoices', sort='id:desc')


class ServersTab(_ListTab):
    name = _('Servers')
    slug = 'servers'
    table_classes = (tables.ServersTable,)

    def get_servers_data(self) -> list[listing.Row]:
        return self.listed('servers', deleted=False)


class BillingTabs(tabs.TabGroup):
    slug = 'billing'
    tabs = (StandingTab, InvoicesTab, ServersTab)
    sticky = True
