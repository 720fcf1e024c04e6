# SPDX-License-Identifier: Apache-2.0
"""Invoices to write down: short and long ones, strange ones."""

import datetime as dt
from decimal import Decimal
from typing import Any
import zoneinfo

from patrii_billing.document import brand as brands
from patrii_billing.domain import document
from patrii_billing.domain import lifecycle
from patrii_billing.domain import money
from patrii_billing.domain import tax

PARIS = zoneinfo.ZoneInfo('Europe/Paris')
MAY = dt.date(2026, 5, 1)
MID_MAY = dt.date(2026, 5, 12)
JUNE = dt.date(2026, 6, 1)
ISSUED = dt.datetime(2026, 4, 24, 8, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 4, 30, 22, tzinfo=dt.UTC)  # 1 May in Paris

SELLER = document.Party(
    'Nuage Durable SAS',
    ('12 rue des Forges', '35000 Rennes'),
    'FR',
    'FR40303265045',
)
BRAND = brands.Brand(
    seller=SELLER,
    bank=brands.Bank(
        'Nuage Durable SAS', 'FR7630006000011234567890189', 'AGRIFRPP',
        'Crédit Agricole',
    ),
    registration='303 265 045 RCS Rennes',
    email='billing@nuage.example',
    pay_url='https://nuage.example/pay',
    footer='Nuage Durable SAS, share capital 50,000 €, Rennes',
)  # fmt: skip
CUSTOMER = document.Party(
    'Acme Industries GmbH',
    ('Werkstraße 5', '80331 München'),
    'DE',
    'DE123456789',
)


def vat(net: int, rate: str = '20', name: str = 'VAT') -> tax.Tax:
    amount = money.rounded(net * int(Decimal(rate) * 10), 1000)
    return tax.Tax(name, Decimal(rate), amount)


def line(
    label: str = 's1.large, web-1',
    price: str = '10.00',
    quantity: str = '1',
    days: tuple[int, int] = (31, 31),
    rate: str | None = '20',
    **values: Any,
) -> document.Line:
    """A line of May in euros, for so many days of so many."""
    ratio = money.Ratio(*days)
    cents = Decimal(price) * Decimal(quantity) * 100
    amount = money.rounded(int(cents) * days[0], days[1])
    net = values.pop('net', amount - values.get('discount', 0))
    return document.Line(**{
        'label': label, 'quantity': Decimal(quantity),
        'unit_price': Decimal(price), 'ratio': ratio, 'amount': amount,
        'net': net, 'taxes': (vat(net, rate),) if rate else (),
        'starts': JUNE - dt.timedelta(days=days[0] % 366), 'ends': JUNE,
        'reason': f'{price} EUR x {quantity} x {ratio} days', **values,
    })  # fmt: skip


def invoice(*lines: document.Line, **values: Any) -> document.Invoice:
    """An open invoice of these lines, its sums made of theirs."""
    rows = lines or (line(),)
    taken: dict[tuple[str, Decimal], list[tuple[int, int]]] = {}
    for each in rows:
        for one in each.taxes:
            sums = taken.setdefault((one.name, one.rate), [])
            sums.append((each.net, one.amount))
    taxes = tuple(
        tax.Sum(name, rate, *map(sum, zip(*sums, strict=True)))
        for (name, rate), sums in taken.items()
    )
    net = sum(each.net for each in rows)
    total = net + sum(each.amount for each in taxes)
    paid = sum(each.amount for each in values.get('payments', ()))
    return document.Invoice(**{
        'number': 'INV-000017', 'state': lifecycle.InvoiceState.OPEN,
        'currency': 'EUR', 'customer': CUSTOMER, 'issued_at': ISSUED,
        'due_at': DUE, 'lines': rows, 'net': net, 'taxes': taxes,
        'total': total, 'owed': max(total - paid, 0), 'period_start': MAY,
        'period_end': JUNE, 'subscription': 'acme-prod',
        'reference': 'RF74INV000017', 'zone': PARIS, **values,
    })  # fmt: skip
