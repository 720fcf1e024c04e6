# SPDX-License-Identifier: Apache-2.0
"""The pages of invoices."""

from typing import Any

from django import http
from django import urls
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import exceptions
from horizon import messages

from patrii_billing.horizon.invoices import tables
from patrii_billing.horizon import listing
from patrii_billing.horizon import service
from patrii_billing.horizon import words


class IndexView(listing.ListView):
    table_class = tables.InvoicesTable
    page_title = _('Invoices')
    collection = 'invoices'
    narrowed_by = ('state', 'overdue', 'account_id')
    meanings = {'state': words.INVOICE_STATE}


class PdfView(generic.View):
    """An invoice as a file. `back` is shown where there is none."""

    back = 'horizon:billing:invoices:index'

    def get(self, request: Any, number: str) -> http.HttpResponse:
        try:
            pdf = service.of(request).raw(f'/v1/invoices/{number}/pdf')
        except service.FAILURES as error:
            messages.error(request, service.words(error))
            raise exceptions.Http302(urls.reverse(self.back)) from error
        answer = http.HttpResponse(pdf, content_type='application/pdf')
        answer['Content-Disposition'] = f'attachment; filename="{number}.pdf"'
        return answer
