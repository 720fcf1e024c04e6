# SPDX-License-Identifier: Apache-2.0
"""Invoices: the list, one of them with its lines explained, its PDF."""

from collections.abc import Mapping
from typing import Any

import flask

from patrii_billing.web import filters
from patrii_billing.web import proration
from patrii_billing.web import visit

page = flask.Blueprint('invoices', __name__, url_prefix='/invoices')

_FIELDS = (
    'number', 'kind', 'state', 'account_name', 'subscription_name',
    'period_start', 'period_end', 'issued_at', 'due_at', 'paid_at',
    'net', 'tax', 'total', 'owed', 'currency', 'reference',
)  # fmt: skip
LIST = filters.List(
    '/v1/invoices',
    'invoices',
    ('number', 'account_id', 'subscription_id', 'state', 'kind', 'overdue'),
    tuple((name, filters.of(name)) for name in _FIELDS),
)


@page.get('/')
def index() -> Any:
    invoices, marker = LIST.page()
    return flask.render_template(
        'invoices.html', invoices=invoices, marker=marker,
        asked=flask.request.args,
    )  # fmt: skip


@page.get('/export.csv')
def export() -> Any:
    return LIST.file()


@page.get('/<number>')
def show(number: str) -> Any:
    """One of them; each line that is a part of a cycle with its bar."""
    invoice = visit.current().service.get(f'/v1/invoices/{number}')
    return flask.render_template(
        'invoice.html',
        invoice=invoice,
        lines=[(line, _bar(invoice, line)) for line in invoice['lines']],
    )


@page.get('/<number>/pdf')
def pdf(number: str) -> Any:
    data = visit.current().service.file(f'/v1/invoices/{number}/pdf')
    response = flask.Response(data, content_type='application/pdf')
    response.headers['Content-Disposition'] = (
        f'attachment; filename="{number}.pdf"'
    )
    return response


def _bar(
    invoice: Mapping[str, Any], line: Mapping[str, Any]
) -> proration.Bar | None:
    return proration.bar(
        invoice['period_start'], invoice['period_end'],
        line['starts'], line['ends'], line['ratio'],
    )  # fmt: skip
