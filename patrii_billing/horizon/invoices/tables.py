# SPDX-License-Identifier: Apache-2.0
"""The table of invoices."""

from typing import Any

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import tables

from patrii_billing.horizon import figures
from patrii_billing.horizon import listing
from patrii_billing.horizon import words

_Row = listing.Row


class PdfAction(tables.LinkAction):
    name = 'pdf'
    verbose_name = _('PDF')
    icon = 'download'
    url = 'horizon:billing:invoices:pdf'
    policy_rules = (('billing', 'billing:invoice:pdf'),)


class Filter(tables.FilterAction):
    filter_type = 'server'
    filter_choices = (
        ('number', _('Number ='), True),
        ('state', _('State ='), True),
        ('account_id', _('Customer ID ='), True),
    )


def state(row: _Row) -> Any:
    if row['overdue']:
        return words.label({'overdue': _('Overdue')}, 'overdue')
    return words.label(words.INVOICE_STATE, row['state'])


def _customer(row: _Row) -> str:
    known = (row['account_id'],)
    return str(urls.reverse('horizon:billing:customers:detail', args=known))


def period(row: _Row) -> str:
    """Its days; the end is the first day after them."""
    if row['period_start'] is None:
        return figures.NOTHING
    first, end = (
        figures.day(row[name]) for name in ('period_start', 'period_end')
    )
    return f'{first} – {end}'


class InvoicesTable(listing.Table):
    known_by = 'number'
    number = listing.text('number', _('Number'))
    customer = listing.text('account_name', _('Customer'), link=_customer)
    kind = listing.word('kind', _('Kind'), words.INVOICE_KIND)
    period = listing.told(_('Period'), period)
    state = listing.told(_('State'), state)
    total = listing.amount('total', _('Total'))
    owed = listing.amount('owed', _('Open'))
    issued = listing.instant('issued_at', _('Issued'))
    due = listing.instant('due_at', _('Due'))

    class Meta:
        name = 'invoices'
        verbose_name = _('Invoices')
        table_actions = (Filter,)
        row_actions = (PdfAction,)
        multi_select = False


class CustomersInvoicesTable(InvoicesTable):
    """Of one customer, who need not be named."""

    class Meta:
        name = 'invoices'
        verbose_name = _('Invoices')
        columns = (
            'number', 'kind', 'period', 'state', 'total', 'owed', 'issued',
            'due',
        )  # fmt: skip
        row_actions = (PdfAction,)
        multi_select = False
