# SPDX-License-Identifier: Apache-2.0
"""The API's own names, in the language of who looks."""

from collections.abc import Mapping
from typing import Any

from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from patrii_billing.horizon import figures

STATUS = {
    'active': _('Active'),
    'grace': _('Grace'),
    'held': _('Held'),
    'shelved': _('Shelved'),
    'pending_deletion': _('Pending deletion'),
    'deleted': pgettext_lazy('servers', 'Deleted'),
}
INVOICE_STATE = {
    'open': pgettext_lazy('invoice', 'Open'),
    'paid': _('Paid'),
    'void': _('Void'),
    'uncollectible': _('Uncollectible'),
}
INVOICE_KIND = {
    'renewal': _('Renewal'),
    'first': _('First invoice'),
    'extra': _('Extra invoice'),
    'opening': _('Opening balance'),
    'credit_note': _('Credit note'),
}
PAYMENT_STATE = {
    'pending': _('In transit'),
    'received': _('Received'),
    'failed': _('Failed'),
    'refunded': _('Refunded'),
    'charged_back': _('Charged back'),
}
PAYMENT_KIND = {
    'payment': _('Payment'),
    'credit': _('Credit'),
    'fee': _('Fee'),
    'refund': _('Refund'),
    'charge_back': _('Chargeback'),
    'withdrawal': _('Withdrawal'),
}
# Of actions and of the forecast.
STEP = {
    'invoice': _('Invoice'),
    'reminder': _('Reminder'),
    'remind': _('Reminder'),
    'grace': _('Grace begins'),
    'shelve': _('Shelve'),
    'warn': _('Last warning'),
    'last_warning': _('Last warning'),
    'delete': pgettext_lazy('step', 'Delete'),
    'end': _('End'),
    'restore': _('Restore'),
    'quota_change': _('Change of the quota'),
    'purge': _('Purge'),
}
ACTION_STATE = {
    'pending': _('Waiting'),
    'done': _('Done'),
    'cancelled': _('Called off'),
    'failed': _('Failed'),
}
NOTICE_STATE = {
    'pending': _('Waiting'),
    'accepted': _('Accepted'),
    'refused': _('Refused'),
    'unknown': _('Unknown'),
    'suppressed': _('Not sent'),
    'cancelled': _('Called off'),
}
NOTICE = {
    'invoice': _('Invoice'),
    'reminder': _('Reminder'),
    'grace': _('Grace begins'),
    'shelved': _('Servers shelved'),
    'last_warning': _('Last warning'),
    'deleted': _('Servers deleted'),
    'deletion_requested': _('Deletion requested'),
    'restored': _('Servers restored'),
    'payment_received': _('Payment received'),
    'payment_failed': _('Payment failed'),
    'credit_note': _('Credit note'),
    'quota_changed': _('Quota changed'),
    'quota_refused': _('Quota refused'),
    'hold_begun': _('Hold begun'),
    'hold_ended': _('Hold ended'),
    'contract_ending': _('Contract ends'),
    'contract_kept': _('Contract kept'),
}
CUSTODY = {
    'taken': _('Being shelved'),
    'shelved': _('Shelved'),
    'stopped': _('Stopped'),
    'exempt': _('Exempt'),
    'absent': _('Absent'),
    'deleted': pgettext_lazy('servers', 'Deleted'),
}
RESOURCE = {
    'cores': _('Cores'),
    'ram_gib': _('Memory (GiB)'),
    'instances': _('Servers'),
    'server_groups': _('Server groups'),
    'server_group_members': _('Members of a server group'),
    'key_pairs': _('Key pairs'),
    'metadata_items': _('Metadata items'),
}
# How bad it is, as one of Bootstrap's colours.
_COLOURS = {
    'active': 'success',
    'paid': 'success',
    'received': 'success',
    'accepted': 'success',
    'done': 'success',
    'grace': 'warning',
    'open': 'info',
    'held': 'info',
    'pending': 'info',
    'shelved': 'danger',
    'pending_deletion': 'danger',
    'refused': 'danger',
    'failed': 'danger',
    'charged_back': 'danger',
    'uncollectible': 'danger',
    'overdue': 'danger',
}


def of(meanings: Mapping[str, Any], name: str | None) -> Any:
    """What a name means; one that is newer than this stays as it is."""
    if name is None:
        return figures.NOTHING
    return meanings.get(name, name)


def label(meanings: Mapping[str, Any], name: str | None) -> Any:
    """The same, in a colour of its own."""
    if name is None:
        return figures.NOTHING
    colour = _COLOURS.get(name, 'default')
    return html.format_html(
        '<span class="label label-{}">{}</span>', colour, of(meanings, name)
    )
