# SPDX-License-Identifier: Apache-2.0
"""What may be done for a customer."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import forms

from patrii_billing.horizon import deeds


class Pay(deeds.Deed):
    amount = forms.DecimalField(
        label=_('Amount'), max_digits=16, decimal_places=4, min_value=0
    )
    reference = forms.CharField(
        label=_('Reference'), max_length=255, required=False,
        help_text=_('What the customer wrote, or the number of a cheque.'),
    )  # fmt: skip
    done = _('The payment is recorded.')

    def path(self, target: Mapping[str, str]) -> str:
        return '/v1/payments'

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        account_id = int(self.initial['target']['account_id'])
        return {**super().body(data), 'account_id': account_id}


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
        label=_('Until'), required=False,
        help_text=_('A day, as 2026-12-31. A promise needs one.'),
    )
    reason = forms.CharField(label=_('Reason'), max_length=4000)
    done = _('The hold is placed.')

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/subscriptions/{target["subscription_id"]}/holds'


class Restore(deeds.Deed):
    why = forms.CharField(label=_('Why'), max_length=4000, required=False)
    done = _('What is paid for is given back now.')

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/subscriptions/{target["subscription_id"]}/restore'


class Resend(deeds.Deed):
    done = _('The mail is sent again.')

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/notices/{target["notice_id"]}/resend'
