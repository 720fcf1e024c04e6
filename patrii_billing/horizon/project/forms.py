# SPDX-License-Identifier: Apache-2.0
"""What a project's user may ask for."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import forms

from patrii_billing.horizon import deeds
from patrii_billing.horizon import words


class Quota(deeds.Deed):
    """A field for each resource that his plan has a price of."""

    done = _('The quota is being changed.')

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        for one in self.initial['quotas']:
            self.fields[one['resource']] = forms.DecimalField(
                label=words.of(words.RESOURCE, one['resource']),
                initial=one['limit'], min_value=-1,
                help_text=_('%(used)s in use') % one,
            )  # fmt: skip

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/subscriptions/{target["subscription_id"]}/quota'

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {'quota': super().body(data)}
