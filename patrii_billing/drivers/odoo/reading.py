# SPDX-License-Identifier: Apache-2.0
"""What records of Odoo mean to the bridge; no call is made here.

Odoo has False for what is empty, [id, name] for a link, instants in UTC
without a zone and amounts as numbers. All functions raise InvalidInput for a
record that cannot be understood.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime as dt
from decimal import Decimal
from email import utils
from typing import Any
import zoneinfo

from patrii_billing.domain import bridge
from patrii_billing.domain import calendar
from patrii_billing.domain import money
from patrii_billing.drivers.odoo import client as json2
from patrii_billing.drivers.odoo import fieldmap
from patrii_billing import errors

_MONTHS = {'month': 1, 'quarter': 3, 'year': 12}
_DAYS = {'day': 1, 'dai': 1, 'week': 7}  # dai(ly)

MOVE = 'account.move'
LINE = 'account.move.line'
PARTNER = 'res.partner'
# The company that a person or an address belongs to.
PAYER = 'commercial_partner_id'
REVERSED = 'reversed'


def customer(
    fields: fieldmap.Customer, record: json2.Record, email: str, currency: str
) -> bridge.Customer:
    """The payer; `email` is used where he has none of his own."""
    return bridge.Customer(
        ref=ref(PARTNER, record['id']),
        name=_needed(record, fields.name),
        currency=currency,
        changed_at=instant(record['write_date']),
        contacts=contacts(_text(record, fields.email) or email) or None,
        # Odoo has variants of a script, such as sr@latin.
        locale=_text(record, fields.locale).partition('@')[0] or None,
        timezone=_text(record, fields.timezone) or None,
        address=_address(fields, record),
    )


def contacts(text: str) -> tuple[str, ...]:
    """The addresses in a field that people write several into."""
    split = text.replace(';', ',')
    found = (one for _, one in utils.getaddresses([split]) if '@' in one)
    return tuple(dict.fromkeys(found))


def contract(
    fields: fieldmap.Contract,
    record: json2.Record,
    customer: str,
    projects: Sequence[str],
    holds: Sequence[bridge.Held],
    cycle: calendar.Cycle | None,
    zone: str,
) -> bridge.Contract:
    """`customer` is his ref; projects and holds are of models beside it."""
    if len(projects) > 1:
        raise errors.InvalidInput(
            f'has {len(projects)} cloud projects: give each a subscription'
        )
    changed = instant(record['write_date'])
    paid_until = day(record, fields.paid_until)
    start = day(record, fields.start)
    if start is None:
        raise errors.InvalidInput(f'has no {fields.start}')
    # The engine's own next day rules: it may step from day to day.
    anchor = paid_until.day if paid_until else None
    project = projects[0] if projects else _text(record, fields.project)
    return bridge.Contract(
        ref=ref(fields.model, record['id']),
        customer=customer,
        name=_needed(record, fields.name),
        start=start,
        changed_at=changed,
        project=project or None,
        server=_text(record, fields.server) or None,
        plan=_text(record, fields.plan) or None,
        paid_until=paid_until,
        period_start=_period_start(paid_until, cycle, start),
        anchor_day=anchor,
        ends_on=_end(fields, record, changed),
        status=_text(record, fields.status or fields.state),
        holds=tuple(holds) or _pause(fields, record, zone),
    )


def cycle(fields: fieldmap.Cycle, record: json2.Record) -> calendar.Cycle:
    """How long the periods are that a template says."""
    said = _text(record, fields.unit)
    unit = said.lower().removesuffix('ly').removesuffix('s')
    several = record[fields.interval] if fields.interval else 1
    if not isinstance(several, int) or several < 1:
        raise errors.InvalidInput(f'{fields.interval} is {several}')
    if unit in _MONTHS:
        return calendar.Cycle(months=several * _MONTHS[unit])
    if unit in _DAYS:
        return calendar.Cycle(days=several * _DAYS[unit])
    raise errors.InvalidInput(f'{fields.unit}: {said!r} is no period')


def hold(
    fields: fieldmap.Side, record: json2.Record, zone: str
) -> bridge.Held:
    return bridge.Held(
        ref=ref(fields.model, record['id']),
        type=bridge.Hold.PAUSE,
        reason='on hold in Odoo',
        until=_midnight(day(record, fields.until), zone),
    )


def bill(
    fields: fieldmap.FieldMap, record: json2.Record, owed: int
) -> bridge.Bill:
    """An invoice on which so much (minor units) is owed now.

    Also a reversed one, whose debt was moved to another.
    """
    currency = name_of(record['currency_id'])
    issued = day(record, 'invoice_date')
    if issued is None:
        raise errors.InvalidInput('has no invoice date')
    contract = fields.bill.contract
    return bridge.Bill(
        ref=ref(MOVE, record['id']),
        customer=ref(PARTNER, id_of(record[PAYER])),
        number=_needed(record, 'name'),
        currency=currency,
        total=minor(record['amount_total'], currency),
        owed=owed,
        state=_now(_state(fields.bill, record), owed),
        issued_on=issued,
        due_on=day(record, 'invoice_date_due') or issued,
        changed_at=instant(record['write_date']),
        contract=ref(fields.contract.model, id_of(record[contract]))
        if contract and record[contract]
        else None,
    )


def _now(said: bridge.BillState, owed: int) -> bridge.BillState:
    """Its state, once it is known what is owed on it."""
    if owed:
        return bridge.BillState.OPEN
    return bridge.BillState.PAID if said is bridge.BillState.OPEN else said


def is_open(fields: fieldmap.Bill, record: json2.Record) -> bool:
    return _state(fields, record) is bridge.BillState.OPEN


def ref(model: str, number: int) -> str:
    """As Odoo itself writes a reference to a record of any model."""
    return f'{model},{number}'


def number(ref: str, model: str) -> int:
    """The id in a reference to one of a model. Raises EngineRefused."""
    of, _, digits = ref.partition(',')
    if of != model or not digits.isdecimal():
        raise errors.EngineRefused(f'{ref[:40]!r} is no {model} of Odoo', 404)
    return int(digits)


def id_of(link: Any) -> int:
    """The id of a link such as [7, "Azure Interior"]; 0 for none."""
    return int(link[0]) if link else 0


def name_of(link: Any) -> str:
    return str(link[1]) if link else ''


def minor(amount: Any, currency: str) -> int:
    """Minor units of an amount, which Odoo keeps in binary."""
    scaled = Decimal(amount or 0) * 10 ** money.digits(currency)
    return int(scaled.to_integral_value())


def instant(text: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(str(text)).replace(tzinfo=dt.UTC)


def stamp(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime('%Y-%m-%d %H:%M:%S')


def _state(fields: fieldmap.Bill, record: json2.Record) -> bridge.BillState:
    # What was posted and is a draft again is not owed as it stands.
    if record['state'] != 'posted' or record['payment_state'] == REVERSED:
        return bridge.BillState.VOID
    if record['payment_state'] in fields.settled:
        return bridge.BillState.PAID
    return bridge.BillState.OPEN


def _period_start(
    until: dt.date | None, cycle: calendar.Cycle | None, start: dt.date
) -> dt.date | None:
    """When the period began that ends on a day; not before the contract."""
    if until is None or cycle is None:
        return None
    return max(start, calendar.Anchor(cycle, until, until.day).boundary(-1))


def _end(
    fields: fieldmap.Contract, record: json2.Record, changed: dt.datetime
) -> dt.date | None:
    """Its last day, and of one that was closed early when that was."""
    said = day(record, fields.ends_on)
    if _text(record, fields.state) not in fields.ended:
        return said
    closed = changed.date()
    return min(said, closed) if said else closed


def _pause(
    fields: fieldmap.Contract, record: json2.Record, zone: str
) -> tuple[bridge.Held, ...]:
    """The hold that the contract's own fields tell of."""
    flag = bool(fields.paused and record[fields.paused])
    if not flag and _text(record, fields.status) not in fields.held:
        return ()
    until = _midnight(day(record, fields.paused_until), zone)
    return (
        bridge.Held(
            ref=ref(fields.model, record['id']),
            type=bridge.Hold.PAUSE,
            reason='paused in Odoo',
            until=until,
        ),
    )


