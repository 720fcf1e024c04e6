# SPDX-License-Identifier: Apache-2.0
"""The tables of what a project's user sees."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tables

from patrii_billing.horizon.invoices import tables as invoice_tables
from patrii_billing.horizon import listing
from patrii_billing.horizon import words


class QuotaAction(tables.LinkAction):
    name = 'quota'
    verbose_name = _('Change the quota')
    url = 'horizon:project:billing:quota'
    classes = ('ajax-modal',)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        if datum is None:
            return True
        here = datum['project_id'] == request.user.project_id
        return here and datum['server_id'] is None


class SubscriptionsTable(listing.Table):
    name = listing.text('name', _('Name'))
    plan = listing.text('plan_name', _('Plan'))
    project = listing.text('project_name', _('Project'))
    status = listing.label('billing_status', _('Status'), words.STATUS)
    owed = listing.amount('owed', _('Open'))
    until = listing.day('billed_until', _('Billed until'))
    invoice = listing.instant('next_invoice_at', _('Next invoice'))

    class Meta:
        name = 'subscriptions'
        verbose_name = _('Subscriptions')
        row_actions = (QuotaAction,)
        multi_select = False


class ServersTable(listing.Table):
    name = listing.text('name', _('Name'))
    project = listing.text('project_name', _('Project'))
    flavor = listing.text('flavor', _('Flavor'))
    vm_state = listing.word('vm_state', _('State in nova'), words.VM)
    custody = listing.label('custody', _('Because of billing'), words.CUSTODY)
    covered = listing.text('subscription_name', _('Paid for by'))

    class Meta:
        name = 'servers'
        verbose_name = _('Servers')
        multi_select = False


class PdfAction(tables.LinkAction):
    name = 'pdf'
    verbose_name = _('PDF')
    icon = 'download'
    url = 'horizon:project:billing:pdf'


class InvoicesTable(listing.Table):
    known_by = 'number'
    number = listing.text('number', _('Number'))
    kind = listing.word('kind', _('Kind'), words.INVOICE_KIND)
    period = listing.told(_('Period'), invoice_tables.period)
    state = listing.told(_('State'), invoice_tables.state)
    total = listing.amount('total', _('Total'))
    owed = listing.amount('owed', _('Open'))
    due = listing.instant('due_at', _('Due'))
    reference = listing.text('reference', _('Reference of the payment'))

    class Meta:
        name = 'invoices'
        verbose_name = _('Invoices')
        row_actions = (PdfAction,)
        multi_select = False
