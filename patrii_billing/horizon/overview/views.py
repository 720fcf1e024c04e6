# SPDX-License-Identifier: Apache-2.0
"""The figures of the whole cloud on one page."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from django import urls
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import views

from patrii_billing import client
from patrii_billing.horizon import figures
from patrii_billing.horizon import listing
from patrii_billing.horizon import service
from patrii_billing.horizon import words

_Found = Mapping[str, Any]


class OverviewView(views.HorizonTemplateView):
    template_name = 'patrii_billing/overview.html'
    page_title = _('Overview')

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        zone = timezone.get_current_timezone_name()
        with service.told(self.request):
            found = service.of(self.request).get(
                '/v1/summary', timezone=zone
            )
            context |= shown(found)
            context['bridge'] = bridge(service.of(self.request))
        return dict(context)


def bridge(api: client.Client) -> dict[str, Any] | None:
    """How another engine is read, where there is one.

    A service that is older has no answer, and a policy may keep it.
    """
    try:
        found = api.get('/v1/bridge')
    except client.Refused:
        return None
    if found['name'] is None:
        return None
    return {
        **found,
        'word': words.of(words.BRIDGE, found['state']),
        'read': figures.instant(found['read_at']),
        'missing': found['needs'] or list(filter(None, [found['why']])),
    }


def shown(found: _Found) -> dict[str, Any]:
    """What the page's tables hold."""
    return {
        'found': found,
        'statuses': list(_statuses(found)),
        'ages': [_age(one) for one in found['open']],
        'months': [_month(one) for one in reversed(found['months'])],
        'due': [_due(one) for one in found['due']],
        'work': [
            {**one, 'word': words.of(words.STEP, one['type'])}
            for one in found['actions']
        ],
        'waiting': list(_waiting(found)),
        'fresh': [
            (title, figures.instant(found[name]))
            for name, title in _FRESH.items()
        ],
    }


_FRESH = {
    'ticked_at': _('The ladder was looked at'),
    'heard_at': _('Nova told of something'),
    'swept_at': _('The books were compared with nova'),
}
_COUNTS = {
    'parked_accounts': _('Customers that are not billed'),
    'waiting_notices': _('Mails that wait'),
    'refused_notices': _('Mails that did not arrive (30 days)'),
    'unknown_notices': _('Mails of which nobody knows (30 days)'),
    'parked_messages': _('Messages that could not be read'),
}


def _waiting(found: _Found) -> Iterator[tuple[Any, Any]]:
    """What waits for a person, and how much of it."""
    for name, title in _COUNTS.items():
        if found[name]:
            yield title, found[name]
    for one in found['unmatched_payments']:
        amount = figures.amount(one['amount'], one['currency'])
        yield _('Payments of nobody known'), f'{one["payments"]} ({amount})'


def _statuses(found: _Found) -> Iterator[dict[str, Any]]:
    customers = urls.reverse('horizon:billing:customers:index')
    for one in found['statuses']:
        status = one['status']
        yield {
            **one,
            'label': words.label(words.STATUS, status),
            'url': listing.address(customers, billing_status=status),
        }


def _age(one: _Found) -> dict[str, Any]:
    return {
        'span': _span(one['from_days'], one['to_days']),
        'invoices': one['invoices'],
        'owed': figures.amount(one['owed'], one['currency']),
    }


def _span(first: int | None, last: int | None) -> Any:
    if first is None:
        return _('Not due')
    if last is None:
        return _('%(first)s days and more') % {'first': first}
    return _('%(first)s to %(last)s days') % {'first': first, 'last': last}


def _month(one: _Found) -> dict[str, Any]:
    sums = ('invoiced', 'credited', 'collected', 'refunded', 'charged_back')
    return {
        'month': one['month'][:7],
        **{name: figures.amount(one[name], one['currency']) for name in sums},
    }


def _due(one: _Found) -> dict[str, Any]:
    amount = figures.amount(one['amount'], one['currency'])
    return {
        'day': figures.day(one['day']),
        'word': words.of(words.STEP, one['kind']),
        'subscriptions': one['subscriptions'],
        'amount': f'≈ {amount}' if one['estimated'] else amount,
    }
