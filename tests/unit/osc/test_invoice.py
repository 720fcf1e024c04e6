# SPDX-License-Identifier: Apache-2.0
"""`openstack billing invoice`, for people and for machines."""

import contextlib
import datetime as dt
import io
import json
import pathlib
import tempfile
from typing import Any

from osc_lib import exceptions
from oslotest import base

from patrii_billing.osc import commands
from patrii_billing.osc.v1 import invoice
from patrii_billing.osc.v1 import payment
from patrii_billing.simulation import scenario
from tests import doors
from tests.unit.osc import shell

WHY = ('--why', 'asked for by phone')
WORK = ('--line', 'label=Work, by hand,unit_price=80.00,quantity=2,unit=hour')


class InvoiceCommandTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door = doors.Door()
        self.addCleanup(self.door.tools.db.engine.dispose)
        self.door.let_in()

    def run_(
        self, command: type[commands.Command], *arguments: str,
        token: str = 'FINANCE',
    ) -> str:  # fmt: skip
        return shell.run(self.door, command, *arguments, token=token)

    def json(
        self, command: type[commands.Command], *arguments: str, **how: str
    ) -> Any:
        return json.loads(self.run_(command, *arguments, '-f', 'json', **how))

    def refused(
        self, command: type[commands.Command], *arguments: str
    ) -> str:
        error = self.assertRaises(
            exceptions.CommandError, self.run_, command, *arguments
        )
        return str(error)


class ReadTest(InvoiceCommandTest):
    def test_a_list_fits_a_terminal(self) -> None:
        told = self.run_(invoice.ListInvoice)

        self.assertIn('| INV-000001 | acme    | open  | 2026-11-29', told)
        self.assertIn('28.00 EUR', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)

    def test_machines_read_it_raw_and_whole(self) -> None:
        [row] = self.json(
            invoice.ListInvoice, '--account', 'acme', '--state', 'open',
            '--kind', 'first', '--due-before', '2027-01-01', '--long',
        )  # fmt: skip

        self.assertEqual('28.00', row['Total'])
        self.assertEqual('EUR', row['Currency'])
        self.assertEqual('acme-1', row['Subscription'])
        self.assertIs(False, row['Overdue'])
        self.assertEqual('2026-11-29T12:00:01Z', row['Due'])

    def test_what_is_past_due_is_nothing_yet(self) -> None:
        self.assertEqual([], self.json(invoice.ListInvoice, '--overdue'))

    def test_a_customer_sees_his_own(self) -> None:
        rows = self.json(invoice.ListInvoice, token='RIVAL')  # noqa: S106

        self.assertEqual(['rival'], [row['Account'] for row in rows])

    def test_it_explains_each_line(self) -> None:
        told = self.run_(invoice.ShowInvoice, 'INV-000001')

        self.assertIn(
            '8.00 EUR cores, 2026-11-22 to 2026-12-22: 1.00 EUR x 8 x', told
        )
        self.assertIn('|   30/30 days ', told)
        self.assertLessEqual(max(map(len, told.splitlines())), 80)
        self.assertIn('invoice: accepted, billing@acme.example', told)
        shown = self.json(invoice.ShowInvoice, 'INV-000001')
        self.assertEqual(3, len(shown['Lines']))
        self.assertEqual('30/30', shown['Lines'][0]['ratio'])

    def test_one_that_is_not_there_is_a_line(self) -> None:
        self.assertEqual(
            "no invoice is called 'INV-000009'",
            self.refused(invoice.ShowInvoice, 'INV-000009'),
        )
        self.assertEqual(
            'there is no invoice 9', self.refused(invoice.ShowInvoice, '9')
        )

    def test_a_time_that_is_none_is_refused_before_it_is_sent(self) -> None:
        told = io.StringIO()
        with contextlib.redirect_stderr(told):
            self.assertRaises(
                SystemExit, self.run_, invoice.ListInvoice,
                '--due-before', 'tomorrow',
            )  # fmt: skip
        self.assertIn('neither YYYY-MM-DD nor ISO 8601', told.getvalue())

    def test_it_is_saved_as_its_customer_reads_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'bill'
            for name, begins in (('pdf', b'%PDF'), ('html', b'<!DOCTYPE')):
                self.run_(
                    invoice.SaveInvoice, 'INV-000001', '--format', name,
                    '--file', str(path), '--locale', 'fr',
                    token='ACME_READER',  # noqa: S106
                )  # fmt: skip
                written = path.read_bytes()
                self.assertTrue(
                    written.lower().startswith(begins.lower()), written[:20]
                )


