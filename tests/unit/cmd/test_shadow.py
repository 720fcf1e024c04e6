# SPDX-License-Identifier: Apache-2.0
"""`shadow`: what would have been done in another engine's place."""

from collections.abc import Iterator
import datetime as dt
import json
from typing import Any
from unittest import mock

from patrii_billing.domain import bridge
from patrii_billing.engine import ports
from patrii_billing import errors
from patrii_billing.store import schema
from patrii_billing import wiring
from tests.unit.cmd import base

_SINCE, _UNTIL = '2026-01-01', '2026-04-01'


class Engine:
    """An engine that bills acme's contract, and answers reads alone."""

    invoices = bridge.Owner.THEIRS

    def __init__(self) -> None:
        self.customers = [
            bridge.Customer(
                ref='C1', name='Acme', currency='EUR',
                changed_at=base.NEW_YEAR, timezone='UTC',
            )
        ]  # fmt: skip
        self.contracts: list[bridge.Contract] = []
        self.bills_: list[bridge.Bill] = []
        self.unread: dict[str, str] = {}
        self.contract('S1')

    def contract(self, ref: str, **more: Any) -> None:
        given = {
            'name': f'SUB-{ref}', 'project': 'acme-prod-id', 'plan': 'vps',
            'start': dt.date(2025, 6, 1), 'status': 'active', **more,
        }  # fmt: skip
        self.contracts.append(
            bridge.Contract(
                ref=ref, customer='C1', changed_at=base.NEW_YEAR, **given
            )
        )

    def bill(self, due: str, total: int, paid: str = '', **more: Any) -> None:
        """One that is due on a day, and was paid on one."""
        day = dt.date.fromisoformat(due)
        changed = dt.datetime.fromisoformat(f'{paid or due}T10:00:00+00:00')
        given = {
            'contract': 'S1', 'owed': 0 if paid else total,
            'state': bridge.BillState.PAID if paid else bridge.BillState.OPEN,
            'currency': 'EUR', **more,
        }  # fmt: skip
        self.bills_.append(
            bridge.Bill(
                ref=f'B{len(self.bills_)}', customer='C1',
                number=f'SO{len(self.bills_):03}', total=total,
                issued_on=day, due_on=day, changed_at=changed, **given,
            )
        )  # fmt: skip

    def changes(self, since: dt.datetime | None) -> Iterator[bridge.Page]:
        assert since is None
        yield bridge.Page(customers=self.customers, contracts=self.contracts)
        yield bridge.Page(bills=self.bills_, unread=self.unread)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f'{name} was asked of it')