def _address(
    fields: fieldmap.Customer, record: json2.Record
) -> Mapping[str, object] | None:
    place = ' '.join(
        filter(None, (_text(record, fields.zip), _text(record, fields.city)))
    )
    street, more = _text(record, fields.street), _text(record, fields.street2)
    lines = [line for line in (street, more, place) if line]
    tax_id = _text(record, fields.tax_id)
    if not lines and not tax_id:
        return None
    said = {
        'name': _needed(record, fields.name),
        'lines': lines,
        'country': _text(record, fields.country),
        'tax_id': tax_id,
    }
    return {key: value for key, value in said.items() if value}


def _text(record: json2.Record, name: str) -> str:
    """A field as text, of a link what it is called; '' where it is empty."""
    value = record[name] if name else ''
    if isinstance(value, list):
        return name_of(value)
    return '' if value is False or value is None else str(value)


def _needed(record: json2.Record, name: str) -> str:
    found = _text(record, name)
    if not found:
        raise errors.InvalidInput(f'has no {name}')
    return found


def day(record: json2.Record, name: str) -> dt.date | None:
    text = _text(record, name)
    try:
        return dt.date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise errors.InvalidInput(f'{name}: {text!r} is no date') from None


def needed_day(record: json2.Record, name: str) -> dt.date:
    found = day(record, name)
    if found is None:
        raise errors.InvalidInput(f'has no {name}')
    return found


def _midnight(day: dt.date | None, zone: str) -> dt.datetime | None:
    """When a day begins where the customer is."""
    if day is None:
        return None
    try:
        here: dt.tzinfo = zoneinfo.ZoneInfo(zone or 'UTC')
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        here = dt.UTC
    return dt.datetime.combine(day, dt.time(), here).astimezone(dt.UTC)
