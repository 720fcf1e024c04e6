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
    'external': _('Billed elsewhere'),
}
INVOICE_KIND = {
    'renewal': _('Renewal'),
    'first': _('First invoice'),
    'extra': _('Extra invoice'),
    'opening': _('Opening balance'),
    'credit_note': _('Credit note'),
    'foreign': _('Invoice of another engine'),
    'record': _('Time that another engine bills'),
    'handover': _('Lines for another engine'),
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
BRIDGE = {
    'active': _('Followed'),
    'passive': _('Passive: nobody is enforced for what it says'),
    'unread': _('Not read lately: nobody is enforced for what it says'),
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
# Nova's vm_state.
VM = {
    'active': pgettext_lazy('server', 'Running'),
    'building': pgettext_lazy('server', 'Being built'),
    'paused': pgettext_lazy('server', 'Paused'),
    'suspended': pgettext_lazy('server', 'Suspended'),
    'stopped': pgettext_lazy('server', 'Switched off'),
    'rescued': pgettext_lazy('server', 'Rescued'),
    'resized': pgettext_lazy('server', 'Resized'),
    'shelved': pgettext_lazy('server', 'Shelved'),
    'shelved_offloaded': pgettext_lazy('server', 'Shelved'),
    'soft-delete': pgettext_lazy('server', 'Deleted'),
    'soft_deleted': pgettext_lazy('server', 'Deleted'),
    'deleted': pgettext_lazy('server', 'Deleted'),
    'error': pgettext_lazy('server', 'Error'),
}
# The kinds of entries of the timeline, and what they are called by.
WHAT = {
    'account': pgettext_lazy('timeline', 'Account'),
    'action': pgettext_lazy('timeline', 'Action'),
    'alarm': pgettext_lazy('timeline', 'Alarm'),
    'call': pgettext_lazy('timeline', 'Call to nova'),
    'contract': pgettext_lazy('timeline', 'Contract'),
    'event': pgettext_lazy('timeline', 'Event'),
    'fact': pgettext_lazy('timeline', 'Cloud'),
    'hold': pgettext_lazy('timeline', 'Hold'),
    'import': pgettext_lazy('timeline', 'Import'),
    'invoice': pgettext_lazy('timeline', 'Invoice'),
    'notice': pgettext_lazy('timeline', 'Mail'),
    'payment': pgettext_lazy('timeline', 'Payment'),
    'plan': pgettext_lazy('timeline', 'Plan'),
    'project': pgettext_lazy('timeline', 'Project'),
    'request': pgettext_lazy('timeline', 'Request'),
    'series': pgettext_lazy('timeline', 'Numbers'),
    'status': pgettext_lazy('timeline', 'Status'),
    'subscription': pgettext_lazy('timeline', 'Subscription'),
    'switch': pgettext_lazy('timeline', 'Switch'),
    'undo': pgettext_lazy('timeline', 'Undo'),
    'webhook': pgettext_lazy('timeline', 'Webhook'),
}
_FACT = {
    'ServerCreated': pgettext_lazy('timeline', 'Server created'),
    'ServerDeleted': pgettext_lazy('timeline', 'Server deleted'),
    'ServerResized': pgettext_lazy('timeline', 'Server resized'),
    'QuotaChanged': pgettext_lazy('timeline', 'Quota changed'),
}
_CALL = {
    'lock': pgettext_lazy('call', 'Lock'),
    'lock_as_owner': pgettext_lazy('call', 'Lock for the owner'),
    'unlock': pgettext_lazy('call', 'Unlock'),
    'shelve': pgettext_lazy('call', 'Shelve'),
    'unshelve': pgettext_lazy('call', 'Unshelve'),
    'stop': pgettext_lazy('call', 'Stop'),
    'start': pgettext_lazy('call', 'Start'),
    'delete': pgettext_lazy('call', 'Delete'),
}
_NAMES: Mapping[str, Mapping[str, Any]] = {
    'status': STATUS,
    'notice': NOTICE,
    'action': STEP,
    'call': _CALL,
    'fact': _FACT,
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


def entry(row: Mapping[str, Any]) -> str:
    """What an entry of the timeline tells: `Mail: Servers shelved`."""
    what = row['what']
    said = of(_NAMES.get(what, {}), row['name'])
    return f'{of(WHAT, what)}: {said}'


def label(meanings: Mapping[str, Any], name: str | None) -> Any:
    """The same, in a colour of its own."""
    if name is None:
        return figures.NOTHING
    colour = _COLOURS.get(name, 'default')
    return html.format_html(
        '<span class="label label-{}">{}</span>', colour, of(meanings, name)
    )
