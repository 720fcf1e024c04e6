# SPDX-License-Identifier: Apache-2.0
"""What a person may do with an action."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import forms

from patrii_billing.horizon import deeds


class Approve(deeds.Deed):
    done = _('The action is approved.')

    def path(self, target: Mapping[str, str]) -> str:
        return '/v1/actions/approve'

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {'actions': [int(self.initial['target']['action_id'])]}


class Cancel(deeds.Deed):
    reason = forms.CharField(label=_('Reason'), max_length=4000)
    until = forms.DateField(
        label=_('Until'), required=False,
        help_text=_(
            'A day, as 2026-12-31. A step of the ladder needs one: it is '
            'asked for again from then on.'
        ),
    )  # fmt: skip
    done = _('The action is called off.')

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/actions/{target["action_id"]}/cancel'


class Retry(deeds.Deed):
    done = _('The action is tried now.')

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/actions/{target["action_id"]}/retry'
