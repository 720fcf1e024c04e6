# SPDX-License-Identifier: Apache-2.0
"""The words that people read for the codes of the API.

What is not here is shown as its code, so that nothing new is hidden.
"""

from collections.abc import Mapping


def N_(text: str) -> str:  # noqa: N802 - what gettext's tools look for
    """Marks words that are translated later."""
    return text


_STATUS = {
    'active': N_('active'),
    'grace': N_('grace'),
    'held': N_('held'),
    'shelved': N_('shelved'),
    'pending_deletion': N_('pending deletion'),
    'deleted': N_('deleted'),
}
_STEP = {
    'invoice': N_('invoice'),
    'reminder': N_('reminder'),
    'grace': N_('grace begins'),
    'shelve': N_('shelve'),
    'last_warning': N_('last warning'),
    'delete': N_('delete'),
    'restore': N_('restore'),
    'quota_change': N_('quota change'),
    'purge': N_('purge'),
}
_RUNG = {
    'invoice': N_('Invoice'),
    'reminder': N_('Reminder'),
    'grace': N_('Grace'),
    'shelve': N_('Shelved'),
    'last_warning': N_('Last warning'),
    'delete': N_('Deleted'),
}
_WHEN = {
    'past': N_('done'),
    'here': N_('now here'),
    'next': N_('next'),
    'coming': N_('if nobody pays'),
}
_STATE = {
    'draft': N_('draft'),
    'open': N_('open'),
    'paid': N_('paid'),
    'void': N_('void'),
    'external': N_('billed elsewhere'),
    'uncollectible': N_('written off'),
    'pending': N_('waiting'),
    'done': N_('done'),
    'failed': N_('failed'),
    'cancelled': N_('cancelled'),
    'accepted': N_('accepted'),
    'refused': N_('refused'),
    'unknown': N_('unknown'),
    'suppressed': N_('not sent: dry run'),
    'received': N_('received'),
    'refunded': N_('refunded'),
    'charged_back': N_('charged back'),
    'begun': N_('under way'),
    'deferred': N_('put off'),
    'bounced': N_('sent back'),
    'stopped': N_('stopped'),
    'exempt': N_('left alone'),
    'absent': N_('gone'),
}
_CUSTODY = {
    'taken': N_('being shelved'),
    'shelved': N_('shelved'),
    'stopped': N_('stopped'),
    'exempt': N_('left alone'),
    'absent': N_('gone'),
    'deleted': N_('deleted'),
    'restored': N_('restored'),
}
_MAIL = {
    'invoice': N_('invoice'),
    'reminder': N_('reminder'),
    'grace': N_('grace begins'),
    'shelved': N_('servers shelved'),
    'last_warning': N_('last warning'),
    'deleted': N_('servers deleted'),
    'deletion_requested': N_('deletion asked for'),
    'restored': N_('servers restored'),
    'payment_received': N_('payment received'),
    'payment_failed': N_('payment failed'),
    'credit_note': N_('credit note'),
    'quota_changed': N_('quota changed'),
    'quota_refused': N_('quota refused'),
    'hold_begun': N_('hold begun'),
    'hold_ended': N_('hold ended'),
    'contract_ending': N_('contract ends'),
    'contract_kept': N_('contract goes on'),
    'operator': N_('alarm'),
}
_WHAT = {
    'account': N_('account'),
    'action': N_('action'),
    'alarm': N_('alarm'),
    'call': N_('call to Nova'),
    'contract': N_('contract'),
    'event': N_('event'),
    'fact': N_('cloud'),
    'hold': N_('hold'),
    'import': N_('import'),
    'invoice': N_('invoice'),
    'notice': N_('mail'),
    'outage': N_('outage'),
    'payment': N_('payment'),
    'plan': N_('plan'),
    'project': N_('project'),
    'request': N_('request'),
    'series': N_('numbers'),
    'status': N_('status'),
    'subscription': N_('contract'),
    'switch': N_('switch'),
    'undo': N_('undo'),
    'webhook': N_('webhook'),
}
_CALL = {
    'lock': N_('lock'),
    'lock_as_owner': N_('lock for the owner'),
    'unlock': N_('unlock'),
    'shelve': N_('shelve'),
    'unshelve': N_('unshelve'),
    'stop': N_('stop'),
    'start': N_('start'),
    'delete': N_('delete'),
}
_FACT = {
    'ServerCreated': N_('server created'),
    'ServerDeleted': N_('server deleted'),
    'ServerResized': N_('server resized'),
    'QuotaChanged': N_('quota changed'),
}
_HOLD = {
    'promise': N_('promise'),
    'pause': N_('pause'),
    'abuse': N_('abuse'),
    'promise begun': N_('promise begun'),
    'pause begun': N_('pause begun'),
    'abuse begun': N_('abuse begun'),
    'promise prolonged': N_('promise prolonged'),
    'pause prolonged': N_('pause prolonged'),
    'abuse prolonged': N_('abuse prolonged'),
    'promise ended': N_('promise ended'),
    'pause ended': N_('pause ended'),
    'abuse ended': N_('abuse ended'),
}
_CONTRACT = {
    'trial': N_('on trial'),
    'live': N_('running'),
    'ending': N_('ending'),
    'ended': N_('ended'),
}
_SWITCH = {
    'stopped': N_('enforcement stopped'),
    'resumed': N_('enforcement resumed'),
}
_CHANGE = {
    'added': N_('added'),
    'changed': N_('changed'),
    'deleted': N_('deleted'),
    'removed': N_('removed'),
    'ended': N_('ended'),
    'undeliverable': N_('address does not work'),
    'deliverable': N_('address works again'),
}
_CAP = {
    'shelve actions within an hour': N_('shelve actions within an hour'),
    'delete actions within an hour': N_('delete actions within an hour'),
    'purge actions within an hour': N_('purge actions within an hour'),
    'delete actions within 30 days': N_('delete actions within 30 days'),
}
# Nova's vm_state (nova/compute/vm_states.py).
_VM = {
    'active': N_('running'),
    'building': N_('being built'),
    'paused': N_('paused'),
    'suspended': N_('suspended'),
    'stopped': N_('switched off'),
    'rescued': N_('rescued'),
    'resized': N_('resized'),
    'shelved': N_('shelved'),
    'shelved_offloaded': N_('shelved'),
    'soft-delete': N_('deleted'),
    'soft_deleted': N_('deleted'),
    'deleted': N_('deleted'),
    'error': N_('error'),
}
_RESOURCE = {
    'cores': N_('Cores'),
    'ram_gib': N_('Memory in GiB'),
    'instances': N_('Servers'),
    'server_groups': N_('Server groups'),
    'server_group_members': N_('Members of a server group'),
    'key_pairs': N_('Key pairs'),
    'metadata_items': N_('Metadata items'),
}
_PRICE = {
    'flat': N_('flat'),
    'flavor': N_('flavor'),
    'quota': N_('quota'),
    'meter': N_('metered'),
    'setup': N_('setup'),
}
_CYCLE = {
    'month': N_('month'),
    'quarter': N_('quarter'),
    'year': N_('year'),
}
WORDS: Mapping[str, Mapping[str, str]] = {
    'status': _STATUS,
    'step': _STEP,
    'rung': _RUNG,
    'when': _WHEN,
    'state': _STATE,
    'custody': _CUSTODY,
    'mail': _MAIL,
    'what': _WHAT,
    'hold': _HOLD,
    'cap': _CAP,
    'price': _PRICE,
    'cycle': _CYCLE,
    'vm': _VM,
}
# What the forms of the pages call a payment; it says nothing to people.
KEYS = 'ui-'
# What an entry of the timeline is called by, of each kind.
_NAMES: Mapping[str, Mapping[str, str]] = {
    'status': _STATUS,
    'notice': _MAIL,
    'action': _STEP,
    'request': _STEP,
    'contract': _CONTRACT,
    'call': _CALL,
    'fact': _FACT,
    'hold': _HOLD,
    'switch': _SWITCH,
}


def word(code: str, kind: str) -> str:
    """In English, to be translated: `held`, `pending deletion`."""
    return WORDS[kind].get(code, code.replace('_', ' '))


def name(what: str, code: str) -> str:
    """What happened, of an entry of the timeline; other names as they are."""
    if what == 'payment' and code.startswith(KEYS):
        return ''
    return _NAMES.get(what, _CHANGE).get(code, code)


def resource(name: str) -> str:
    """What has a price; the names of flavors and meters as they are."""
    return _RESOURCE.get(name, name)
