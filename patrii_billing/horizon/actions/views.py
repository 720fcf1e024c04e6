# SPDX-License-Identifier: Apache-2.0
"""The pages of actions."""

from django.utils.translation import gettext_lazy as _

from patrii_billing.horizon.actions import forms
from patrii_billing.horizon.actions import tables
from patrii_billing.horizon import deeds
from patrii_billing.horizon import listing
from patrii_billing.horizon import words

_INDEX = 'horizon:billing:actions:index'


class IndexView(listing.ListView):
    table_class = tables.ActionsTable
    page_title = _('Actions')
    collection = 'actions'
    narrowed_by = ('state', 'type', 'approval')
    meanings = {'state': words.ACTION_STATE, 'type': words.STEP}


class ApproveView(deeds.DeedView):
    form_class = forms.Approve
    page_title = _('Approve')
    submit_label = _('Approve')
    back = _INDEX
    explained = _(
        'Whether it is lawful is asked all the same when it is carried out.'
    )


class CancelView(deeds.DeedView):
    form_class = forms.Cancel
    page_title = _('Call off')
    submit_label = _('Call off')
    back = _INDEX
    explained = _(
        'Of a step of the ladder the whole subscription is held, by a '
        'promise, until that day. A restore is never called off.'
    )


class RetryView(deeds.DeedView):
    form_class = forms.Retry
    page_title = _('Try now')
    submit_label = _('Try now')
    back = _INDEX
    explained = _('It is looked at now, as if it had not failed before.')
