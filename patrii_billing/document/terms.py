# SPDX-License-Identifier: Apache-2.0
"""An invoice by the business terms of EN 16931, and what it lacks for that.

BT and BG are the terms and groups of EN 16931-1, BR are its rules.
"""

from collections.abc import Callable
from collections.abc import Iterator
import datetime as dt
from decimal import Decimal
import re
from typing import Any

from patrii_billing.document import brand as brands
from patrii_billing.document import lines
from patrii_billing.document import words as wordings
from patrii_billing.domain import document
from patrii_billing.domain import money
from patrii_billing.domain import tax
from patrii_billing import errors

# UNTDID 1001
_TYPES = {document.Kind.INVOICE: '380', document.Kind.CREDIT_NOTE: '381'}
_PIECE = 'C62'  # UN/ECE Recommendation 20: one
# UNTDID 4461: SEPA credit transfer, credit transfer
_SEPA, _TRANSFER = '58', '30'
# UNTDID 5305
_STANDARD, _ZERO, _OUTSIDE = 'S', 'Z', 'O'
_BUYER_PAYS = ('AE', 'K')
_CROSSES_BORDERS = ('K', 'G')
_DISCOUNT = '95'  # UNTDID 5189
_MOST_DIGITS = 2
_ADDRESS_LINES = 3
_VAT_ID = re.compile(r'[A-Z]{2}[0-9A-Z+*.]+')


def missing(
    brand: brands.Brand, invoice: document.Invoice
) -> Iterator[errors.InvalidInput]:
    """What the norm asks for and nobody has said, and what it forbids."""
    seller, buyer = brand.seller, invoice.customer
    taxed = any(each.rate for each in invoice.taxes)
    bare = any(not _rate(line) for line in invoice.lines)
    outside = _is_outside(brand, invoice)
    for here, field, why in (
        (seller.name, '[document] seller_name', 'is missing'),
        (seller.country, '[document] seller_country', 'is missing (BT-40)'),
        (
            seller.tax_id or outside,
            '[document] seller_tax_id', 'is missing (BT-31)',
        ),
        (
            brand.registration
            or not outside and (
                _VAT_ID.fullmatch(seller.tax_id) or not seller.tax_id
            ),
            '[document] registration',
            'is missing, and the tax id is none of VAT (BR-CO-26)',
        ),
        (
            not bare or brand.untaxed not in _CROSSES_BORDERS
            or _VAT_ID.fullmatch(seller.tax_id) or not seller.tax_id,
            '[document] seller_tax_id', 'must be one of VAT (BT-31)',
        ),
        (buyer.name, "the customer's name", 'is missing (BT-44)'),
        (buyer.country, "the customer's country", 'is missing (BT-55)'),
        (
            not bare or brand.untaxed not in _BUYER_PAYS
            or _VAT_ID.fullmatch(buyer.tax_id),
            "the customer's tax_id", 'is missing (BT-48)',
        ),
        (
            not bare or brand.untaxed, '[document] untaxed',
            'is missing, and there are lines without tax (BT-151)',
        ),
        (
            not bare or brand.untaxed_why or brand.untaxed == _ZERO,
            '[document] untaxed_why',
            'is missing, and there are lines without tax (BT-120)',
        ),
        (
            not (taxed and outside),
            '[document] untaxed', 'cannot be O beside taxed lines (BR-O-11)',
        ),
        (invoice.lines, 'lines', 'there are none (BR-16)'),
        (
            money.digits(invoice.currency) <= _MOST_DIGITS, 'currency',
            f'{invoice.currency} has more digits than the two of EN 16931',
        ),
        (
            all(len(line.taxes) <= 1 for line in invoice.lines), 'taxes',
            'EN 16931 knows one tax a line',
        ),
    ):  # fmt: skip
        if not here:
            yield errors.InvalidInput(why, field)


def terms(
    brand: brands.Brand, invoice: document.Invoice, words: wordings.Words
) -> dict[str, Any]:
    """The invoice by business terms; sums of a credit note are positive."""
    credits = invoice.kind is document.Kind.CREDIT_NOTE
    sign = -1 if credits else 1

    def sums(minor: int) -> str:
        return money.plain(sign * minor, invoice.currency)

    def day(instant: dt.datetime) -> dt.date:
        return instant.astimezone(invoice.zone).date()

    paid = invoice.total - invoice.due
    outside = _is_outside(brand, invoice)
    said = {
        'BT-1': invoice.number,
        'BT-2': day(invoice.issued_at),
        'BT-3': _TYPES[invoice.kind],
        'BT-5': invoice.currency,
        'BT-106': sums(invoice.net),
        'BT-109': sums(invoice.net),
        'BT-110': sums(invoice.total - invoice.net),
        'BT-112': sums(invoice.total),
        'BT-113': sums(0 if credits else paid),
        'BT-115': sums(invoice.total if credits else invoice.due),
        'BG-4': _seller(brand, outside),
        'BG-7': _party(invoice.customer, outside),
        # The schema wants to know of the delivery, if only where to.
        'BG-13': _party(invoice.customer, outside),
        'BG-23': [
            _breakdown(each, brand, sums) for each in _taxes(invoice)
        ],
        'BG-25': [
            _line(ordinal, line, invoice, brand, words, sign)
            for ordinal, line in enumerate(invoice.lines, 1)
        ],
        **_payment(brand, invoice),
    }
    if invoice.due_at and not credits:
        said['BT-9'] = day(invoice.due_at)
    if invoice.period_start and invoice.period_end:
        said |= {'BT-73': invoice.period_start,
                  'BT-74': _last(invoice.period_end)}  # fmt: skip
    if invoice.subscription:
        said['BT-12'] = invoice.subscription
    notes = [text for text in (invoice.why, brand.note) if text]
    if notes:
        said['BG-1'] = [{'BT-22': text} for text in notes]
    if invoice.corrects:
        earlier: dict[str, Any] = {'BT-25': invoice.corrects}
        if invoice.corrects_issued_at:
            earlier['BT-26'] = day(invoice.corrects_issued_at)
        said['BG-3'] = [earlier]
    return said