class WriteTest(InvoiceCommandTest):
    def test_a_rehearsal_shows_the_invoice_as_it_would_be(self) -> None:
        told = self.run_(
            invoice.CreateInvoice, 'acme', *WORK, *WHY, '--dry-run'
        )

        self.assertIn('160.00 EUR Work, by hand: 80.00 EUR x 2 once', told)
        self.assertEqual(2, len(self.json(invoice.ListInvoice)))

    def test_an_invoice_is_written_by_hand(self) -> None:
        shown = self.json(
            invoice.CreateInvoice, 'acme', *WORK, '--line',
            'label=Care,unit_price=10.00,starts=2026-11-01,ends=2026-12-01',
            '--due-on', '2026-12-24', *WHY,
        )  # fmt: skip

        self.assertEqual('INV-000003', shown['Number'])
        self.assertEqual('170.00', shown['Total'])
        self.assertEqual('2026-12-24T00:00:00Z', shown['Due'])
        self.assertEqual('2026-11-01', shown['Period Start'])

    def test_what_is_wrong_is_named(self) -> None:
        told = self.refused(
            invoice.CreateInvoice, 'acme', *WHY, '--line',
            'label=Work,unit_price=minus one',
        )  # fmt: skip
        self.assertTrue(told.startswith('lines[0].unit_price: '), told)

    def test_what_waits_is_shown_and_then_invoiced(self) -> None:
        asked = ('acme-1', '--why', 'he asked')
        self.assertEqual(
            'nothing of acme-1 waits to be invoiced',
            self.refused(invoice.IssueInvoice, *asked),
        )
        self.run_(
            payment.CreatePayment, 'acme', '28.00', '--key', 'a', '-f', 'json'
        )
        self.door.tools.db.write(
            self.door.world.boot,
            scenario.Server(name='acme-new', flavor='s1', state='active'),
            'acme-project', self.door.tools.now(),
        )  # fmt: skip
        self.door.advance(dt.timedelta(minutes=1))

        told = self.run_(invoice.IssueInvoice, *asked, '--dry-run')
        self.assertIn('acme-new (s1): 10.00 EUR x 1 x 30/30 days', told)
        [row] = self.json(invoice.IssueInvoice, *asked)

        self.assertEqual(('INV-000003', '10.00'), (row['Number'], row['Net']))

    def test_a_named_subscription_answers_for_it(self) -> None:
        shown = self.json(
            invoice.CreateInvoice, 'acme', *WORK, *WHY, '--subscription',
            'acme-1',
        )  # fmt: skip
        self.assertEqual('acme-1', shown['Subscription'])

        [row] = self.json(
            invoice.ListInvoice, '--subscription', 'acme-1', '--kind', 'extra'
        )
        self.assertEqual(shown['Number'], row['Number'])

    def test_a_void_is_asked_for_or_agreed_to(self) -> None:
        self.assertIn(
            'Void INV-000001? Say --yes to do it',
            self.refused(invoice.VoidInvoice, 'INV-000001', *WHY),
        )

        shown = self.json(
            invoice.VoidInvoice, 'INV-000001', '--yes', '--again', *WHY
        )

        self.assertEqual('void', shown['State'])
        self.assertEqual('CN-000001', shown['Credit Notes'][0]['number'])

    def test_a_part_is_given_back(self) -> None:
        shown = self.json(
            invoice.CreditInvoice, 'INV-000001', '--amount', '8.00', '--yes',
            *WHY,
        )  # fmt: skip

        self.assertEqual(('open', '20.00'), (shown['State'], shown['Owed']))

    def test_the_rest_is_written_off(self) -> None:
        shown = self.json(
            invoice.WriteOffInvoice, 'INV-000001', '--yes', *WHY
        )

        self.assertEqual('uncollectible', shown['State'])
        self.assertEqual('asked for by phone', shown['Why'])
