# SPDX-License-Identifier: Apache-2.0
"""A customer gets all that is held of him, and is forgotten when he left."""

import datetime as dt
import json
import re
from typing import Any

from oslotest import base as oslo_base
import sqlalchemy as sa

from patrii_billing.store import database
from patrii_billing.store import holdings
from patrii_billing.store import inbox
from patrii_billing.store import requests
from patrii_billing.store import schema
from patrii_billing.store import timeline
from tests.unit.cmd import base

# Another one's name begins with his.
_CUSTOMERS = (
    base.CUSTOMER.replace('name: acme\n', 'name: Zo\u00eb "Q" Hart\n')
    .replace(
        '        timezone',
        '        external_ref: crm-4711\n'
        '        address: {name: Zo\u00eb Hart, lines: [Rue Haute 7, Paris],\n'
        '                  country: FR, tax_id: FR40303265045}\n'
        '        timezone',
    )
    .replace('billing@acme.example', 'zoe@hart.example')
    .replace('acme-1', 'hart-vps')
    + """
      - name: Zo\u00eb "Q" Hart & Sons
        contacts: [office@sons.example]
"""
)
NAME = 'Zo\u00eb "Q" Hart'
_NAMES = (
    'hart-vps', 'crm-4711', 'rue haute', 'fr40303265045', 'zoe@hart',
    'zo\u00eb hart', 'acme-prod', 'zo\u00eb "q" hart',
    'zo\u00eb \\"q\\" hart', 'h. hart',
)  # fmt: skip
# The other customer, and the id that keystone gave a project.
_OTHERS = re.compile(
    r'zo\u00eb \\?"q\\?" hart & sons|acme-prod-id', re.IGNORECASE
)
_PAID = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
# The books once he has left, as a file.
_left: list[bytes] = []
_LEFT = dt.datetime(2026, 3, 20, tzinfo=dt.UTC)


