# SPDX-License-Identifier: Apache-2.0
"""Records of Tryton gathered in pages; one that cannot be read stops none."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TypeVar

from patrii_billing.domain import bridge
from patrii_billing.drivers.tryton import client as clients
from patrii_billing.drivers.tryton import records
from patrii_billing import errors

T = TypeVar('T')
Row = clients.Row
Read = tuple[Sequence[T], Mapping[str, str]]


def read(model: str, rows: Sequence[Row], turn: Callable[[Row], T]) -> Read[T]:
    """Each record in our words; one that cannot be stops no other."""
    done, unread = [], {}
    for row in rows:
        try:
            done.append(turn(row))
        except (errors.InvalidInput, KeyError, TypeError) as error:
            unread[records.ref(model, row['id'])] = (
                str(error) or type(error).__name__
            )
    return done, unread


def page(
    customers: Read[bridge.Customer] = ((), {}),
    contracts: Read[bridge.Contract] = ((), {}),
    bills: Read[bridge.Bill] = ((), {}),
    payments: Read[bridge.Payment] = ((), {}),
) -> bridge.Page:
    return bridge.Page(
        customers=customers[0],
        contracts=contracts[0],
        bills=bills[0],
        payments=payments[0],
        unread={**customers[1], **contracts[1], **bills[1], **payments[1]},
    )