class ShadowTest(base.CommandTestCase):
    """The other engine bills ten euros on the first of each month."""

    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load()
        self.there = Engine()
        for month in ('01', '02', '03'):
            self.there.bill(
                f'2026-{month}-01', 1000, f'2026-{month}-01'
            )
        self.bridges = {'fake': ports.Bridge('fake', self.there)}
        patch = mock.patch.object(wiring, 'bridges', lambda conf: self.bridges)
        patch.start()
        self.addCleanup(patch.stop)
        self.clock.move_to(dt.datetime(2026, 4, 1, tzinfo=dt.UTC))

    def run_shadow(self, *more: str) -> tuple[int, str, str]:
        return self.run_it(
            'shadow', '--since', _SINCE, '--until', _UNTIL, *more
        )

    def rows(self, *more: str) -> tuple[int, list[dict[str, Any]]]:
        code, out, _ = self.run_shadow('--format', 'json', *more)
        return code, [json.loads(line) for line in out.splitlines()]

    def invoices(
        self, rows: list[dict[str, Any]] | None = None
    ) -> list[tuple[Any, ...]]:
        told = self.rows()[1] if rows is None else rows
        return [
            (row['at'], row['here'], row['there'], row['apart'])
            for row in told if row['kind'] == 'invoice'
        ]  # fmt: skip

    def actions(
        self, rows: list[dict[str, Any]] | None = None
    ) -> list[tuple[str, str]]:
        told = self.rows()[1] if rows is None else rows
        return [
            (row['at'][:10], row['name'])
            for row in told if row['kind'] == 'action'
        ]  # fmt: skip

    def test_two_that_agree_end_with_zero(self) -> None:
        code, rows = self.rows()
        found = self.invoices(rows)

        self.assertEqual(0, code)
        self.assertEqual(
            [(f'2026-{month}-01', '10.00 EUR', '10.00 EUR', None)
             for month in ('01', '02', '03')],
            found,
        )  # fmt: skip
        self.assertEqual([], self.actions(rows))

    def test_a_cent_more_there_is_marked_and_ends_with_one(self) -> None:
        self.there.bills_.pop()
        self.there.bill('2026-03-01', 1001, '2026-03-01')

        code, rows = self.rows()
        found = self.invoices(rows)

        self.assertEqual(1, code)
        self.assertEqual(
            ('2026-03-01', '10.00 EUR', '10.01 EUR', '0.01 EUR'), found[-1]
        )

    def test_what_only_one_of_them_asks_for_is_marked(self) -> None:
        self.there.bills_.pop(0)
        self.there.bill('2026-03-20', 500, contract=None)

        code, rows = self.rows()
        found = self.invoices(rows)

        self.assertEqual(1, code)
        self.assertEqual(
            [('2026-01-01', '10.00 EUR', None, '-10.00 EUR'),
             ('2026-03-20', None, '5.00 EUR', '5.00 EUR')],
            [one for one in found if one[3]],
        )  # fmt: skip

    def test_other_terms_of_payment_are_the_same_invoice(self) -> None:
        self.there.bills_.pop()
        self.there.bill('2026-03-10', 1000, '2026-03-01')

        code, rows = self.rows()
        found = self.invoices(rows)

        self.assertEqual(0, code)
        self.assertEqual(3, len(found))

    def test_what_is_void_there_is_no_invoice(self) -> None:
        self.there.bill('2026-03-02', 700, state=bridge.BillState.VOID)

        self.assertEqual(0, self.rows()[0])

    def test_a_debtor_there_would_have_been_shelved_and_deleted_here(
        self,
    ) -> None:
        for _ in range(2):
            self.there.bills_.pop()
        self.there.bill('2026-02-01', 1000)

        code, rows = self.rows()

        self.assertEqual(1, code)
        self.assertEqual(
            [('2026-02-03', 'shelve'), ('2026-03-05', 'delete'),
             ('2026-03-19', 'purge')],
            self.actions(rows),
        )  # fmt: skip
        [status] = [row for row in rows if row['kind'] == 'status']
        self.assertEqual(
            ('deleted', 'active', 'otherwise'),
            (status['here'], status['there'], status['apart']),
        )  # fmt: skip
        [shelve] = [row for row in rows if row['name'] == 'shelve']
        self.assertEqual('SUB-S1 web', shelve['contract'])

    def test_one_that_paid_late_there_is_restored_here(self) -> None:
        for _ in range(2):
            self.there.bills_.pop()
        self.there.bill('2026-02-01', 1000, '2026-02-10')
        self.there.bill('2026-03-01', 1000, '2026-03-01')

        self.assertEqual(
            [('2026-02-03', 'shelve'), ('2026-02-10', 'restore')],
            self.actions(),
        )

    def test_a_contract_that_cannot_be_compared_is_told_with_its_reason(
        self,
    ) -> None:
        self.there.contract('S2', project=None)
        self.there.contract('S3', plan='gold', project='p')
        self.there.contract('S4')
        self.there.contract('S5', ends_on=dt.date(2025, 12, 1))
        self.there.unread['S6'] = 'has no customer'

        code, out, _ = self.run_shadow()

        self.assertEqual(0, code)
        for words in (
            'S2: SUB-S2 names no project', "S3: SUB-S3: no plan is called",
            'S4: SUB-S4 is a second one for acme-prod-id',
            'S5: SUB-S5 has ended on 2025-12-01', 'S6: has no customer',
        ):  # fmt: skip
            self.assertIn(words, out)

    def test_a_contract_that_ends_is_billed_until_then(self) -> None:
        self.there.contracts.clear()
        self.there.contract('S1', ends_on=dt.date(2026, 2, 15))
        self.there.bills_ = self.there.bills_[:1]
        self.there.bill('2026-02-01', 500, '2026-02-01')

        self.assertEqual(0, self.rows()[0])

    def test_the_table_fits_a_terminal_and_nothing_is_changed(self) -> None:
        self.there.bills_.pop()
        before = self.everything()
        sent = len(self.mailbox.sent)

        _, out, err = self.run_shadow()

        self.assertIn('they differ in', err)
        self.assertTrue(all(len(line) <= 80 for line in out.splitlines()))
        self.assertEqual(before, self.everything())
        self.assertEqual('active', self.nova.get('web-id').vm_state)
        self.assertEqual(sent, len(self.mailbox.sent))

    def everything(self) -> Any:
        db = self.tools().db
        return {
            name: db.read(lambda conn, t=table: conn.execute(t.select()).all())
            for name, table in schema.metadata.tables.items()
        }

    def test_an_engine_that_is_away_is_an_error(self) -> None:
        def away(since: Any) -> Any:
            raise errors.EngineUnavailable('502')

        self.there.changes = away  # type: ignore[method-assign]

        self.assertIn('502', self.refused('shadow'))

    def test_without_another_engine_there_is_nothing_to_compare(self) -> None:
        self.bridges.clear()

        self.assertIn('[bridge] driver', self.refused('shadow'))

    def test_a_span_that_is_none_is_refused(self) -> None:
        self.assertIn(
            '--since: is not before --until',
            self.refused('shadow', '--since', '2026-05-01'),
        )
