# SPDX-License-Identifier: Apache-2.0
"""What the page of a customer and that of his project have in common."""

from collections.abc import Mapping
import functools
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from patrii_billing.horizon import clock
from patrii_billing.horizon import figures
from patrii_billing.horizon import listing
from patrii_billing.horizon import service
from patrii_billing.horizon import standing
from patrii_billing.horizon import words

# As many as a tab can show; the lists of their own have them all.
_MOST = 100
_SUMS = ('owed', 'overdue', 'balance')


class ListTab(tabs.TableTab):
    """A tab with tables of an account, read when somebody looks at it."""

    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def listed(self, collection: str, **query: Any) -> list[listing.Row]:
        account_id = self.tab_group.kwargs['account']['id']
        with service.told(self.request):
            return list(
                service.of(self.request).items(
                    collection, _MOST, account_id=account_id, **query
                )
            )
        return []


class StandingTab(ListTab):
    """Where its subscriptions stand, in words and as a table."""

    name = _('Status')
    slug = 'standing'
    template_name = 'patrii_billing/standing.html'
    preload = True

    @functools.cached_property
    def subscriptions(self) -> list[listing.Row]:
        return self.listed('subscriptions')

    def get_subscriptions_data(self) -> list[listing.Row]:
        return self.subscriptions

    def get_context_data(self, request: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(request, **kwargs)
        standings = [
            (sub, words.label(words.STATUS, sub['billing_status']),
             list(standing.sentences(sub)))
            for sub in self.subscriptions
        ]  # fmt: skip
        return {**context, 'standings': standings}


class AccountView(clock.OwnClock, tabs.TabbedTableView):
    """An account from all sides; a page that says so where there is none."""

    missing = 'patrii_billing/no_account.html'

    @functools.cached_property
    def account(self) -> Mapping[str, Any] | None:
        raise NotImplementedError

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self.account is None:
            self.template_name = self.missing
            return self.render_to_response({'view': self})
        return super().get(request, *args, **kwargs)

    def get_tabs(self, request: Any, **kwargs: Any) -> Any:
        return super().get_tabs(request, **kwargs, account=self.account)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        account = self.account
        if account is None:
            return dict(context)
        return {
            **context,
            'account': account,
            'status': words.label(words.STATUS, account['billing_status']),
            'sums': {
                name: figures.amount(account[name], account['currency'])
                for name in _SUMS
            },
        }
