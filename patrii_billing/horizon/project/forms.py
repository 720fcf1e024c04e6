# SPDX-License-Identifier: Apache-2.0
"""What a project's user may ask for."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import forms

from patrii_billing.horizon import deeds
from patrii_billing.horizon import figures
from patrii_billing.horizon import words


class Quota(deeds.Deed):
    """A field for each resource that his plan has a price of."""

    done = _('The quota is being changed.')
    says = frozenset({'request'})

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

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        for name, then in answer['then'].items():
            if then != answer['now'].get(name):
                yield _('%(what)s: %(now)s, then %(then)s.') % {
                    'what': words.of(words.RESOURCE, name),
                    'now': answer['now'].get(name, figures.NOTHING),
                    'then': then,
                }
        currency = answer['currency']
        for one in answer['lines']:
            yield _('%(resource)s, %(start)s to %(end)s: %(amount)s') % {
                'resource': one['resource'],
                'start': figures.day(one['start']),
                'end': figures.day(one['end']),
                'amount': figures.amount(one['amount'], currency),
            }
        total = {'total': figures.amount(answer['total'], currency)}
        if answer['billed'] == 'next':
            yield _('In all %(total)s, on the next invoice.') % total
        else:
            yield _('In all %(total)s, invoiced at once.') % total