def _last(end: dt.date) -> dt.date:
    """The last day of half-open days."""
    return end - dt.timedelta(days=1)


def _is_outside(brand: brands.Brand, invoice: document.Invoice) -> bool:
    """Whether it is no matter of VAT: no number of VAT may be named then."""
    return brand.untaxed == _OUTSIDE and any(
        not _rate(line) for line in invoice.lines
    )


def _seller(brand: brands.Brand, outside: bool) -> dict[str, Any]:
    seller = brand.seller
    said = _party(seller, outside)
    if seller.tax_id and 'vat_identifier' not in said and not outside:
        said['tax_identifier'] = seller.tax_id
    if brand.registration:
        said['legal_identifier'] = brand.registration
    contact = {'email': brand.email, 'phone': brand.phone}
    if any(contact.values()):
        said['contacts'] = [
            {'name': brand.seller.name,
             **{key: value for key, value in contact.items() if value}}
        ]  # fmt: skip
    return said


def _party(party: document.Party, outside: bool) -> dict[str, Any]:
    address = list(party.lines[: _ADDRESS_LINES - 1])
    if left := party.lines[_ADDRESS_LINES - 1 :]:
        address.append(', '.join(left))
    said = {f'addr_l{at}': text for at, text in enumerate(address, 1)}
    said |= {'name': party.name, 'country_code': party.country}
    if _VAT_ID.fullmatch(party.tax_id) and not outside:
        said['vat_identifier'] = party.tax_id
    return said


def _payment(
    brand: brands.Brand, invoice: document.Invoice
) -> dict[str, Any]:
    bank = brand.bank
    if not bank.account or not invoice.due:
        return {}
    said = {
        'BT-81': _SEPA if bank.iban else _TRANSFER,
        'BT-83': invoice.reference or invoice.number,
        'BT-84': bank.iban or bank.account,
        'BT-85': bank.holder,
        'BT-86': bank.bic,
    }
    return {key: value for key, value in said.items() if value}


def _rate(line: document.Line) -> Decimal:
    return line.taxes[0].rate if line.taxes else Decimal(0)


def _category(rate: Decimal, brand: brands.Brand) -> str:
    return _STANDARD if rate else brand.untaxed


def _taxes(invoice: document.Invoice) -> Iterator[tax.Sum]:
    """One for each rate, whatever its name, and one for what bears none."""
    by_rate: dict[Decimal, tax.Sum] = {}
    for each in invoice.taxes:
        if each.rate:
            known = by_rate.get(each.rate)
            by_rate[each.rate] = tax.Sum(
                each.name, each.rate,
                each.base + (known.base if known else 0),
                each.amount + (known.amount if known else 0),
            )  # fmt: skip
    yield from by_rate.values()
    bare = [line.net for line in invoice.lines if not _rate(line)]
    if bare:
        yield tax.Sum('', Decimal(0), sum(bare), 0)


def _breakdown(
    taken: tax.Sum, brand: brands.Brand, sums: Callable[[int], str]
) -> dict[str, Any]:
    category = _category(taken.rate, brand)
    said = {
        'BT-116': sums(taken.base),
        'BT-117': sums(taken.amount),
        'BT-118': category,
    }
    if category != _OUTSIDE:
        said['BT-119'] = f'{taken.rate:f}'
    if not taken.rate and brand.untaxed_why:
        said['BT-120'] = brand.untaxed_why
    return said


def _line(
    ordinal: int,
    line: document.Line,
    invoice: document.Invoice,
    brand: brands.Brand,
    words: wordings.Words,
    sign: int,
) -> dict[str, Any]:
    """A line whose price times quantity less discount is its net sum.

    That is what readers of the XML recompute. A share of a cycle, a price
    with taxes in it and what is given back are no such product: they are one
    piece at the sum, and the description says how it came about.
    """
    currency = invoice.currency
    rate = _rate(line)
    net, amount, discount = (
        sign * each for each in (line.net, line.amount, line.discount)
    )
    digits = money.digits(currency)
    listed = line.quantity * line.unit_price * 10**digits
    simple = listed == amount >= 0 and net == amount - discount
    pieces = '-1' if net < 0 else '1'
    said: dict[str, Any] = {
        'BT-126': str(ordinal),
        'BT-129': f'{line.quantity:f}' if simple else pieces,
        'BT-130': _PIECE,
        'BT-131': money.plain(net, currency),
        'BT-146': f'{line.unit_price:f}'
        if simple
        else money.plain(abs(net), currency),
        'BT-151': _category(rate, brand),
        'BT-153': line.label,
    }
    if said['BT-151'] != _OUTSIDE:
        said['BT-152'] = f'{rate:f}'
    row = lines.row(line, currency, invoice.zone, words)
    how = [] if simple else [f'{row.quantity} × {row.price}']
    if described := ' · '.join((*how, *row.details)):
        said['BT-154'] = described
    if line.starts and line.ends:
        said |= {'BT-134': line.starts, 'BT-135': _last(line.ends)}
    if simple and discount:
        said['BG-27'] = [{
            'amount': money.plain(discount, currency),
            'reason_code': _DISCOUNT,
        }]  # fmt: skip
    return said
