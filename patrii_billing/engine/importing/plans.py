# SPDX-License-Identifier: Apache-2.0
"""Import price lists."""

from collections.abc import Iterator

from patrii_billing.engine.importing import pricelist
from patrii_billing.engine.importing import unit as units
from patrii_billing.engine import pricelists
from patrii_billing import errors
from patrii_billing.store import plans


def write(unit: units.Unit, wanted: pricelist.Plan) -> None:
    row = unit.find(plans.by_name, wanted.name)
    if row is None:
        _add(unit, wanted)
        return
    said = dict(wanted.said)
    free = {
        name: said.pop(name) for name in pricelists.FREE if name in said
    }
    if not unit.unchanged(wanted.at, row._asdict(), said):
        return
    new = pricelists.write(unit.conn, row, free, unit.now)
    prices = list(_put_prices(unit, wanted, row.id))
    unit.tell_changed('plan', wanted.name, [*new, *prices])


def _add(unit: units.Unit, wanted: pricelist.Plan) -> None:
    if 'cycle' not in wanted.said:
        unit.refuse(wanted.at, 'cycle is missing')
        return
    currency = unit.defaults.currency
    pricelists.add(unit.conn, wanted, currency, unit.now)
    said = {'currency': currency, **wanted.said}
    unit.tell(
        'added', 'plan', wanted.name,
        f'{said["currency"]}, {said["cycle"]}, prices: {len(wanted.prices)}',
    )  # fmt: skip


def _put_prices(
    unit: units.Unit, wanted: pricelist.Plan, plan_id: int
) -> Iterator[str]:
    """Add and end prices; in words."""
    booked = pricelists.booked(unit.conn, plan_id)
    for at, price in wanted.prices:
        try:
            said = pricelists.put_price(
                unit.conn, plan_id, booked, price, unit.now
            )
        except errors.InvalidInput as error:
            unit.refuse(at, error.reason, error.where)
        else:
            if said is not None:
                yield said
