# SPDX-License-Identifier: Apache-2.0
"""What may be done for a customer."""

from collections.abc import Iterator
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import forms

from patrii_billing.horizon import deeds
from patrii_billing.horizon import figures
from patrii_billing.horizon import words


class Pay(deeds.Deed):
    amount = forms.DecimalField(
        label=_('Amount'), max_digits=16, decimal_places=4, min_value=0
    )
    reference = forms.CharField(
        label=_('Reference'), max_length=255, required=False,
        help_text=_('What the customer wrote, or the number of a cheque.'),
    )  # fmt: skip
    done = _('The payment is recorded.')
    says = frozenset({'payment'})

    def path(self, target: Mapping[str, str]) -> str:
        return '/v1/payments'

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        account_id = int(self.initial['target']['account_id'])
        return {**super().body(data), 'account_id': account_id}

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        currency = answer['currency']
        for one in answer['allocations']:
            amount = figures.amount(one['amount'], currency)
            yield _('%(amount)s pays %(invoice)s.') % {
                'amount': amount, 'invoice': one['invoice']
            }  # fmt: skip
        if Decimal(answer['free']) > 0:
            free = figures.amount(answer['free'], currency)
            yield _('%(amount)s is kept as a balance.') % {'amount': free}


class Hold(deeds.Deed):
    type = forms.ThemableChoiceField(
        label=_('Type'),
        choices=(
            ('promise', _('Promise: the ladder stops until a day')),
            ('pause', _('Pause: neither ladder nor invoices run')),
            ('abuse', _('Abuse: no payment lifts it')),
        ),
    )
    until = forms.DateField(
        label=_('Until'), required=False, widget=deeds.DAY,
        help_text=_('A promise needs a day.'),
    )  # fmt: skip
    reason = forms.CharField(label=_('Reason'), max_length=4000)
    done = _('The hold is placed.')
    says = frozenset({'hold'})

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/subscriptions/{target["subscription_id"]}/holds'

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        if answer['until'] is None:
            yield _('The ladder stands still until the hold is released.')
            return
        until = figures.instant(answer['until'])
        yield _('The ladder stands still until %(until)s.') % {'until': until}


class Restore(deeds.Deed):
    why = forms.CharField(label=_('Why'), max_length=4000, required=False)
    done = _('What is paid for is given back now.')
    says = frozenset({'request'})

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/subscriptions/{target["subscription_id"]}/restore'

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        for action_id in answer['action_ids']:
            yield _('Action %(id)s is carried out at once.') % {
                'id': action_id
            }


class Resend(deeds.Deed):
    done = _('The mail is sent again.')
    says = frozenset({'notice'})

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/notices/{target["notice_id"]}/resend'

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        yield _('%(account)s gets this mail once more: %(mail)s.') % {
            'account': answer['account_name'],
            'mail': words.of(words.NOTICE, answer['template']),
        }
