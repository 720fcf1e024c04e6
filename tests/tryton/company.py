# SPDX-License-Identifier: Apache-2.0
"""A company in Tryton that sells servers by the month; made once, copied.

Run by the Python that has Tryton: the folder with its configuration, which
then holds what a test has to know in company.json.
"""

import datetime as dt
from decimal import Decimal
import json
import pathlib
import sys
from typing import Any

from proteus import config
from proteus import Model
from proteus import Wizard

PASSWORD = 'opensesame-to-clerks'
NAME = 'Cloud Company'
_CHART = 'account_template_root_en'


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    session = config.set_trytond(
        'company', config_file=str(folder / 'trytond.conf')
    )
    company = make_company(session)
    chart(company, session)
    fiscal_year(company)
    plain_report()
    facts = {
        'company': company.id,
        'currency': company.currency.id,
        **users(company),
        **wares(),
    }
    (folder / 'company.json').write_text(json.dumps(facts, indent=1))


def get(model: str, **wanted: Any) -> Any:
    domain = [(name, '=', value) for name, value in wanted.items()]
    return Model.get(model).find(domain, limit=1)[0]


def make(model: str, **values: Any) -> Any:
    record = Model.get(model)(**values)
    record.save()
    return record


def make_company(session: Any) -> Any:
    wizard = Wizard('company.company.config')
    wizard.execute('company')
    wizard.form.party = make('party.party', name=NAME)
    wizard.form.currency = make(
        'currency.currency',
        name='Euro', symbol='EUR', code='EUR', rounding=Decimal('0.01'),
    )  # fmt: skip
    wizard.execute('add')
    session._context = Model.get('res.user').get_preferences(True, {})
    return Model.get('company.company').find()[0]


def account(company: Any, kind: str) -> Any:
    return Model.get('account.account').find(
        [
            (f'type.{kind}', '=', True),
            ('company', '=', company.id),
            ('closed', '!=', True),
        ],
        limit=1,
    )[0]


def chart(company: Any, session: Any) -> None:
    wizard = Wizard('account.create_chart')
    wizard.execute('account')
    root = Model.get('ir.model.data').get_id(
        'account', _CHART, session.context
    )
    wizard.form.account_template = Model.get('account.account.template')(root)
    wizard.form.company = company
    wizard.execute('create_account')
    form = wizard.form
    form.account_receivable = account(company, 'receivable')
    form.account_payable = account(company, 'payable')
    form.category_account_expense = account(company, 'expense')
    form.category_account_revenue = account(company, 'revenue')
    wizard.execute('create_properties')


def fiscal_year(company: Any) -> None:
    year = dt.date.today().year
    made = Model.get('account.fiscalyear')(
        name=str(year),
        company=company,
        start_date=dt.date(year - 1, 1, 1),
        end_date=dt.date(year + 1, 12, 31),
    )
    made.move_sequence = sequence(company, 'Account Move')
    numbers = sequence(company, 'Invoice')
    [series] = made.invoice_sequences
    series.out_invoice_sequence = series.out_credit_note_sequence = numbers
    series.in_invoice_sequence = series.in_credit_note_sequence = numbers
    made.save()
    made.click('create_period')


def plain_report() -> None:
    """To print an invoice, as is done when it is posted, takes a second."""
    report = get('ir.action.report', report_name='account.invoice')
    report.template_extension = 'txt'
    report.report_content_custom = b'an invoice'
    report.save()


def sequence(company: Any, kind: str) -> Any:
    return make(
        'ir.sequence.strict',
        name=kind,
        company=company,
        sequence_type=get('ir.sequence.type', name=kind),
    )


def users(company: Any) -> dict[str, Any]:
    """A clerk with a password, and the user of the bridge with a key."""
    clerk = user(company, 'clerk')
    clerk.password = PASSWORD
    clerk.save()
    bridge = user(company, 'patrii-billing')
    key = make('res.user.application', user=bridge, application='rest').key
    return {'key': key, 'password': PASSWORD}


def user(company: Any, login: str) -> Any:
    made = Model.get('res.user')(name=login, login=login)
    for group in ('Accounting', 'Sales'):
        made.groups.append(get('res.group', name=group))
    made.companies.append(Model.get('company.company')(company.id))
    made.company = Model.get('company.company')(company.id)
    made.save()
    return made


def wares() -> dict[str, Any]:
    """Servers at 10.00 a month with 20 % of tax, and ways to pay."""
    company = get('company.company')
    monthly = Model.get('sale.subscription.recurrence.rule.set')(
        name='Monthly'
    )
    monthly.rules[0].freq = 'monthly'
    monthly.rules[0].interval = 1
    monthly.save()
    revenue = account(company, 'revenue')
    cash = get('account.account', company=company.id, code='1.1.1')
    tax = make(
        'account.tax',
        name='VAT', description='VAT 20 %', type='percentage',
        rate=Decimal('.2'), company=company,
        invoice_account=get('account.account', code='6.3.6'),
        credit_note_account=get('account.account', code='6.3.6'),
    )  # fmt: skip
    category = Model.get('product.category')(
        name='Servers', accounting=True, account_revenue=revenue
    )
    category.customer_taxes.append(tax)
    category.save()
    piece = get('product.uom', name='Unit')
    template = Model.get('product.template')(
        name='Server', code='servers', type='service', default_uom=piece,
        salable=True, sale_uom=piece, list_price=Decimal(10),
        account_category=category,
    )  # fmt: skip
    template.save()
    service = make(
        'sale.subscription.service',
        product=template.products[0],
        consumption_recurrence=monthly,
    )
    term = Model.get('account.invoice.payment_term')(name='At once')
    term.lines.new(type='remainder')
    term.save()
    bank = make(
        'account.invoice.payment.method',
        name='Bank', journal=get('account.journal', type='cash'),
        credit_account=cash, debit_account=cash,
    )  # fmt: skip
    return {
        'monthly': monthly.id,
        'service': service.id,
        'unit': piece.id,
        'term': term.id,
        'bank': bank.id,
        'cash': cash.id,
        'journal': bank.journal.id,
        'receivable': account(company, 'receivable').id,
    }


if __name__ == '__main__':
    main()