class AccountTestCase(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.open_books()
        self.load(_CUSTOMERS)
        self.books = database.Database(self.url)
        self.addCleanup(self.books.engine.dispose)

    def keep(self, years: int) -> None:
        """Have documents be kept for so many years."""
        with open(self.config, 'a', encoding='utf-8') as file:
            file.write(f'[retention]\nkeep_documents_years = {years}\n')

    def leave(self) -> None:
        """He pays a month, and is gone at its end."""
        file = self.folder / 'books.db'
        if _left:
            self.books.engine.dispose()
            file.write_bytes(_left[0])
            self.clock.move_to(_LEFT)
            return
        self.live_on()
        _left.append(file.read_bytes())

    def live_on(self) -> None:
        self.run_until(_PAID)
        self.manage(
            'payment', 'record', '--account', NAME, '--amount', '10.00',
            '--key', 'bank-1', '--reference', 'from H. Hart, crm-4711',
        )  # fmt: skip
        self.manage('subscription', 'cancel', 'hart-vps')
        self.books.write(self._note)
        self.run_until(_LEFT)

    def _note(self, conn: sa.Connection) -> None:
        """What was told of him without an account, and by nova."""
        timeline.record(
            conn, _PAID, 'alarm', 'odd', f'{NAME} (zoe@hart.example) is odd'
        )
        letter = inbox.Letter('m-1', 'x', '{"tenant": "acme-prod"}')
        inbox.store(conn, [letter], _PAID)
        conn.execute(schema.inbox.update().values(state='done', next_at=None))

    def found(self, *but: str) -> list[str]:
        """Where his names stand, as `table.column`."""
        places = []
        with self.books.engine.connect() as conn:
            for table in schema.metadata.sorted_tables:
                whole = sa.select(sa.text('*')).select_from(table)
                for row in conn.execute(whole):
                    for name, value in row._mapping.items():
                        told = _OTHERS.sub('', str(value).lower())
                        if any(one in told for one in _NAMES):
                            places.append(f'{table}.{name}')
        return sorted(set(places) - set(but))

    def sums(self) -> dict[str, Any]:
        """What the reports of the books say."""
        return {
            name: self.manage('report', *name.split())
            for name in ('receivables', 'taxes', 'monthly')
        }


class ExportTest(AccountTestCase):
    def test_he_gets_all_that_is_held_of_him(self) -> None:
        self.leave()

        told = json.loads(self.manage('account', 'export', NAME))

        self.assertEqual(NAME, told['accounts'][0]['name'])
        self.assertEqual('10.00 EUR', told['payments'][0]['amount'])
        mails = {one['template'] for one in told['notices']}
        self.assertLessEqual({'grace', 'invoice'}, mails)
        for table in ('lines', 'timeline', 'projects', 'servers', 'terms'):
            self.assertTrue(told[table], table)

    def test_nothing_of_another_customer_is_told(self) -> None:
        self.leave()

        told = self.manage('account', 'export', f'{NAME} & Sons')

        self.assertNotIn('zoe@hart.example', told)
        self.assertIn('office@sons.example', told)

    def test_who_is_nobody_gets_nothing(self) -> None:
        self.assertIn('nobody', self.refused('account', 'export', 'nobody'))


class EraseTest(AccountTestCase):
    def erase(self, *more: str) -> str:
        return self.manage('account', 'erase', NAME, '--yes', *more)

    def test_nothing_of_him_is_found_when_nothing_must_be_kept(self) -> None:
        self.keep(0)
        self.leave()
        self.assertNotEqual([], self.found())

        said = self.erase()

        self.assertIn('erased-1', said)
        self.assertEqual([], self.found())

    def test_documents_keep_what_the_law_wants_for_its_years(self) -> None:
        self.leave()

        self.assertIn('documents_kept: 2', self.erase())

        self.assertEqual(
            ['invoices.customer', 'payments.reference'],
            [place for place in self.found() if 'lines' not in place],
        )

    def test_documents_follow_once_the_years_are_over(self) -> None:
        self.leave()
        self.erase()
        self.keep(0)

        self.manage('account', 'erase', 'erased-1', '--yes')

        self.assertEqual([], self.found())

    def test_the_books_are_as_they_were(self) -> None:
        self.keep(0)
        self.leave()
        before = self.sums()

        self.erase()

        for name, told in before.items():
            self.assertEqual(told, self.sums()[name])

    def test_a_customer_with_a_like_name_stays(self) -> None:
        self.keep(0)
        self.leave()

        self.erase()

        other = self.manage('account', 'export', f'{NAME} & Sons')
        self.assertIn('office@sons.example', other)

    def test_what_was_read_of_his_projects_goes_with_him(self) -> None:
        self.leave()

        self.erase()

        left = self.books.read(
            lambda conn: conn.execute(schema.inbox.select()).all()
        )
        self.assertEqual([], left)

    def test_a_request_that_was_answered_is_not_done_again(self) -> None:
        self.leave()
        self.books.write(
            requests.add, caller='acme-prod', key='k-1', body_hash='x',
            status=201, expires_at=_LEFT,
            answer={'name': NAME, 'project': 'acme-prod'},
        )  # fmt: skip

        self.erase()

        row = self.books.read(requests.find, 'acme-prod', 'k-1')
        assert row is not None
        self.assertEqual(
            {'name': 'erased-1', 'project': 'erased-1'}, row.answer
        )

    def test_a_rehearsal_changes_nothing(self) -> None:
        self.leave()
        before = self.found()

        said = self.manage('account', 'erase', NAME, '--dry-run')

        self.assertIn('nothing was written', said)
        self.assertEqual(before, self.found())

    def test_who_still_has_a_contract_is_not_erased(self) -> None:
        self.assertIn(
            '1 contracts have not ended',
            self.refused('account', 'erase', NAME, '--yes'),
        )

    def test_who_owes_is_not_erased(self) -> None:
        self.run_until(_PAID)

        self.assertIn(
            '1 invoices are open',
            self.refused('account', 'erase', NAME, '--yes'),
        )

    def test_who_is_owed_money_is_not_erased(self) -> None:
        self.leave()
        self.manage(
            'payment', 'record', '--account', NAME, '--amount', '5.00',
            '--key', 'bank-2',
        )  # fmt: skip

        self.assertIn(
            '1 payments have a balance',
            self.refused('account', 'erase', NAME, '--yes'),
        )

    def test_nobody_is_erased_by_a_slip(self) -> None:
        self.leave()

        self.assertIn('--yes', self.refused('account', 'erase', NAME))
        self.assertNotEqual([], self.found())

    def test_the_timeline_tells_who_erased_him(self) -> None:
        self.leave()
        self.erase()

        told = self.manage('timeline', 'erased-1')

        self.assertRegex(told, re.compile('account erased.*by cli:', re.S))


class HoldingsTest(oslo_base.BaseTestCase):
    def test_no_table_is_forgotten(self) -> None:
        self.assertEqual(
            set(schema.metadata.tables.values()),
            set(holdings.HELD) | holdings.OTHERS,
        )
