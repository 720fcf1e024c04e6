# SPDX-License-Identifier: Apache-2.0
"""What a person may do with an action."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import forms

from patrii_billing.horizon import deeds
from patrii_billing.horizon import figures
from patrii_billing.horizon import words


class Approve(deeds.Deed):
    done = _('The action is approved.')
    says = frozenset({'action'})

    def path(self, target: Mapping[str, str]) -> str:
        return '/v1/actions/approve'

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {'actions': [int(self.initial['target']['action_id'])]}

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        for one in answer['actions']:
            yield _('%(what)s of %(server)s goes on, for %(account)s.') % {
                'what': words.of(words.STEP, one['type']),
                'server': one['server_name'] or one['project_id'],
                'account': one['account_name'],
            }


class Cancel(deeds.Deed):
    reason = forms.CharField(label=_('Reason'), max_length=4000)
    until = forms.DateField(
        label=_('Until'), required=False, widget=deeds.DAY,
        help_text=_(
            'A step of the ladder needs a day: it is asked for again from '
            'then on.'
        ),
    )  # fmt: skip
    done = _('The action is called off.')
    says = frozenset({'action', 'hold'})

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/actions/{target["action_id"]}/cancel'

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        for other in answer['cancelled_too']:
            yield _('Action %(id)s is called off, too.') % {'id': other}
        if answer['until']:
            until = figures.instant(answer['until'])
            yield _('The ladder stands still until %(until)s.') % {
                'until': until
            }


class Retry(deeds.Deed):
    done = _('The action is tried now.')
    says = frozenset({'action'})

    def path(self, target: Mapping[str, str]) -> str:
        return f'/v1/actions/{target["action_id"]}/retry'
