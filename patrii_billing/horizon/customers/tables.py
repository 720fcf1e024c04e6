# SPDX-License-Identifier: Apache-2.0
"""The tables of customers, and of what hangs on one."""

from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import tables

from patrii_billing.horizon import figures
from patrii_billing.horizon import listing
from patrii_billing.horizon import words

_Row = listing.Row


class PayAction(tables.LinkAction):
    name = 'pay'
    verbose_name = _('Record a payment')
    url = 'horizon:billing:customers:pay'
    classes = ('ajax-modal',)
    policy_rules = (('billing', 'billing:payment:create'),)


class Filter(tables.FilterAction):
    filter_type = 'server'
    filter_choices = (
        ('search', _('Anything'), True, _(
            'The beginning of a name, a mail address, a project or a server, '
            'or the number of an invoice.'
        )),
        ('billing_status', _('Status ='), True),
    )


class CustomersTable(listing.Table):
    name = listing.text(
        'name', _('Name'), link='horizon:billing:customers:detail'
    )
    status = listing.label('billing_status', _('Status'), words.STATUS)
    external_ref = listing.text('external_ref', _('Reference'))
    contacts = listing.told(
        _('Contacts'), lambda row: ', '.join(row['contacts'])
    )
    parked = listing.told(
        _('Remark'), lambda row: row['parked_why'] or figures.NOTHING
    )
    since = listing.instant('created_at', _('Since'))

    class Meta:
        name = 'customers'
        verbose_name = _('Customers')
        table_actions = (Filter,)
        row_actions = (PayAction,)
        multi_select = False


class _OfSubscription(tables.LinkAction):
    classes = ('ajax-modal',)

    def get_link_url(self, datum: _Row | None = None) -> str:
        assert datum is not None  # noqa: S101 - it is no table's action
        return str(
            urls.reverse(self.url, args=(datum['account_id'], datum['id']))
        )


class HoldAction(_OfSubscription):
    name = 'hold'
    verbose_name = _('Hold')
    url = 'horizon:billing:customers:hold'
    policy_rules = (('billing', 'billing:hold:create'),)


class RestoreAction(_OfSubscription):
    name = 'restore'
    verbose_name = _('Restore now')
    url = 'horizon:billing:customers:restore'
    policy_rules = (('billing', 'billing:subscription:restore'),)

    def allowed(self, request: Any, datum: _Row | None = None) -> bool:
        gone = ('shelved', 'pending_deletion', 'deleted')
        return datum is None or datum['billing_status'] in gone


class SubscriptionsTable(listing.Table):
    name = listing.text('name', _('Name'))
    plan = listing.text('plan_name', _('Plan'))
    project = listing.text('project_name', _('Project'))
    status = listing.label('billing_status', _('Status'), words.STATUS)
    since = listing.instant('status_since', _('Since'))
    owed = listing.amount('owed', _('Open'))
    step = listing.word('next_step', _('Next step'), words.STEP)
    due = listing.instant('due_at', _('At'))

    class Meta:
        name = 'subscriptions'
        verbose_name = _('Subscriptions')
        row_actions = (HoldAction, RestoreAction)
        multi_select = False


class ForecastTable(listing.Table):
    at = listing.told(_('When'), lambda row: _when(row))
    kind = listing.word('kind', _('What'), words.STEP)
    subscription = listing.text('subscription_name', _('Subscription'))
    amount = listing.amount('amount', _('Amount'))

    class Meta:
        name = 'forecast'
        verbose_name = _('What comes if nobody pays')
        multi_select = False

    def get_object_id(self, datum: _Row) -> str:
        return f'{datum["subscription_id"]}-{datum["kind"]}-{datum["at"]}'


def _when(row: _Row) -> Any:
    at = figures.instant(row['at'])
    if row['not_before']:
        return _('not before %(at)s') % {'at': at}
    return at


class ServersTable(listing.Table):
    name = listing.text('name', _('Name'))
    flavor = listing.text('flavor', _('Flavor'))
    vm_state = listing.word('vm_state', _('State in nova'), words.VM)
    custody = listing.label('custody', _('Done to it'), words.CUSTODY)
    why = listing.text('custody_why', _('Why'))
    covered = listing.text('subscription_name', _('Paid for by'))
    gone = listing.instant('deleted_at', _('Gone since'))

    class Meta:
        name = 'servers'
        verbose_name = _('Servers')
        multi_select = False


class PaymentsTable(listing.Table):
    at = listing.instant('received_at', _('Received'))
    kind = listing.word('kind', _('Kind'), words.PAYMENT_KIND)
    state = listing.label('state', _('State'), words.PAYMENT_STATE)
    amount = listing.amount('amount', _('Amount'))
    free = listing.amount('free', _('Balance left'))
    reference = listing.text('reference', _('Reference'))
    by = listing.text('by', _('Recorded by'))

    class Meta:
        name = 'payments'
        verbose_name = _('Payments')
        multi_select = False


class ResendAction(tables.LinkAction):
    name = 'resend'
    verbose_name = _('Send again')
    classes = ('ajax-modal',)
    policy_rules = (('billing', 'billing:notice:resend'),)

    def get_link_url(self, datum: _Row | None = None) -> str:
        assert datum is not None  # noqa: S101 - it is no table's action
        known = (datum['account_id'], datum['id'])
        return str(
            urls.reverse('horizon:billing:customers:resend', args=known)
        )


class NoticesTable(listing.Table):
    at = listing.instant('created_at', _('Written'))
    template = listing.word('template', _('What'), words.NOTICE)
    subject = listing.text('subject', _('Subject'))
    recipients = listing.told(
        _('To'), lambda row: ', '.join(row['recipients'] or ())
    )
    state = listing.label('state', _('State'), words.NOTICE_STATE)
    answer = listing.text('answer', _("The server's answer"), truncate=60)

    class Meta:
        name = 'notices'
        verbose_name = _('Mails')
        row_actions = (ResendAction,)
        multi_select = False


class TimelineTable(listing.Table):
    at = listing.instant('at', _('When'))
    what = listing.told(_('What'), words.entry)
    server = listing.text('server_name', _('Server'))
    why = listing.text('why', _('Why'))
    by = listing.text('by', _('By'))

    class Meta:
        name = 'timeline'
        verbose_name = _('Timeline')
        multi_select = False
