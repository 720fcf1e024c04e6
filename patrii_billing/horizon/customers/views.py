# SPDX-License-Identifier: Apache-2.0
"""The pages of customers."""

import functools
from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import messages

from patrii_billing.horizon import account
from patrii_billing.horizon.customers import forms
from patrii_billing.horizon.customers import tables
from patrii_billing.horizon.customers import tabs
from patrii_billing.horizon import deeds
from patrii_billing.horizon import listing
from patrii_billing.horizon import service
from patrii_billing.horizon import words

_INDEX = 'horizon:billing:customers:index'
_DETAIL = 'horizon:billing:customers:detail'


class IndexView(listing.ListView):
    table_class = tables.CustomersTable
    page_title = _('Customers')
    collection = 'accounts'
    narrowed_by = ('billing_status',)
    meanings = {'billing_status': words.STATUS}


class DetailView(account.AccountView):
    tab_group_class = tabs.CustomerTabs
    template_name = 'patrii_billing/customer.html'
    page_title = '{{ account.name }}'

    @functools.cached_property
    def account(self) -> listing.Row:
        account_id = self.kwargs['account_id']
        try:
            found = service.of(self.request).get(f'/v1/accounts/{account_id}')
        except service.FAILURES as error:
            messages.error(self.request, service.words(error))
            raise exceptions.Http302(urls.reverse(_INDEX)) from error
        return dict(found)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        table = tables.CustomersTable(self.request)
        return {
            **context,
            'url': urls.reverse(_INDEX),
            'actions': table.render_row_actions(self.account),
        }


class PayView(deeds.DeedView):
    form_class = forms.Pay
    page_title = _('Record a payment')
    submit_label = _('Record a payment')
    back, back_by = _DETAIL, ('account_id',)
    explained = _(
        'The oldest open invoice is paid first; what is left over is kept as '
        'a balance. What is shelved comes back when nothing is overdue.'
    )


class HoldView(deeds.DeedView):
    form_class = forms.Hold
    page_title = _('Hold')
    submit_label = _('Hold')
    back, back_by = _DETAIL, ('account_id',)
    explained = _(
        'A hold lets the ladder stand still. What is shelved stays shelved.'
    )


class RestoreView(deeds.DeedView):
    form_class = forms.Restore
    page_title = _('Restore now')
    submit_label = _('Restore now')
    back, back_by = _DETAIL, ('account_id',)
    explained = _(
        'A payment brings servers back by itself. This tries at once, and '
        'anew, what waits in vain. What is not paid stays as it is.'
    )


class ResendView(deeds.DeedView):
    form_class = forms.Resend
    page_title = _('Send again')
    submit_label = _('Send again')
    back, back_by = _DETAIL, ('account_id',)
    explained = _('The same mail goes out once more, with the text of today.')
