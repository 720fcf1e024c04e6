# SPDX-License-Identifier: Apache-2.0
"""The table of actions."""

from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import tables

from patrii_billing.horizon import listing
from patrii_billing.horizon import words

_Row = listing.Row


class _OfPending(tables.LinkAction):
    classes = ('ajax-modal',)

    def allowed(self, request: Any, datum: _Row | None = None) -> bool:
        return datum is None or datum['state'] == 'pending'


class ApproveAction(_OfPending):
    name = 'approve'
    verbose_name = _('Approve')
    url = 'horizon:billing:actions:approve'
    policy_rules = (('billing', 'billing:action:approve'),)

    def allowed(self, request: Any, datum: _Row | None = None) -> bool:
        return datum is None or datum['approval'] == 'waiting'


class CancelAction(_OfPending):
    name = 'cancel'
    verbose_name = _('Call off')
    url = 'horizon:billing:actions:cancel'
    policy_rules = (('billing', 'billing:action:cancel'),)

    def allowed(self, request: Any, datum: _Row | None = None) -> bool:
        """What gives back is never called off; the API refuses it."""
        if datum is not None and datum['type'] == 'restore':
            return False
        return super().allowed(request, datum)


class RetryAction(_OfPending):
    name = 'retry'
    verbose_name = _('Try now')
    url = 'horizon:billing:actions:retry'
    policy_rules = (('billing', 'billing:action:retry'),)


class Filter(tables.FilterAction):
    filter_type = 'server'
    filter_choices = (
        ('state', _('State ='), True),
        ('type', _('Type ='), True),
        ('server_id', _('Server ID ='), True),
        ('account_id', _('Customer ID ='), True),
    )


def _customer(row: _Row) -> str:
    known = (row['account_id'],)
    return str(urls.reverse('horizon:billing:customers:detail', args=known))


class ActionsTable(listing.Table):
    type = listing.word('type', _('Type'), words.STEP)
    customer = listing.text('account_name', _('Customer'), link=_customer)
    server = listing.text('server_name', _('Server'))
    state = listing.label('state', _('State'), words.ACTION_STATE)
    why = listing.text('why', _('Why'))
    attempts = listing.told(_('Failed'), lambda row: row['attempts'])
    next = listing.instant('next_at', _('Looked at next'))
    asked = listing.instant('created_at', _('Asked for'))

    class Meta:
        name = 'actions'
        verbose_name = _('Actions')
        table_actions = (Filter,)
        row_actions = (ApproveAction, CancelAction, RetryAction)
        multi_select = False

    def get_object_display(self, datum: _Row) -> str:
        return f'{datum["type"]} {datum["server_name"] or datum["id"]}'
