# SPDX-License-Identifier: Apache-2.0
"""The pages of a project's user."""

from collections.abc import Mapping
import functools
from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import messages

from patrii_billing.horizon import account
from patrii_billing.horizon import deeds
from patrii_billing.horizon.invoices import views as invoice_views
from patrii_billing.horizon.project import forms
from patrii_billing.horizon.project import tabs
from patrii_billing.horizon import service

_INDEX = 'horizon:project:billing:index'


class IndexView(account.AccountView):
    tab_group_class = tabs.BillingTabs
    template_name = 'patrii_billing/project.html'
    page_title = _('Billing')

    @functools.cached_property
    def account(self) -> Mapping[str, Any] | None:
        """That of the project, also where who looks may see others."""
        project_id = self.request.user.project_id
        with service.told(self.request):
            api = service.of(self.request)
            for one in api.items('accounts', 1, project_id=project_id):
                return dict(api.get(f'/v1/accounts/{one["id"]}'))
        return None


class PdfView(invoice_views.PdfView):
    back = _INDEX


class QuotaView(deeds.DeedView):
    form_class = forms.Quota
    page_title = _('Change the quota')
    submit_label = _('Change the quota')
    back = _INDEX
    explained = _(
        'The quota is changed within seconds, and billed from today on: '
        'what it costs is shown before anything is changed.'
    )

    @functools.cached_property
    def quotas(self) -> list[dict[str, Any]]:
        """What has a price. Raises Http302 where there is none."""
        number = self.kwargs['subscription_id']
        try:
            found = service.of(self.request).get(
                f'/v1/subscriptions/{number}/quota'
            )
        except service.FAILURES as error:
            messages.error(self.request, service.words(error))
            raise exceptions.Http302(urls.reverse(_INDEX)) from error
        return [one for one in found['quotas'] if one['billed'] is not None]

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), 'quotas': self.quotas}
