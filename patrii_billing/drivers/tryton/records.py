# SPDX-License-Identifier: Apache-2.0
"""Records of Tryton, as the customers, contracts and bills that they are.

Its sources are the models of its modules party, account_invoice and
sale_subscription: party.py, invoice.py and subscription.py.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
import datetime as dt
from decimal import Decimal
from typing import Any

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain import money

Row = Mapping[str, Any]
PARTY = 'party.party'
SUBSCRIPTION = 'sale.subscription'
SUBSCRIPTION_LINE = 'sale.subscription.line'
INVOICE = 'account.invoice'
# Which fields are read of each; a field a.b is within the field a.
PARTY_FIELDS = (
    'name', 'code', 'lang.code', 'tax_identifier.code',
    'contact_mechanisms.type', 'contact_mechanisms.value',
    'addresses.street', 'addresses.postal_code', 'addresses.city',
    'addresses.country.code', 'addresses.invoice',
)  # fmt: skip
SUBSCRIPTION_FIELDS = (
    'number', 'state', 'party', 'invoice_party', 'currency.code',
    'start_date', 'end_date', 'next_invoice_date',
    'lines.start_date', 'lines.end_date', 'lines.consumed_until',
    'lines.consumption_recurrence.rules.freq',
    'lines.consumption_recurrence.rules.interval',
)  # fmt: skip
INVOICE_FIELDS = (
    'number', 'state', 'party', 'currency.code', 'total_amount',
    'amount_to_pay', 'invoice_date', 'origin_invoices', 'lines.origin',
    'lines_to_pay.maturity_date', 'lines_to_pay.debit',
    'lines_to_pay.credit', 'lines_to_pay.amount_second_currency',
    'reconciliation_lines.move.origin', 'last_modified_at',
)  # fmt: skip
_EMAIL = 'email'
_MONTHS = {'monthly': 1, 'yearly': 12}
_DAYS = {'daily': 1, 'weekly': 7}
_DAY = dt.timedelta(days=1)


def ref(model: str, record: int) -> str:
    """As Tryton itself writes a reference: party.party,7."""
    return f'{model},{record}'


def number_of(ref: str) -> int:
    return int(ref.rpartition(',')[2])


def payer(subscription: Row) -> int:
    return int(subscription['invoice_party'] or subscription['party'])


def customer(party: Row, currency: str) -> bridge.Customer:
    """A party with the currency of what it subscribed."""
    contacts = [
        one['value'].strip()
        for one in party['contact_mechanisms']
        if one['type'] == _EMAIL and one['value']
    ]
    lang = party['lang']
    return bridge.Customer(
        ref=ref(PARTY, party['id']),
        name=party['name'] or f'party {party["code"]}',
        currency=currency,
        changed_at=party['last_modified_at'],
        contacts=tuple(dict.fromkeys(contacts)),
        locale=lang['code'] if lang else None,
        address=_address(party),
    )


def _address(party: Row) -> dict[str, object] | None:
    """Where invoices go, else the first."""
    kept = sorted(party['addresses'], key=lambda one: not one['invoice'])
    if not kept:
        return None
    street = (kept[0]['street'] or '').splitlines()
    town = f'{kept[0]["postal_code"] or ""} {kept[0]["city"] or ""}'
    lines = [line.strip() for line in (*street, town) if line.strip()]
    country, tax = kept[0]['country'], party['tax_identifier']
    said: dict[str, object] = {
        'name': party['name'],
        'lines': lines,
        'country': country['code'] if country else None,
        'tax_id': tax['code'] if tax else None,
    }
    # A party has an empty address from its birth.
    bare = not lines and not country and not tax
    return None if bare else {k: v for k, v in said.items() if v}


def contract(
    subscription: Row,
    project_field: str,
    plan_field: str,
    unbilled: dt.date | None,
) -> bridge.Contract:
    """A subscription; `unbilled` is the first day consumed and on no invoice.

    Who consumes in advance has paid up to the day after what is consumed.
    """
    lines = subscription['lines']
    until = unbilled or _consumed(lines)
    start = subscription['start_date']
    anchor = min((one['start_date'] for one in lines), default=start)
    return bridge.Contract(
        ref=ref(SUBSCRIPTION, subscription['id']),
        customer=ref(PARTY, payer(subscription)),
        name=subscription['number'] or str(subscription['id']),
        start=start,
        changed_at=subscription['last_modified_at'],
        project=first(subscription, project_field),
        plan=first(subscription, plan_field),
        paid_until=until,
        period_start=_before(until, lines, anchor),
        anchor_day=anchor.day,
        ends_on=_end(subscription),
        status=subscription['state'],
    )


def first(row: Any, path: str) -> str | None:
    """The first value of a path that says something."""
    return next(filter(None, _values(row, path.split('.'))), None)


def _values(found: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(found, list):
        for one in found:
            yield from _values(one, path)
    elif not path:
        yield str(found or '').strip()
    elif isinstance(found, Mapping):
        yield from _values(found.get(path[0]), path[1:])


def _consumed(lines: Sequence[Row]) -> dt.date | None:
    until = [one['consumed_until'] for one in lines]
    return min(filter(None, until)) + _DAY if all(until) and until else None


def _before(
    until: dt.date | None, lines: Sequence[Row], anchor: dt.date
) -> dt.date | None:
    """When the period began that ends on a day.

    Where all lines are consumed in one rhythm of months or days.
    """
    rules = {
        (rule['freq'], rule['interval'])
        for one in lines
        for rule in (one['consumption_recurrence'] or {}).get('rules', ())
    }
    if until is None or len(rules) != 1:
        return None
    [(freq, every)] = rules
    months = _MONTHS.get(freq, 0) * every
    days = _DAYS.get(freq, 0) * every
    if not months and not days:
        return None
    cycle = calendar.Cycle(months=months, days=days)
    found = calendar.anchored(cycle, anchor.day, anchor).cycle_of(until - _DAY)
    # Rules that name days of their own have other periods than these.
    is_so = found.end == until and found.start >= anchor
    return found.start if is_so else None


def _end(subscription: Row) -> dt.date | None:
    """The first day that it does not cover; Tryton names the last one."""
    if subscription['state'] == 'cancelled':
        changed: dt.datetime = subscription['last_modified_at']
        return changed.date()
    ends = [one['end_date'] for one in subscription['lines']]
    last: dt.date | None = subscription['end_date']
    if last is None and ends and all(ends):
        last = max(ends)
    return None if last is None else last + _DAY


def is_credit(invoice: Row) -> bool:
    return bool(invoice['total_amount'] < 0)


def total(invoice: Row) -> int:
    """What it is about, in minor units. Raises InvalidInput."""
    return _minor(invoice['total_amount'], invoice['currency']['code'])


def left(invoice: Row) -> int:
    """What is to be paid of it yet. Raises InvalidInput."""
    amount = invoice['amount_to_pay'] or Decimal(0)
    return max(_minor(amount, invoice['currency']['code']), 0)


def age(invoice: Row) -> tuple[dt.date, int]:
    """By which invoices are paid first."""
    return _due(invoice, 0, invoice['currency']['code']), invoice['id']


def bill(
    invoice: Row, covered: int, notes: Set[int], contract: int | None
) -> bridge.Bill:
    """An invoice, less what of it is covered; `notes` are its credit notes.

    Raises InvalidInput for an amount that is none of its currency.
    """
    currency = invoice['currency']['code']
    total = _minor(invoice['total_amount'], currency)
    owed = left(invoice) - covered
    return bridge.Bill(
        ref=ref(INVOICE, invoice['id']),
        customer=ref(PARTY, invoice['party']),
        number=invoice['number'],
        currency=currency,
        total=total,
        owed=owed,
        state=_state(invoice, notes, owed),
        issued_on=invoice['invoice_date'],
        due_on=_due(invoice, total - owed, currency),
        changed_at=invoice['last_modified_at'],
        contract=None if contract is None else ref(SUBSCRIPTION, contract),
    )


def _state(invoice: Row, notes: Set[int], owed: int) -> bridge.BillState:
    if invoice['state'] == 'cancelled':
        return bridge.BillState.VOID
    if owed:
        return bridge.BillState.OPEN
    if invoice['state'] == 'posted':
        # By what nobody has matched with it yet.
        return bridge.BillState.VOID if notes else bridge.BillState.PAID
    settled = {
        (line['move'] or {}).get('origin')
        for line in invoice['reconciliation_lines']
    }
    credited = {ref(INVOICE, note) for note in notes}
    if settled and settled <= credited:
        return bridge.BillState.VOID
    return bridge.BillState.PAID


def _due(invoice: Row, paid: int, currency: str) -> dt.date:
    """The day of the first instalment that is not paid, else of the last."""
    due: dt.date = invoice['invoice_date']
    dated = [
        (line['maturity_date'] or due, asked(line, currency))
        for line in invoice['lines_to_pay']
    ]
    for due, amount in sorted(dated):
        paid -= amount
        if paid < 0:
            break
    return due


def asked(line: Row, currency: str) -> int:
    """What an entry of an account asks for, in minor units of a currency."""
    amount = line['debit'] - line['credit']
    if line['amount_second_currency'] is not None:
        amount = line['amount_second_currency']
    return _minor(amount, currency)


def _minor(amount: Decimal, currency: str) -> int:
    return money.parse(f'{amount:f}', currency).minor
