# SPDX-License-Identifier: Apache-2.0
"""Stories in which somebody at finance takes things back."""

import datetime as dt
from typing import Any

from patrii_billing.domain import money
from patrii_billing.engine import amending
from patrii_billing.engine import contract
from patrii_billing.engine import payments
from patrii_billing.engine import voiding
from patrii_billing.store import credits
from patrii_billing.store import plans
from patrii_billing.store import schema
from tests.unit import stories

WHY = 'billed by mistake'


class Desk(stories.Story):
    """A story in which somebody at finance takes things back."""

    def invoice(self, name: str = 'INV-000001') -> Any:
        return self.db.read(credits.by_number, name)

    def void(self, name: str = 'INV-000001', **how: Any) -> None:
        self.db.write(
            voiding.void, self.world.tools, self.invoice(name).id,
            self.world.clock.now(), 'ann', WHY, **how,
        )  # fmt: skip

    def credit(
        self,
        minor: int | None = None,
        name: str = 'INV-000001',
        **how: Any,
    ) -> None:
        amount = None if minor is None else money.Money(minor, 'EUR')
        self.db.write(
            voiding.credit, self.world.tools, self.invoice(name).id, amount,
            self.world.clock.now(), 'ann', WHY, **how,
        )  # fmt: skip

    def write_off(self, name: str = 'INV-000001') -> None:
        self.db.write(
            voiding.write_off, self.world.tools, self.invoice(name).id,
            self.world.clock.now(), 'ann', WHY,
        )  # fmt: skip

    def cancel(self, on: str | None = None, name: str = 'acme-1') -> None:
        self._change(contract.cancel, name, _day(on))

    def keep(self, name: str = 'acme-1') -> None:
        self._change(contract.keep, name)

    def change_plan(self, plan: str, on: str | None = None) -> None:
        plan_id = self.db.read(plans.by_name, plan).id
        self._change(amending.change_plan, 'acme-1', plan_id, _day(on))

    def change_anchor(self, day: int) -> None:
        self._change(amending.change_anchor, 'acme-1', day)

    def _change(self, work: Any, name: str, *args: Any) -> None:
        tools, sub = self.world.tools, self.sub(name)
        now = self.world.clock.now()
        self.db.write(
            lambda conn: work(conn, tools, sub.id, *args, now, 'ann')
        )

    def pay(
        self, minor: int, key: str = 'transfer', invoice: str | None = None
    ) -> None:
        named = [self.invoice(invoice).id] if invoice else []
        self.db.write(
            payments.record, self.world.tools, self.sub().account_id,
            money.Money(minor, 'EUR'), key, self.world.clock.now(),
            invoice_ids=named,
        )  # fmt: skip

    def documents(self) -> list[str]:
        return [
            f'{row.series}-{row.number} {row.state}: {row.total} {row.owed}'
            for row in self.rows(schema.invoices)
        ]

    def balance(self) -> int:
        return sum(row.free for row in self.rows(schema.payments))

    def chain(self) -> list[str]:
        return [
            f'{row.starts:%m-%d} to {row.ends:%m-%d}:'
            f' {row.unbilled_why or "billed"}'
            for row in self.rows(schema.spans)
        ]


def _day(text: str | None) -> dt.date | None:
    """A day, of 2026 unless it names another year: 02-10."""
    if text is None:
        return None
    return dt.date.fromisoformat(text if len(text) > 5 else f'2026-{text}')


def told(day: str, /, events: str = '', **given: str) -> Desk:
    """A story that is stopped on a day, and goes on from there."""
    story = Desk(stories.text(events, **given))
    story.play(day)
    return story


def unpaid(day: str) -> Desk:
    """Invoiced month by month, and nobody pays or is shelved."""
    patient = 'invoice_lead: 2d, reminders: [-1d], shelve_grace: 90d'
    return told(day, ladder=patient, until='2026-03-31T00:00:00Z')
